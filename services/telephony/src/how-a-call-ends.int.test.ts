/** One test for each row of docs/how-a-call-ends.md, by its number. After each nothing is held: calls, channels, dialogs, media. */
import { asCallId, asExtension, asId, asLegId, type AgentId, type CallId, type QueueId, type RouteId, type TrunkId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FarEnd, type FarCall } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

let rig: Rig;
let carrier: FarEnd;
let phone: FarEnd;
let second: FarEnd;

beforeAll(async () => {
  rig = await Rig.start({ t1Ms: 100 });
  [carrier, phone, second] = await Promise.all([FarEnd.start({ hz: 500, t1Ms: 100 }), FarEnd.start({ hz: 900, t1Ms: 100 }), FarEnd.start({ hz: 1300, t1Ms: 100 })]);
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, callsPerSecond: 200, channels: 20 });
  rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
  rig.put('agent', { id: 2, name: 'Rui', extension: '1002', password: 'secret' });
  rig.put('agent', { id: 3, name: 'Eva', extension: '1003', password: 'secret' });
  await rig.telephony.start();
  await phone.register(rig.port, '1001', 'secret');
  await second.register(rig.port, '1002', 'secret');
});

afterAll(async () => {
  await Promise.all([phone.stop(), second.stop(), carrier.stop()]);
  await rig.stop();
});

beforeEach(() => {
  for (const end of [carrier, phone, second]) {
    end.calls.length = 0;
    end.onCall = undefined;
  }
  rig.legs.length = 0;
  rig.facts.length = 0;
});

afterEach(async () => {
  try {
    await rig.quiet();
  } finally {
    // What a failed test left behind must not fail the next one.
    for (const { callId } of (await rig.bus.request('telephony.calls', {})).calls) await hangup(callId);
  }
});

const ask = <S extends Parameters<Rig['bus']['request']>[0]>(...args: Parameters<typeof rig.bus.request<S>>) => rig.bus.request<S>(...args);
const hangup = (callId: CallId, by: 'agent' | 'system' = 'system') => ask('telephony.hangup', { callId, by, reason: 'asked' });
const ended = (callId: CallId) => rig.fact('CallEnded', callId);
const over = (call: FarCall, what: string) => waitFor(() => call.isOver, { what });
const agent2 = { agentId: asId<AgentId>(2), extension: asExtension('1002') };

async function ringing(): Promise<{ callId: CallId; customer: FarCall }> {
  const callId = await rig.originate('11988887777', { ringTimeoutMs: 20_000 });
  const customer = await carrier.invite();
  customer.ring();
  await rig.fact('CallRang', callId);
  return { callId, customer };
}

async function waiting(): Promise<{ callId: CallId; customer: FarCall }> {
  const { callId, customer } = await ringing();
  await customer.answer();
  await rig.fact('CallAnswered', callId);
  return { callId, customer };
}

async function offered(): Promise<{ callId: CallId; customer: FarCall; agent: FarCall }> {
  const { callId, customer } = await waiting();
  expect(await rig.offer(callId)).toEqual({ ok: true });
  const agent = await phone.invite();
  agent.ring();
  await waitFor(() => rig.legs.some(({ state }) => state === 'ringing'), { what: 'the leg to ring' });
  return { callId, customer, agent };
}

async function talking(): Promise<{ callId: CallId; customer: FarCall; agent: FarCall }> {
  const call = await offered();
  await call.agent.answer();
  await waitFor(() => rig.legs.some(({ state }) => state === 'answered'), { what: 'the leg to be up' });
  return call;
}

describe('before the customer answers', () => {
  test.each([
    ['486', 486, undefined, 'busy'],
    ['404', 404, undefined, 'invalid-number'],
    ['480', 480, undefined, 'no-answer'],
    ['503', 503, undefined, 'trunk-failure'],
    ['500 with cause 17', 500, 17, 'busy'],
    ['603', 603, undefined, 'rejected'],
  ] as const)('1: the carrier refuses with %s', async (_name, code, q850, outcome) => {
    const callId = await rig.originate('11988887777');
    (await carrier.invite()).reject(code, q850);
    expect(await ended(callId)).toMatchObject({ wireOutcome: outcome, by: 'carrier', sipCode: code, q850: q850 ?? null, billMs: 0 });
    expect(rig.of('CallAnswered')).toEqual([]);
  });

  test('2: the ring time passes', async () => {
    const callId = await rig.originate('11988887777', { ringTimeoutMs: 300 });
    const customer = await carrier.invite();
    customer.ring();
    await over(customer, 'CANCEL');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'no-answer', by: 'system' });
  });

  test('3: somebody of ours hangs up while it rings', async () => {
    const { callId, customer } = await ringing();
    expect(await hangup(callId)).toEqual({ ok: true });
    await over(customer, 'CANCEL');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'cancelled', by: 'system', billMs: 0 });
  });

  test('4: the 200 crosses our CANCEL', async () => {
    const { callId, customer } = await ringing();
    const [answer] = await Promise.allSettled([customer.answer(), hangup(callId)]);
    expect(answer.status === 'rejected' || (await waitFor(() => customer.isOver, { what: 'BYE' }))).toBe(true);
    expect(await ended(callId)).toMatchObject({ by: 'system' });
  });

  test('5: the answer has no codec for us', async () => {
    const callId = await rig.originate('11988887777');
    const customer = await carrier.invite();
    const answer = customer.incoming?.answer(customer.sdp().replace('RTP/AVP 8 101', 'RTP/AVP 18').replace('a=rtpmap:8 PCMA/8000', 'a=rtpmap:18 G729/8000'));
    if (answer) customer.adopt(await answer);
    await over(customer, 'BYE');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'trunk-failure', sipCode: 488, billMs: 0 });
  });
});

describe('while the customer waits', () => {
  test('6: the customer hangs up', async () => {
    const { callId, customer } = await waiting();
    customer.bye();
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'answered', by: 'customer' });
  });

  test('7: somebody of ours hangs up', async () => {
    const { callId, customer } = await waiting();
    await hangup(callId);
    await over(customer, 'BYE');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'answered', by: 'system' });
  });

  test('8: the message is over', async () => {
    const { callId, customer } = await waiting();
    expect(await ask('telephony.play', { callId, file: 'ringback.wav', loop: false, thenHangup: true })).toEqual({ ok: true });
    await waitFor(() => customer.isOver, { what: 'BYE after the message', timeoutMs: 9_000 });
    expect(customer.talker.audioPacketsHeard).toBeGreaterThan(100);
    expect(await ended(callId)).toMatchObject({ by: 'system', reason: 'the message is over' });
  });
});

describe("while the agent's phone rings", () => {
  test('9: the customer hangs up', async () => {
    const { callId, customer, agent } = await offered();
    customer.bye();
    await over(agent, 'CANCEL');
    expect(await ended(callId)).toMatchObject({ by: 'customer' });
    await waitFor(() => rig.legs.some(({ state, reason }) => state === 'failed' && reason === 'cancelled'), { what: 'the offer to be withdrawn' });
    expect(rig.of('AgentLegEnded')).toEqual([]);
  });

  test("10: the customer's BYE crosses the agent's 200", async () => {
    const { callId, customer, agent } = await offered();
    customer.bye();
    await agent.answer().catch(() => undefined);
    await over(agent, 'BYE or CANCEL');
    expect(await ended(callId)).toMatchObject({ by: 'customer' });
  });

  test.each([
    [486, 'busy'],
    [603, 'rejected'],
    [480, 'no-answer'],
  ] as const)('11: the agent refuses with %i, and the customer stays', async (code, reason) => {
    const { callId, customer, agent } = await offered();
    agent.reject(code);
    await waitFor(() => rig.legs.some((leg) => leg.state === 'failed' && leg.reason === reason), { what: 'the miss' });
    expect(customer.isOver).toBe(false);
    await waitFor(() => rig.telephony.occupied().mediaLegs === 1, { what: "the agent's media leg to close" });
    expect(rig.telephony.occupied().calls).toBe(1);
    customer.bye();
    await ended(callId);
  });

  test('12: the ring time of the offer passes, and the customer stays', async () => {
    const { callId, customer } = await waiting();
    await rig.offer(callId, 1, { ringTimeoutMs: 200 });
    await over(await phone.invite(), 'CANCEL');
    await waitFor(() => rig.legs.some((leg) => leg.state === 'failed' && leg.reason === 'no-answer'), { what: 'the miss' });
    expect(customer.isOver).toBe(false);
    customer.bye();
    await ended(callId);
  });

  test('13: the offer is taken back, and another agent gets the call', async () => {
    const { callId, customer, agent } = await offered();
    expect(await ask('telephony.cancel-offer', { callId, legId: asLegId(`${callId}/1`) })).toEqual({ ok: true });
    await over(agent, 'CANCEL');
    expect(await rig.offer(callId, 2, agent2)).toEqual({ ok: true });
    await (await second.invite()).answer();
    await waitFor(() => rig.legs.some((leg) => leg.state === 'answered'), { what: 'the second leg' });
    customer.bye();
    await over(await second.invite(), 'BYE');
    expect(rig.of('AgentLegEnded')).toMatchObject([{ legId: `${callId}/2`, agentId: 2, by: 'customer' }]);
  });

  test('14: an extension that is not registered is not rung', async () => {
    const { callId, customer } = await waiting();
    expect(await rig.offer(callId, 1, { extension: asExtension('1003') })).toMatchObject({ ok: false, code: 'not-registered' });
    customer.bye();
    await ended(callId);
  });
});

describe('while both talk', () => {
  test('15: the customer hangs up', async () => {
    const { callId, customer, agent } = await talking();
    customer.bye();
    await over(agent, 'BYE');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'answered', by: 'customer' });
    expect(rig.of('AgentLegEnded')).toMatchObject([{ agentId: 1, by: 'customer' }]);
    expect(rig.of('RecordingClosed')).toMatchObject([{ part: 1, agentId: 1 }]);
    expect(rig.facts.at(-1)?.type).toBe('CallEnded');
  });

  test('16: the agent hangs up', async () => {
    const { callId, customer, agent } = await talking();
    agent.bye();
    await over(customer, 'BYE');
    expect(await ended(callId)).toMatchObject({ by: 'agent' });
    expect(rig.legs.at(-1)).toMatchObject({ state: 'ended', by: 'agent' });
  });

  test('17: both hang up at once', async () => {
    const { callId, customer, agent } = await talking();
    customer.bye();
    agent.bye();
    await ended(callId);
    await rig.quiet();
    expect(rig.of('CallEnded', callId)).toHaveLength(1);
    expect(rig.of('AgentLegEnded', callId)).toHaveLength(1);
  });

  test.each(['agent', 'system'] as const)('18: the %s has the call hung up', async (by) => {
    const { callId, customer, agent } = await talking();
    await hangup(callId, by);
    await Promise.all([over(customer, 'BYE to the customer'), over(agent, 'BYE to the agent')]);
    expect(await ended(callId)).toMatchObject({ by });
  });

  test('19: the agent is dropped, the customer hears music and another agent takes over', async () => {
    const { callId, customer, agent } = await talking();
    expect(await ask('telephony.drop-agent', { callId, legId: asLegId(`${callId}/1`) })).toEqual({ ok: true });
    await over(agent, 'BYE');
    const before = customer.talker.audioPacketsHeard;
    await waitFor(() => customer.talker.audioPacketsHeard > before + 20, { what: 'music' });
    await rig.offer(callId, 2, agent2);
    await (await second.invite()).answer();
    await waitFor(() => rig.legs.filter(({ state }) => state === 'answered').length === 2, { what: 'the second agent' });
    (await second.invite()).bye();
    await over(customer, 'BYE');
    await ended(callId);
    expect(rig.of('RecordingClosed').map(({ part, agentId }) => [part, agentId])).toEqual([[1, 1], [2, 2]]);
  });

  test('20: the customer hangs up while the agent holds', async () => {
    const { callId, customer, agent } = await talking();
    await agent.hold();
    await rig.fact('CallHeld', callId);
    const before = customer.talker.audioPacketsHeard;
    await waitFor(() => customer.talker.audioPacketsHeard > before + 20, { what: 'music on hold' });
    customer.bye();
    await over(agent, 'BYE');
    expect(await ended(callId)).toMatchObject({ by: 'customer' });
  });

  test('21: the agent hangs up after hold and resume; the recording has two parts', async () => {
    const { callId, customer, agent } = await talking();
    await agent.hold();
    await agent.resume();
    await rig.fact('CallResumed', callId);
    await customer.hold();
    await customer.resume();
    await waitFor(() => rig.of('CallResumed', callId).length === 2, { what: "the customer's resume" });
    agent.bye();
    await over(customer, 'BYE');
    await ended(callId);
    expect(rig.of('CallHeld', callId).map(({ by }) => by)).toEqual(['agent', 'customer']);
    expect(rig.of('RecordingClosed', callId).map(({ part }) => part)).toEqual([1, 2, 3]);
  });
});

describe('transfers', () => {
  const refer = async (agent: FarCall, target: string) => agent.call?.refer(`sip:${target}@ritmo.test`);
  const outside = (callId: CallId, newCallId: CallId) =>
    ask('telephony.transfer-out', { callId, newCallId, extension: asExtension('1001'), dialString: '1155554444', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1), callerId: '11', ringTimeoutMs: 5_000 });

  test('22: a REFER that is refused leaves the agent where it was', async () => {
    const { callId, customer, agent } = await talking();
    const outcome = refer(agent, '1002');
    expect(await rig.fact('TransferRequested', callId)).toMatchObject({ target: '1002', attended: false, legId: `${callId}/1` });
    await ask('telephony.refuse-transfer', { callId, legId: asLegId(`${callId}/1`), sipCode: 486 });
    expect(await outcome).toBe(false);
    expect([customer.isOver, agent.isOver]).toEqual([false, false]);
    customer.bye();
    await over(agent, 'BYE');
  });

  test('23: an agent that leaves right after its REFER ends the call only when the transfer is refused', async () => {
    const { callId, customer, agent } = await talking();
    void refer(agent, '1002');
    await rig.fact('TransferRequested', callId);
    agent.bye();
    await waitFor(() => agent.ended, { what: 'the BYE to be answered' });
    expect(customer.isOver).toBe(false);
    await ask('telephony.refuse-transfer', { callId, legId: asLegId(`${callId}/1`), sipCode: 404 });
    await over(customer, 'BYE');
    expect(await ended(callId)).toMatchObject({ by: 'agent', reason: 'the transfer was refused' });
  });

  test('24: a blind transfer goes on with the second agent', async () => {
    const { callId, customer, agent } = await talking();
    const outcome = refer(agent, '1002');
    await rig.fact('TransferRequested', callId);
    await ask('telephony.drop-agent', { callId, legId: asLegId(`${callId}/1`) });
    expect(await outcome).toBe(true);
    await over(agent, 'BYE');
    await rig.offer(callId, 2, agent2);
    const other = await second.invite();
    await other.answer();
    await waitFor(() => rig.legs.filter(({ state }) => state === 'answered').length === 2, { what: 'the second agent' });
    customer.bye();
    await over(other, 'BYE');
    expect(rig.of('AgentLegEnded').map(({ agentId, by }) => [agentId, by])).toEqual([[1, 'agent'], [2, 'customer']]);
  });

  const toOutside = async (newId: string) => {
    const { callId, customer, agent } = await talking();
    const newCallId = asCallId(newId);
    expect(await outside(callId, newCallId)).toEqual({ ok: true });
    await ask('telephony.drop-agent', { callId, legId: asLegId(`${callId}/1`) });
    const outsider = await carrier.invite(2);
    await over(agent, 'BYE to the agent');
    return { callId, newCallId, customer, outsider };
  };

  test('25: the outside number refuses, and the customer is let go', async () => {
    const { callId, newCallId, customer, outsider } = await toOutside('1700000001.1');
    outsider.reject(486);
    await over(customer, 'BYE');
    expect(await ended(newCallId)).toMatchObject({ wireOutcome: 'busy' });
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'answered' });
  });

  test('26: the customer hangs up while the outside number rings', async () => {
    const { callId, newCallId, customer, outsider } = await toOutside('1700000001.2');
    outsider.ring();
    await rig.fact('CallRang', newCallId);
    customer.bye();
    await over(outsider, 'CANCEL');
    expect(await ended(newCallId)).toMatchObject({ wireOutcome: 'cancelled' });
    expect(await ended(callId)).toMatchObject({ by: 'customer' });
  });

  test.each(['customer', 'outsider'] as const)('27: both outside parties talk until the %s hangs up', async (who) => {
    const call = await toOutside(who === 'customer' ? '1700000001.3' : '1700000001.4');
    await call.outsider.answer();
    await rig.fact('CallAnswered', call.newCallId);
    const heard = call.outsider.talker.audioPacketsHeard;
    await waitFor(() => call.outsider.talker.audioPacketsHeard > heard + 20, { what: 'sound' });
    const [leaves, stays] = who === 'customer' ? [call.customer, call.outsider] : [call.outsider, call.customer];
    leaves.bye();
    await over(stays, 'BYE');
    await Promise.all([ended(call.callId), ended(call.newCallId)]);
  });

  test.each(['first', 'other'] as const)('28: two joined customers talk until the %s hangs up', async (who) => {
    const first = await talking();
    const other = await ownCall(who === 'first' ? '1700000002.1' : '1700000002.2', 2);
    await other.number.answer();
    await rig.fact('CallAnswered', other.callId);
    expect(await ask('telephony.join', { callId: first.callId, otherCallId: other.callId })).toEqual({ ok: true });
    await Promise.all([over(first.agent, "BYE to the agent's first leg"), over(other.extension, "BYE to the agent's second leg")]);
    const before = other.number.talker.audioPacketsHeard;
    await waitFor(() => other.number.talker.audioPacketsHeard > before + 20, { what: 'sound between the two' });
    const [leaves, stays] = who === 'first' ? [first.customer, other.number] : [other.number, first.customer];
    leaves.bye();
    await over(stays, 'BYE');
    await Promise.all([ended(first.callId), ended(other.callId)]);
  });
});

/** `discar`: the extension answers, the number is being dialed. */
async function ownCall(id: string, invite = 1): Promise<{ callId: CallId; extension: FarCall; number: FarCall }> {
  const callId = asCallId(id);
  expect(await dialForAgent(callId)).toEqual({ ok: true });
  const extension = await phone.invite(invite);
  await extension.answer();
  return { callId, extension, number: await carrier.invite(invite) };
}

const dialForAgent = (callId: CallId, over: { agentLegUp?: boolean; extension?: string } = {}) =>
  ask('telephony.dial-for-agent', {
    callId, agentId: asId<AgentId>(1), extension: asExtension(over.extension ?? '1001'), dialString: '1133332222', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1),
    callerId: '1140000000', ringTimeoutMs: 5_000, agentLegUp: over.agentLegUp ?? false, record: true,
  });

describe("an agent's own call", () => {
  test('29: the extension refuses, and nobody is dialed', async () => {
    const callId = asCallId('1700000003.1');
    await dialForAgent(callId);
    (await phone.invite()).reject(603);
    await waitFor(() => rig.legs.some(({ state }) => state === 'failed'), { what: 'the failed leg' });
    await rig.quiet();
    expect(carrier.calls).toEqual([]);
    expect(rig.facts.filter(({ type }) => type === 'CallPlaced' || type === 'CallEnded')).toEqual([]);
  });

  test('30: the agent hangs up while the number rings', async () => {
    const { callId, extension, number } = await ownCall('1700000003.2');
    number.ring();
    await rig.fact('CallRang', callId);
    extension.bye();
    await over(number, 'CANCEL');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'cancelled', by: 'agent', direction: 'agent' });
  });

  test('31: the number refuses', async () => {
    const { callId, extension, number } = await ownCall('1700000003.3');
    number.reject(486);
    await over(extension, 'BYE');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'busy' });
  });

  test.each(['extension', 'number'] as const)('32: both talk until the %s hangs up', async (who) => {
    const call = await ownCall(who === 'extension' ? '1700000003.4' : '1700000003.5');
    await call.number.answer();
    await rig.fact('CallAnswered', call.callId);
    await waitFor(() => call.extension.talker.audioPacketsHeard > 20 && call.number.talker.audioPacketsHeard > 20, { what: 'sound both ways' });
    call[who].bye();
    await over(call[who === 'extension' ? 'number' : 'extension'], 'BYE');
    expect(await ended(call.callId)).toMatchObject({ wireOutcome: 'answered', by: who === 'extension' ? 'agent' : 'customer' });
  });

  /** An INVITE of the phone's own, taken by what plays the acd here. */
  const ownInvite = async () => {
    const heard = new Promise<CallId>((resolve) => {
      const subscription = rig.bus.subscribe('signal.incoming', ({ callId, source, extension, to }) => {
        subscription.stop();
        expect([source, extension, to]).toEqual(['extension', '1001', '1133332222']);
        resolve(callId);
      });
    });
    const extension = await phone.dial(rig.port, '1133332222', '1001', { username: '1001', password: 'secret' });
    return { extension, callId: await heard };
  };

  test('33: the phone gives up while the number rings', async () => {
    const { extension, callId } = await ownInvite();
    expect(await dialForAgent(callId, { agentLegUp: true })).toEqual({ ok: true });
    const number = await carrier.invite();
    number.ring();
    await rig.fact('CallRang', callId);
    extension.outgoing?.cancel();
    await over(number, 'CANCEL');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'cancelled', by: 'agent' });
  });

  test('34: the number refuses the call of a phone', async () => {
    const { extension, callId } = await ownInvite();
    await dialForAgent(callId, { agentLegUp: true });
    (await carrier.invite()).reject(404);
    await over(extension, 'the refusal');
    expect(extension.failed).toMatchObject({ sipCode: 404 });
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'invalid-number' });
  });

  test('35: the call of a phone is answered, hears early media before, and ends by the number', async () => {
    const { extension, callId } = await ownInvite();
    await dialForAgent(callId, { agentLegUp: true });
    const number = await carrier.invite();
    number.ring(true);
    number.hear(number.incoming?.body ?? '');
    await waitFor(() => extension.talker.audioPacketsHeard > 10, { what: 'early media' });
    expect(extension.call).toBeUndefined();
    await number.answer();
    await waitFor(() => extension.call, { what: "the phone's 200" });
    await rig.fact('CallAnswered', callId);
    number.bye();
    await over(extension, 'BYE');
    await ended(callId);
  });

  test('36: the acd refuses the call of a phone', async () => {
    const { extension, callId } = await ownInvite();
    expect(await ask('telephony.reject', { callId, sipCode: 403 })).toEqual({ ok: true });
    await over(extension, 'the refusal');
    expect(extension.failed).toMatchObject({ sipCode: 403 });
  });
});

describe('a call from outside', () => {
  const inbound = async () => {
    const heard = new Promise<CallId>((resolve) => {
      const subscription = rig.bus.subscribe('signal.incoming', ({ callId }) => {
        subscription.stop();
        resolve(callId);
      });
    });
    const caller = await carrier.dial(rig.port, '1140000000', '11977776666');
    return { caller, callId: await heard };
  };

  test('37: the caller gives up before it is taken', async () => {
    const { caller, callId } = await inbound();
    await waitFor(() => caller.provisionals.includes(180), { what: '180' });
    caller.outgoing?.cancel();
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'cancelled', by: 'carrier', direction: 'inbound', from: '11977776666' });
  });

  test('38: the acd refuses it', async () => {
    const { caller, callId } = await inbound();
    await ask('telephony.reject', { callId, sipCode: 404 });
    await over(caller, 'the refusal');
    expect(caller.failed).toMatchObject({ sipCode: 404 });
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'rejected', by: 'system' });
  });

  test.each(['caller', 'agent'] as const)('39: it is taken, offered, and ended by the %s', async (who) => {
    const { caller, callId } = await inbound();
    await ask('telephony.answer', { callId, queueId: asId<QueueId>(4), record: true });
    expect(await rig.fact('CallAnswered', callId)).toMatchObject({ queueId: 4, direction: 'inbound' });
    await rig.offer(callId);
    const agent = await phone.invite();
    await agent.answer();
    await waitFor(() => rig.legs.some(({ state }) => state === 'answered'), { what: 'the leg' });
    await waitFor(() => caller.talker.audioPacketsHeard > 10 && agent.talker.audioPacketsHeard > 10, { what: 'sound both ways' });
    (who === 'caller' ? caller : agent).bye();
    await over(who === 'caller' ? agent : caller, 'BYE');
    expect(await ended(callId)).toMatchObject({ by: who === 'caller' ? 'customer' : 'agent', queueId: 4 });
  });
});
