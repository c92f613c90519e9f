/** What every MediaEngine must do, told by real phones over real sockets. The factory starts an engine and ends it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTempDir, RtpTalker, tone, toneShare, waitFor, writePhoneSdp, type TempDir, type ToneCodec } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { UnsupportedSdpError, type MediaEngine, type MediaLeg, type MediaSession } from '../src/port.ts';
import { parseWav, WAVE_FORMAT, wavHeader } from '../src/wav.ts';

export interface EngineUnderTest {
  readonly engine: MediaEngine;
  /** What the engine said lately, for the message of a failure. */
  log(): string;
  end(): Promise<void>;
}

const HOST = '127.0.0.1';
const CUSTOMER_HZ = 500;
const AGENT_HZ = 900;
const MESSAGE_HZ = 700;
const LIMIT_MS = 8000;

/** What a test opens, its own end closes: most run side by side, since they spend their time listening. */
type Ends = Pick<TestContext, 'onTestFinished'>;

export function mediaEngineContract(name: string, start: (dir: TempDir) => Promise<EngineUnderTest>): void {
  describe(`media engine contract: ${name}`, () => {
    let dir: TempDir;
    let subject: EngineUnderTest;
    let opened = 0;

    beforeAll(async () => {
      dir = await createTempDir('ritmo-media-contract-');
      subject = await start(dir);
    });
    afterAll(async () => {
      await subject.end();
      await dir.remove();
    });

    const soon = (condition: () => unknown): Promise<unknown> =>
      waitFor(condition, { timeoutMs: LIMIT_MS }).catch((error: Error) => Promise.reject(new Error(`${error.message}\n${subject.log()}`)));

    function newSession({ onTestFinished }: Ends, id: string): MediaSession {
      const session = subject.engine.createSession(`${id}-${(opened += 1)}`);
      onTestFinished(async () => void (await session.close()));
      return session;
    }

    async function connect({ onTestFinished }: Ends, leg: MediaLeg, hz: number, codec: ToneCodec): Promise<RtpTalker> {
      const talker = await RtpTalker.open({ host: HOST, codec, words: tone(hz, codec), ssrc: hz, keep: true });
      onTestFinished(() => talker.close());
      leg.offer();
      leg.accept(writePhoneSdp({ host: HOST, port: talker.port, codecs: [codec] }));
      talker.talkTo(HOST, leg.port);
      return talker;
    }

    async function bridged(test: Ends, customerCodec: ToneCodec = 'PCMA', agentCodec: ToneCodec = 'PCMA') {
      const session = newSession(test, 'call');
      const customerLeg = await session.openLeg('customer', 'customer');
      const agentLeg = await session.openLeg('agent', 'agent');
      const customer = await connect(test, customerLeg, CUSTOMER_HZ, customerCodec);
      const agent = await connect(test, agentLeg, AGENT_HZ, agentCodec);
      session.bridge('customer', 'agent');
      await soon(() => hears(agent, CUSTOMER_HZ) && hears(customer, AGENT_HZ));
      return { session, customerLeg, agentLeg, customer, agent };
    }

    /** The last half second of what it heard in its own codec is that tone. */
    function hears(talker: RtpTalker, hz: number): boolean {
      const type = talker.codec === 'PCMA' ? 8 : 0;
      const recent = talker.heard.slice(-25);
      if (recent.length < 25 || recent.some((packet) => packet.payloadType !== type)) return false;
      return toneShare(Buffer.concat(recent.map((packet) => packet.payload)), talker.codec, hz) > 0.8;
    }

    // One after another: what an engine counts is all that goes on in it.
    it.for([
      ['PCMA', 'PCMA'],
      ['PCMU', 'PCMU'],
      ['PCMU', 'PCMA'],
      ['PCMA', 'PCMU'],
    ] as const)('relays %s and %s both ways, and counts', async ([customerCodec, agentCodec], test) => {
      const { session } = await bridged(test, customerCodec, agentCodec);
      expect(subject.engine.stats).toMatchObject({ sessions: 1, legs: 2 });
      const { legs } = await session.close();
      expect(legs.map(({ id }) => id).sort()).toEqual(['agent', 'customer']);
      for (const { packetsIn, packetsOut } of legs) {
        expect(packetsIn).toBeGreaterThan(20);
        expect(packetsOut).toBeGreaterThan(20);
      }
      expect(subject.engine.stats).toMatchObject({ sessions: 0, legs: 0 });
    });

    describe.concurrent('side by side', () => {
      it('records both sides as stereo, customer left, in parts', async (test) => {
        const { session, customer } = await bridged(test);
        for (const part of [1, 2]) {
          const file = join(dir.path, `out/call-${part}.wav`);
          await session.startRecording(file);
          const sent = customer.packetsSent;
          await soon(() => customer.packetsSent > sent + 60);
          const closed = await session.stopRecording();
          const { shape, data } = parseWav(await readFile(file));
          expect(shape).toEqual({ format: WAVE_FORMAT.alaw, channels: 2, sampleRate: 8000, bitsPerSample: 8 });
          expect(closed).toEqual({ file, bytes: data.length + 58, durationMs: Math.round(data.length / 16) });
          const side = (channel: 0 | 1) => Buffer.from(Array.from({ length: 4000 }, (_, i) => data[(i + 3000) * 2 + channel] as number));
          expect(toneShare(side(0), 'PCMA', CUSTOMER_HZ)).toBeGreaterThan(0.8);
          expect(toneShare(side(1), 'PCMA', AGENT_HZ)).toBeGreaterThan(0.8);
        }
        expect(await session.stopRecording()).toBeUndefined();
      });

      it('hears a key press once', async (test) => {
        const { session, customer } = await bridged(test);
        const digits: string[] = [];
        session.listen({ dtmf: (legId, digit) => digits.push(`${legId}:${digit}`) });
        customer.stopTalking();
        customer.pressKey(7);
        await soon(() => digits.length > 0);
        customer.pressKey(8);
        await soon(() => digits.includes('customer:8'));
        expect(digits).toEqual(['customer:7', 'customer:8']);
      });

      it('presses keys', async (test) => {
        const { customerLeg, customer } = await bridged(test);
        customerLeg.sendDtmf('5#');
        await soon(() => customer.digits === '5#');
      });

      it('plays a file to a leg that has no partner yet, and tells its end', async (test) => {
        const session = newSession(test, 'message');
        const leg = await session.openLeg('customer', 'customer');
        const ended: string[] = [];
        session.listen({ playbackEnded: (legId) => ended.push(legId), playbackFailed: (_leg, _file, error) => ended.push(error) });
        const customer = await connect(test, leg, CUSTOMER_HZ, 'PCMA');
        const file = join(dir.path, 'message.wav');
        await writeFile(file, pcmTone(MESSAGE_HZ));
        leg.play({ file, loop: false });
        await soon(() => hears(customer, MESSAGE_HZ));
        await soon(() => ended.length > 0);
        expect(ended).toEqual(['customer']);
      });

      it('loops music until it is stopped', async (test) => {
        const session = newSession(test, 'music');
        const leg = await session.openLeg('customer', 'customer');
        const customer = await connect(test, leg, CUSTOMER_HZ, 'PCMA');
        const file = join(dir.path, 'music.wav');
        await writeFile(file, pcmTone(MESSAGE_HZ));
        leg.play({ file, loop: true });
        await soon(() => customer.heard.filter(({ payload }) => toneShare(payload, 'PCMA', MESSAGE_HZ) > 0.5).length > 75);
        leg.stopPlaying();
        // Playing may be followed by silence or by nothing.
        const mark = customer.packetsSent;
        await soon(() => customer.packetsSent > mark + 30);
        expect(customer.heard.filter(({ atMs }) => atMs > performance.now() - 200).some(({ payload }) => toneShare(payload, 'PCMA', MESSAGE_HZ) > 0.5)).toBe(false);
      });

      it('tells a file that is not there, and its end all the same', async (test) => {
        const session = newSession(test, 'missing');
        const leg = await session.openLeg('customer', 'customer');
        const told: string[] = [];
        session.listen({ playbackFailed: () => told.push('failed'), playbackEnded: () => told.push('ended') });
        await connect(test, leg, CUSTOMER_HZ, 'PCMA');
        leg.play({ file: join(dir.path, 'missing.wav'), loop: false });
        await soon(() => told.length === 2);
        expect(told).toEqual(['failed', 'ended']);
      });

      it('stops sending to a peer that holds us, and goes on when it resumes', async (test) => {
        const { customerLeg, customer } = await bridged(test);
        const hold = (direction: 'sendonly' | 'sendrecv', version: number): string =>
          customerLeg.answer(writePhoneSdp({ host: HOST, port: customer.port, codecs: ['PCMA'], direction, version }));
        expect(hold('sendonly', 2)).toMatch(/a=recvonly\r\n/);
        expect(customerLeg.held).toBe(true);
        await soon(() => customer.heard.every(({ atMs }) => atMs < performance.now() - 300));
        const held = customer.packetsHeard;
        expect(hold('sendrecv', 3)).toMatch(/a=sendrecv\r\n/);
        expect(customerLeg.held).toBe(false);
        await soon(() => customer.packetsHeard > held + 30 && hears(customer, AGENT_HZ));
      });

      it('gives the customer another agent', async (test) => {
        const { session, customer } = await bridged(test);
        const second = await session.openLeg('agent-2', 'agent');
        await connect(test, second, 1300, 'PCMA');
        session.bridge('customer', 'agent-2');
        await soon(() => hears(customer, 1300));
        session.unbridge('customer');
        await soon(() => customer.heard.every(({ atMs, payload }) => atMs < performance.now() - 300 || toneShare(payload, 'PCMA', 1300) < 0.5));
      });

      it('refuses SDP that it cannot use, and keeps what was agreed', async (test) => {
        const { customerLeg, customer, agent } = await bridged(test);
        expect(() => customerLeg.answer('v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 18\r\n')).toThrow(UnsupportedSdpError);
        expect(() => customerLeg.accept('nonsense')).toThrow(UnsupportedSdpError);
        const mark = agent.packetsHeard;
        await soon(() => agent.packetsHeard > mark + 30);
        expect(hears(customer, AGENT_HZ)).toBe(true);
      });

      it('tells a recording that cannot be written, and the call goes on', async (test) => {
        const { session, customer } = await bridged(test);
        const failed: string[] = [];
        session.listen({ recordingFailed: (file) => failed.push(file) });
        await session.startRecording('/dev/null/never.wav');
        await session.stopRecording();
        expect(failed).toEqual(['/dev/null/never.wav']);
        const mark = customer.packetsHeard;
        await soon(() => customer.packetsHeard > mark + 25);
      });

      it('closes a session once, and opens no leg in it afterwards', async (test) => {
        const session = newSession(test, 'twice');
        await session.openLeg('a', 'customer');
        const [first, second] = await Promise.all([session.close(), session.close()]);
        expect(second).toEqual(first);
        await expect(session.openLeg('b', 'agent')).rejects.toThrow('closed');
      });
    });
  });
}

function pcmTone(hz: number): Buffer {
  const pcm = Buffer.alloc(16_000);
  for (let i = 0; i < 8000; i += 1) pcm.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / 8000)), i * 2);
  return Buffer.concat([wavHeader({ format: WAVE_FORMAT.pcm, channels: 1, sampleRate: 8000, bitsPerSample: 16 }, pcm.length), pcm]);
}
