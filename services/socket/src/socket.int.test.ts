import { connect, type Socket } from 'node:net';
import { createStage, eventually, type Stage } from '@ritmo/contract/testing';
import { asCallId, asExtension, asId, asLegId, fact, streams, type AgentId, type CampaignId, type ContactId, type PhoneId, type QueueId, type RouteId, type TrunkId, type UserStatusId } from '@ritmo/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSocketApp, type SocketApp } from './app.ts';

let stage: Stage;
let app: SocketApp;
const by = { kind: 'system' } as const;

beforeAll(async () => {
  stage = await createStage();
  stage.put('settings', { id: 1 });
  stage.put('user-status', { id: 1, name: 'Logado' });
  stage.put('agent', { id: 21, name: 'Ana', extension: '40000', password: '1234' });
  stage.put('route', { id: 1, name: 'Local', trunks: [1], homeAreaCode: '11' });
  app = createSocketApp(stage.context, { readPort: 0, writePort: 0, commandTimeoutMs: 400, bufferLimitBytes: 64 * 1024 });
  await app.start();
});
afterAll(async () => {
  await app.stop();
  await stage.close();
});

async function reader(): Promise<{ socket: Socket; lines: () => string[] }> {
  const socket = connect(app.readPort(), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await new Promise((resolve) => socket.once('connect', resolve));
  // Connected at this end is not yet accepted at the other.
  const probe = `probe-${Math.random()}`;
  await eventually(async () => {
    stage.bus.publish('fact.AgentStatusChanged', statusChanged(probe));
    await new Promise((resolve) => setTimeout(resolve, 5));
    return text.includes(probe);
  });
  return { socket, lines: () => text.split('\r\n').filter((each) => each !== '' && !each.includes('probe-')) };
}

const statusChanged = (extension: string) =>
  fact('AgentStatusChanged', 0, {
    agentId: asId<AgentId>(21),
    extension: asExtension(extension),
    statusId: asId<UserStatusId>(1),
    previousStatusId: null,
    previousMs: 0,
    by,
    reason: 'requested',
  });

const contactId = asId<ContactId>(7);
const campaignId = asId<CampaignId>(10);
const phoneId = asId<PhoneId>(70);

async function importContact(): Promise<void> {
  const imported = fact('ContactImported', 0, {
    contactId,
    campaignId,
    parameters: ['219217305861', 'TESTE DO TOTALIP'],
    phones: [{ phoneId, priority: 1, areaCode: '', number: '9999999', dialNow: false, dialAt: null }],
    source: 'test',
    by,
  });
  await stage.context.events.append({ streamId: streams.contact(contactId), expectedVersion: 'any', events: [{ type: imported.type, data: imported.data as never, at: 0 }] });
}

const common = { campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId: asId<TrunkId>(1), routeId: null, dialog: {} };
const offered = { legId: asLegId('x/1'), agentId: asId<AgentId>(21), extension: asExtension('40000'), queueId: asId<QueueId>(1) };
const ended = { ...common, wireOutcome: 'answered', by: 'agent', sipCode: 200, q850: 16, reason: '', ringMs: 0, billMs: 0 } as const;

test('every line of the manual is told word for word', async () => {
  await importContact();
  const { socket, lines } = await reader();
  const publish = stage.bus.publish.bind(stage.bus);
  const active = asCallId('123456789.101112');
  publish('fact.CallPlaced', fact('CallPlaced', 0, { ...common, callId: active, direction: 'agent', from: '40000', to: '9999999', extension: asExtension('40000') }));
  const inbound = asCallId('123456789.101113');
  publish('fact.CallPlaced', fact('CallPlaced', 0, { ...common, callId: inbound, direction: 'inbound', from: '9999999', to: '88888888', extension: null }));
  publish('fact.CallDelivered', fact('CallDelivered', 0, { ...offered, callId: inbound, campaignId: null, waitMs: 0 }));
  const dialed = asCallId('123456789.101112');
  publish(
    'fact.AttemptStarted',
    fact('AttemptStarted', 0, { callId: dialed, contactId, campaignId, phoneId, areaCode: '', number: '9999999', dialString: '09999999', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1), callerId: '', reason: 'fresh', agentId: null }),
  );
  publish('fact.CallDelivered', fact('CallDelivered', 0, { ...offered, callId: dialed, campaignId, waitMs: 0 }));
  publish('fact.PreviewOffered', fact('PreviewOffered', 0, { contactId, campaignId, phoneId, agentId: asId<AgentId>(21) }));
  publish('fact.AgentCallbackDue', fact('AgentCallbackDue', 0, { contactId, campaignId, phoneId, agentId: asId<AgentId>(21), at: 0 }));
  publish('fact.AgentLegEnded', fact('AgentLegEnded', 0, { callId: inbound, legId: asLegId('x/1'), agentId: asId<AgentId>(21), extension: asExtension('40000'), by: 'agent', talkMs: 1 }));
  publish('fact.CallEnded', fact('CallEnded', 0, { ...ended, callId: active, direction: 'agent', from: '', to: '', extension: asExtension('40000') }));
  publish('fact.AgentStatusChanged', statusChanged('40000'));
  await eventually(() => lines().length >= 8);
  expect(lines()).toEqual([
    '<A><40000><9999999><123456789.101112>',
    '<R><40000><9999999><88888888><123456789.101113>',
    '<D><40000><9999999><219217305861><TESTE DO TOTALIP><10><123456789.101112>',
    '<PREVIEW><40000><9999999><219217305861><TESTE DO TOTALIP><10>',
    '<AGOP><40000><9999999><219217305861><TESTE DO TOTALIP><10>',
    '<H><40000><123456789.101113>',
    '<H><40000><123456789.101112>',
    '<S><40000><1><Logado>',
  ]);
  socket.destroy();
});

type Ended = Parameters<typeof fact<'CallEnded'>>[2];
const placed = (callId: string, more: { direction: 'agent' | 'inbound' | 'internal' | 'campaign'; from: string; to: string; extension: string | null }) =>
  stage.bus.publish('fact.CallPlaced', fact('CallPlaced', 0, { ...common, callId: asCallId(callId), ...more, extension: more.extension === null ? null : asExtension(more.extension) }));
const delivered = (callId: string, extension: string, more: { campaignId?: CampaignId } = {}) =>
  stage.bus.publish('fact.CallDelivered', fact('CallDelivered', 0, { ...offered, callId: asCallId(callId), extension: asExtension(extension), campaignId: null, waitMs: 0, ...more }));
const legEnded = (callId: string, extension: string) =>
  stage.bus.publish('fact.AgentLegEnded', fact('AgentLegEnded', 0, { callId: asCallId(callId), legId: asLegId(`${callId}/1`), agentId: asId<AgentId>(21), extension: asExtension(extension), by: 'agent', talkMs: 1 }));
const callEnded = (callId: string, direction: Ended['direction'], wireOutcome: Ended['wireOutcome'], extension: string | null = null) =>
  stage.bus.publish('fact.CallEnded', fact('CallEnded', 0, { ...ended, callId: asCallId(callId), direction, wireOutcome, from: '', to: '', extension: extension === null ? null : asExtension(extension) }));

/** What is told between here and there: a status is told last, and what comes before it in order. */
async function told(what: () => void): Promise<string[]> {
  const { socket, lines } = await reader();
  what();
  stage.bus.publish('fact.AgentStatusChanged', statusChanged('end'));
  await eventually(() => lines().includes('<S><end><1><Logado>'));
  socket.destroy();
  return lines().slice(0, -1);
}

test('an own call that is busy or not answered is told and closed, once', async () => {
  expect(
    await told(() => {
      placed('6.1', { direction: 'agent', from: '40000', to: '9999999', extension: '40000' });
      callEnded('6.1', 'agent', 'busy', '40000');
      placed('6.2', { direction: 'agent', from: '40000', to: '9999999', extension: '40000' });
      legEnded('6.2', '40000');
      callEnded('6.2', 'agent', 'no-answer', '40000');
    }),
  ).toEqual(['<A><40000><9999999><6.1>', '<H><40000><6.1>', '<A><40000><9999999><6.2>', '<H><40000><6.2>']);
});

test('of a call from one extension to another the caller makes an active call, who answers a receptive one, and both leave it', async () => {
  expect(
    await told(() => {
      placed('7.1', { direction: 'internal', from: '40000', to: '40001', extension: '40000' });
      delivered('7.1', '40001');
      legEnded('7.1', '40001');
      callEnded('7.1', 'internal', 'answered', '40000');
      placed('7.2', { direction: 'internal', from: '40000', to: '40001', extension: '40000' });
      callEnded('7.2', 'internal', 'busy', '40000');
    }),
  ).toEqual(['<A><40000><40001><7.1>', '<R><40001><40000><40001><7.1>', '<H><40001><7.1>', '<H><40000><7.1>', '<A><40000><40001><7.2>', '<H><40000><7.2>']);
});

test('of a call that no extension answered nothing is told', async () => {
  expect(
    await told(() => {
      placed('8.1', { direction: 'inbound', from: '1133553434', to: '30000000', extension: null });
      callEnded('8.1', 'inbound', 'no-answer');
      for (const [callId, outcome] of [['8.2', 'busy'], ['8.3', 'no-answer'], ['8.4', 'answered']] as const) {
        placed(callId, { direction: 'campaign', from: '', to: '9999999', extension: null });
        callEnded(callId, 'campaign', outcome);
      }
    }),
  ).toEqual([]);
});

test('a call that is passed on is told of each extension that takes it and of each that leaves it', async () => {
  const dialed = asCallId('9.1');
  stage.bus.publish(
    'fact.AttemptStarted',
    fact('AttemptStarted', 0, { callId: dialed, contactId, campaignId, phoneId, areaCode: '', number: '9999999', dialString: '09999999', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1), callerId: '', reason: 'fresh', agentId: null }),
  );
  const d = (extension: string) => `<D><${extension}><9999999><219217305861><TESTE DO TOTALIP><10><9.1>`;
  expect(
    await told(() => {
      delivered('9.1', '40000', { campaignId });
      legEnded('9.1', '40000');
      delivered('9.1', '40001', { campaignId });
      callEnded('9.1', 'campaign', 'answered');
      placed('9.2', { direction: 'agent', from: '40000', to: '9999999', extension: '40000' });
      // The number answered: its caller was told of already.
      delivered('9.2', '40000');
      legEnded('9.2', '40000');
      delivered('9.2', '40001');
      callEnded('9.2', 'agent', 'answered', '40000');
    }),
  ).toEqual([d('40000'), '<H><40000><9.1>', d('40001'), '<H><40001><9.1>', '<A><40000><9999999><9.2>', '<H><40000><9.2>', '<A><40001><9999999><9.2>', '<H><40001><9.2>']);
});

test('a call that began before this process did is told from its own stream, with the number as it was imported', async () => {
  const began = asCallId('11.1');
  const facts = [
    fact('CallPlaced', 0, { ...common, callId: began, direction: 'campaign', campaignId, contactId, phoneId, from: '', to: '0159999999', extension: null }),
    fact('CallDelivered', 0, { ...offered, callId: began, campaignId, waitMs: 0 }),
  ];
  await stage.context.events.append({ streamId: streams.call(began), expectedVersion: 'any', events: facts.map(({ type, data }) => ({ type, data: data as never, at: 0 })) });
  expect(await told(() => callEnded('11.1', 'campaign', 'interrupted'))).toEqual(['<H><40000><11.1>']);
  expect(
    await told(() => {
      legEnded('11.1', '40000');
      callEnded('11.1', 'campaign', 'answered');
    }),
  ).toEqual(['<H><40000><11.1>']);
  expect((await told(() => delivered('11.1', '40002', { campaignId })))[0]).toBe('<D><40002><9999999><219217305861><TESTE DO TOTALIP><10><11.1>');
});

test('a contact of an agent who is gone is told to nobody', async () => {
  const ofNobody = { contactId, campaignId, phoneId, agentId: asId<AgentId>(999) };
  expect(
    await told(() => {
      stage.bus.publish('fact.PreviewOffered', fact('PreviewOffered', 0, ofNobody));
      stage.bus.publish('fact.AgentCallbackDue', fact('AgentCallbackDue', 0, { ...ofNobody, at: 0 }));
      stage.bus.publish('fact.AgentCallbackDue', fact('AgentCallbackDue', 0, { ...ofNobody, agentId: null, at: 0 }));
    }),
  ).toEqual([]);
});

test('the area code of a local origin is left out', async () => {
  const { socket, lines } = await reader();
  const callId = asCallId('5.1');
  stage.bus.publish('fact.CallPlaced', fact('CallPlaced', 0, { ...common, callId, direction: 'inbound', from: '1133553434', to: '30000000', extension: null }));
  stage.bus.publish('fact.CallDelivered', fact('CallDelivered', 0, { ...offered, callId, campaignId: null, waitMs: 0 }));
  await eventually(() => lines().length === 1);
  expect(lines()).toEqual(['<R><40000><33553434><30000000><5.1>']);
  socket.destroy();
});

test('a reader that does not read is cut, the others get every line in order', async () => {
  const stuck = await reader();
  const good = await reader();
  stuck.socket.pause();
  let cut = false;
  stuck.socket.on('close', () => (cut = true)).on('error', () => undefined);
  const wanted: string[] = [];
  const padding = 'x'.repeat(1_000);
  await eventually(async () => {
    for (let index = 0; index < 30; index += 1) {
      wanted.push(`<S><${padding}${wanted.length}><1><Logado>`);
      stage.bus.publish('fact.AgentStatusChanged', statusChanged(`${padding}${wanted.length - 1}`));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    return stage.logged.some(({ msg }) => msg === 'a reader that does not read is cut');
  });
  stuck.socket.resume();
  await eventually(() => cut);
  await eventually(() => good.lines().length === wanted.length);
  expect(good.lines()).toEqual(wanted);
  good.socket.destroy();
});

function write(text: string, options: { end?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: app.writePort(), host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject).on('end', () => {
      socket.end();
      resolve(answer);
    });
    socket.write(text);
    if (options.end === true) socket.end();
  });
}

test('a command is answered with or without a line end, in any case of letters, and the connection closes', async () => {
  stage.answer('acd.agent.set-status', { ok: true });
  for (const text of ['<SETSTATUS><40000><1>', '<SETSTATUS><40000><1>\r\n', '<setstatus> <40000> <1>\n']) {
    expect(await write(text)).toBe('STATUS ALTERADO COM SUCESSO\r\n');
  }
  expect(await write('<SETSTATUS><40000>', { end: true })).toBe('RAMAL OU STATUS_ID NAO INFORMADO\r\n');
  expect(await write('<SETSTATUS><40000>')).toBe('RAMAL OU STATUS_ID NAO INFORMADO\r\n');
});

test('what is no command, too long, or never comes gets the syntax message', async () => {
  const syntax = 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO\r\n';
  expect(await write('hello\n')).toBe(syntax);
  expect(await write('<NADA><1>')).toBe(syntax);
  expect(await write(`<SETSTATUS><${'4'.repeat(9_000)}`)).toBe(syntax);
  expect(await write('<SETSTATUS><40')).toBe(syntax);
});

test('an address that is not allowed is told so', async () => {
  stage.put('settings', { id: 1, socketWriteAllow: ['!127.0.0.1'] });
  expect(await write('<SETSTATUS><40000><1>')).toBe('IP NAO TEM AUTORIZACAO PARA ESCREVER COMANDOS NO SOCKET\r\n');
  stage.put('settings', { id: 1 });
  expect(await write('<SETSTATUS><40000><1>')).toBe('STATUS ALTERADO COM SUCESSO\r\n');
});
