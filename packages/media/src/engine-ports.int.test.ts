import { freeUdpPortRange } from '@ritmo/testing';
import { describe, expect } from 'vitest';
import { HOST, onStage, threads } from '../test/engine-stage.ts';
import { NoMediaPortError } from './errors.ts';
import { createNativeMediaEngine } from './native-engine.ts';
import type { MediaSession } from './port.ts';

async function openBoth(session: MediaSession): Promise<MediaSession> {
  await Promise.all([session.openLeg('a', 'customer'), session.openLeg('b', 'agent')]);
  return session;
}

// One after another: each counts the ports of a small range, which the others must not take.
describe.each(threads)('ports of the native engine, packets in the %s thread', (thread) => {
  const it = onStage(thread);

  it('closes a leg whose port was being bound when its session ended', async (at) => {
    await at.useOwnEngine({ portRange: await freeUdpPortRange(8) });
    const session = at.newSession('hasty');
    const opening = session.openLeg('customer', 'customer');
    await Promise.all([expect(opening).rejects.toThrow('closed'), session.close()]);
    await openBoth(at.newSession('a'));
    await openBoth(at.newSession('b'));
    expect(at.engine.stats.legs).toBe(4);
  });

  it('leaks no port over 200 sessions in a range of 16', async (at) => {
    const portRange = await freeUdpPortRange(16);
    await at.useOwnEngine({ portRange });
    for (let round = 0; round < 50; round += 1) {
      const sessions = await Promise.all([0, 1, 2, 3].map(async (i) => openBoth(at.newSession(`s${round}-${i}`))));
      expect(at.engine.stats.legs).toBe(8);
      await expect(at.newSession('one too many').openLeg('x', 'customer')).rejects.toThrow(NoMediaPortError);
      await Promise.all(sessions.map((session) => session.close()));
    }
    expect(at.engine.stats.legs).toBe(0);
  });

  it('passes over ports that another program holds', async (at) => {
    const portRange = await freeUdpPortRange(8);
    const holder = createNativeMediaEngine({ host: HOST, portRange, codecs: ['PCMA'], thread: 'main' });
    await holder.start();
    await openBoth(holder.createSession('held'));
    await at.useOwnEngine({ portRange });
    const session = await openBoth(at.newSession('mine'));
    await expect(session.openLeg('c', 'agent')).rejects.toThrow(NoMediaPortError);
    await holder.stop();
    await session.openLeg('c', 'agent');
  });

  it('closes a session twice with one answer, and refuses new legs', async (at) => {
    const session = at.newSession('twice');
    await session.openLeg('a', 'customer');
    const [first, second] = await Promise.all([session.close(), session.close()]);
    expect(second).toEqual(first);
    await expect(session.openLeg('b', 'agent')).rejects.toThrow('closed');
  });
});
