import { spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freeUdpPortRange, waitFor, writePhoneSdp } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mediaEngineContract } from '../../test/media-engine-contract.ts';
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
if (hasRtpengine) {
  mediaEngineContract('rtpengine', async (dir) => {
    const [from, to] = await freeUdpPortRange(310);
    const captureDir = join(dir.path, 'captures');
    await mkdir(captureDir);
    const [ng, dtmf] = [to - 1, to];
    const child = spawn(
      'rtpengine',
      [
        '--config-file=none', '--table=-1', `--interface=${HOST}`, `--listen-ng=${HOST}:${ng}`, `--port-min=${from}`, `--port-max=${to - 2}`,
        `--recording-dir=${captureDir}`, '--recording-method=pcap', '--recording-format=eth', `--dtmf-log-dest=${HOST}:${dtmf}`,
        '--foreground', '--log-stderr', '--log-level=5', '--num-threads=2',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr?.on('data', (text) => (log += String(text)));
    const engine = createRtpengineMediaEngine({
      ng: { host: HOST, port: ng },
      codecs: ['PCMA', 'PCMU'],
      captureDir,
      dtmfLog: { host: HOST, port: dtmf },
      onTrouble: (error) => (log += `${error.message}\n`),
    });
    await engine.start();
    return {
      engine,
      log: () => log.slice(-3000),
      end: async () => {
        await engine.stop();
        child.kill();
        // Captures that became recordings are gone; the one whose file could not be written is kept.
        expect(await readdir(join(captureDir, 'pcaps'))).toHaveLength(1);
      },
    };
  });
} else console.log('skipped: rtpengine is not installed (apt-get install --no-install-recommends rtpengine-daemon)');
