/** MediaEngine on node:dgram. Ports and SDP live here; packets move in relay-core, by default in a thread of their own. */
import { COUNTER, type RelayAnswer, type RelayCommand, type RelayOptions, type RelayReport, type RelayRequest, type RelayTold, type Side } from './commands.ts';
import { NativeSession, type SessionHost } from './native-session.ts';
import type { Codec, MediaEngine, MediaEngineOptions, MediaSession } from './port.ts';
import { PortPool } from './port-pool.ts';
import { startInCaller, startInWorker, type RelayThread } from './relay-thread.ts';
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

class NativeMediaEngine implements MediaEngine, SessionHost {
  readonly codecs: readonly Codec[];
  private readonly options: NativeMediaEngineOptions;
  private readonly ports: PortPool;
  readonly advertisedHost: string;
  private thread: RelayThread | undefined;
  private readonly sessions = new Map<number, NativeSession>();
  private readonly waiting = new Map<number, { resolve: (answer: RelayAnswer) => void; reject: (error: Error) => void }>();
  private lastRequest = 0;
  private lastNumber = 0;
  private relayedBefore = 0;

  constructor(options: NativeMediaEngineOptions) {
    this.options = options;
    this.codecs = options.codecs;
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

  tell(command: RelayTold): void {
    this.thread?.send(command);
  }

  ask(command: RelayRequest): Promise<RelayAnswer> {
    const { thread } = this;
    if (!thread) return Promise.reject(new MediaEngineDownError());
    this.lastRequest += 1;
    const request = this.lastRequest;
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { resolve, reject });
      thread.send({ ...command, request } as RelayCommand);
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

  givePortBack(port: number): void {
    this.ports.giveBack(port, performance.now());
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
