import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@ritmo/testing';
import { describe, expect } from 'vitest';
import { noise, onStage, spoken, threads } from '../test/engine-stage.ts';
import { transcodingTable } from './g711.ts';
import { parseWav, repairWav, WAVE_FORMAT } from './wav.ts';

function channelOf(stereo: Buffer, channel: 0 | 1): Buffer {
  return Buffer.from(Array.from({ length: stereo.length / 2 }, (_, i) => stereo[i * 2 + channel] as number));
}

/** The channel is the looped noise without a seam, but for `gaps` of silence inside; returns the samples of the gaps. */
function expectLooped(channel: Buffer, words: Buffer, gaps: number): number {
  const begin = channel.findIndex((word) => word !== 0xd5);
  let end = channel.length;
  while (channel[end - 1] === 0xd5) end -= 1;
  const phase = words.indexOf(channel.subarray(begin, begin + 100));
  expect(phase).toBeGreaterThanOrEqual(0);
  let silent = 0;
  let wrong = 0;
  for (let i = begin; i < end; i += 1) {
    if (channel[i] === words[(phase + i - begin) % words.length]) continue;
    if (channel[i] === 0xd5) silent += 1;
    else wrong += 1;
  }
  expect(wrong).toBe(0);
  if (gaps === 0) expect(silent).toBe(0);
  return silent;
}

describe.concurrent.each(threads)('recordings of the native engine, packets in the %s thread', (thread) => {
  const it = onStage(thread);

  it('records both sides sample by sample, silence where a packet was lost', async (at) => {
    const { session, customer, agent } = await at.bridgedCall();
    await waitFor(() => customer.packetsHeard > 3 && agent.packetsHeard > 3);
    const file = join(at.folder, 'deep/er/call-1.wav');
    await session.startRecording(file);
    const sent = agent.packetsSent;
    await waitFor(() => agent.packetsSent > sent + 30);
    agent.loseFrame();
    await waitFor(() => agent.packetsSent > sent + 70);
    const part = await session.stopRecording();
    expect(part?.file).toBe(file);
    const bytes = await readFile(file);
    expect(part?.bytes).toBe(bytes.length);
    const wav = parseWav(bytes);
    expect(wav.shape).toEqual({ format: WAVE_FORMAT.alaw, channels: 2, sampleRate: 8000, bitsPerSample: 8 });
    expect(part?.durationMs).toBe(Math.round(wav.data.length / 16));
    expect(wav.data.length).toBeGreaterThan(60 * 320);

    expectLooped(channelOf(wav.data, 0), noise(1), 0);
    const lost = expectLooped(channelOf(wav.data, 1), noise(2), 1);
    expect(lost).toBe(160);
    expect(await session.stopRecording()).toBeUndefined();
  });

  it('records µ-law as µ-law, and an agent of the other law in the law of the customer', async (at) => {
    const { session, customer, agent } = await at.bridgedCall('PCMU', 'PCMA');
    await waitFor(() => customer.packetsHeard > 3 && agent.packetsHeard > 3);
    const file = join(at.folder, 'mixed.wav');
    await session.startRecording(file);
    const sent = agent.packetsSent;
    await waitFor(() => agent.packetsSent > sent + 20);
    await session.stopRecording();
    const wav = parseWav(await readFile(file));
    expect(wav.shape.format).toBe(WAVE_FORMAT.mulaw);
    const toUlaw = transcodingTable('PCMA', 'PCMU') as Uint8Array;
    const expected = noise(2).map((word) => toUlaw[word] as number) as Buffer;
    expect(channelOf(wav.data, 1).includes(expected.subarray(0, 160)) || channelOf(wav.data, 1).includes(expected.subarray(1600, 1760))).toBe(true);
  });

  it('keeps the file playable while the recording runs', async (at) => {
    const { session } = await at.bridgedCall();
    const file = join(at.folder, 'running.wav');
    await session.startRecording(file);
    const wav = await waitFor(async () => {
      const parsed = parseWav(await readFile(file));
      return parsed.data.length > 16_000 ? parsed : undefined;
    });
    expect(wav.data.length % 2).toBe(0);
    // As after a crash now.
    const { size } = await stat(file);
    const repair = await repairWav(file);
    expect(repair.bytes).toBe(size - (size % 2));
  });

  it('tells a recording that cannot be written, and the call goes on', async (at) => {
    const { session, customer } = await at.bridgedCall();
    const failures: string[] = [];
    session.listen({ recordingFailed: (file, error) => failures.push(`${file}: ${error}`) });
    await session.startRecording('/dev/null/no/such/place.wav');
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('ENOTDIR');
    const before = customer.packetsHeard;
    await waitFor(() => customer.packetsHeard > before + 10);
    expect(await session.stopRecording()).toMatchObject({ bytes: 0, durationMs: 0 });
  });

  it('swaps the agent leg, and records the new agent on the same channel', async (at) => {
    const { session, customer, agent } = await at.bridgedCall();
    await waitFor(() => customer.packetsHeard > 3);
    const second = await session.openLeg('agent-2', 'agent');
    const other = await at.talker(noise(5));
    at.answerBy(other, second);
    session.bridge('customer', 'agent-2');
    await session.startRecording(join(at.folder, 'second.wav'));
    await waitFor(() => spoken(customer, noise(5)).length > 20);
    const part = await session.stopRecording();
    const wav = parseWav(await readFile(part?.file ?? ''));
    const agentChannel = channelOf(wav.data, 1);
    expect([0, 160, 320, 480, 640, 800].some((at) => agentChannel.includes(noise(5).subarray(at, at + 160)))).toBe(true);
    const until = agent.packetsHeard;
    await waitFor(() => agent.packetsHeard > until + 2);
    expect(agent.heard.at(-1)?.payload.every((word) => word === 0xd5)).toBe(true);
  });
});
