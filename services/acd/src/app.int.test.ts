import { createInProcessBus, type Bus, type Requests } from '@ritmo/bus';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { asCallId, asExtension, asId, asLegId, directorySchemas, fact, streams, type AgentId, type CallId, type CampaignId, type DirectoryKind, type DomainEvent, type EventDataByType, type EventType, type Extension, type QueueId, type TrunkId } from '@ritmo/domain';
import { createMemoryEventStore } from '@ritmo/event-store';
import { createDirectoryReader, createJournal, type ServiceContext } from '@ritmo/service-kit';
import { waitFor } from '@ritmo/testing';
import { Value } from '@sinclair/typebox/value';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { createAcdApp, type AcdApp } from './app.ts';

const by = { kind: 'http' } as const;
let db: TestDatabase;
let bus: Bus;
let context: ServiceContext;
let app: AcdApp;
let facts: DomainEvent[];
/** What telephony was asked for, in order. */
let asked: { subject: string; request: Record<string, unknown> }[];
let live: Requests['telephony.calls']['reply']['calls'];
let dialReply: Requests['telephony.dial-for-agent']['reply'];

const entry = (kind: DirectoryKind, given: { id: number } & Record<string, unknown>) => ({ kind, id: given.id, entry: Value.Default(directorySchemas[kind], given) as Record<string, unknown> });
const entries = [
  entry('settings', { id: 1, maxExtensions: 3 }),
  entry('user-status', { id: 1, name: 'Logado', pause: false }),
  entry('user-status', { id: 2, name: 'Deslogado' }),
  entry('user-status', { id: 5, name: 'Visita em Cliente' }),
  entry('user-status', { id: 6, name: 'Intervalo de Almoço' }),
  entry('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' }),
  entry('agent', { id: 2, name: 'Rui', extension: '1002', password: 'secret', loginOnRegister: false }),
  entry('agent', { id: 3, name: 'Eva', extension: '4003', password: 'secret', kind: 'hardphone' }),
  entry('agent', { id: 4, name: 'Leo', extension: '1004', password: 'secret', loginOnRegister: false }),
  entry('shared-extension', { id: 1, extension: '50001', password: 'secret' }),
  entry('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', callerIds: ['1140000000'] }),
  entry('route', { id: 1, name: 'all', trunks: [1], homeAreaCode: '11' }),
  entry('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }], numbers: ['1130000000'] }),
  entry('campaign', { id: 7, name: 'Campaign', queueId: 1, maxQueueMs: 60_000 }),
];

/** Plays telephony: records what is asked, and lets the test say what happens. */
function serveTelephony(): void {
  const note = (subject: string) => (request: unknown) => void asked.push({ subject, request: request as Record<string, unknown> });
  const done = { ok: true } as const;
  for (const subject of ['telephony.offer', 'telephony.cancel-offer', 'telephony.play', 'telephony.hangup', 'telephony.drop-agent', 'telephony.answer', 'telephony.reject', 'telephony.join', 'telephony.refuse-transfer', 'telephony.transfer-out'] as const) {
    const heard = note(subject);
    bus.serve(subject, (request: unknown) => {
      heard(request);
      return done;
    });
  }
  bus.serve('telephony.dial-for-agent', (request) => {
    note('telephony.dial-for-agent')(request);
    return dialReply;
  });
  bus.serve('telephony.bindings', () => ({ bindings: [] }));
  bus.serve('telephony.calls', () => ({ node: 'telephony', calls: live }));
}

beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(async () => {
  await db.close();
});
beforeEach(async () => {
  [facts, asked, live, dialReply] = [[], [], [], { ok: true }];
  bus = createInProcessBus();
  bus.serve('directory.snapshot', () => ({ entries, position: '0' }));
  serveTelephony();
  const log = pino({ level: 'silent' });
  const events = createMemoryEventStore();
  const directory = createDirectoryReader({ bus });
  await directory.start();
  context = {
    node: 'test', bus, events, directory, log,
    journal: createJournal({ bus, events, log }),
    database: db.database,
    metrics: new Registry(),
    health: { register: () => undefined, parts: () => Promise.resolve([]) },
    clock: { nowMs: () => Date.now() },
    dataDir: '/nonexistent',
  };
  bus.subscribe('fact.*', (event) => void facts.push(event as DomainEvent));
  await db.database.query('DROP SCHEMA IF EXISTS acd CASCADE');
  await db.database.query("DELETE FROM ritmo.migrations WHERE owner = 'acd'").catch(() => undefined);
  app = createAcdApp(context, { reconcileEveryMs: 50 });
  await app.start();
});
afterEach(async () => {
  await app.stop({ graceMs: 0 });
  await bus.close();
});

const of = <T extends EventType>(type: T) => facts.filter((event) => event.type === type).map(({ data }) => data as EventDataByType[T]);
const ext = (number: string): Extension => asExtension(number);
const register = async (number: string): Promise<void> => {
  bus.publish('signal.registration', { extension: ext(number), registered: true, contact: `sip:${number}@h`, userAgent: null, reason: 'registered', at: Date.now() });
  await waitFor(() => of('ExtensionRegistered').some(({ extension }) => extension === number), { what: `${number} registered` });
};
const agent = async (id: number) => (await bus.request('acd.agents', {})).agents.find(({ agentId }) => (agentId as number) === id);
const answered = (id: string, over: Partial<EventDataByType['CallAnswered']> = {}): CallId => {
  const callId = asCallId(id);
  const data = { callId, direction: 'campaign' as const, campaignId: asId<never>(7), contactId: null, queueId: asId<QueueId>(1), trunkId: asId<TrunkId>(1), ringMs: 1, from: '1140000000', to: '11988887777', dialog: {}, ...over };
  bus.publish('fact.CallAnswered', fact('CallAnswered', Date.now(), data));
  return callId;
};
const offers = () => asked.filter(({ subject }) => subject === 'telephony.offer');

describe('login and status (manual 1.1.1 to 1.1.6)', () => {
  test('login needs a registered softphone', async () => {
    expect(await bus.request('acd.agent.login', { extension: ext('1002'), sharedExtension: null, hardphone: false, by })).toMatchObject({ code: 'not-registered' });
    await register('1002');
    expect((await agent(2))?.statusId).toBe(2);
    expect(await bus.request('acd.agent.login', { extension: ext('1002'), sharedExtension: null, hardphone: false, by })).toEqual({ ok: true });
    expect(await agent(2)).toMatchObject({ statusId: 1, state: 'free', phoneStatus: 0 });
  });

  test('a hardphone is refused by login and taken by login_hardphone, at a shared extension too', async () => {
    const request = { extension: ext('4003'), sharedExtension: null, by };
    expect(await bus.request('acd.agent.login', { ...request, hardphone: false })).toMatchObject({ code: 'hardphone' });
    expect(await bus.request('acd.agent.set-status', { extension: ext('4003'), statusId: 5, by })).toMatchObject({ code: 'hardphone' });
    expect(await bus.request('acd.agent.login', { ...request, hardphone: true })).toEqual({ ok: true });
    expect(await bus.request('acd.agent.login', { ...request, hardphone: true, sharedExtension: ext('59999') })).toMatchObject({ code: 'unknown-shared-extension' });
    expect(await bus.request('acd.agent.login', { ...request, hardphone: true, sharedExtension: ext('50001') })).toEqual({ ok: true });
    expect(await bus.request('acd.agent.logout', { extension: ext('4003'), hardphone: false, by })).toMatchObject({ code: 'hardphone' });
    expect(await bus.request('acd.agent.logout', { extension: ext('4003'), hardphone: true, by })).toEqual({ ok: true });
  });

  test('an unknown extension and an unknown status have their own refusals', async () => {
    expect(await bus.request('acd.agent.set-status', { extension: ext('9999'), statusId: 5, by })).toMatchObject({ code: 'unknown-agent' });
    expect(await bus.request('acd.agent.set-status', { extension: ext('1001'), statusId: 77, by })).toMatchObject({ code: 'unknown-status' });
    expect(await bus.request('acd.agent.set-status', { extension: ext('1001'), statusId: 5, by })).toEqual({ ok: true });
    expect(of('AgentStatusChanged')).toMatchObject([{ agentId: 1, statusId: 5, by, reason: 'requested' }]);
  });

  test('more agents than licences do not log in', async () => {
    for (const number of ['1001', '1002', '1004']) await register(number);
    await bus.request('acd.agent.login', { extension: ext('1002'), sharedExtension: null, hardphone: false, by });
    await bus.request('acd.agent.login', { extension: ext('4003'), sharedExtension: null, hardphone: true, by });
    expect(await bus.request('acd.agent.login', { extension: ext('1004'), sharedExtension: null, hardphone: false, by })).toMatchObject({ code: 'licence' });
    // A status or a pause would bring the agent in as well (1.1.6, 1.1.25).
    expect(await bus.request('acd.agent.set-status', { extension: ext('1004'), statusId: 5, by })).toMatchObject({ code: 'licence' });
    expect(await bus.request('acd.agent.pause', { extension: ext('1004'), by })).toMatchObject({ code: 'licence' });
    expect(await bus.request('acd.agent.set-status', { extension: ext('1004'), statusId: 2, by })).toEqual({ ok: true });
    expect((await agent(4))?.statusId).toBe(2);
    expect(await bus.request('acd.agent.set-status', { extension: ext('1002'), statusId: 5, by })).toEqual({ ok: true });
    expect(await bus.request('acd.agent.logout', { extension: ext('1002'), hardphone: false, by })).toEqual({ ok: true });
    expect(await bus.request('acd.agent.set-status', { extension: ext('1004'), statusId: 5, by })).toEqual({ ok: true });
  });

  test('pause and unpause say when there was nothing to do (1.1.25, 1.1.26)', async () => {
    await register('1001');
    const request = { extension: ext('1001'), by };
    expect(await bus.request('acd.agent.unpause', request)).toMatchObject({ code: 'already' });
    expect(await bus.request('acd.agent.pause', request)).toEqual({ ok: true });
    expect(await bus.request('acd.agent.pause', request)).toMatchObject({ code: 'already' });
    expect(await agent(1)).toMatchObject({ statusId: 6, state: 'paused' });
    expect(await bus.request('acd.agent.unpause', request)).toEqual({ ok: true });
  });

  test('survives a restart: the status comes from the stream', async () => {
    await register('1001');
    await bus.request('acd.agent.pause', { extension: ext('1001'), by });
    for (let start = 0; start < 2; start += 1) {
      await app.stop({ graceMs: 0 });
      app = createAcdApp(context, { reconcileEveryMs: 50 });
      await app.start();
      expect(await agent(1)).toMatchObject({ statusId: 6, state: 'logged-out', registered: false });
    }
    await bus.request('acd.agent.unpause', { extension: ext('1001'), by });
    expect(of('AgentStatusChanged').map(({ statusId }) => statusId as number)).toEqual([1, 6, 1]);
  });
});

describe('calls', () => {
  test('an answered call is offered with what the phone shows, and music while it rings', async () => {
    await register('1001');
    const callId = answered('1.1');
    await waitFor(() => asked.length === 2, { what: 'offer and music' });
    expect(asked.map(({ subject }) => subject)).toEqual(['telephony.offer', 'telephony.play']);
    expect(offers()[0]?.request).toMatchObject({ callId, extension: '1001', callerNumber: '11988887777', callerName: 'Campaign', record: true });
    expect((await bus.request('acd.queues', {})).queues).toMatchObject([{ queueId: 1, waiting: [{ callId, position: 1 }] }]);
  });

  test('a machine of before a restart is hung up, and a person goes on waiting since detection spoke', async () => {
    await bus.publish('fact.DirectoryEntryPut', fact('DirectoryEntryPut', Date.now(), { ...entry('campaign', { id: 7, name: 'Campaign', queueId: 1, maxQueueMs: 60_000, graceClock: 'detection-end' }), by }));
    const at = Date.now();
    const heard = (id: string, verdict: 'person' | 'machine') =>
      context.journal.commit(streams.call(asCallId(id)), 'any', [fact('AnswerClassified', at - 7_000, { callId: asCallId(id), campaignId: null, verdict, detectMs: 2_000 })]);
    await heard('2.1', 'machine');
    await heard('2.2', 'person');
    const call = { direction: 'campaign', campaignId: asId<CampaignId>(7), contactId: null, queueId: asId<QueueId>(1), trunkId: asId<TrunkId>(1), from: '1140000000', to: '11988887777', startedAt: at - 15_000, answeredAt: at - 9_000, state: 'answered', extension: null, agentLeg: null } as const;
    // Ended while telephony's word of it was on its way.
    const { direction, campaignId, contactId, queueId, trunkId, from, to } = call;
    const ended = { callId: asCallId('2.0'), direction, campaignId, contactId, queueId, trunkId, from, to, phoneId: null, routeId: null, extension: null, wireOutcome: 'answered', by: 'customer', sipCode: null, q850: null, reason: '', ringMs: 1, billMs: 1 } as const;
    await context.events.appendMany([{ streamId: streams.call(ended.callId), expectedVersion: 'any', events: [{ type: 'CallEnded', data: ended, at }] }]);
    live = ['2.0', '2.1', '2.2'].map((id) => ({ ...call, callId: asCallId(id) }));
    await waitFor(() => of('CallQueued').length > 0, { what: 'the queue' });
    await waitFor(() => asked.some(({ subject, request }) => subject === 'telephony.hangup' && request['callId'] === '2.1'), { what: 'the end of the machine' });
    expect(of('CallQueued').map(({ callId }) => callId)).toEqual(['2.2']);
    expect(of('AnswerClassified').filter(({ detectMs }) => detectMs !== 2_000)).toEqual([]);
    const waitMs = (await bus.request('acd.queues', {})).queues[0]?.waiting[0]?.waitMs ?? 0;
    expect(waitMs).toBeGreaterThanOrEqual(7_000);
  });

  test('the wait that fila_espera shows is that in the queue, not what was talked before a transfer (1.1.12)', async () => {
    await register('1001');
    const callId = asCallId('1.2');
    const data = { callId, direction: 'inbound' as const, campaignId: null, contactId: null, queueId: asId<QueueId>(1), trunkId: asId<TrunkId>(1), ringMs: 1, from: '1195894637', to: '1130000000', dialog: {} };
    bus.publish('fact.CallAnswered', fact('CallAnswered', Date.now() - 60_000, data));
    await waitFor(() => offers().length === 1, { what: 'the offer' });
    const wait = async (): Promise<number | undefined> => (await bus.request('acd.queues', {})).queues[0]?.waiting[0]?.waitMs;
    expect(await wait()).toBeGreaterThanOrEqual(60_000);
    const leg = { callId, legId: asLegId('1.2/1'), agentId: asId<AgentId>(1), extension: ext('1001'), at: Date.now() };
    bus.publish('signal.leg', { ...leg, state: 'answered' });
    await waitFor(() => of('CallDelivered').length === 1, { what: 'the delivery' });
    bus.publish('fact.TransferRequested', fact('TransferRequested', Date.now(), { callId, legId: leg.legId, target: '1130000000', attended: false, otherCallId: null }));
    await waitFor(() => offers().length === 2, { what: 'the second offer' });
    expect(await wait()).toBeLessThan(60_000);
    expect((await bus.request('acd.queues', {})).queues[0]?.waiting).toMatchObject([{ position: 1, number: '1195894637' }]);
  });

  test('a preview call is offered to the agent who accepted it', async () => {
    for (const number of ['1001', '1002']) await register(number);
    await bus.request('acd.agent.login', { extension: ext('1002'), sharedExtension: null, hardphone: false, by });
    const attempt = { callId: asCallId('1.9'), agentId: asId<AgentId>(2), contactId: asId<never>(1), campaignId: asId<never>(7), phoneId: asId<never>(1), areaCode: '11', number: '988887777', dialString: '11988887777', trunkId: asId<TrunkId>(1), routeId: asId<never>(1), callerId: '', reason: 'preview' as const };
    bus.publish('fact.AttemptStarted', fact('AttemptStarted', Date.now(), attempt));
    answered('1.9');
    await waitFor(() => offers().length === 1, { what: 'the offer' });
    expect(offers()[0]?.request).toMatchObject({ callId: '1.9', extension: '1002' });
  });

  test('a call whose CallAnswered was lost is found by asking telephony', async () => {
    await register('1001');
    live = [{ callId: asCallId('2.1'), direction: 'campaign', state: 'answered', campaignId: asId<never>(7), contactId: null, queueId: asId<QueueId>(1), trunkId: null, extension: null, from: 'a', to: 'b', startedAt: 0, answeredAt: Date.now() - 3_000 }];
    await waitFor(() => offers().length === 1, { what: 'the offer' });
    expect(offers()[0]?.request).toMatchObject({ callId: '2.1', legId: '2.1/1001' });
  });

  test('a call whose CallEnded was lost is let go', async () => {
    await register('1001');
    const callId = answered('3.1');
    live = [{ callId, direction: 'campaign', state: 'offering', campaignId: null, contactId: null, queueId: null, trunkId: null, extension: null, from: 'a', to: 'b', startedAt: 0, answeredAt: Date.now() }];
    await waitFor(() => offers().length === 1, { what: 'the offer' });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(app.occupied().calls).toBe(1);
    live = [];
    await waitFor(() => app.occupied().calls === 0, { what: 'the call to go' });
    expect(of('CallAbandoned')).toMatchObject([{ callId, by: 'system' }]);
    expect(app.occupied()).toEqual({ calls: 0, waiting: 0, busyAgents: 0, timers: 0 });
  });

  test('a call to a number of a queue is answered for it, another one is rejected', async () => {
    const incoming = { source: 'trunk', trunkId: asId<TrunkId>(1), extension: null, from: '119', at: 0 } as const;
    bus.publish('signal.incoming', { ...incoming, callId: asCallId('4.1'), to: '551130000000' });
    bus.publish('signal.incoming', { ...incoming, callId: asCallId('4.2'), to: '1139999999' });
    await waitFor(() => asked.length === 2, { what: 'both decisions' });
    expect(asked).toEqual([
      { subject: 'telephony.answer', request: { callId: '4.1', queueId: 1, record: true } },
      { subject: 'telephony.reject', request: { callId: '4.2', sipCode: 404 } },
    ]);
  });

  test('who still waits when the acd stops is let go as abandoned', async () => {
    const callId = answered('5.1');
    await waitFor(() => app.occupied().waiting === 1, { what: 'the call to wait' });
    await app.stop({ graceMs: 50 });
    expect(of('CallAbandoned')).toMatchObject([{ callId, by: 'system' }]);
    expect(asked.at(-1)).toMatchObject({ subject: 'telephony.hangup', request: { callId } });
  });
});

describe('discar (manual 1.1.20)', () => {
  const dial = (number: string, extension = '1001') => bus.request('acd.dial', { extension: ext(extension), number, by });

  test('rings the extension for the number, by the route and caller id of the directory', async () => {
    await register('1001');
    const reply = await dial('(11) 98888-7777');
    expect(reply).toMatchObject({ ok: true });
    expect(asked.at(-1)?.request).toMatchObject({ extension: '1001', dialString: '11988887777', callerId: '1140000000', trunkId: 1, routeId: 1, agentLegUp: false });
    expect(await agent(1)).toMatchObject({ state: 'talking', phoneStatus: 1, callId: reply.ok ? reply.callId : '' });
    answered('6.1');
    await waitFor(() => app.occupied().waiting === 1, { what: 'the customer waits: the agent is taken' });
  });

  test.each([
    ['1', 'invalid-number'],
    ['0012125551234', 'not-allowed'],
    ['190', 'not-allowed'],
  ])('refuses %s: %s', async (number, code) => {
    await register('1001');
    expect(await dial(number)).toMatchObject({ ok: false, code });
    expect(asked).toEqual([]);
  });

  test('refuses an unknown agent, one without a phone, and one who is at its ceiling of calls', async () => {
    expect(await dial('11988887777', '9999')).toMatchObject({ code: 'unknown-agent' });
    expect(await dial('11988887777')).toMatchObject({ code: 'not-registered' });
    await register('1001');
    for (const number of ['11988887771', '11988887772']) expect(await dial(number)).toMatchObject({ ok: true });
    expect(await dial('11988887773')).toMatchObject({ code: 'busy' });
  });

  test('frees the agent when telephony refuses', async () => {
    await register('1001');
    dialReply = { ok: false, code: 'channel-limit' };
    expect(await dial('11988887777')).toMatchObject({ ok: false, code: 'failed', detail: 'channel-limit' });
    expect(await agent(1)).toMatchObject({ state: 'free', callId: null });
  });

  test("a phone's own INVITE is dialed, or refused with a code that says why", async () => {
    await register('1001');
    const incoming = { source: 'extension', trunkId: null, extension: ext('1001'), from: '1001', at: 0 } as const;
    bus.publish('signal.incoming', { ...incoming, callId: asCallId('7.1'), to: '0012125551234' });
    await waitFor(() => asked.length === 1, { what: 'the refusal' });
    expect(asked[0]).toEqual({ subject: 'telephony.reject', request: { callId: '7.1', sipCode: 403 } });
    bus.publish('signal.incoming', { ...incoming, callId: asCallId('7.2'), to: '1133334444' });
    await waitFor(() => asked.length === 2, { what: 'the call' });
    expect(asked[1]?.request).toMatchObject({ callId: '7.2', agentLegUp: true, dialString: '1133334444' });
  });
});

test('a second acd stands by and takes over when the first one stops', async () => {
  const other = createAcdApp({ ...context, metrics: new Registry() }, { reconcileEveryMs: 50 });
  await other.start();
  expect(other.occupied().calls).toBe(0);
  await app.stop({ graceMs: 0 });
  await waitFor(async () => (await bus.request('acd.agents', {})).agents.length === 4, { what: 'the other one' });
  await other.stop({ graceMs: 0 });
});
