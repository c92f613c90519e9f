import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTempDir, freeUdpPortRange, RtpTalker, toneShare, tone, waitFor, writePhoneSdp, type TempDir, type ToneCodec } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MediaLeg, MediaSession } from '../port.ts';
import { parseWav, WAVE_FORMAT, wavHeader } from '../wav.ts';
import { bdecode, bencode, type BencodeValue } from './bencode.ts';
import { createRtpengineMediaEngine, type RtpengineMediaEngine } from './engine.ts';
import { NgRefusedError, NgTimeoutError } from './ng-client.ts';

const HOST = '127.0.0.1';
type Command = Readonly<Record<string, BencodeValue>>;

/** Speaks ng on the wire and remembers what it heard; forwards nothing. */
class WireDouble {
  readonly heard: Command[] = [];
  readonly socket: Socket = createSocket('udp4');
  dropNext = 0;
  refuse: string | undefined;
  private nextPort = 40_000;

  async start(): Promise<number> {
    this.socket.on('message', (packet, from) => {
      if (this.dropNext > 0) {
        this.dropNext -= 1;
        return;
      }
      const space = packet.indexOf(0x20);
      const command = bdecode(packet.subarray(space + 1)) as Command;
      this.heard.push(command);
      this.socket.send(Buffer.concat([packet.subarray(0, space + 1), Buffer.from(bencode(this.reply(command)))]), from.port, from.address);
    });
    await new Promise<void>((resolve) => this.socket.bind(0, HOST, () => resolve()));
    return this.socket.address().port;
  }

  private reply(command: Command): Command {
    if (command['command'] === this.refuse) return { result: 'error', 'error-reason': 'not today' };
    if (command['command'] === 'ping') return { result: 'pong' };
    if (command['command'] !== 'offer' && command['command'] !== 'answer') return { result: 'ok' };
    this.nextPort += 2;
    return { result: 'ok', sdp: `v=0\r\no=- 1 1 IN IP4 ${HOST}\r\ns=-\r\nc=IN IP4 ${HOST}\r\nt=0 0\r\nm=audio ${this.nextPort} RTP/AVP 8\r\n` };
  }
}

describe('the rtpengine adapter on the wire', () => {
  let double: WireDouble;
  let engine: RtpengineMediaEngine;
  const troubles: Error[] = [];

  beforeAll(async () => {
    double = new WireDouble();
    const port = await double.start();
    engine = createRtpengineMediaEngine({ ng: { host: HOST, port }, codecs: ['PCMA', 'PCMU'], captureDir: '/nonexistent', retryAfterMs: 30, onTrouble: (error) => troubles.push(error) });
    await engine.start();
  });
  afterAll(async () => {
    await engine.stop();
    double.socket.close();
  });

  const phone = (port: number): string => writePhoneSdp({ host: HOST, port, codecs: ['PCMU'] });

  it('makes one call of each leg, and points the inner sides at each other to bridge', async () => {
    double.heard.length = 0;
    const session = engine.createSession('s');
    const customer = await session.openLeg('customer', 'customer');
    const agent = await session.openLeg('agent', 'agent');
    expect(customer.offer()).toContain(`m=audio ${customer.port} RTP/AVP 8 0 101`);
    customer.accept(phone(7000));
    agent.accept(phone(7002));
    session.bridge('customer', 'agent');
    await waitFor(() => double.heard.length >= 10);
    const [first] = double.heard;
    expect(first).toMatchObject({ command: 'offer', 'from-tag': 'in', codec: { transcode: ['PCMU'] } });
    expect(double.heard.filter(({ command }) => command === 'answer')[0]).toMatchObject({ 'to-tag': 'out', sdp: expect.stringContaining('m=audio 7000 RTP/AVP 0 101') });
    const offers = double.heard.filter(({ command }) => command === 'offer').slice(-2);
    expect(offers.map(({ sdp }) => /m=audio (\d+)/.exec(String(sdp))?.[1])).not.toContain('9');
    expect(new Set(double.heard.map((command) => command['call-id'])).size).toBe(2);
    double.heard.length = 0;
    await session.close();
    expect(double.heard.filter(({ command }) => command === 'delete')).toHaveLength(2);
    expect(engine.stats).toMatchObject({ sessions: 0, legs: 0 });
  });

  it('asks again when an answer is lost, and gives up with an error that says where', async () => {
    double.dropNext = 2;
    const session = engine.createSession('lossy');
    await session.openLeg('a', 'customer');
    double.dropNext = 4;
    await expect(session.openLeg('b', 'agent')).rejects.toThrow(NgTimeoutError);
    double.dropNext = 0;
    await session.close();
    expect(engine.stats.legs).toBe(0);
  });

  it('tells a refusal to whoever waits, and to the owner where nobody does', async () => {
    double.refuse = 'offer';
    const session = engine.createSession('refused');
    await expect(session.openLeg('a', 'customer')).rejects.toThrow(NgRefusedError);
    double.refuse = 'answer';
    const leg = await session.openLeg('a', 'customer');
    leg.accept(phone(7000));
    await waitFor(() => troubles.some((error) => error.message.includes('not today')));
    const failed: string[] = [];
    double.refuse = 'start recording';
    session.listen({ recordingFailed: (_file, error) => failed.push(error) });
    await session.startRecording('/tmp/never.wav');
    expect(failed).toEqual([expect.stringContaining('not today')]);
    double.refuse = undefined;
    await session.close();
  });
});

const hasRtpengine = spawnSync('rtpengine', ['--version']).error === undefined;
if (!hasRtpengine) console.log('skipped: the rtpengine adapter against a real rtpengine (apt-get install --no-install-recommends rtpengine-daemon)');

describe.skipIf(!hasRtpengine)('the rtpengine adapter with a real rtpengine', () => {
  let dir: TempDir;
  let child: ChildProcess;
  let engine: RtpengineMediaEngine;
  let log = '';
  const talkers: RtpTalker[] = [];
  const sessions: MediaSession[] = [];

  beforeAll(async () => {
    dir = await createTempDir('ritmo-rtpengine-');
    const [from, to] = await freeUdpPortRange(210);
    const capture = join(dir.path, 'captures');
    await mkdir(capture);
    const [ng, dtmf] = [to - 1, to];
    child = spawn(
      'rtpengine',
      [
        '--config-file=none', '--table=-1', `--interface=${HOST}`, `--listen-ng=${HOST}:${ng}`, `--port-min=${from}`, `--port-max=${to - 2}`,
        `--recording-dir=${capture}`, '--recording-method=pcap', '--recording-format=eth', `--dtmf-log-dest=${HOST}:${dtmf}`,
        '--foreground', '--log-stderr', '--log-level=5', '--num-threads=2',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr?.on('data', (text) => (log += String(text)));
    engine = createRtpengineMediaEngine({ ng: { host: HOST, port: ng }, codecs: ['PCMA', 'PCMU'], captureDir: capture, dtmfLog: { host: HOST, port: dtmf }, onTrouble: (error) => (log += error.message) });
    await engine.start();
  });
  afterEach(async () => {
    await Promise.all(talkers.splice(0).map((talker) => talker.close()));
    await Promise.all(sessions.splice(0).map((session) => session.close()));
  });
  afterAll(async () => {
    await engine.stop();
    child.kill();
    await dir.remove();
  });

  async function connect(leg: MediaLeg, hz: number, codec: ToneCodec): Promise<RtpTalker> {
    const talker = await RtpTalker.open({ host: HOST, codec, words: tone(hz, codec), ssrc: hz, keep: true });
    talkers.push(talker);
    leg.accept(writePhoneSdp({ host: HOST, port: talker.port, codecs: [codec] }));
    talker.talkTo(HOST, leg.port);
    return talker;
  }

  async function bridged(customerCodec: ToneCodec, agentCodec: ToneCodec) {
    const session = engine.createSession('call');
    sessions.push(session);
    const customerLeg = await session.openLeg('customer', 'customer');
    const agentLeg = await session.openLeg('agent', 'agent');
    const customer = await connect(customerLeg, 500, customerCodec);
    const agent = await connect(agentLeg, 900, agentCodec);
    session.bridge('customer', 'agent');
    return { session, customerLeg, agentLeg, customer, agent };
  }

  const hears = (talker: RtpTalker, hz: number): boolean => {
    const type = talker.codec === 'PCMA' ? 8 : 0;
    const recent = talker.heard.filter((packet) => packet.payloadType === type).slice(-25);
    return recent.length === 25 && toneShare(Buffer.concat(recent.map((packet) => packet.payload)), talker.codec, hz) > 0.8;
  };
  const withLog = <T>(work: Promise<T>): Promise<T> => work.catch((error: Error) => Promise.reject(new Error(`${error.message}\n${log.slice(-3000)}`)));

  it.each([
    ['PCMA', 'PCMA'],
    ['PCMU', 'PCMA'],
  ] as const)('relays %s and %s both ways', async (customerCodec, agentCodec) => {
    const { customer, agent, session } = await bridged(customerCodec, agentCodec);
    await withLog(waitFor(() => hears(agent, 500) && hears(customer, 900), { timeoutMs: 8000 }));
    const { legs } = await session.close();
    expect(legs.every((leg) => leg.packetsIn > 20)).toBe(true);
  });

  it('records both sides as stereo, in parts', async () => {
    const { session, customer, agent } = await bridged('PCMA', 'PCMA');
    await withLog(waitFor(() => hears(agent, 500) && hears(customer, 900), { timeoutMs: 8000 }));
    for (const part of [1, 2]) {
      const file = join(dir.path, `out/call-${part}.wav`);
      await session.startRecording(file);
      const sent = customer.packetsSent;
      await waitFor(() => customer.packetsSent > sent + 60);
      const closed = await session.stopRecording();
      const { shape, data } = parseWav(await readFile(file));
      expect(shape).toMatchObject({ format: WAVE_FORMAT.alaw, channels: 2 });
      expect(closed).toMatchObject({ file, bytes: data.length + 58 });
      const side = (channel: 0 | 1) => Buffer.from(Array.from({ length: 4000 }, (_, i) => data[(i + 3000) * 2 + channel] as number));
      expect(toneShare(side(0), 'PCMA', 500)).toBeGreaterThan(0.8);
      expect(toneShare(side(1), 'PCMA', 900)).toBeGreaterThan(0.8);
    }
    expect(await readdir(join(dir.path, 'captures/pcaps'))).toEqual([]);
  });

  it('hears key presses', async () => {
    const { session, customer, agent } = await bridged('PCMA', 'PCMA');
    const digits: string[] = [];
    session.listen({ dtmf: (legId, digit) => digits.push(`${legId}:${digit}`) });
    await withLog(waitFor(() => hears(agent, 500), { timeoutMs: 8000 }));
    customer.stopTalking();
    customer.pressKey(7);
    await withLog(waitFor(() => digits.length > 0));
    expect(digits).toEqual(['customer:7']);
  });

  it('plays a file and tells its end', async () => {
    const session = engine.createSession('message');
    sessions.push(session);
    const leg = await session.openLeg('customer', 'customer');
    const ended: string[] = [];
    session.listen({ playbackEnded: (legId) => ended.push(legId), playbackFailed: (_leg, _file, error) => ended.push(error) });
    const customer = await connect(leg, 500, 'PCMA');
    const file = join(dir.path, 'message.wav');
    const samples = Int16Array.from({ length: 8000 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * 700 * i) / 8000)));
    const pcm = Buffer.from(samples.buffer);
    await writeFile(file, Buffer.concat([wavHeader({ format: WAVE_FORMAT.pcm, channels: 1, sampleRate: 8000, bitsPerSample: 16 }, pcm.length), pcm]));
    leg.play({ file, loop: false });
    await withLog(waitFor(() => hears(customer, 700), { timeoutMs: 8000 }));
    await waitFor(() => ended.length > 0);
    expect(ended).toEqual(['customer']);
  });
});
