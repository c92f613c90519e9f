/** MediaEngine on node:dgram. Ports and SDP live here; packets move in relay-core, by default in a thread of their own. */
import { COUNTER, type RelayAnswer, type RelayCommand, type RelayOptions, type RelayReport, type RelayRequest, type RelayTold, type Side } from './commands.ts';
import { MediaEngineDownError, NoMediaPortError } from './errors.ts';
import { NativeSession, type SessionHost } from './native-session.ts';
import type { Codec, MediaEngine, MediaEngineOptions, MediaEngineState, MediaSession } from './port.ts';
import { PortPool } from './port-pool.ts';
import { startInCaller, type RelayThread, type WorkerHandle } from './relay-thread.ts';
import type { LatchPolicy } from './source-latch.ts';
import { ThreadKeeper } from './thread-keeper.ts';

export interface NativeMediaEngineOptions extends MediaEngineOptions {
  /** Where packets move. Default `worker`. */
  readonly thread?: 'worker' | 'main';
  /** Whose packets a leg hears. Default `private-nat`. */
  readonly latch?: LatchPolicy;
  /** A leg without RTP for this long is reported, and again every second while it lasts. Default 1 000. */
  readonly silentAfterMs?: number;
  /** The thread died; a new one takes over the calls. */
  readonly onRestart?: (error: Error) => void;
  /** The thread does not live, however often it is started: no call has sound any more. Without a listener the error is thrown. */
  readonly onFailure?: (error: Error) => void;
  /** Told of each thread that runs. */
  readonly onThread?: (thread: WorkerHandle) => void;
}

/** How long the sockets of a dead thread may take to be gone. */
const reopenWithinMs = 2_000;

export function createNativeMediaEngine(options: NativeMediaEngineOptions): MediaEngine {
  return new NativeMediaEngine(options);
}

class NativeMediaEngine implements MediaEngine, SessionHost {
  readonly codecs: readonly Codec[];
  private readonly options: NativeMediaEngineOptions;
  private readonly ports: PortPool;
  readonly advertisedHost: string;
  private readonly keeper: ThreadKeeper;
  private inCaller: RelayThread | undefined;
  private readonly sessions = new Map<number, NativeSession>();
  private readonly waiting = new Map<number, { resolve: (answer: RelayAnswer) => void; reject: (error: Error) => void }>();
  private lastRequest = 0;
  private lastNumber = 0;
  private relayedBefore = 0;
  private readonly relayOptions: RelayOptions;

  constructor(options: NativeMediaEngineOptions) {
    this.options = options;
    this.codecs = options.codecs;
    this.ports = new PortPool(options.portRange);
    this.advertisedHost = options.advertisedHost ?? options.host;
    this.relayOptions = { latch: options.latch ?? 'private-nat', silentAfterMs: options.silentAfterMs ?? 1_000 };
    this.keeper = new ThreadKeeper({
      options: this.relayOptions,
      report: (report) => this.onReport(report),
      down: (thread, error) => this.onDeath(thread, error),
      revive: () => this.revive(),
      gaveUp: (error) => this.onGivenUp(error),
      ...(options.onThread === undefined ? {} : { onThread: options.onThread }),
    });
  }

  private get thread(): RelayThread | undefined {
    return this.inCaller ?? this.keeper.thread;
  }

  async start(): Promise<void> {
    if (this.thread) return;
    if (this.options.thread !== 'main') return this.keeper.start();
    this.inCaller = startInCaller(this.relayOptions, { report: (report) => this.onReport(report), died: () => undefined });
  }

  async stop(): Promise<void> {
    await this.keeper.restarting;
    if (!this.thread) return;
    await Promise.all([...this.sessions.values()].map((session) => session.close()));
    await this.ask({ kind: 'stop' });
    this.relayedBefore = this.stats.packetsRelayed;
    await this.inCaller?.end();
    this.inCaller = undefined;
    await this.keeper.end();
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

  /** While the thread is being started anew it waits for the new one. */
  async ask(command: RelayRequest): Promise<RelayAnswer> {
    while (!this.thread && this.keeper.restarting) await this.keeper.restarting;
    return this.askNow(command);
  }

  private askNow(command: RelayRequest): Promise<RelayAnswer> {
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
      const port = this.ports.take();
      if (port === undefined) break;
      try {
        await this.ask({ kind: 'open', leg, legId, session, side, host: this.options.host, port });
        return port;
      } catch (error) {
        this.ports.giveBack(port);
        if (!(error instanceof RelayRefusal) || error.code !== 'EADDRINUSE') throw error;
      }
    }
    throw new NoMediaPortError(this.options.portRange);
  }

  /** The port of a leg that was on the thread that died: its socket may take a moment to be gone. */
  async reopenPort(leg: number, legId: string, session: number, side: Side, port: number): Promise<void> {
    for (const deadline = performance.now() + reopenWithinMs; ; ) {
      try {
        await this.askNow({ kind: 'open', leg, legId, session, side, host: this.options.host, port });
        return;
      } catch (error) {
        if (!(error instanceof RelayRefusal) || error.code !== 'EADDRINUSE' || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  get state(): MediaEngineState {
    const { lastFailure, restarts } = this.keeper;
    return {
      up: this.thread !== undefined && this.keeper.restarting === undefined,
      restarts,
      lastFailure: lastFailure === undefined ? null : { agoMs: Math.round(performance.now() - lastFailure.atMs), message: lastFailure.error.message },
    };
  }

  givePortBack(port: number): void {
    this.ports.giveBack(port);
  }

  private onReport(report: RelayReport): void {
    if (report.kind === 'done' || report.kind === 'refused') {
      const waiting = this.waiting.get(report.request);
      this.waiting.delete(report.request);
      if (report.kind === 'done') waiting?.resolve(report.answer);
      else waiting?.reject(new RelayRefusal(report.code, report.message));
      return;
    }
    const session = this.sessions.get(report.session);
    if (report.kind === 'playbackEnded') session?.playedToEnd(report.legId);
    const events = session?.events;
    if (!events) return;
    switch (report.kind) {
      case 'dtmf':
        return events.dtmf?.(report.legId, report.digit);
      case 'playbackEnded':
        return events.playbackEnded?.(report.legId);
      case 'playbackFailed':
        return events.playbackFailed?.(report.legId, report.file, report.error);
      case 'silent':
        return events.silent?.(report.legId, report.silentMs, report.everHeard);
      case 'recordingFailed':
        return events.recordingFailed?.(report.file, report.error);
    }
  }

  private onDeath(thread: RelayThread, error: Error): void {
    this.relayedBefore += thread.counters[COUNTER.packetsRelayed] ?? 0;
    for (const { reject } of this.waiting.values()) reject(new MediaEngineDownError());
    this.waiting.clear();
    this.options.onRestart?.(error);
  }

  /** Calls that run go on in the new thread, on the ports that their peers know. */
  private async revive(): Promise<void> {
    await Promise.all([...this.sessions.values()].map((session) => session.revive()));
  }

  private onGivenUp(error: Error): void {
    for (const session of this.sessions.values()) session.events?.lost?.(error.message);
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
