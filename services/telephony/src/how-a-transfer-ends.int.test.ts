/** One test for each row of docs/how-a-call-ends.md from 22 to 28, by its number. */
import { asCallId, asExtension, asId, asLegId, type CallId, type RouteId, type TrunkId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { describe, expect, test } from 'vitest';
import { agent2, ask, carrier, ended, over, ownCall, rig, second, talking } from './test/ends-stage.ts';
import type { FarCall } from './test/far-end.ts';

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
