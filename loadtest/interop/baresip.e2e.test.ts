/** Phones of another maker: baresip registers with digest, calls and is called, holds, presses keys, and transfers. */
import { waitFor } from '@ritmo/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { Baresip } from './baresip.ts';
import { withPhones } from './phones.ts';
import { areThere } from './programs.ts';
import { queueNumber } from './ritmo.ts';

describe.skipIf(!areThere('baresip'))('baresip phones', { timeout: 120_000 }, () => {
  const house = withPhones((account, index) => Baresip.start({ ...account, hz: 440 * (index + 1) }));
  const { phone, address } = house;
  // A test that failed leaves no call to the next.
  afterEach(async () => {
    for (const each of house.all()) await each.say('hangupall');
    await house.ritmo.quiet();
    for (const each of house.all()) each.messages.length = 0;
  });

  /** Rings, is answered, and both hear each other. */
  async function talking(from: string, to: string, dialed = to): Promise<string> {
    const before = (await house.ritmo.facts('CallPlaced')).length;
    await phone(from).say('dial', address(dialed));
    await phone(to).event('CALL_INCOMING');
    await phone(to).say('accept');
    await Promise.all([phone(from).event('CALL_ESTABLISHED'), phone(to).event('CALL_ESTABLISHED')]);
    await Promise.all([phone(from).event('CALL_RTPESTAB'), phone(to).event('CALL_RTPESTAB')]);
    return (await house.ritmo.fact('CallPlaced', {}, before + 1)).data['callId'] as string;
  }

  test('register with digest, and are free agents', async () => {
    expect(await house.ritmo.registrations()).toHaveLength(3);
  });

  test('call each other; the one who called hangs up', async () => {
    const callId = await talking('1002', '1003');
    await phone('1002').say('hangup');
    await phone('1003').event('CALL_CLOSED');
    expect((await house.ritmo.fact('CallEnded', { callId })).data).toMatchObject({ direction: 'internal', wireOutcome: 'answered' });
  });

  test('call a queue, whose agent answers; keys, hold and resume are facts; the agent hangs up', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    await house.ritmo.fact('CallDelivered', { callId });
    for (const digit of ['5', '#']) {
      await phone('1001').say('sndcode', digit);
      await house.ritmo.fact('DtmfReceived', { callId, side: 'agent', digit });
    }
    await phone('1001').say('hold');
    await house.ritmo.fact('CallHeld', { callId, by: 'agent' });
    await phone('1001').say('resume');
    await house.ritmo.fact('CallResumed', { callId, by: 'agent' });
    await phone('1001').say('hangup');
    await phone('1002').event('CALL_CLOSED');
    expect((await house.ritmo.fact('CallEnded', { callId })).data).toMatchObject({ by: 'agent', wireOutcome: 'answered' });
  });

  test('transfer a call by REFER to another phone', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    await house.ritmo.fact('CallDelivered', { callId });
    await phone('1001').say('transfer', address('1003'));
    await house.ritmo.fact('TransferRequested', { callId, attended: false });
    await phone('1003').event('CALL_INCOMING');
    await phone('1003').say('accept');
    await house.ritmo.fact('CallTransferred', { callId, attended: false });
    await waitFor(() => phone('1001').count('CALL_CLOSED') > 0, { timeoutMs: 20_000, what: 'the first agent to be free' });
    await phone('1002').say('hangup');
    await phone('1003').event('CALL_CLOSED');
    await house.ritmo.fact('CallEnded', { callId });
  });
});
