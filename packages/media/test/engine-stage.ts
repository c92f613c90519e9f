/** The native engine with phones around it. Its tests spend their time listening, so they run side by side: each has phones and sessions of its own. */
import { createRandom, createTempDir, freeUdpPortRange, readPhoneSdp, RtpTalker, writePhoneSdp, type TempDir, type ToneCodec } from '@ritmo/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createNativeMediaEngine, type NativeMediaEngineOptions } from '../src/native-engine.ts';
import type { MediaEngine, MediaLeg, MediaSession } from '../src/port.ts';

export const HOST = '127.0.0.1';
export const threads = ['worker', 'main'] as const;
type Thread = (typeof threads)[number];

/** Every word of this noise differs from silence, so that gaps can be told. */
export function noise(seed: number, bytes = 8000): Buffer {
  const random = createRandom(seed);
  return Buffer.from(Array.from({ length: bytes }, () => random.integer(1, 0x50)));
}

/** Whatever a test opens here is closed at its end. */
export class Stage {
  readonly folder: string;
  engine: MediaEngine;
  private readonly thread: Thread;
  private readonly own: MediaEngine[] = [];
  private readonly talkers: RtpTalker[] = [];
  private readonly sessions: MediaSession[] = [];

  constructor(thread: Thread, shared: MediaEngine, folder: string) {
    this.thread = thread;
    this.engine = shared;
    this.folder = folder;
  }

  /** For a test with other settings than the shared engine, or one that counts what all of an engine does. */
  async useOwnEngine(more: Partial<NativeMediaEngineOptions>): Promise<void> {
    this.engine = await startEngine(this.thread, more);
    this.own.push(this.engine);
  }

  newSession(id: string): MediaSession {
    const session = this.engine.createSession(id);
    this.sessions.push(session);
    return session;
  }

  async talker(words: Buffer, codec: ToneCodec = 'PCMA', host = HOST): Promise<RtpTalker> {
    const phone = await RtpTalker.open({ host, codec, words, keep: true, ssrc: 0x1000 + this.talkers.length });
    this.talkers.push(phone);
    return phone;
  }

  /** Our offer, the phone's answer. */
  answerBy(phone: RtpTalker, leg: MediaLeg, codec: ToneCodec = phone.codec): void {
    const offer = readPhoneSdp(leg.offer(), [codec]);
    expect(offer).toMatchObject({ host: HOST, port: leg.port, codec });
    leg.accept(writePhoneSdp({ host: HOST, port: phone.port, codecs: [codec] }));
    phone.talkTo(HOST, leg.port);
  }

  async bridgedCall(customerCodec: ToneCodec = 'PCMA', agentCodec: ToneCodec = 'PCMA') {
    const session = this.newSession('call');
    const customerLeg = await session.openLeg('customer', 'customer');
    const agentLeg = await session.openLeg('agent', 'agent');
    const customer = await this.talker(noise(1), customerCodec);
    const agent = await this.talker(noise(2), agentCodec);
    this.answerBy(customer, customerLeg);
    this.answerBy(agent, agentLeg);
    session.bridge('customer', 'agent');
    return { session, customer, agent, customerLeg, agentLeg };
  }

  async clear(): Promise<void> {
    await Promise.all(this.talkers.map((phone) => phone.close()));
    await Promise.all(this.sessions.map((session) => session.close()));
    await Promise.all(this.own.map((each) => each.stop()));
  }
}

/** `it` for tests on a stage. One engine for all, since a thread takes a while to start. */
export function onStage(thread: Thread): (name: string, test: (at: Stage) => Promise<void>) => void {
  let dir: TempDir;
  let shared: MediaEngine;
  beforeAll(async () => {
    dir = await createTempDir('ritmo-media-');
    shared = await startEngine(thread, {});
  });
  afterAll(async () => {
    await shared.stop();
    await dir.remove();
  });
  return (name, test) => {
    it(name, async ({ onTestFinished }) => {
      const stage = new Stage(thread, shared, dir.path);
      onTestFinished(() => stage.clear());
      await test(stage);
    });
  };
}

async function startEngine(thread: Thread, more: Partial<NativeMediaEngineOptions>): Promise<MediaEngine> {
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

export const audio = (phone: RtpTalker) => phone.heard.filter((packet) => packet.payloadType === (phone.codec === 'PCMA' ? 8 : 0));
/** Frames of the other's noise among what was heard. */
export const spoken = (phone: RtpTalker, words: Buffer) => audio(phone).filter((packet) => words.indexOf(packet.payload) >= 0);
