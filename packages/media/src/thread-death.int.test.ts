/** The thread that moves the packets dies in the middle of calls: they go on, heard and recorded, on the ports that their peers know. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom, createTempDir, freeUdpPortRange, readPhoneSdp, RtpTalker, waitFor, writePhoneSdp, type TempDir } from '@ritmo/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createNativeMediaEngine } from './native-engine.ts';
import type { MediaEngine, MediaLeg, RecordingPart } from './port.ts';
import type { WorkerHandle } from './relay-thread.ts';
import { parseWav, WAVE_FORMAT, wavHeader } from './wav.ts';

const host = '127.0.0.1';
let dir: TempDir;
let engine: MediaEngine;
let threads: WorkerHandle[];
let failures: string[];
const talkers: RtpTalker[] = [];

const noise = (seed: number, bytes = 8000): Buffer => {
  const random = createRandom(seed);
  return Buffer.from(Array.from({ length: bytes }, () => random.integer(1, 0x50)));
};
async function talkOn(leg: MediaLeg, words: Buffer): Promise<RtpTalker> {
  const phone = await RtpTalker.open({ host, codec: 'PCMA', words, keep: true, ssrc: 0x2000 + talkers.length });
  talkers.push(phone);
  expect(readPhoneSdp(leg.offer(), ['PCMA'])).toMatchObject({ host, port: leg.port });
  leg.accept(writePhoneSdp({ host, port: phone.port, codecs: ['PCMA'] }));
  phone.talkTo(host, leg.port);
  return phone;
}
const heardOf = (phone: RtpTalker, words: Buffer): number => phone.heard.filter(({ payload }) => words.indexOf(payload) >= 0).length;
const die = async (): Promise<void> => void (await threads.at(-1)?.terminate());

beforeEach(async () => {
  dir = await createTempDir('ritmo-death-');
  threads = [];
  failures = [];
  engine = createNativeMediaEngine({
    host, portRange: await freeUdpPortRange(64), codecs: ['PCMA'], onThread: (thread) => threads.push(thread), onFailure: (error) => failures.push(error.message),
  });
  await engine.start();
});
afterEach(async () => {
  await Promise.all(talkers.splice(0).map((phone) => phone.close()));
  await engine.stop();
  await dir.remove();
});

it('moves running calls to a new thread, with their ports, partners, sounds and recordings', async () => {
  const session = engine.createSession('call');
  const cut: RecordingPart[] = [];
  session.listen({ recordingCut: (part) => cut.push(part) });
  const customerLeg = await session.openLeg('customer', 'customer');
  const agentLeg = await session.openLeg('agent', 'agent');
  const [customer, agent] = [await talkOn(customerLeg, noise(1)), await talkOn(agentLeg, noise(2))];
  session.bridge('customer', 'agent');
  const waiting = engine.createSession('waiting');
  const waitingLeg = await waiting.openLeg('customer', 'customer');
  const waiter = await talkOn(waitingLeg, noise(3));
  const music = join(dir.path, 'music.wav');
  await writeFile(music, Buffer.concat([wavHeader({ format: WAVE_FORMAT.alaw, channels: 1, sampleRate: 8000, bitsPerSample: 8 }, 8000), noise(9)]));
  waitingLeg.play({ file: music, loop: true });
  await session.startRecording(join(dir.path, 'first.wav'));
  await waitFor(() => heardOf(customer, noise(2)) > 60 && heardOf(agent, noise(1)) > 60 && heardOf(waiter, noise(9)) > 5);

  await die();
  await waitFor(() => engine.state?.restarts === 1 && engine.state.up, { timeoutMs: 20_000 });
  const before = [heardOf(customer, noise(2)), heardOf(agent, noise(1)), heardOf(waiter, noise(9))] as const;
  await waitFor(() => heardOf(customer, noise(2)) > before[0] + 25 && heardOf(agent, noise(1)) > before[1] + 25 && heardOf(waiter, noise(9)) > before[2] + 25, { timeoutMs: 20_000 });
  expect(failures).toEqual([]);
  expect(engine.stats).toMatchObject({ sessions: 2, legs: 3 });

  // What was said before is a part of its own, closed and playable; the next one is started by who keeps the recording.
  await waitFor(() => cut.length === 1);
  expect(cut[0]?.file).toBe(join(dir.path, 'first.wav'));
  expect(Math.round(parseWav(await readFile(join(dir.path, 'first.wav'))).data.length / 16)).toBe(cut[0]?.durationMs);
  await session.startRecording(join(dir.path, 'second.wav'));
  await waitFor(async () => heardOf(agent, noise(1)) > before[1] + 100);
  expect((await session.stopRecording())?.durationMs).toBeGreaterThan(0);
});

it('keeps what is asked of it until the new thread runs', async () => {
  const session = engine.createSession('call');
  const killed = die();
  await waitFor(() => engine.state?.up === false, { everyMs: 1 });
  const leg = await session.openLeg('customer', 'customer');
  await killed;
  expect(engine.state).toMatchObject({ up: true, restarts: 1, lastFailure: { message: expect.stringContaining('ended with code') as string } });
  await talkOn(leg, noise(1));
  expect((await session.close()).legs).toHaveLength(1);
});

it('says that sound is lost when no thread lives', async () => {
  const lost: string[] = [];
  engine.createSession('call').listen({ lost: (reason) => lost.push(reason) });
  while (failures.length === 0) {
    await die();
    await waitFor(() => failures.length > 0 || engine.state?.up === true, { timeoutMs: 20_000 });
  }
  expect(threads.length).toBeGreaterThan(1);
  expect(lost).toHaveLength(1);
});
