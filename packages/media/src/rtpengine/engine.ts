/** MediaEngine on rtpengine: its ng protocol for the calls, its DTMF log for key presses, its captures for the recordings. */
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digitOfEvent } from '../dtmf.ts';
import type { Codec, MediaEngine, MediaEvents, MediaLeg, MediaSession, MediaStats, RecordingPart } from '../port.ts';
import { RtpengineLeg } from './leg.ts';
import { NgClient, type NgAddress, type NgReply } from './ng-client.ts';
import { wavOfCapture } from './pcap-recording.ts';
import { packetsOf } from './reply-stats.ts';

export interface RtpengineOptions {
  readonly ng: NgAddress;
  /** Address in SDP where it differs from the one that rtpengine writes. */
  readonly advertisedHost?: string;
  readonly codecs: readonly Codec[];
  /** rtpengine's `--recording-dir`, as this process sees it (`--recording-method=pcap --recording-format=eth`). */
  readonly captureDir: string;
  /** Where `--dtmf-log-dest` sends to. Without it key presses are not heard. Port 0 takes a free one. */
  readonly dtmfLog?: { readonly host: string; readonly port: number };
  /** A command failed that nobody waits for. */
  readonly onTrouble?: (error: Error) => void;
  /** First wait for an answer, doubled three times. Default 500. */
  readonly retryAfterMs?: number;
}

export interface RtpengineMediaEngine extends MediaEngine {
  /** Port that hears the DTMF log; undefined without one. */
  readonly dtmfLogPort: number | undefined;
}

export function createRtpengineMediaEngine(options: RtpengineOptions): RtpengineMediaEngine {
  return new RtpengineEngine(options);
}

class RtpengineEngine implements RtpengineMediaEngine {
  readonly options: RtpengineOptions;
  readonly ng: NgClient;
  readonly sessions = new Set<RtpengineSession>();
  /** By rtpengine's call id, for the DTMF log. */
  readonly legs = new Map<string, { readonly session: RtpengineSession; readonly leg: RtpengineLeg }>();
  relayed = 0;
  private dtmfSocket: Socket | undefined;

  constructor(options: RtpengineOptions) {
    this.options = options;
    this.ng = new NgClient(options.ng, options.retryAfterMs);
  }

  async start(): Promise<void> {
    await this.ng.open();
    await this.ng.ask('ping');
    const { dtmfLog } = this.options;
    if (!dtmfLog) return;
    const socket = createSocket('udp4');
    socket.on('message', (packet) => this.onDtmf(packet));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: dtmfLog.host, port: dtmfLog.port }, () => resolve());
    });
    this.dtmfSocket = socket;
  }

  get dtmfLogPort(): number | undefined {
    return this.dtmfSocket?.address().port;
  }

  private onDtmf(packet: Buffer): void {
    let event: { callid?: unknown; source_tag?: unknown; event?: unknown };
    try {
      event = JSON.parse(packet.toString('utf8')) as typeof event;
    } catch {
      return;
    }
    const found = this.legs.get(String(event.callid));
    const digit = digitOfEvent(Number(event.event));
    if (found && digit !== undefined && event.source_tag === 'out') found.session.events?.dtmf?.(found.leg.id, digit);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sessions].map((session) => session.close()));
    const { dtmfSocket } = this;
    this.dtmfSocket = undefined;
    if (dtmfSocket) await new Promise<void>((resolve) => dtmfSocket.close(() => resolve()));
    await this.ng.close();
  }

  createSession(id: string): MediaSession {
    const session = new RtpengineSession(this, id);
    this.sessions.add(session);
    return session;
  }

  get stats(): MediaEngine['stats'] {
    return { sessions: this.sessions.size, legs: this.legs.size, packetsRelayed: this.relayed };
  }
}

interface RunningCapture {
  readonly leg: RtpengineLeg;
  readonly file: string;
  readonly startedAtMs: number;
}

class RtpengineSession implements MediaSession {
  readonly id: string;
  events: MediaEvents | undefined;
  private readonly engine: RtpengineEngine;
  private readonly legs = new Map<string, RtpengineLeg>();
  private readonly partners = new Map<RtpengineLeg, RtpengineLeg>();
  private readonly closedLegs: MediaStats['legs'][number][] = [];
  private capture: RunningCapture | undefined;
  private closing: Promise<MediaStats> | undefined;

  constructor(engine: RtpengineEngine, id: string) {
    this.engine = engine;
    this.id = id;
  }

  listen(events: MediaEvents): void {
    this.events = events;
  }

  async openLeg(legId: string, side: 'customer' | 'agent'): Promise<MediaLeg> {
    if (this.closing) throw new Error(`media session ${this.id} is closed`);
    if (this.legs.has(legId)) throw new Error(`leg ${legId} is open already`);
    const { options, ng } = this.engine;
    const callId = `ritmo-${randomBytes(12).toString('hex')}`;
    const leg = new RtpengineLeg(legId, {
      ng,
      callId,
      side,
      codecs: options.codecs,
      advertisedHost: options.advertisedHost,
      trouble: (error) => options.onTrouble?.(error),
      playbackEnded: () => this.events?.playbackEnded?.(legId),
      playbackFailed: (file, error) => this.events?.playbackFailed?.(legId, file, error),
      closed: (closed, reply) => this.onClosed(closed, callId, reply),
    });
    this.legs.set(legId, leg);
    this.engine.legs.set(callId, { session: this, leg });
    try {
      await leg.open();
      return leg;
    } catch (error) {
      this.legs.delete(legId);
      this.engine.legs.delete(callId);
      throw error;
    }
  }

  private onClosed(leg: RtpengineLeg, callId: string, reply: NgReply): void {
    this.unbridgeLeg(leg);
    this.legs.delete(leg.id);
    this.engine.legs.delete(callId);
    const { packetsIn, packetsOut } = packetsOf(reply);
    this.engine.relayed += packetsIn;
    this.closedLegs.push({ id: leg.id, packetsIn, packetsOut, packetsLost: 0 });
  }

  bridge(legA: string, legB: string): void {
    const a = this.legOf(legA);
    const b = this.legOf(legB);
    this.unbridgeLeg(a);
    this.unbridgeLeg(b);
    this.partners.set(a, b);
    this.partners.set(b, a);
    void Promise.all([a.whenAnswered(), b.whenAnswered()]).then(() => {
      if (this.partners.get(a) !== b) return;
      a.pointAt(b.inside);
      b.pointAt(a.inside);
    });
  }

  unbridge(legId: string): void {
    this.unbridgeLeg(this.legOf(legId));
  }

  private unbridgeLeg(leg: RtpengineLeg): void {
    const partner = this.partners.get(leg);
    if (!partner) return;
    for (const each of [leg, partner]) {
      this.partners.delete(each);
      each.pointAt(undefined);
    }
  }

  private legOf(legId: string): RtpengineLeg {
    const leg = this.legs.get(legId);
    if (!leg) throw new Error(`media session ${this.id} has no leg ${legId}`);
    return leg;
  }

  async startRecording(file: string): Promise<void> {
    await this.stopRecording();
    const leg = [...this.legs.values()].find((each) => each.parts.side === 'customer');
    try {
      if (!leg) throw new Error('there is no customer leg to record');
      await leg.ask('start recording', {});
      this.capture = { leg, file, startedAtMs: Date.now() };
    } catch (error) {
      this.events?.recordingFailed?.(file, (error as Error).message);
    }
  }

  async stopRecording(): Promise<RecordingPart | undefined> {
    const { capture } = this;
    this.capture = undefined;
    if (!capture) return undefined;
    const { leg, file, startedAtMs } = capture;
    let isWhole = true;
    const failed = (error: string): void => {
      isWhole = false;
      this.events?.recordingFailed?.(file, error);
    };
    const endedAtMs = Date.now();
    try {
      await leg.ask('stop recording', {});
      await mkdir(dirname(file), { recursive: true });
      const pcap = await this.newestCapture(leg.parts.callId);
      const law = leg.codec ?? 'PCMA';
      const part = await wavOfCapture({ pcap, file, law, startedAtMs, endedAtMs, phonePort: leg.port, insidePort: leg.inside?.port ?? 0 }, failed);
      // The capture is all there is of a recording that could not be written.
      if (isWhole) await rm(pcap, { force: true });
      return part;
    } catch (error) {
      failed((error as Error).message);
      return { file, durationMs: 0, bytes: 0 };
    }
  }

  /** Captures that became recordings are removed; one that could not be turned into a file stays, and is older. */
  private async newestCapture(callId: string): Promise<string> {
    const folder = join(this.engine.options.captureDir, 'pcaps');
    const names = (await readdir(folder)).filter((name) => name.startsWith(callId) && name.endsWith('.pcap'));
    const captures = await Promise.all(names.map(async (name) => ({ file: join(folder, name), bornAtMs: (await stat(join(folder, name))).birthtimeMs })));
    const [newest] = captures.sort((a, b) => b.bornAtMs - a.bornAtMs);
    if (!newest) throw new Error(`no capture of ${callId} in ${folder}`);
    return newest.file;
  }

  close(): Promise<MediaStats> {
    this.closing ??= (async () => {
      await this.stopRecording();
      await Promise.all([...this.legs.values()].map((leg) => leg.close()));
      this.engine.sessions.delete(this);
      return { legs: this.closedLegs };
    })();
    return this.closing;
  }
}
