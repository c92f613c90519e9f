/** The lines of 1.2.1: what facts make of them, in which order, and whom they name. */
import { eventually } from '@ritmo/contract/testing';
import { asCallId, asExtension, asId, asLegId, fact, streams, type AgentId, type CampaignId, type ContactId, type PhoneId, type QueueId, type RouteId, type TrunkId, type UserStatusId } from '@ritmo/domain';
import { expect, test } from 'vitest';
import { by, reader, stage, statusChanged } from './testing/rig.ts';

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
const agentAt = (extension: string): AgentId => stage.context.directory.all('agent').find((agent) => agent.extension === extension)?.id as AgentId;
const legEnded = (callId: string, extension: string) =>
  stage.bus.publish('fact.AgentLegEnded', fact('AgentLegEnded', 0, { callId: asCallId(callId), legId: asLegId(`${callId}/1`), agentId: agentAt(extension), extension: asExtension(extension), by: 'agent', talkMs: 1 }));
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

test('an extension that transfers the call it began leaves it, and who takes its place makes an active call', async () => {
  const transferred = (callId: string, toAgentId: number, attended: boolean) =>
    stage.bus.publish(
      'fact.CallTransferred',
      fact('CallTransferred', 0, { callId: asCallId(callId), fromAgentId: asId<AgentId>(21), toAgentId: asId<AgentId>(toAgentId), toQueueId: null, toNumber: null, attended }),
    );
  expect(
    await told(() => {
      // Blind: 40000 passes 40001, whom it called, on to 40002.
      placed('10.1', { direction: 'internal', from: '40000', to: '40001', extension: '40000' });
      delivered('10.1', '40001');
      legEnded('10.1', '40001');
      transferred('10.1', 23, false);
      delivered('10.1', '40002');
      legEnded('10.1', '40002');
      callEnded('10.1', 'internal', 'answered', '40001');
    }),
  ).toEqual([
    '<A><40000><40001><10.1>', '<R><40001><40000><40001><10.1>', '<H><40001><10.1>', '<H><40000><10.1>', '<A><40001><40002><10.1>',
    '<R><40002><40001><40002><10.1>', '<H><40002><10.1>', '<H><40001><10.1>',
  ]);
  expect(
    await told(() => {
      // Attended: 40000 talks with 40001 and consults 40002, who comes in its place.
      placed('10.2', { direction: 'internal', from: '40000', to: '40001', extension: '40000' });
      delivered('10.2', '40001');
      placed('10.3', { direction: 'internal', from: '40000', to: '40002', extension: '40000' });
      delivered('10.3', '40002');
      legEnded('10.3', '40002');
      callEnded('10.3', 'internal', 'answered', '40000');
      transferred('10.2', 23, true);
      legEnded('10.2', '40001');
      callEnded('10.2', 'internal', 'answered', '40002');
    }),
  ).toEqual([
    '<A><40000><40001><10.2>', '<R><40001><40000><40001><10.2>', '<A><40000><40002><10.3>', '<R><40002><40000><40002><10.3>', '<H><40002><10.3>', '<H><40000><10.3>',
    '<H><40000><10.2>', '<A><40002><40001><10.2>', '<H><40001><10.2>', '<H><40002><10.2>',
  ]);
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

test('who is logged in at a shared desk phone is named by the own extension in every line', async () => {
  stage.bus.publish('signal.agent-state', {
    agentId: asId<AgentId>(22), name: 'Rui', extension: asExtension('40001'), sharedExtension: asExtension('50001'), statusId: asId<UserStatusId>(1), phoneStatus: 0,
    registered: true, state: 'free', sinceAt: Date.now(), queueIds: [], callId: null, campaignId: null,
  });
  // Calls and legs are of the phone, deliveries are of the agent.
  const legOfPhone = (callId: string) =>
    stage.bus.publish('fact.AgentLegEnded', fact('AgentLegEnded', 0, { callId: asCallId(callId), legId: asLegId(`${callId}/1`), agentId: asId<AgentId>(22), extension: asExtension('50001'), by: 'agent', talkMs: 1 }));
  expect(
    await told(() => {
      placed('12.1', { direction: 'agent', from: '50001', to: '9999999', extension: '50001' });
      delivered('12.1', '40001');
      legOfPhone('12.1');
      callEnded('12.1', 'agent', 'answered', '50001');
      placed('12.2', { direction: 'inbound', from: '1933553434', to: '30000000', extension: null });
      delivered('12.2', '40001');
      legOfPhone('12.2');
      callEnded('12.2', 'inbound', 'answered');
      placed('12.3', { direction: 'internal', from: '50001', to: '40000', extension: '50001' });
      delivered('12.3', '40000');
      callEnded('12.3', 'internal', 'answered', '50001');
    }),
  ).toEqual([
    '<A><40001><9999999><12.1>', '<H><40001><12.1>', '<R><40001><1933553434><30000000><12.2>', '<H><40001><12.2>',
    '<A><40001><40000><12.3>', '<R><40000><40001><40000><12.3>', '<H><40001><12.3>', '<H><40000><12.3>',
  ]);
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
