/** Calls between extensions, with the acd. Rows 42 to 54 of docs/how-a-call-ends.md, by their numbers; after each nothing is held. */
import { asExtension, type CallId, type DomainEvent } from '@ritmo/domain';
import { createAcdApp, type AcdApp } from '@ritmo/svc-acd';
import { toneShare, waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FarEnd, type FarCall } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

const queueNumber = '1140000003';
let rig: Rig;
let acd: AcdApp;
let carrier: FarEnd;
/** Ana 1001, Rui 1002, Eva 1003 (the queue's only agent), each with a tone of its own. */
let [ana, rui, eva] = [] as unknown as [FarEnd, FarEnd, FarEnd];

beforeAll(async () => {
  rig = await Rig.start({ t1Ms: 200 });
  [carrier, ana, rui, eva] = await Promise.all([500, 900, 1300, 1700].map((hz) => FarEnd.start({ hz, t1Ms: 200 }))) as [FarEnd, FarEnd, FarEnd, FarEnd];
  rig.put('settings', { id: 1 });
  rig.put('user-status', { id: 1, name: 'Logado', pause: false });
  rig.put('user-status', { id: 2, name: 'Deslogado', pause: true });
  rig.put('user-status', { id: 6, name: 'Intervalo de Almoço', pause: true });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
  rig.put('route', { id: 1, name: 'all', trunks: [1] });
  for (const [id, name] of [[1, 'Ana'], [2, 'Rui'], [3, 'Eva'], [4, 'Leo']] as const) rig.put('agent', { id, name, extension: String(1000 + id), password: 'secret' });
  rig.put('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }], numbers: ['1140000000'] });
  rig.put('queue', { id: 3, name: 'Support', members: [{ agentId: 3, priority: 1, skill: 1 }], numbers: [queueNumber] });
  rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1 });
  await rig.telephony.start();
  acd = createAcdApp(rig.context, { reconcileEveryMs: 200 });
  await acd.start();
  rig.also(acd);
  await Promise.all([ana.register(rig.port, '1001', 'secret'), rui.register(rig.port, '1002', 'secret'), eva.register(rig.port, '1003', 'secret')]);
  await waitFor(() => rig.of('ExtensionRegistered').length === 3, { what: 'the phones' });
});

afterAll(async () => {
  await Promise.all([ana.stop(), rui.stop(), eva.stop(), carrier.stop()]);
  await rig.stop();
});

beforeEach(() => {
  rig.facts.length = 0;
  for (const end of [carrier, ana, rui, eva]) end.calls.length = 0;
});

afterEach(async () => {
  try {
    await rig.quiet();
    await waitFor(() => acd.occupied().calls === 0 && acd.occupied().busyAgents === 0, { what: 'the acd to be empty' });
    expect((await states()).filter((state) => state !== 'free' && state !== 'logged-out')).toEqual([]);
  } finally {
    for (const { callId } of (await rig.bus.request('telephony.calls', {})).calls) await rig.bus.request('telephony.hangup', { callId, by: 'system', reason: 'left' }).catch(() => undefined);
  }
});

const states = async (): Promise<string[]> => (await rig.bus.request('acd.agents', {})).agents.map(({ state }) => state);
const state = async (id: number) => (await rig.bus.request('acd.agents', {})).agents.find(({ agentId }) => (agentId as number) === id);
const over = (call: FarCall, what: string) => waitFor(() => call.isOver, { what, timeoutMs: 8_000 });
const dial = (from: FarEnd, to: string, user: string) => from.dial(rig.port, to, user, { username: user, password: 'secret' });
const up = (call: FarCall) => waitFor(() => call.call, { what: 'the 200', timeoutMs: 8_000 });
const factOf = (type: DomainEvent['type'], callId: CallId) => rig.fact(type as 'CallEnded', callId);
/** The last of what a phone heard is the other one's tone. */
async function hears(call: FarCall, hz: number): Promise<void> {
  await waitFor(() => {
    const heard = call.talker.heard.slice(-15);
    return heard.length === 15 && toneShare(Buffer.concat(heard.map(({ payload }) => payload)), 'PCMA', hz) > 0.9;
  }, { what: `to hear ${hz} Hz`, timeoutMs: 10_000 });
}
const [anaHz, ruiHz, evaHz, customerHz] = [900, 1300, 1700, 500];

/** What a phone writes in Refer-To for the second of its two calls. RFC 3891: its own tag is the from-tag. */
function replacing(user: string, consulted: FarCall): string {
  const dialog = consulted.call?.snapshot();
  return `sip:${user}@127.0.0.1?Replaces=${encodeURIComponent(`${dialog?.sipCallId};to-tag=${dialog?.remoteTag};from-tag=${dialog?.localTag}`)}`;
}

/** Ana called Rui and both talk. */
async function anaTalksWithRui(): Promise<{ callId: CallId; caller: FarCall; called: FarCall }> {
  const caller = await dial(ana, '1002', '1001');
  const called = await rui.invite();
  called.ring();
  await called.answer();
  await up(caller);
  const { callId } = await rig.fact('CallDelivered');
  return { callId, caller, called };
}

/** A dialed person talks with Ana. */
async function customerTalksWithAna(): Promise<{ callId: CallId; customer: FarCall; agent: FarCall }> {
  const callId = await rig.originate('11988887777');
  const customer = await carrier.invite();
  await customer.answer();
  const agent = await ana.invite();
  await agent.answer();
  await rig.fact('CallDelivered', callId);
  return { callId, customer, agent };
}

describe('an extension calls another one', () => {
  test('42: both hear each other, both are taken, the facts are there, and the caller hangs up', async () => {
    const caller = await dial(ana, '1002', '1001');
    const called = await rui.invite();
    expect(called.incoming?.fromUser).toBe('1001');
    expect((await state(2))?.phoneStatus).toBe(8);
    called.ring();
    await called.answer();
    await up(caller);
    await Promise.all([hears(caller, ruiHz), hears(called, anaHz)]);
    expect([await state(1), await state(2)]).toMatchObject([{ state: 'talking', phoneStatus: 1 }, { state: 'talking', phoneStatus: 1 }]);
    const { callId } = await rig.fact('CallDelivered');
    caller.bye();
    await over(called, "BYE to who was called");
    expect(await factOf('CallEnded', callId)).toMatchObject({ direction: 'internal', wireOutcome: 'answered', by: 'customer', from: '1001', to: '1002', trunkId: 0 });
    const order = rig.facts.filter(({ type, data }) => (data as { callId?: string }).callId === callId && type !== 'PhoneStatusChanged').map(({ type }) => type);
    expect(order).toEqual(['CallPlaced', 'CallAnswered', 'CallDelivered', 'AgentLegEnded', 'CallEnded']);
  });

  test('43: who was called hangs up', async () => {
    const { callId, caller, called } = await anaTalksWithRui();
    called.bye();
    await over(caller, 'BYE to the caller');
    expect(await factOf('CallEnded', callId)).toMatchObject({ by: 'agent', wireOutcome: 'answered' });
  });

  test.each([
    ['44: the phone called refuses with 486', 486, 486, 'busy'],
    ['44: the phone called refuses with 603', 603, 603, 'rejected'],
    ['44: the phone called asks for what the caller cannot give', 401, 480, 'rejected'],
  ])('%s', async (_name, code, heard, outcome) => {
    const caller = await dial(ana, '1002', '1001');
    (await rui.invite()).reject(code);
    await waitFor(() => caller.failed, { what: 'the refusal', timeoutMs: 8_000 });
    expect(caller.failed?.sipCode).toBe(heard);
    expect(await rig.fact('CallEnded')).toMatchObject({ direction: 'internal', wireOutcome: outcome, by: 'agent', billMs: 0 });
    expect(rig.of('OfferMissed')).toEqual([]);
  });

  test('45: the caller gives up while it rings', async () => {
    const caller = await dial(ana, '1002', '1001');
    const called = await rui.invite();
    called.ring();
    await waitFor(() => caller.provisionals.includes(180), { what: '180' });
    caller.outgoing?.cancel();
    await over(called, 'CANCEL to who was called');
    expect(await rig.fact('CallEnded')).toMatchObject({ direction: 'internal', wireOutcome: 'cancelled', by: 'customer' });
  });

  test.each([
    ['an extension that does not exist: 404', '1999', 404],
    ['an extension whose phone is not registered: 480', '1004', 480],
    ['its own extension: 486', '1001', 486],
  ])('46: to %s', async (_name, to, code) => {
    const caller = await dial(ana, to, '1001');
    await waitFor(() => caller.failed, { what: 'the refusal', timeoutMs: 8_000 });
    expect(caller.failed?.sipCode).toBe(code);
    expect(rig.of('CallPlaced')).toEqual([]);
  });

  test('46: to a colleague who talks: 486, and who talks is not disturbed', async () => {
    const { caller } = await anaTalksWithRui();
    const third = await dial(eva, '1002', '1003');
    await waitFor(() => third.failed, { what: 'the refusal', timeoutMs: 8_000 });
    expect(third.failed?.sipCode).toBe(486);
    expect(rui.calls).toHaveLength(1);
    caller.bye();
  });

  test('a colleague in a pause can be called; a dialed customer waits while both talk', async () => {
    await rig.bus.request('acd.agent.pause', { extension: asExtension('1002'), by: { kind: 'admin' } });
    const { caller, called } = await anaTalksWithRui();
    await rig.bus.request('acd.agent.unpause', { extension: asExtension('1002'), by: { kind: 'admin' } });
    await rig.originate('11988887777');
    await (await carrier.invite()).answer();
    await waitFor(() => acd.occupied().waiting === 1, { what: 'the customer to wait for Ana' });
    caller.bye();
    await over(called, 'BYE');
    await (await ana.invite(2)).answer();
    (await carrier.invite()).bye();
  });

  test('47: hold: who is held hears music, and the caller again after it', async () => {
    const { callId, caller, called } = await anaTalksWithRui();
    await hears(called, anaHz);
    await caller.hold();
    expect(await rig.fact('CallHeld', callId)).toMatchObject({ by: 'customer' });
    const before = called.talker.audioPacketsHeard;
    await waitFor(() => called.talker.audioPacketsHeard > before + 20, { what: 'music' });
    await caller.resume();
    await Promise.all([hears(called, anaHz), hears(caller, ruiHz)]);
    called.bye();
    await over(caller, 'BYE');
  });
});

describe('an extension calls a queue', () => {
  test('48: is queued like a caller from outside, and delivered', async () => {
    const caller = await dial(ana, queueNumber, '1001');
    await up(caller);
    const called = await eva.invite();
    expect(called.incoming?.fromUser).toBe('1001');
    await called.answer();
    await Promise.all([hears(caller, evaHz), hears(called, anaHz)]);
    const { callId } = await rig.fact('CallDelivered');
    expect(rig.of('CallQueued', callId)).toMatchObject([{ queueId: 3, number: '1001' }]);
    expect(rig.of('OfferMade', callId)).toHaveLength(1);
    called.bye();
    await over(caller, 'BYE');
    expect(await factOf('CallEnded', callId)).toMatchObject({ direction: 'internal', queueId: 3, wireOutcome: 'answered' });
  });

  test('49: gives up while it waits: abandoned', async () => {
    await rig.bus.request('acd.agent.pause', { extension: asExtension('1003'), by: { kind: 'admin' } });
    const caller = await dial(ana, queueNumber, '1001');
    await up(caller);
    await waitFor(() => acd.occupied().waiting === 1, { what: 'it to wait' });
    caller.bye();
    expect(await rig.fact('CallAbandoned')).toMatchObject({ queueId: 3, by: 'customer' });
    await rig.fact('CallEnded');
    await rig.bus.request('acd.agent.unpause', { extension: asExtension('1003'), by: { kind: 'admin' } });
    await waitFor(async () => (await state(3))?.state === 'free', { what: 'Eva back from her pause' });
  });
});

describe('transfers', () => {
  test('50: blind, by the phone that called: who was called talks with the third', async () => {
    const { callId, caller, called } = await anaTalksWithRui();
    const outcome = caller.call?.refer('sip:1003@127.0.0.1');
    const third = await eva.invite();
    expect(third.incoming?.fromUser).toBe('1002');
    await over(caller, 'BYE to who transferred');
    expect(await outcome).toBe(true);
    await third.answer();
    await Promise.all([hears(called, evaHz), hears(third, ruiHz)]);
    expect(rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, toAgentId: 3, attended: false }]);
    expect([(await state(1))?.state, (await state(2))?.state, (await state(3))?.state]).toEqual(['free', 'talking', 'talking']);
    third.bye();
    await over(called, 'BYE');
  });

  test('51: blind, by the phone that was called, to a queue', async () => {
    const { callId, caller, called } = await anaTalksWithRui();
    const outcome = called.call?.refer(`sip:${queueNumber}@127.0.0.1`);
    const third = await eva.invite();
    expect(await outcome).toBe(true);
    await third.answer();
    await Promise.all([hears(caller, evaHz), hears(third, anaHz)]);
    expect(rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 2, toQueueId: 3, attended: false }]);
    expect((await state(2))?.state).toBe('free');
    caller.bye();
    await over(third, 'BYE');
  });

  test('50: blind, to a colleague who talks: refused, and both talk on', async () => {
    const { caller, called } = await anaTalksWithRui();
    expect(await caller.call?.refer('sip:1004@127.0.0.1')).toBe(false);
    await Promise.all([hears(caller, ruiHz), hears(called, anaHz)]);
    caller.bye();
    await over(called, 'BYE');
  });

  test('52: attended, after consulting an extension: the customer talks with the consulted colleague', async () => {
    const { callId, customer, agent } = await customerTalksWithAna();
    await agent.hold();
    const consultation = await dial(ana, '1002', '1001');
    const colleague = await rui.invite();
    await colleague.answer();
    await up(consultation);
    await hears(colleague, anaHz);
    expect(await agent.call?.refer(replacing('1002', consultation))).toBe(true);
    await Promise.all([over(agent, 'BYE to the first leg'), over(consultation, 'BYE to the consultation')]);
    await Promise.all([hears(customer, ruiHz), hears(colleague, customerHz)]);
    expect(rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, toAgentId: 2, attended: true }]);
    expect(rig.of('CallDelivered', callId).map(({ agentId }) => agentId as number)).toEqual([1, 2]);
    expect([(await state(1))?.state, (await state(2))?.state]).toEqual(['free', 'talking']);
    expect((await state(2))?.callId).toBe(callId);
    // Hold and hang-up are those of any delivered call.
    await colleague.hold();
    await waitFor(() => rig.of('CallHeld', callId).length === 2, { what: 'the hold' });
    await colleague.resume();
    await hears(customer, ruiHz);
    colleague.bye();
    await over(customer, 'BYE');
    expect(await factOf('CallEnded', callId)).toMatchObject({ by: 'agent', wireOutcome: 'answered', direction: 'campaign' });
  });

  test('53: attended, after consulting a queue that answered', async () => {
    const { callId, customer, agent } = await customerTalksWithAna();
    await agent.hold();
    const consultation = await dial(ana, queueNumber, '1001');
    const colleague = await eva.invite();
    await colleague.answer();
    await up(consultation);
    await hears(colleague, anaHz);
    expect(await agent.call?.refer(replacing(queueNumber, consultation))).toBe(true);
    await Promise.all([hears(customer, evaHz), hears(colleague, customerHz)]);
    expect(rig.of('CallDelivered', callId).map(({ agentId }) => agentId as number)).toEqual([1, 3]);
    customer.bye();
    await over(colleague, 'BYE');
  });

  test('53: attended, while the consulted queue still rings: the customer takes the place', async () => {
    const { callId, customer, agent } = await customerTalksWithAna();
    await agent.hold();
    const consultation = await dial(ana, queueNumber, '1001');
    await up(consultation);
    await eva.invite();
    expect(await agent.call?.refer(replacing(queueNumber, consultation))).toBe(true);
    await Promise.all([over(agent, 'BYE to the first leg'), over(consultation, 'BYE to the consultation')]);
    const colleague = await eva.invite(2);
    await colleague.answer();
    await Promise.all([hears(customer, evaHz), hears(colleague, customerHz)]);
    expect(rig.of('CallAbandoned')).toEqual([]);
    expect((await rig.fact('CallQueued', callId)).queueId).toBe(1);
    expect(rig.of('CallQueued', callId).at(-1)).toMatchObject({ queueId: 3 });
    colleague.bye();
    await over(customer, 'BYE');
  });

  test('54: attended between three extensions: the two that are left talk', async () => {
    const { callId, caller, called } = await anaTalksWithRui();
    await caller.hold();
    const consultation = await dial(ana, '1003', '1001');
    const third = await eva.invite();
    await third.answer();
    await up(consultation);
    expect(await caller.call?.refer(replacing('1003', consultation))).toBe(true);
    await Promise.all([over(caller, 'BYE to the first call'), over(consultation, 'BYE to the second')]);
    await Promise.all([hears(called, evaHz), hears(third, ruiHz)]);
    expect(rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, toAgentId: 3, attended: true }]);
    third.bye();
    await over(called, 'BYE');
  });

  test('54: attended, asked for in the internal call: the customer of the other call comes to who was called', async () => {
    const { callId, customer, agent } = await customerTalksWithAna();
    await agent.hold();
    const consultation = await dial(ana, '1002', '1001');
    const colleague = await rui.invite();
    await colleague.answer();
    await up(consultation);
    expect(await consultation.call?.refer(replacing('11988887777', agent))).toBe(true);
    await Promise.all([hears(customer, ruiHz), hears(colleague, customerHz)]);
    expect((await state(2))?.callId).toBe(callId);
    customer.bye();
    await over(colleague, 'BYE');
  });

  test('55: a Replaces that names a dialog of somebody else, or no dialog, is refused', async () => {
    const { caller, called } = await anaTalksWithRui();
    const { customer, agent } = await (async () => {
      const callId = await rig.originate('11988887777', { queueId: 3 as never });
      const dialed = await carrier.invite();
      await dialed.answer();
      const answering = await eva.invite();
      await answering.answer();
      await rig.fact('CallDelivered', callId);
      return { customer: dialed, agent: answering };
    })();
    expect(await caller.call?.refer(replacing('1003', agent))).toBe(false);
    expect(await caller.call?.refer('sip:1003@h?Replaces=none%3Bto-tag%3D1%3Bfrom-tag%3D2')).toBe(false);
    await Promise.all([hears(caller, ruiHz), hears(customer, evaHz)]);
    caller.bye();
    customer.bye();
    await over(called, 'BYE');
  });
});
