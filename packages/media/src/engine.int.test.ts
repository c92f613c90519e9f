import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor, writePhoneSdp, type RtpTalker } from '@ritmo/testing';
import { describe, expect } from 'vitest';
import { audio, HOST, noise, onStage, spoken, threads } from '../test/engine-stage.ts';
import { encodePcm, transcodingTable } from './g711.ts';
import { WAVE_FORMAT, wavHeader } from './wav.ts';

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

describe.concurrent.each(threads)('native engine, packets in the %s thread', (thread) => {
  const it = onStage(thread);

  it('relays both ways, byte for byte', async (at) => {
    await at.useOwnEngine({});
    const { customer, agent, session } = await at.bridgedCall();
    await waitFor(() => spoken(customer, noise(2)).length >= 25 && spoken(agent, noise(1)).length >= 25);
    const heard = spoken(agent, noise(1));
    const offsets = heard.map((packet) => noise(1).indexOf(packet.payload));
    for (let i = 1; i < offsets.length; i += 1) expect(offsets[i]).toBe(((offsets[i - 1] as number) + 160) % 8000);
    expect(at.engine.stats).toMatchObject({ sessions: 1, legs: 2 });
    expect(at.engine.stats.packetsRelayed).toBeGreaterThanOrEqual(50);
    const { legs } = await session.close();
    expect(legs.map((leg) => leg.id).sort()).toEqual(['agent', 'customer']);
    for (const leg of legs) {
      expect(leg.packetsIn).toBeGreaterThanOrEqual(25);
      expect(leg.packetsOut).toBeGreaterThanOrEqual(25);
      expect(leg.packetsLost).toBe(0);
    }
    expect(at.engine.stats).toMatchObject({ sessions: 0, legs: 0 });
  });

  it('transcodes between A-law and µ-law when the legs differ', async (at) => {
    const { customer, agent } = await at.bridgedCall('PCMA', 'PCMU');
    const toUlaw = transcodingTable('PCMA', 'PCMU') as Uint8Array;
    const expected = noise(1).map((word) => toUlaw[word] as number) as Buffer;
    await waitFor(() => spoken(agent, expected).length >= 10);
    const toAlaw = transcodingTable('PCMU', 'PCMA') as Uint8Array;
    await waitFor(() => spoken(customer, noise(2).map((word) => toAlaw[word] as number) as Buffer).length >= 10);
  });

  it('hears key presses once each, and passes them on', async (at) => {
    const { session, customer, agent } = await at.bridgedCall();
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

  it('presses keys', async (at) => {
    const { customerLeg, customer } = await at.bridgedCall();
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

  it('plays a file, tells its end, and goes on with the partner in one continuous stream', async (at) => {
    const { session, customer, customerLeg } = await at.bridgedCall();
    const ended: string[] = [];
    session.listen({ playbackEnded: (legId) => ended.push(legId) });
    await waitFor(() => spoken(customer, noise(2)).length > 5);
    const sound = noise(3, 1600);
    const file = join(at.folder, 'message.al');
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

  it('loops music from a PCM WAV without a seam until it is stopped', async (at) => {
    const session = at.newSession('music');
    const leg = await session.openLeg('customer', 'customer');
    const phone = await at.talker(noise(1), 'PCMU');
    const samples = Int16Array.from({ length: 1000 }, (_, i) => (i % 500) * 40 - 10_000);
    const file = join(at.folder, 'music.wav');
    const pcm = Buffer.from(samples.buffer);
    await writeFile(file, Buffer.concat([wavHeader({ format: WAVE_FORMAT.pcm, channels: 1, sampleRate: 8000, bitsPerSample: 16 }, pcm.length), pcm]));
    at.answerBy(phone, leg);
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

  it('tells a file that cannot be played, and its end all the same', async (at) => {
    const session = at.newSession('broken');
    const leg = await session.openLeg('customer', 'customer');
    const told: string[] = [];
    session.listen({ playbackFailed: (_leg, file, error) => told.push(`${file} ${error}`), playbackEnded: () => told.push('ended') });
    leg.play({ file: join(at.folder, 'missing.wav'), loop: false });
    await waitFor(() => told.length === 2);
    expect(told[0]).toContain('ENOENT');
    expect(told[1]).toBe('ended');
  });

  it('keeps a leg alive with a packet of silence twice a second when nobody speaks to it', async (at) => {
    const session = at.newSession('quiet');
    const leg = await session.openLeg('customer', 'customer');
    const phone = await at.talker(noise(1));
    at.answerBy(phone, leg);
    await waitFor(() => audio(phone).length >= 4);
    expect(audio(phone).every((packet) => packet.payload.length === 160 && packet.payload.every((word) => word === 0xd5))).toBe(true);
    const advances = audio(phone).slice(1).map((packet, i) => packet.timestamp - (audio(phone)[i]?.timestamp ?? 0));
    for (const advance of advances) expect(advance).toBeGreaterThanOrEqual(4_000);
    expectContinuous(phone);
  });

  it('sends nothing to a peer that holds us, and speaks again when it resumes', async (at) => {
    const { customerLeg, customer, agent } = await at.bridgedCall();
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

  it('answers to the port that packets come from, and drops those of other hosts', async (at) => {
    const session = at.newSession('nat');
    const leg = await session.openLeg('customer', 'customer');
    const phone = await at.talker(noise(1));
    const stranger = await at.talker(noise(4), 'PCMA', '127.0.0.9');
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

  it('reports a leg that went silent, again and again while it lasts, and whether it was ever heard', async (at) => {
    await at.useOwnEngine({ silentAfterMs: 100 });
    const { session, customer } = await at.bridgedCall();
    const silent: string[] = [];
    const mute = await session.openLeg('mute', 'agent');
    mute.accept(writePhoneSdp({ host: HOST, port: customer.port, codecs: ['PCMA'] }));
    session.listen({ silent: (legId, silentMs, everHeard) => silent.push(`${legId} ${silentMs >= 100} ${everHeard}`) });
    await waitFor(() => customer.packetsHeard > 3);
    customer.stopTalking();
    await waitFor(() => silent.filter((line) => line === 'customer true true').length >= 2);
    expect(silent).toContain('mute true false');
  });

  it('does not count the silence of a hold', async (at) => {
    await at.useOwnEngine({ silentAfterMs: 150 });
    const { session, customer, customerLeg, agent } = await at.bridgedCall();
    const silent: string[] = [];
    session.listen({ silent: (legId) => silent.push(legId) });
    customerLeg.answer(writePhoneSdp({ host: HOST, port: customer.port, codecs: ['PCMA'], direction: 'inactive', version: 2 }));
    customer.stopTalking();
    const mark = agent.packetsSent;
    await waitFor(() => agent.packetsSent > mark + 20);
    expect(silent).toEqual([]);
  });
});
