/** The part of the engine that moves packets. Runs in a worker thread, or in the caller's. */
import { COUNTER, type RelayAnswer, type RelayCommand, type RelayOptions, type RelayReport, type Side } from './commands.ts';
import type { Codec, MediaStats } from './port.ts';
import { Recording } from './recording.ts';
import { RelayLeg } from './relay-leg.ts';
import { Sounds } from './sounds.ts';

const TICK_MS = 5;
/** Every recording is written once a second, in a slot of its own: written together, they would hold up the packets. */
const FLUSH_SLOTS = 1000 / TICK_MS;

type LegStats = MediaStats['legs'][number];

interface Session {
  readonly legs: Set<RelayLeg>;
  /** The leg of each side that the recording hears. */
  readonly heard: Map<Side, RelayLeg>;
  readonly closedLegs: LegStats[];
  recording: Recording | undefined;
}

export class RelayCore {
  private readonly options: RelayOptions;
  private readonly counters: Float64Array;
  private readonly report: (report: RelayReport) => void;
  private readonly legs = new Map<number, RelayLeg>();
  private readonly sessions = new Map<number, Session>();
  private readonly sounds = new Sounds();
  /** Legs whose file is being read. */
  private readonly loading = new Map<number, symbol>();
  private readonly flushSlots: Set<Recording>[] = Array.from({ length: FLUSH_SLOTS }, () => new Set<Recording>());
  private nextFlushSlot = 0;
  private lastTick = Math.floor(performance.now() / TICK_MS);
  private readonly timer: NodeJS.Timeout;

  constructor(options: RelayOptions, counters: Float64Array, report: (report: RelayReport) => void) {
    this.options = options;
    this.counters = counters;
    this.report = report;
    this.counters[COUNTER.packetsRelayed] = 0;
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  handle(command: RelayCommand): void {
    switch (command.kind) {
      case 'open':
        return this.reply(command.request, this.open(command));
      case 'remote':
        return this.legs.get(command.leg)?.setRemote(command.remote, performance.now());
      case 'bridge':
        return this.bridge(command.legA, command.legB);
      case 'unbridge':
        return unbridge(this.legs.get(command.leg));
      case 'play':
        return this.play(command.leg, command.file, command.loop);
      case 'stopPlaying':
        return this.stopPlaying(command.leg);
      case 'sendDtmf':
        return this.legs.get(command.leg)?.sound.press(command.digits);
      case 'startRecording':
        return this.reply(command.request, this.startRecording(command.session, command.file, command.law));
      case 'stopRecording':
        return this.reply(command.request, this.stopRecording(command.session));
      case 'closeLeg':
        return this.reply(command.request, this.closeLeg(command.leg));
      case 'closeSession':
        return this.reply(command.request, this.closeSession(command.session));
      case 'stop':
        return this.reply(command.request, this.stop());
    }
  }

  private reply(request: number, work: Promise<RelayAnswer>): void {
    work.then(
      (answer) => this.report({ kind: 'done', request, answer }),
      (error: NodeJS.ErrnoException) => this.report({ kind: 'refused', request, code: error.code ?? '', message: error.message }),
    );
  }

  private async open(command: Extract<RelayCommand, { kind: 'open' }>): Promise<undefined> {
    const { legId, session, side } = command;
    const leg: RelayLeg = new RelayLeg({ legId, session, side }, this.options, this.counters, {
      dtmf: (digit) => this.report({ kind: 'dtmf', session, legId, digit }),
      playbackEnded: () => this.report({ kind: 'playbackEnded', session, legId }),
      silent: (silentMs, everHeard) => this.report({ kind: 'silent', session, legId, silentMs, everHeard }),
    });
    try {
      await leg.bind(command.host, command.port);
    } catch (error) {
      await leg.close();
      throw error;
    }
    this.legs.set(command.leg, leg);
    const home = this.sessionOf(session);
    home.legs.add(leg);
    this.hearIn(home, leg);
  }

  private sessionOf(id: number): Session {
    let session = this.sessions.get(id);
    if (!session) {
      session = { legs: new Set(), heard: new Map(), closedLegs: [], recording: undefined };
      this.sessions.set(id, session);
    }
    return session;
  }

  private bridge(idA: number, idB: number): void {
    const a = this.legs.get(idA);
    const b = this.legs.get(idB);
    if (!a || !b || a === b) return;
    unbridge(a);
    unbridge(b);
    a.partner = b;
    b.partner = a;
    for (const leg of [a, b]) this.hearIn(this.sessionOf(leg.identity.session), leg);
  }

  /** The last leg opened or bridged on a side is the one that the recording hears there. */
  private hearIn(session: Session, leg: RelayLeg): void {
    const before = session.heard.get(leg.identity.side);
    if (before) before.recording = undefined;
    session.heard.set(leg.identity.side, leg);
    leg.recording = session.recording;
  }

  private play(id: number, file: string, loop: boolean): void {
    const leg = this.legs.get(id);
    if (!leg) return;
    const law = leg.codec;
    const token = Symbol(file);
    this.loading.set(id, token);
    // False when another command came while the file was read.
    const isStillWanted = (): boolean => this.loading.get(id) === token && this.loading.delete(id);
    this.sounds.load(file, law).then(
      (words) => {
        if (isStillWanted()) leg.sound.playing = { words, law, loop, position: 0 };
      },
      (error: Error) => {
        if (!isStillWanted()) return;
        leg.sound.playing = undefined;
        const { legId, session } = leg.identity;
        this.report({ kind: 'playbackFailed', session, legId, file, error: error.message });
        this.report({ kind: 'playbackEnded', session, legId });
      },
    );
  }

  private stopPlaying(id: number): void {
    this.loading.delete(id);
    const leg = this.legs.get(id);
    if (leg) leg.sound.playing = undefined;
  }

  private async startRecording(id: number, file: string, law: Codec): Promise<undefined> {
    const session = this.sessionOf(id);
    await this.stopRecording(id);
    const slot = this.nextFlushSlot;
    // A step that shares no factor with the slots visits all of them, neighbours far apart in time.
    this.nextFlushSlot = (slot + 73) % FLUSH_SLOTS;
    const recording = new Recording(file, law, slot, performance.now(), (path, error) => {
      this.report({ kind: 'recordingFailed', session: id, file: path, error });
    });
    session.recording = recording;
    for (const leg of session.heard.values()) leg.recording = recording;
    this.flushSlots[slot]?.add(recording);
    await recording.begin();
  }

  private async stopRecording(id: number): Promise<RelayAnswer> {
    const session = this.sessions.get(id);
    const recording = session?.recording;
    if (!session || !recording) return undefined;
    session.recording = undefined;
    for (const leg of session.legs) leg.recording = undefined;
    this.flushSlots[recording.flushSlot]?.delete(recording);
    return recording.end(performance.now());
  }

  private async closeLeg(id: number): Promise<undefined> {
    const leg = this.legs.get(id);
    if (!leg) return;
    this.legs.delete(id);
    this.loading.delete(id);
    unbridge(leg);
    const session = this.sessions.get(leg.identity.session);
    if (session) {
      session.legs.delete(leg);
      session.closedLegs.push(statsOf(leg));
      if (session.heard.get(leg.identity.side) === leg) session.heard.delete(leg.identity.side);
    }
    leg.recording = undefined;
    await leg.close();
  }

  private async closeSession(id: number): Promise<MediaStats> {
    const session = this.sessions.get(id);
    if (!session) return { legs: [] };
    await this.stopRecording(id);
    const ids = [...this.legs].filter(([, leg]) => session.legs.has(leg)).map(([legNumber]) => legNumber);
    await Promise.all(ids.map((legNumber) => this.closeLeg(legNumber)));
    this.sessions.delete(id);
    return { legs: session.closedLegs };
  }

  private async stop(): Promise<undefined> {
    await Promise.all([...this.sessions.keys()].map((id) => this.closeSession(id)));
    clearInterval(this.timer);
  }

  private tick(): void {
    const nowMs = performance.now();
    for (const leg of this.legs.values()) leg.tick(nowMs);
    const tick = Math.floor(nowMs / TICK_MS);
    for (let at = Math.max(this.lastTick + 1, tick - FLUSH_SLOTS + 1); at <= tick; at += 1) {
      for (const recording of this.flushSlots[at % FLUSH_SLOTS] ?? []) recording.flush(nowMs);
    }
    this.lastTick = tick;
  }
}

function unbridge(leg: RelayLeg | undefined): void {
  if (!leg) return;
  const { partner } = leg;
  leg.partner = undefined;
  if (partner) partner.partner = undefined;
}

function statsOf(leg: RelayLeg): LegStats {
  return { id: leg.identity.legId, packetsIn: leg.incoming.received, packetsOut: leg.out.sent, packetsLost: leg.incoming.lost };
}
