/** Phones of a third maker: linphonec registers with digest, calls and is called, holds, presses keys, and transfers, attended too. */
import { afterEach, describe, expect, test } from 'vitest';
import { Linphone } from './linphone.ts';
import { withPhones } from './phones.ts';
import { areThere } from './programs.ts';
import { queueNumber } from './ritmo.ts';

describe.skipIf(!areThere('linphonec'))('linphone phones', { timeout: 120_000 }, () => {
  const house = withPhones((account) => Linphone.start(account));
  const { phone, address } = house;
  // A test that failed leaves no call to the next.
  afterEach(async () => {
    for (const each of house.all()) each.say('terminate all');
    await house.ritmo.quiet();
  });

  /** Rings, is answered, and is delivered. */
  async function talking(from: string, to: string, dialed = to): Promise<string> {
    const before = (await house.ritmo.facts('CallDelivered')).length;
    phone(from).say(`call ${address(dialed)}`);
    await phone(to).answer();
    return (await house.ritmo.fact('CallDelivered', {}, before + 1)).data['callId'] as string;
  }

  test('register with digest', async () => {
    expect(await house.ritmo.registrations()).toHaveLength(3);
  });

  test('call each other; keys, hold and resume are facts; who was called hangs up', async () => {
    const callId = await talking('1002', '1003');
    for (const digit of ['5', '#']) {
      phone('1003').say(digit);
      await house.ritmo.fact('DtmfReceived', { callId, side: 'agent', digit });
    }
    await phone('1003').hold();
    await house.ritmo.fact('CallHeld', { callId, by: 'agent' });
    phone('1003').say('resume 1');
    await house.ritmo.fact('CallResumed', { callId, by: 'agent' });
    phone('1003').say('terminate all');
    expect((await house.ritmo.fact('CallEnded', { callId })).data).toMatchObject({ direction: 'internal', by: 'agent', wireOutcome: 'answered' });
  });

  test('transfer a call by REFER to another phone', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    phone('1001').say(`transfer ${address('1003')}`);
    await house.ritmo.fact('TransferRequested', { callId, attended: false });
    await phone('1003').answer();
    await house.ritmo.fact('CallTransferred', { callId, attended: false });
    phone('1002').say('terminate all');
    await house.ritmo.fact('CallEnded', { callId });
  });

  test('transfer a call after consulting, by REFER with Replaces (RFC 3891)', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    const [first] = await phone('1001').calls();
    await phone('1001').hold();
    await house.ritmo.fact('CallHeld', { callId, by: 'agent' });
    await talking('1001', '1003');
    const second = (await phone('1001').calls()).find((id) => id !== first);
    phone('1001').say(`transfer ${first} --to-call ${second}`);
    await house.ritmo.fact('TransferRequested', { callId, attended: true });
    await house.ritmo.fact('CallTransferred', { callId, attended: true });
    phone('1003').say('terminate all');
    await house.ritmo.fact('CallEnded', { callId });
  });
});
