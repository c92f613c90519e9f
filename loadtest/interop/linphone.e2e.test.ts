/** Phones of a third maker: linphonec registers with digest, calls and is called, holds, presses keys, and transfers, attended too. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Linphone } from './linphone.ts';
import { areThere } from './programs.ts';
import { extensions, passwordOf, queueNumber, Ritmo } from './ritmo.ts';

describe.skipIf(!areThere('linphonec'))('linphone phones', { timeout: 120_000 }, () => {
  let folder: string;
  let ritmo: Ritmo;
  const phones = new Map<string, Linphone>();
  const phone = (extension: string): Linphone => phones.get(extension) as Linphone;
  const address = (user: string): string => `sip:${user}@127.0.0.1:${ritmo.sipPort}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-linphone-'));
    await chmod(folder, 0o755);
    ritmo = await Ritmo.start({ folder });
    for (const extension of extensions) phones.set(extension, await Linphone.start({ folder: join(folder, extension), registrarPort: ritmo.sipPort, extension, password: passwordOf(extension) }));
    await waitFor(async () => (await ritmo.registrations()).length === phones.size, { what: 'three registrations', timeoutMs: 60_000 });
  }, 180_000);
  afterEach(() => ritmo.quiet());
  afterAll(async () => {
    for (const each of phones.values()) await each.stop();
    await ritmo?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** Rings, is answered, and is delivered. */
  async function talking(from: string, to: string, dialed = to): Promise<string> {
    const before = (await ritmo.facts('CallDelivered')).length;
    phone(from).say(`call ${address(dialed)}`);
    await phone(to).answer();
    return (await ritmo.fact('CallDelivered', {}, before + 1)).data['callId'] as string;
  }

  test('register with digest', async () => {
    expect(await ritmo.registrations()).toHaveLength(3);
  });

  test('call each other; keys, hold and resume are facts; who was called hangs up', async () => {
    const callId = await talking('1002', '1003');
    for (const digit of ['5', '#']) {
      phone('1003').say(digit);
      await ritmo.fact('DtmfReceived', { callId, side: 'agent', digit });
    }
    phone('1003').say('pause');
    await ritmo.fact('CallHeld', { callId, by: 'agent' });
    phone('1003').say('resume 1');
    await ritmo.fact('CallResumed', { callId, by: 'agent' });
    phone('1003').say('terminate all');
    expect((await ritmo.fact('CallEnded', { callId })).data).toMatchObject({ direction: 'internal', by: 'agent', wireOutcome: 'answered' });
  });

  test('transfer a call by REFER to another phone', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    phone('1001').say(`transfer ${address('1003')}`);
    await ritmo.fact('TransferRequested', { callId, attended: false });
    await phone('1003').answer();
    await ritmo.fact('CallTransferred', { callId, attended: false });
    phone('1002').say('terminate all');
    await ritmo.fact('CallEnded', { callId });
  });

  test('transfer a call after consulting, by REFER with Replaces (RFC 3891)', async () => {
    const callId = await talking('1002', '1001', queueNumber);
    const [first] = await phone('1001').calls();
    phone('1001').say('pause');
    await ritmo.fact('CallHeld', { callId, by: 'agent' });
    await talking('1001', '1003');
    const second = (await phone('1001').calls()).find((id) => id !== first);
    phone('1001').say(`transfer ${first} --to-call ${second}`);
    await ritmo.fact('TransferRequested', { callId, attended: true });
    await ritmo.fact('CallTransferred', { callId, attended: true });
    phone('1003').say('terminate all');
    await ritmo.fact('CallEnded', { callId });
  });
});
