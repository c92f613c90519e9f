/** Calls between extensions, with the acd. Rows 42 to 49 of docs/how-a-call-ends.md, by their numbers; after each nothing is held. */
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anaHz, evaHz, hears, House, over, queueNumber, ruiHz, up } from './test/house.ts';

let house: House;
beforeAll(async () => void (house = await House.open()));
afterAll(() => house.close());
beforeEach(() => house.begin());
afterEach(() => house.isEmpty());

describe('an extension calls another one', () => {
  test('42: both hear each other, both are taken, the facts are there, and the caller hangs up', async () => {
    const caller = await house.dial(house.ana, '1002', '1001');
    const called = await house.rui.invite();
    expect(called.incoming?.fromUser).toBe('1001');
    expect((await house.agent(2))?.phoneStatus).toBe(8);
    called.ring();
    await called.answer();
    await up(caller);
    await Promise.all([hears(caller, ruiHz), hears(called, anaHz)]);
    expect([await house.agent(1), await house.agent(2)]).toMatchObject([{ state: 'talking', phoneStatus: 1 }, { state: 'talking', phoneStatus: 1 }]);
    const { callId } = await house.rig.fact('CallDelivered');
    caller.bye();
    await over(called, "BYE to who was called");
    expect(await house.rig.fact('CallEnded', callId)).toMatchObject({ direction: 'internal', wireOutcome: 'answered', by: 'customer', from: '1001', to: '1002', trunkId: 0 });
    const order = house.rig.facts.filter(({ type, data }) => (data as { callId?: string }).callId === callId && type !== 'PhoneStatusChanged').map(({ type }) => type);
    expect(order).toEqual(['CallPlaced', 'CallAnswered', 'CallDelivered', 'AgentLegEnded', 'CallEnded']);
  });

  test('43: who was called hangs up', async () => {
    const { callId, caller, called } = await house.anaTalksWithRui();
    called.bye();
    await over(caller, 'BYE to the caller');
    expect(await house.rig.fact('CallEnded', callId)).toMatchObject({ by: 'agent', wireOutcome: 'answered' });
  });

  test.each([
    ['44: the phone called refuses with 486', 486, 486, 'busy'],
    ['44: the phone called refuses with 603', 603, 603, 'rejected'],
    ['44: the phone called asks for what the caller cannot give', 401, 480, 'rejected'],
  ])('%s', async (_name, code, heard, outcome) => {
    const caller = await house.dial(house.ana, '1002', '1001');
    (await house.rui.invite()).reject(code);
    await waitFor(() => caller.failed, { what: 'the refusal', timeoutMs: 8_000 });
    expect(caller.failed?.sipCode).toBe(heard);
    expect(await house.rig.fact('CallEnded')).toMatchObject({ direction: 'internal', wireOutcome: outcome, by: 'agent', billMs: 0 });
    expect(house.rig.of('OfferMissed')).toEqual([]);
  });

  test('45: the caller gives up while it rings', async () => {
    const caller = await house.dial(house.ana, '1002', '1001');
    const called = await house.rui.invite();
    called.ring();
    await waitFor(() => caller.provisionals.includes(180), { what: '180' });
    caller.outgoing?.cancel();
    await over(called, 'CANCEL to who was called');
    expect(await house.rig.fact('CallEnded')).toMatchObject({ direction: 'internal', wireOutcome: 'cancelled', by: 'customer' });
  });

  test.each([
    ['an extension that does not exist: 404', '1999', 404],
    ['its own extension: 486', '1001', 486],
  ])('46: to %s', async (_name, to, code) => {
    const caller = await house.dial(house.ana, to, '1001');
    await waitFor(() => caller.failed, { what: 'the refusal', timeoutMs: 8_000 });
    expect(caller.failed?.sipCode).toBe(code);
    expect(house.rig.of('CallPlaced')).toEqual([]);
  });

  test('46: to an extension whose phone is not registered: 480, and told as a call that nobody answered', async () => {
    const caller = await house.dial(house.ana, '1004', '1001');
    await waitFor(() => caller.failed, { what: 'the refusal', timeoutMs: 8_000 });
    expect(caller.failed?.sipCode).toBe(480);
    expect(await house.rig.fact('CallPlaced')).toMatchObject({ direction: 'internal', agentId: 1, extension: '1001', from: '1001', to: '1004', trunkId: 0 });
    expect(await house.rig.fact('CallEnded')).toMatchObject({ direction: 'internal', wireOutcome: 'no-answer', by: 'system', sipCode: 480, billMs: 0 });
  });

  test('46: to a colleague who talks: 486, and who talks is not disturbed', async () => {
    const { caller } = await house.anaTalksWithRui();
    const third = await house.dial(house.eva, '1002', '1003');
    await waitFor(() => third.failed, { what: 'the refusal', timeoutMs: 8_000 });
    expect(third.failed?.sipCode).toBe(486);
    expect(await house.rig.fact('CallEnded')).toMatchObject({ direction: 'internal', wireOutcome: 'busy', by: 'agent', from: '1003', to: '1002' });
    expect(house.rui.calls).toHaveLength(1);
    caller.bye();
  });

  test('a colleague in a pause can be called; a dialed customer waits while both talk', async () => {
    await house.pause('1002', true);
    const { caller, called } = await house.anaTalksWithRui();
    await house.pause('1002', false);
    await house.rig.originate('11988887777');
    await (await house.carrier.invite()).answer();
    await waitFor(() => house.acd.occupied().waiting === 1, { what: 'the customer to wait for Ana' });
    caller.bye();
    await over(called, 'BYE');
    await (await house.ana.invite(2)).answer();
    (await house.carrier.invite()).bye();
  });

  test('47: hold: who is held hears music, and the caller again after it', async () => {
    const { callId, caller, called } = await house.anaTalksWithRui();
    await hears(called, anaHz);
    await caller.hold();
    expect(await house.rig.fact('CallHeld', callId)).toMatchObject({ by: 'customer' });
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
    const caller = await house.dial(house.ana, queueNumber, '1001');
    await up(caller);
    const called = await house.eva.invite();
    expect(called.incoming?.fromUser).toBe('1001');
    await called.answer();
    await Promise.all([hears(caller, evaHz), hears(called, anaHz)]);
    const { callId } = await house.rig.fact('CallDelivered');
    expect(house.rig.of('CallQueued', callId)).toMatchObject([{ queueId: 3, number: '1001' }]);
    expect(house.rig.of('OfferMade', callId)).toHaveLength(1);
    called.bye();
    await over(caller, 'BYE');
    expect(await house.rig.fact('CallEnded', callId)).toMatchObject({ direction: 'internal', queueId: 3, wireOutcome: 'answered' });
  });

  test('49: gives up while it waits: abandoned', async () => {
    await house.pause('1003', true);
    const caller = await house.dial(house.ana, queueNumber, '1001');
    await up(caller);
    await waitFor(() => house.acd.occupied().waiting === 1, { what: 'it to wait' });
    caller.bye();
    expect(await house.rig.fact('CallAbandoned')).toMatchObject({ queueId: 3, by: 'customer' });
    await house.rig.fact('CallEnded');
    await house.pause('1003', false);
    await waitFor(async () => (await house.agent(3))?.state === 'free', { what: 'Eva back from her pause' });
  });
});
