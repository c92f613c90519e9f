import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom, createTempDir, freeUdpPortRange, readPhoneSdp, RtpTalker, waitFor, writePhoneSdp, type TempDir, type ToneCodec } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodePcm, transcodingTable } from './g711.ts';
import { NoMediaPortError } from './errors.ts';
import { createNativeMediaEngine, type NativeMediaEngineOptions } from './native-engine.ts';
import type { MediaEngine, MediaLeg, MediaSession } from './port.ts';
import { parseWav, repairWav, WAVE_FORMAT, wavHeader } from './wav.ts';

const HOST = '127.0.0.1';

/** Every word of this noise differs from silence, so that gaps can be told. */
function noise(seed: number, bytes = 8000): Buffer {
  const random = createRandom(seed);
  return Buffer.from(Array.from({ length: bytes }, () => random.integer(1, 0x50)));
}

function channelOf(stereo: Buffer, channel: 0 | 1): Buffer {
  return Buffer.from(Array.from({ length: stereo.length / 2 }, (_, i) => stereo[i * 2 + channel] as number));
}

describe.each(['worker', 'main'] as const)('native engine, packets in the %s thread', (thread) => {
  let dir: TempDir;
  let engine: MediaEngine;
  const talkers: RtpTalker[] = [];

  /** One engine for all, since a thread takes a while to start; a test with other settings takes its own. */
  let shared: MediaEngine;
  const own: MediaEngine[] = [];
  const sessions: MediaSession[] = [];

  async function startEngine(more: Partial<NativeMediaEngineOptions>): Promise<MediaEngine> {
    const started = createNativeMediaEngine({
      host: HOST,
      portRange: await freeUdpPortRange(64),
      codecs: ['PCMA', 'PCMU'],
      thread,
      onFailure: (error) => expect.unreachable(error.message),
      ...more,
    });
    await started.start();
    return started;
  }

  async function useOwnEngine(more: Partial<NativeMediaEngineOptions>): Promise<void> {
    engine = await startEngine(more);
    own.push(engine);
  }

  function newSession(id: string): MediaSession {
    const session = engine.createSession(id);
    sessions.push(session);
    return session;
  }

  async function talker(words: Buffer, codec: ToneCodec = 'PCMA', host = HOST): Promise<RtpTalker> {
    const phone = await RtpTalker.open({ host, codec, words, keep: true, ssrc: 0x1000 + talkers.length });
    talkers.push(phone);
    return phone;
  }

  /** Our offer, the phone's answer. */
  function answerBy(phone: RtpTalker, leg: MediaLeg, codec: ToneCodec = phone.codec): void {
    const offer = readPhoneSdp(leg.offer(), [codec]);
    expect(offer).toMatchObject({ host: HOST, port: leg.port, codec });
    leg.accept(writePhoneSdp({ host: HOST, port: phone.port, codecs: [codec] }));
    phone.talkTo(HOST, leg.port);
  }

  async function bridgedCall(customerCodec: ToneCodec = 'PCMA', agentCodec: ToneCodec = 'PCMA') {
    const session = newSession('call');
    const customerLeg = await session.openLeg('customer', 'customer');
    const agentLeg = await session.openLeg('agent', 'agent');
    const customer = await talker(noise(1), customerCodec);
    const agent = await talker(noise(2), agentCodec);
    answerBy(customer, customerLeg);
    answerBy(agent, agentLeg);
    session.bridge('customer', 'agent');
    return { session, customer, agent, customerLeg, agentLeg };
  }

  beforeAll(async () => {
    dir = await createTempDir('ritmo-media-');
    shared = await startEngine({});
  });
  beforeEach(() => {
    engine = shared;
  });
  afterEach(async () => {
    await Promise.all(talkers.splice(0).map((phone) => phone.close()));
    await Promise.all(sessions.splice(0).map((session) => session.close()));
    await Promise.all(own.splice(0).map((each) => each.stop()));
  });
  afterAll(async () => {
    await shared.stop();
    await dir.remove();
  });

  const audio = (phone: RtpTalker) => phone.heard.filter((packet) => packet.payloadType === (phone.codec === 'PCMA' ? 8 : 0));
  /** Frames of the other's noise among what was heard. */
  const spoken = (phone: RtpTalker, words: Buffer) => audio(phone).filter((packet) => words.indexOf(packet.payload) >= 0);

  it('relays both ways, byte for byte', async () => {
    const { customer, agent, session } = await bridgedCall();
    await waitFor(() => spoken(customer, noise(2)).length >= 25 && spoken(agent, noise(1)).length >= 25);
    const heard = spoken(agent, noise(1));
    const offsets = heard.map((packet) => noise(1).indexOf(packet.payload));
    for (let i = 1; i < offsets.length; i += 1) expect(offsets[i]).toBe(((offsets[i - 1] as number) + 160) % 8000);
    expect(engine.stats).toMatchObject({ sessions: 1, legs: 2 });
    expect(engine.stats.packetsRelayed).toBeGreaterThanOrEqual(50);
    const { legs } = await session.close();
    expect(legs.map((leg) => leg.id).sort()).toEqual(['agent', 'customer']);
    for (const leg of legs) {
      expect(leg.packetsIn).toBeGreaterThanOrEqual(25);
      expect(leg.packetsOut).toBeGreaterThanOrEqual(25);
      expect(leg.packetsLost).toBe(0);
    }
    expect(engine.stats).toMatchObject({ sessions: 0, legs: 0 });
  });

  it('transcodes between A-law and µ-law when the legs differ', async () => {
    const { customer, agent } = await bridgedCall('PCMA', 'PCMU');
    const toUlaw = transcodingTable('PCMA', 'PCMU') as Uint8Array;
    const expected = noise(1).map((word) => toUlaw[word] as number) as Buffer;
    await waitFor(() => spoken(agent, expected).length >= 10);
    const toAlaw = transcodingTable('PCMU', 'PCMA') as Uint8Array;
    await waitFor(() => spoken(customer, noise(2).map((word) => toAlaw[word] as number) as Buffer).length >= 10);
  });

  it('hears key presses once each, and passes them on', async () => {
    const { session, customer, agent } = await bridgedCall();
    const digits: string[] = [];
    session.listen({ dtmf: (legId, digit) => digits.push(`${legId}:${digit}`) });
    // The thread that moves packets knows of both by then.
    await waitFor(() => audio(customer).length > 5 && audio(agent).length > 5);
    for (const event of [4, 10, 11]) {
      customer.pressKey(event);
      await waitFor(() => digits.length > [4, 10, 11].indexOf(event));
    }
    await waitFor(() => agent.digits === '4*#');
    expect(digits).toEqual(['customer:4', 'customer:*', 'customer:#']);
  });

  it('presses keys', async () => {
    const { customerLeg, customer } = await bridgedCall();
    await waitFor(() => audio(customer).length > 5);
    customerLeg.sendDtmf('19#');
    await waitFor(() => customer.digits === '19#');
    await waitFor(() => audio(customer).at(-1)?.sequence !== undefined && customer.heard.at(-1)?.payloadType === 8);
    const events = customer.heard.filter((packet) => packet.payloadType === 101);
    const first = events.filter((packet) => packet.timestamp === events[0]?.timestamp);
    // Growing duration, the end three times (RFC 4733 2.5.1.4).
    expect(first.map((packet) => packet.payload.readUInt16BE(2))).toEqual([160, 320, 480, 640, 800, 800, 800, 800]);
    expect(first.filter((packet) => (packet.payload[1] as number) & 0x80)).toHaveLength(3);
    expectContinuous(customer);
  });

  function expectContinuous(phone: RtpTalker): void {
    const packets = phone.heard;
    expect(new Set(packets.map((packet) => packet.ssrc)).size).toBe(1);
    for (let i = 1; i < packets.length; i += 1) {
      const [before, packet] = [packets[i - 1], packets[i]];
      if (!before || !packet) continue;
      expect((packet.sequence - before.sequence) & 0xffff).toBe(1);
      const advance = (packet.timestamp - before.timestamp) | 0;
      expect(advance).toBeGreaterThanOrEqual(0);
      expect(advance).toBeLessThan(8000);
    }
  }

  it('plays a file, tells its end, and goes on with the partner in one continuous stream', async () => {
    const { session, customer, customerLeg } = await bridgedCall();
    const ended: string[] = [];
    session.listen({ playbackEnded: (legId) => ended.push(legId) });
    await waitFor(() => spoken(customer, noise(2)).length > 5);
    const sound = noise(3, 1600);
    const file = join(dir.path, 'message.al');
    await writeFile(file, sound);
    customerLeg.play({ file, loop: false });
    await waitFor(() => ended.length === 1);
    const played = audio(customer).filter((packet) => sound.indexOf(packet.payload) >= 0);
    expect(Buffer.concat(played.map((packet) => packet.payload))).toEqual(sound);
    const before = spoken(customer, noise(2)).length;
    await waitFor(() => spoken(customer, noise(2)).length > before + 5);
    expectContinuous(customer);
    expect(ended).toEqual(['customer']);
  });

  it('loops music from a PCM WAV without a seam until it is stopped', async () => {
    const session = newSession('music');
    const leg = await session.openLeg('customer', 'customer');
    const phone = await talker(noise(1), 'PCMU');
    const samples = Int16Array.from({ length: 1000 }, (_, i) => (i % 500) * 40 - 10_000);
    const file = join(dir.path, 'music.wav');
    const pcm = Buffer.from(samples.buffer);
    await writeFile(file, Buffer.concat([wavHeader({ format: WAVE_FORMAT.pcm, channels: 1, sampleRate: 8000, bitsPerSample: 16 }, pcm.length), pcm]));
    answerBy(phone, leg);
    leg.play({ file, loop: true });
    const words = encodePcm(samples, 'PCMU');
    const twice = Buffer.concat([words, words]);
    await waitFor(() => spoken(phone, twice).length >= 20);
    const heard = spoken(phone, twice).map((packet) => twice.indexOf(packet.payload));
    for (let i = 1; i < heard.length; i += 1) expect(((heard[i] as number) - (heard[i - 1] as number) + 1000) % 500).toBe(160);
    leg.stopPlaying();
    await waitFor(() => audio(phone).at(-1)?.payload.every((word) => word === 0xff));
    expectContinuous(phone);
  });

  it('tells a file that cannot be played, and its end all the same', async () => {
    const session = newSession('broken');
    const leg = await session.openLeg('customer', 'customer');
    const told: string[] = [];
    session.listen({ playbackFailed: (_leg, file, error) => told.push(`${file} ${error}`), playbackEnded: () => told.push('ended') });
    leg.play({ file: join(dir.path, 'missing.wav'), loop: false });
    await waitFor(() => told.length === 2);
    expect(told[0]).toContain('ENOENT');
    expect(told[1]).toBe('ended');
  });

  it('keeps a leg alive with a packet of silence twice a second when nobody speaks to it', async () => {
    const session = newSession('quiet');
    const leg = await session.openLeg('customer', 'customer');
    const phone = await talker(noise(1));
    answerBy(phone, leg);
    await waitFor(() => audio(phone).length >= 4);
    expect(audio(phone).every((packet) => packet.payload.length === 160 && packet.payload.every((word) => word === 0xd5))).toBe(true);
    const advances = audio(phone).slice(1).map((packet, i) => packet.timestamp - (audio(phone)[i]?.timestamp ?? 0));
    for (const advance of advances) expect(advance).toBeGreaterThanOrEqual(4_000);
    expectContinuous(phone);
  });

  it('sends nothing to a peer that holds us, and speaks again when it resumes', async () => {
    const { customerLeg, customer, agent } = await bridgedCall();
    await waitFor(() => spoken(customer, noise(2)).length > 3);
    const held = customerLeg.answer(writePhoneSdp({ host: HOST, port: customer.port, codecs: ['PCMA'], direction: 'sendonly', version: 2 }));
    expect(held).toMatch(/a=recvonly\r\n/);
    expect(customerLeg.held).toBe(true);
    // What the agent still hears proves that time passed.
    await waitFor(() => agent.packetsHeard > 0);
    const mark = agent.packetsHeard;
    await waitFor(() => agent.packetsHeard > mark + 3);
    const silentFrom = customer.packetsHeard;
    await waitFor(() => agent.packetsHeard > mark + 20);
    expect(customer.packetsHeard).toBe(silentFrom);
    const resumed = customerLeg.answer(writePhoneSdp({ host: HOST, port: customer.port, codecs: ['PCMA'], version: 3 }));
    expect(resumed).toMatch(/a=sendrecv\r\n/);
    expect(customerLeg.held).toBe(false);
    await waitFor(() => customer.packetsHeard > silentFrom + 5);
  });

  it('answers to the port that packets come from, and drops those of other hosts', async () => {
    const session = newSession('nat');
    const leg = await session.openLeg('customer', 'customer');
    const phone = await talker(noise(1));
    const stranger = await talker(noise(4), 'PCMA', '127.0.0.9');
    // The SDP names the right host, but a port from before the NAT.
    leg.accept(writePhoneSdp({ host: HOST, port: 9, codecs: ['PCMA'] }));
    stranger.talkTo(HOST, leg.port);
    await waitFor(() => stranger.packetsSent > 5);
    phone.talkTo(HOST, leg.port);
    await waitFor(() => phone.packetsHeard > 5);
    expect(stranger.packetsHeard).toBe(0);
    const { legs } = await session.close();
    expect(legs[0]?.packetsIn).toBeLessThanOrEqual(phone.packetsSent);
  });

  it('records both sides sample by sample, silence where a packet was lost', async () => {
    const { session, customer, agent } = await bridgedCall();
    await waitFor(() => customer.packetsHeard > 3 && agent.packetsHeard > 3);
    const file = join(dir.path, 'deep/er/call-1.wav');
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

  it('records µ-law as µ-law, and an agent of the other law in the law of the customer', async () => {
    const { session, customer, agent } = await bridgedCall('PCMU', 'PCMA');
    await waitFor(() => customer.packetsHeard > 3 && agent.packetsHeard > 3);
    const file = join(dir.path, 'mixed.wav');
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

  it('keeps the file playable while the recording runs', async () => {
    const { session } = await bridgedCall();
    const file = join(dir.path, 'running.wav');
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

  it('tells a recording that cannot be written, and the call goes on', async () => {
    const { session, customer } = await bridgedCall();
    const failures: string[] = [];
    session.listen({ recordingFailed: (file, error) => failures.push(`${file}: ${error}`) });
    await session.startRecording('/dev/null/no/such/place.wav');
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('ENOTDIR');
    const before = customer.packetsHeard;
    await waitFor(() => customer.packetsHeard > before + 10);
    expect(await session.stopRecording()).toMatchObject({ bytes: 0, durationMs: 0 });
  });

  it('reports a leg that went silent, again and again while it lasts, and whether it was ever heard', async () => {
    await useOwnEngine({ silentAfterMs: 100 });
    const { session, customer } = await bridgedCall();
    const silent: string[] = [];
    const mute = await session.openLeg('mute', 'agent');
    mute.accept(writePhoneSdp({ host: HOST, port: customer.port, codecs: ['PCMA'] }));
    session.listen({ silent: (legId, silentMs, everHeard) => silent.push(`${legId} ${silentMs >= 100} ${everHeard}`) });
    await waitFor(() => customer.packetsHeard > 3);
    customer.stopTalking();
    await waitFor(() => silent.filter((line) => line === 'customer true true').length >= 2);
    expect(silent).toContain('mute true false');
  });

  it('closes a leg whose port was being bound when its session ended', async () => {
    await useOwnEngine({ portRange: await freeUdpPortRange(8) });
    const session = newSession('hasty');
    const opening = session.openLeg('customer', 'customer');
    await Promise.all([expect(opening).rejects.toThrow('closed'), session.close()]);
    await openBoth(newSession('a'));
    await openBoth(newSession('b'));
    expect(engine.stats.legs).toBe(4);
  });

  it('does not count the silence of a hold', async () => {
    await useOwnEngine({ silentAfterMs: 150 });
    const { session, customer, customerLeg, agent } = await bridgedCall();
    const silent: string[] = [];
    session.listen({ silent: (legId) => silent.push(legId) });
    customerLeg.answer(writePhoneSdp({ host: HOST, port: customer.port, codecs: ['PCMA'], direction: 'inactive', version: 2 }));
    customer.stopTalking();
    const mark = agent.packetsSent;
    await waitFor(() => agent.packetsSent > mark + 20);
    expect(silent).toEqual([]);
  });

  it('swaps the agent leg, and records the new agent on the same channel', async () => {
    const { session, customer, agent } = await bridgedCall();
    await waitFor(() => customer.packetsHeard > 3);
    const second = await session.openLeg('agent-2', 'agent');
    const other = await talker(noise(5));
    answerBy(other, second);
    session.bridge('customer', 'agent-2');
    await session.startRecording(join(dir.path, 'second.wav'));
    await waitFor(() => spoken(customer, noise(5)).length > 20);
    const part = await session.stopRecording();
    const wav = parseWav(await readFile(part?.file ?? ''));
    const agentChannel = channelOf(wav.data, 1);
    expect([0, 160, 320, 480, 640, 800].some((at) => agentChannel.includes(noise(5).subarray(at, at + 160)))).toBe(true);
    const until = agent.packetsHeard;
    await waitFor(() => agent.packetsHeard > until + 2);
    expect(agent.heard.at(-1)?.payload.every((word) => word === 0xd5)).toBe(true);
  });

  it('leaks no port over 200 sessions in a range of 16', async () => {
    const portRange = await freeUdpPortRange(16);
    await useOwnEngine({ portRange });
    for (let round = 0; round < 50; round += 1) {
      const sessions = await Promise.all([0, 1, 2, 3].map(async (i) => openBoth(newSession(`s${round}-${i}`))));
      expect(engine.stats.legs).toBe(8);
      await expect(newSession('one too many').openLeg('x', 'customer')).rejects.toThrow(NoMediaPortError);
      await Promise.all(sessions.map((session) => session.close()));
    }
    expect(engine.stats.legs).toBe(0);
  });

  async function openBoth(session: MediaSession): Promise<MediaSession> {
    await Promise.all([session.openLeg('a', 'customer'), session.openLeg('b', 'agent')]);
    return session;
  }

  it('passes over ports that another program holds', async () => {
    const portRange = await freeUdpPortRange(8);
    const holder = createNativeMediaEngine({ host: HOST, portRange, codecs: ['PCMA'], thread: 'main' });
    await holder.start();
    await openBoth(holder.createSession('held'));
    await useOwnEngine({ portRange });
    const session = await openBoth(newSession('mine'));
    await expect(session.openLeg('c', 'agent')).rejects.toThrow(NoMediaPortError);
    await holder.stop();
    await session.openLeg('c', 'agent');
  });

  it('closes a session twice with one answer, and refuses new legs', async () => {
    const session = newSession('twice');
    await session.openLeg('a', 'customer');
    const [first, second] = await Promise.all([session.close(), session.close()]);
    expect(second).toEqual(first);
    await expect(session.openLeg('b', 'agent')).rejects.toThrow('closed');
  });
});
