/** One test for each row of docs/how-a-call-ends.md from 1 to 21, by its number. */
import { asExtension, asLegId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { describe, expect, test } from 'vitest';
import { agent2, ask, carrier, ended, hangup, offered, over, phone, rig, ringing, second, talking, waiting } from './test/ends-stage.ts';

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
