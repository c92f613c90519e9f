/** Phones of another maker: baresip registers with digest, calls and is called, holds, presses keys, and transfers. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Baresip } from './baresip.ts';
import { areThere } from './programs.ts';
import { passwordOf, queueNumber, Ritmo } from './ritmo.ts';

describe.skipIf(!areThere('baresip'))('baresip phones', { timeout: 120_000 }, () => {
  let folder: string;
  let ritmo: Ritmo;
  const phones = new Map<string, Baresip>();
  const phone = (extension: string): Baresip => phones.get(extension) as Baresip;
  const address = (user: string): string => `sip:${user}@127.0.0.1:${ritmo.sipPort}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-baresip-'));
    await chmod(folder, 0o755);
    ritmo = await Ritmo.start({ folder });
    for (const [index, extension] of ['1001', '1002', '1003'].entries()) {
      phones.set(extension, await Baresip.start({ folder: join(folder, extension), registrarPort: ritmo.sipPort, extension, password: passwordOf(extension), hz: 440 * (index + 1) }));
    }
    // Asked of the registrar: a phone may be registered before its control socket is open, and its event is lost then.
    await waitFor(async () => (await ritmo.registrations()).length === phones.size, { what: 'three registrations', timeoutMs: 30_000 });
  }, 180_000);
  afterEach(async () => {
    await ritmo.quiet();
    for (const each of phones.values()) each.messages.length = 0;
  });
  afterAll(async () => {
    for (const each of phones.values()) await each.stop();
    await ritmo?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** Rings, is answered, and both hear each other. */
  async function talking(from: string, to: string, dialed = to): Promise<string> {
    const before = (await ritmo.facts('CallPlaced')).length;
    await phone(from).say('dial', address(dialed));
    await phone(to).event('CALL_INCOMING');
    await phone(to).say('accept');
    await Promise.all([phone(from).event('CALL_ESTABLISHED'), phone(to).event('CALL_ESTABLISHED')]);
    await Promise.all([phone(from).event('CALL_RTPESTAB'), phone(to).event('CALL_RTPESTAB')]);
    return (await ritmo.fact('CallPlaced', {}, before + 1)).data['callId'] as string;
  }

  test('register with digest, and are free agents', async () => {
    expect(await ritmo.registrations()).toHaveLength(3);
  });

  test('call each other; the one who called hangs up', async () => {
    const callId = await talking('1002', '1003');
    await phone('1002').say('hangup');
    await phone('1003').event('CALL_CLOSED');
    expect((await ritmo.fact('CallEnded', { callId })).data).toMatchObject({ direction: 'internal', wireOutcome: 'answered' });
  });

  test('call a queue, whose agent answers; keys, hold and resume are facts; the agent hangs up', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    await ritmo.fact('CallDelivered', { callId });
    for (const digit of ['5', '#']) {
      await phone('1001').say('sndcode', digit);
      await ritmo.fact('DtmfReceived', { callId, side: 'agent', digit });
    }
    await phone('1001').say('hold');
    await ritmo.fact('CallHeld', { callId, by: 'agent' });
    await phone('1001').say('resume');
    await ritmo.fact('CallResumed', { callId, by: 'agent' });
    await phone('1001').say('hangup');
    await phone('1002').event('CALL_CLOSED');
    expect((await ritmo.fact('CallEnded', { callId })).data).toMatchObject({ by: 'agent', wireOutcome: 'answered' });
  });

  test('transfer a call by REFER to another phone', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    await ritmo.fact('CallDelivered', { callId });
    await phone('1001').say('transfer', address('1003'));
    await ritmo.fact('TransferRequested', { callId, attended: false });
    await phone('1003').event('CALL_INCOMING');
    await phone('1003').say('accept');
    await ritmo.fact('CallTransferred', { callId, attended: false });
    await waitFor(() => phone('1001').count('CALL_CLOSED') > 0, { timeoutMs: 20_000, what: 'the first agent to be free' });
    await phone('1002').say('hangup');
    await phone('1003').event('CALL_CLOSED');
    await ritmo.fact('CallEnded', { callId });
  });
});
