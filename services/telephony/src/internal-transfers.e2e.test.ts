/** Transfers among extensions, customers and queues. Rows 50 to 55 of docs/how-a-call-ends.md, by their numbers; after each nothing is held. */
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FarCall } from './test/far-end.ts';
import { anaHz, customerHz, evaHz, hears, House, over, queueNumber, ruiHz, up } from './test/house.ts';

let house: House;
beforeAll(async () => void (house = await House.open()));
afterAll(() => house.close());
beforeEach(() => house.begin());
afterEach(() => house.isEmpty());

/** What a phone writes in Refer-To for the second of its two calls. RFC 3891: its own tag is the from-tag. */
function replacing(user: string, consulted: FarCall): string {
  const dialog = consulted.call?.snapshot();
  return `sip:${user}@127.0.0.1?Replaces=${encodeURIComponent(`${dialog?.sipCallId};to-tag=${dialog?.remoteTag};from-tag=${dialog?.localTag}`)}`;
}

describe('transfers', () => {
  test('50: blind, by the phone that called: who was called talks with the third', async () => {
    const { callId, caller, called } = await house.anaTalksWithRui();
    const outcome = caller.call?.refer('sip:1003@127.0.0.1');
    const third = await house.eva.invite();
    expect(third.incoming?.fromUser).toBe('1002');
    await over(caller, 'BYE to who transferred');
    expect(await outcome).toBe(true);
    await third.answer();
    await Promise.all([hears(called, evaHz), hears(third, ruiHz)]);
    expect(house.rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, toAgentId: 3, attended: false }]);
    expect([(await house.agent(1))?.state, (await house.agent(2))?.state, (await house.agent(3))?.state]).toEqual(['free', 'talking', 'talking']);
    third.bye();
    await over(called, 'BYE');
  });

  test('51: blind, by the phone that was called, to a queue', async () => {
    const { callId, caller, called } = await house.anaTalksWithRui();
    const outcome = called.call?.refer(`sip:${queueNumber}@127.0.0.1`);
    const third = await house.eva.invite();
    expect(await outcome).toBe(true);
    await third.answer();
    await Promise.all([hears(caller, evaHz), hears(third, anaHz)]);
    expect(house.rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 2, toQueueId: 3, attended: false }]);
    expect((await house.agent(2))?.state).toBe('free');
    caller.bye();
    await over(third, 'BYE');
  });

  test('50: blind, to a colleague who talks: refused, and both talk on', async () => {
    const { caller, called } = await house.anaTalksWithRui();
    expect(await caller.call?.refer('sip:1004@127.0.0.1')).toBe(false);
    await Promise.all([hears(caller, ruiHz), hears(called, anaHz)]);
    caller.bye();
    await over(called, 'BYE');
  });

  test('52: attended, after consulting an extension: the customer talks with the consulted colleague', async () => {
    const { callId, customer, agent } = await house.customerTalksWithAna();
    await agent.hold();
    const consultation = await house.dial(house.ana, '1002', '1001');
    const colleague = await house.rui.invite();
    await colleague.answer();
    await up(consultation);
    await hears(colleague, anaHz);
    expect(await agent.call?.refer(replacing('1002', consultation))).toBe(true);
    await Promise.all([over(agent, 'BYE to the first leg'), over(consultation, 'BYE to the consultation')]);
    await Promise.all([hears(customer, ruiHz), hears(colleague, customerHz)]);
    expect(house.rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, toAgentId: 2, attended: true }]);
    expect(house.rig.of('CallDelivered', callId).map(({ agentId }) => agentId as number)).toEqual([1, 2]);
    expect([(await house.agent(1))?.state, (await house.agent(2))?.state]).toEqual(['free', 'talking']);
    expect((await house.agent(2))?.callId).toBe(callId);
    // Hold and hang-up are those of any delivered call.
    await colleague.hold();
    await waitFor(() => house.rig.of('CallHeld', callId).length === 2, { what: 'the hold' });
    await colleague.resume();
    await hears(customer, ruiHz);
    colleague.bye();
    await over(customer, 'BYE');
    expect(await house.rig.fact('CallEnded', callId)).toMatchObject({ by: 'agent', wireOutcome: 'answered', direction: 'campaign' });
  });

  test('53: attended, after consulting a queue that answered', async () => {
    const { callId, customer, agent } = await house.customerTalksWithAna();
    await agent.hold();
    const consultation = await house.dial(house.ana, queueNumber, '1001');
    const colleague = await house.eva.invite();
    await colleague.answer();
    await up(consultation);
    await hears(colleague, anaHz);
    expect(await agent.call?.refer(replacing(queueNumber, consultation))).toBe(true);
    await Promise.all([hears(customer, evaHz), hears(colleague, customerHz)]);
    expect(house.rig.of('CallDelivered', callId).map(({ agentId }) => agentId as number)).toEqual([1, 3]);
    customer.bye();
    await over(colleague, 'BYE');
  });

  test('53: attended, while the consulted queue still rings: the customer takes the place', async () => {
    const { callId, customer, agent } = await house.customerTalksWithAna();
    await agent.hold();
    const consultation = await house.dial(house.ana, queueNumber, '1001');
    await up(consultation);
    await house.eva.invite();
    expect(await agent.call?.refer(replacing(queueNumber, consultation))).toBe(true);
    await Promise.all([over(agent, 'BYE to the first leg'), over(consultation, 'BYE to the consultation')]);
    const colleague = await house.eva.invite(2);
    await colleague.answer();
    await Promise.all([hears(customer, evaHz), hears(colleague, customerHz)]);
    expect(house.rig.of('CallAbandoned')).toEqual([]);
    expect((await house.rig.fact('CallQueued', callId)).queueId).toBe(1);
    expect(house.rig.of('CallQueued', callId).at(-1)).toMatchObject({ queueId: 3 });
    colleague.bye();
    await over(customer, 'BYE');
  });

  test('54: attended between three extensions: the two that are left talk', async () => {
    const { callId, caller, called } = await house.anaTalksWithRui();
    await caller.hold();
    const consultation = await house.dial(house.ana, '1003', '1001');
    const third = await house.eva.invite();
    await third.answer();
    await up(consultation);
    expect(await caller.call?.refer(replacing('1003', consultation))).toBe(true);
    await Promise.all([over(caller, 'BYE to the first call'), over(consultation, 'BYE to the second')]);
    await Promise.all([hears(called, evaHz), hears(third, ruiHz)]);
    expect(house.rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, toAgentId: 3, attended: true }]);
    third.bye();
    await over(called, 'BYE');
  });

  test('54: attended, asked for in the internal call: the customer of the other call comes to who was called', async () => {
    const { callId, customer, agent } = await house.customerTalksWithAna();
    await agent.hold();
    const consultation = await house.dial(house.ana, '1002', '1001');
    const colleague = await house.rui.invite();
    await colleague.answer();
    await up(consultation);
    expect(await consultation.call?.refer(replacing('11988887777', agent))).toBe(true);
    await Promise.all([hears(customer, ruiHz), hears(colleague, customerHz)]);
    expect((await house.agent(2))?.callId).toBe(callId);
    customer.bye();
    await over(colleague, 'BYE');
  });

  test('55: a Replaces that names a dialog of somebody else, or no dialog, is refused', async () => {
    const { caller, called } = await house.anaTalksWithRui();
    const { customer, agent } = await (async () => {
      const callId = await house.rig.originate('11988887777', { queueId: 3 as never });
      const dialed = await house.carrier.invite();
      await dialed.answer();
      const answering = await house.eva.invite();
      await answering.answer();
      await house.rig.fact('CallDelivered', callId);
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
