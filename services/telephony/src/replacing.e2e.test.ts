/** INVITE with Replaces by a phone itself (RFC 3891 3): what an extension may take over, and what nobody else may. */
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FarEnd, type FarCall } from './test/far-end.ts';
import { anaHz, customerHz, hears, House, over, ruiHz, up } from './test/house.ts';

const otherPhoneHz = 2100;

let house: House;
/** A second phone on Ana's desk, not registered. */
let other: FarEnd;
beforeAll(async () => {
  house = await House.open();
  other = await FarEnd.start({ hz: otherPhoneHz, t1Ms: 200 });
});
afterAll(async () => {
  await other.stop();
  await house.close();
});
beforeEach(() => {
  house.begin();
  other.calls.length = 0;
});
afterEach(() => house.isEmpty());

/** Of a dialog of a phone's: our tag of it is the to-tag. */
const replacing = ({ call }: FarCall) => {
  const dialog = call?.snapshot();
  return { Replaces: `${dialog?.sipCallId};to-tag=${dialog?.remoteTag};from-tag=${dialog?.localTag}` };
};

describe('an INVITE with Replaces', () => {
  test("moves a call to the agent's other phone: the customer talks on, and nobody delivers anything again", async () => {
    const { callId, customer, agent } = await house.customerTalksWithAna();
    const moved = await house.dial(other, '1001', '1001', replacing(agent));
    await up(moved);
    await over(agent, 'BYE to the first phone');
    await Promise.all([hears(customer, otherPhoneHz), hears(moved, customerHz)]);
    expect(house.rig.of('CallDelivered', callId)).toHaveLength(1);
    expect(house.rig.of('AgentLegEnded', callId)).toEqual([]);
    moved.bye();
    await over(customer, 'BYE');
    expect(await house.rig.fact('CallEnded', callId)).toMatchObject({ by: 'agent', wireOutcome: 'answered' });
  });

  test('moves a call that was on hold, which is resumed', async () => {
    const { callId, customer, agent } = await house.customerTalksWithAna();
    await agent.hold();
    await house.rig.fact('CallHeld', callId);
    const moved = await house.dial(other, '1001', '1001', replacing(agent));
    await up(moved);
    await house.rig.fact('CallResumed', callId);
    await Promise.all([hears(customer, otherPhoneHz), hears(moved, customerHz)]);
    customer.bye();
    await over(moved, 'BYE');
  });

  test('moves the side of who called a colleague', async () => {
    const { caller, called } = await house.anaTalksWithRui();
    const moved = await house.dial(other, '1002', '1001', replacing(caller));
    await up(moved);
    await over(caller, 'BYE to the first phone');
    await Promise.all([hears(called, otherPhoneHz), hears(moved, ruiHz)]);
    called.bye();
    await over(moved, 'BYE');
  });

  test("picks up at the other phone what rings at the agent's first", async () => {
    const callId = await house.rig.originate('11988887777');
    const customer = await house.carrier.invite();
    await customer.answer();
    const rings = await house.ana.invite();
    house.ana.sent.length = 0;
    rings.ring();
    const ringing = await waitFor(() => house.ana.sent.find((wire) => wire.startsWith('SIP/2.0 180')), { what: 'the 180' });
    const tagOf = (name: string): string => new RegExp(`^${name}: .*;tag=([^;\\s]+)`, 'im').exec(ringing)?.[1] ?? '';
    await waitFor(async () => (await house.agent(1))?.state === 'ringing', { what: 'the acd to hear that it rings' });
    const picked = await house.dial(other, '1001', '1001', { Replaces: `${rings.incoming?.sipCallId};to-tag=${tagOf('From')};from-tag=${tagOf('To')};early-only` });
    await up(picked);
    await over(rings, 'CANCEL at the first phone');
    await house.rig.fact('CallDelivered', callId);
    await Promise.all([hears(customer, otherPhoneHz), hears(picked, customerHz)]);
    picked.bye();
    await over(customer, 'BYE');
  });

  test('is refused to another extension with 403, and both talk on', async () => {
    const { customer, agent } = await house.customerTalksWithAna();
    const thief = await house.dial(other, '1001', '1002', replacing(agent));
    await waitFor(() => thief.failed, { what: 'the refusal' });
    expect(thief.failed).toMatchObject({ by: 'remote', sipCode: 403 });
    expect(agent.isOver).toBe(false);
    await hears(customer, anaHz);
    agent.bye();
    await over(customer, 'BYE');
  });

  test('is refused to the carrier with 403', async () => {
    const { customer, agent } = await house.customerTalksWithAna();
    const call = await house.carrier.dial(house.rig.port, '1001', 'carrier', undefined, replacing(customer));
    await waitFor(() => call.failed, { what: 'the refusal' });
    expect(call.failed).toMatchObject({ sipCode: 403 });
    agent.bye();
    await over(customer, 'BYE');
  });

  test('to a dialog that is not there is refused with 481', async () => {
    const call = await house.dial(other, '1001', '1001', { Replaces: 'none;to-tag=1;from-tag=2' });
    await waitFor(() => call.failed, { what: 'the refusal' });
    expect(call.failed).toMatchObject({ sipCode: 481 });
  });
});
