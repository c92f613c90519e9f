/** MediaEngine on node:dgram. Ports and SDP live here; packets move in relay-core, by default in a thread of their own. */
import { randomInt } from 'node:crypto';
import { COUNTER, type RelayAnswer, type RelayCommand, type RelayOptions, type RelayReport, type Side } from './commands.ts';
import { Negotiation } from './negotiation.ts';
import type { Codec, MediaEngine, MediaEngineOptions, MediaEvents, MediaLeg, MediaSession, MediaStats, PlaySource, RecordingPart } from './port.ts';
import { PortPool } from './port-pool.ts';
import { startInCaller, startInWorker, type RelayThread } from './relay-thread.ts';
import type { Direction } from './sdp.ts';
import type { LatchPolicy } from './source-latch.ts';

export interface NativeMediaEngineOptions extends MediaEngineOptions {
  /** Where packets move. Default `worker`. */
  readonly thread?: 'worker' | 'main';
  /** Whose packets a leg hears. Default `private-nat`. */
  readonly latch?: LatchPolicy;
  /** A leg without RTP for this long is reported. Default 10 000. */
  readonly silentAfterMs?: number;
  /** How long a port rests after a call. Default 5 000. */
  readonly portQuarantineMs?: number;
  /** The thread died: no call has sound any more. Without a listener the error is thrown. */
  readonly onFailure?: (error: Error) => void;
}

/** Every port of the range is in use, by calls or by other programs. */
export class NoMediaPortError extends Error {
  readonly from: number;
  readonly to: number;
  constructor([from, to]: readonly [number, number]) {
    super(`no free RTP port between ${from} and ${to}`);
    this.name = 'NoMediaPortError';
    this.from = from;
    this.to = to;
  }
}

/** The engine is not started, or the thread died. */
export class MediaEngineDownError extends Error {
  constructor() {
    super('the media engine is not running');
    this.name = 'MediaEngineDownError';
  }
}

export function createNativeMediaEngine(options: NativeMediaEngineOptions): MediaEngine {
  return new NativeMediaEngine(options);
}

type Request = Extract<RelayCommand, { request: number }>;
type Unsent<T> = T extends unknown ? Omit<T, 'request'> : never;

class NativeMediaEngine implements MediaEngine {
  readonly options: NativeMediaEngineOptions;
  readonly ports: PortPool;
  readonly advertisedHost: string;
  private thread: RelayThread | undefined;
  private readonly sessions = new Map<number, NativeSession>();
  private readonly waiting = new Map<number, { resolve: (answer: RelayAnswer) => void; reject: (error: Error) => void }>();
  private lastRequest = 0;
  private lastNumber = 0;
  private relayedBefore = 0;

  constructor(options: NativeMediaEngineOptions) {
    this.options = options;
    this.ports = new PortPool(options.portRange, options.portQuarantineMs ?? 5000);
    this.advertisedHost = options.advertisedHost ?? options.host;
  }

  async start(): Promise<void> {
    if (this.thread) return;
    const relayOptions: RelayOptions = { latch: this.options.latch ?? 'private-nat', silentAfterMs: this.options.silentAfterMs ?? 10_000 };
    const listener = { report: (report: RelayReport) => this.onReport(report), died: (error: Error) => this.onDeath(error) };
    this.thread = this.options.thread === 'main' ? startInCaller(relayOptions, listener) : await startInWorker(relayOptions, listener);
  }

  async stop(): Promise<void> {
    const { thread } = this;
    if (!thread) return;
    await Promise.all([...this.sessions.values()].map((session) => session.close()));
    await this.ask({ kind: 'stop' });
    this.relayedBefore = this.stats.packetsRelayed;
    this.thread = undefined;
    await thread.end();
  }

  createSession(id: string): MediaSession {
    const session = new NativeSession(this, id, this.nextNumber());
    this.sessions.set(session.number, session);
    return session;
  }

  get stats(): MediaEngine['stats'] {
    let legs = 0;
    for (const session of this.sessions.values()) legs += session.legs.size;
    const relayed = this.thread?.counters[COUNTER.packetsRelayed] ?? 0;
    return { sessions: this.sessions.size, legs, packetsRelayed: this.relayedBefore + relayed };
  }

  nextNumber(): number {
    this.lastNumber += 1;
    return this.lastNumber;
  }

  forget(session: number): void {
    this.sessions.delete(session);
  }

  tell(command: Exclude<RelayCommand, Request>): void {
    this.thread?.send(command);
  }

  ask(command: Unsent<Request>): Promise<RelayAnswer> {
    const { thread } = this;
    if (!thread) return Promise.reject(new MediaEngineDownError());
    this.lastRequest += 1;
    const request = this.lastRequest;
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { resolve, reject });
      thread.send({ ...command, request } as Request);
    });
  }

  /** Binds a port of the range, passing over those that other programs hold. */
  async openPort(leg: number, legId: string, session: number, side: Side): Promise<number> {
    for (let tries = this.ports.size; tries > 0; tries -= 1) {
      const port = this.ports.take(performance.now());
      if (port === undefined) break;
      try {
        await this.ask({ kind: 'open', leg, legId, session, side, host: this.options.host, port });
        return port;
      } catch (error) {
        this.ports.giveBack(port, performance.now());
        if (!(error instanceof RelayRefusal) || error.code !== 'EADDRINUSE') throw error;
      }
    }
    throw new NoMediaPortError(this.options.portRange);
  }

  private onReport(report: RelayReport): void {
    if (report.kind === 'done' || report.kind === 'refused') {
      const waiting = this.waiting.get(report.request);
      this.waiting.delete(report.request);
      if (report.kind === 'done') waiting?.resolve(report.answer);
      else waiting?.reject(new RelayRefusal(report.code, report.message));
      return;
    }
    const events = this.sessions.get(report.session)?.events;
    if (!events) return;
    switch (report.kind) {
      case 'dtmf':
        return events.dtmf?.(report.legId, report.digit);
      case 'playbackEnded':
        return events.playbackEnded?.(report.legId);
      case 'playbackFailed':
        return events.playbackFailed?.(report.legId, report.file, report.error);
      case 'silent':
        return events.silent?.(report.legId, report.silentMs);
      case 'recordingFailed':
        return events.recordingFailed?.(report.file, report.error);
    }
  }

  private onDeath(error: Error): void {
    if (!this.thread) return;
    this.thread = undefined;
    for (const { reject } of this.waiting.values()) reject(new MediaEngineDownError());
    this.waiting.clear();
    if (!this.options.onFailure) throw error;
    this.options.onFailure(error);
  }
}

class RelayRefusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'RelayRefusal';
    this.code = code;
  }
}

class NativeSession implements MediaSession {
  readonly id: string;
  readonly number: number;
  readonly legs = new Map<string, NativeLeg>();
  events: MediaEvents | undefined;
  private readonly engine: NativeMediaEngine;
  private readonly opening = new Set<string>();
  private closing: Promise<MediaStats> | undefined;

  constructor(engine: NativeMediaEngine, id: string, number: number) {
    this.engine = engine;
    this.id = id;
    this.number = number;
  }

  listen(events: MediaEvents): void {
    this.events = events;
  }

  async openLeg(legId: string, side: Side): Promise<MediaLeg> {
    if (this.closing) throw new Error(`media session ${this.id} is closed`);
    if (this.legs.has(legId) || this.opening.has(legId)) throw new Error(`leg ${legId} is open already`);
    this.opening.add(legId);
    try {
      const number = this.engine.nextNumber();
      const port = await this.engine.openPort(number, legId, this.number, side);
      const leg = new NativeLeg(this.engine, this, { id: legId, number, port, side });
      this.legs.set(legId, leg);
      // Closed while the port was being bound: nobody else would free it.
      if (this.closing) {
        await leg.close();
        throw new Error(`media session ${this.id} is closed`);
      }
      return leg;
    } finally {
      this.opening.delete(legId);
    }
  }

  bridge(legA: string, legB: string): void {
    this.engine.tell({ kind: 'bridge', legA: this.legOf(legA).number, legB: this.legOf(legB).number });
  }

  unbridge(legId: string): void {
    this.engine.tell({ kind: 'unbridge', leg: this.legOf(legId).number });
  }

  private legOf(legId: string): NativeLeg {
    const leg = this.legs.get(legId);
    if (!leg) throw new Error(`media session ${this.id} has no leg ${legId}`);
    return leg;
  }

  /** The law of the file is that of the customer's leg: no sample of the customer is ever changed. */
  async startRecording(file: string): Promise<void> {
    const customer = [...this.legs.values()].find((leg) => leg.side === 'customer');
    const law = customer?.codec ?? this.engine.options.codecs[0] ?? 'PCMA';
    await this.engine.ask({ kind: 'startRecording', session: this.number, file, law });
  }

  async stopRecording(): Promise<RecordingPart | undefined> {
    return (await this.engine.ask({ kind: 'stopRecording', session: this.number })) as RecordingPart | undefined;
  }

  close(): Promise<MediaStats> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<MediaStats> {
    try {
      return (await this.engine.ask({ kind: 'closeSession', session: this.number })) as MediaStats;
    } catch {
      // The thread is gone, and the sockets with it.
      return { legs: [] };
    } finally {
      for (const leg of [...this.legs.values()]) leg.freed();
      this.engine.forget(this.number);
    }
  }

  /** The codec that another leg of the call speaks already: the same one spares the transcoding. */
  get spokenCodec(): Codec | undefined {
    for (const leg of this.legs.values()) if (leg.codec) return leg.codec;
    return undefined;
  }
}

class NativeLeg implements MediaLeg {
  readonly id: string;
  readonly number: number;
  readonly side: Side;
  readonly host: string;
  readonly port: number;
  private readonly engine: NativeMediaEngine;
  private readonly session: NativeSession;
  private readonly negotiation: Negotiation;
  private isFreed = false;

  constructor(engine: NativeMediaEngine, session: NativeSession, facts: { id: string; number: number; port: number; side: Side }) {
    this.engine = engine;
    this.session = session;
    this.id = facts.id;
    this.number = facts.number;
    this.port = facts.port;
    this.side = facts.side;
    this.host = engine.advertisedHost;
    this.negotiation = new Negotiation(this.host, this.port, randomInt(1, 2 ** 47));
  }

  get codec(): Codec | undefined {
    return this.negotiation.remote?.codec;
  }

  get held(): boolean {
    return this.negotiation.held;
  }

  offer(direction: Direction = 'sendrecv'): string {
    const { codecs } = this.engine.options;
    const spoken = this.codec ?? this.session.spokenCodec;
    const ordered = spoken && codecs.includes(spoken) ? [spoken, ...codecs.filter((codec) => codec !== spoken)] : codecs;
    return this.negotiation.offer(ordered, direction);
  }

  accept(answerSdp: string): void {
    this.negotiation.accept(answerSdp, this.engine.options.codecs);
    this.applyRemote();
  }

  answer(offerSdp: string): string {
    const body = this.negotiation.answer(offerSdp, this.engine.options.codecs);
    this.applyRemote();
    return body;
  }

  private applyRemote(): void {
    const { remote } = this.negotiation;
    if (remote) this.engine.tell({ kind: 'remote', leg: this.number, remote });
  }

  play(source: PlaySource): void {
    this.engine.tell({ kind: 'play', leg: this.number, file: source.file, loop: source.loop });
  }

  stopPlaying(): void {
    this.engine.tell({ kind: 'stopPlaying', leg: this.number });
  }

  sendDtmf(digits: string): void {
    this.engine.tell({ kind: 'sendDtmf', leg: this.number, digits });
  }

  async close(): Promise<void> {
    if (this.isFreed) return;
    try {
      await this.engine.ask({ kind: 'closeLeg', leg: this.number });
    } finally {
      this.freed();
    }
  }

  /** The socket is closed; the port may rest. */
  freed(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    this.session.legs.delete(this.id);
    this.engine.ports.giveBack(this.port, performance.now());
  }
}
