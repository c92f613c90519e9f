/** A call's media session and its legs, as the caller sees them: SDP is spoken here, packets move elsewhere. */
import { randomInt } from 'node:crypto';
import type { RelayAnswer, RelayRequest, RelayTold, Side } from './commands.ts';
import { MediaEngineDownError } from './errors.ts';
import { Negotiation } from './negotiation.ts';
import type { Codec, MediaEvents, MediaLeg, MediaSession, MediaStats, PlaySource, RecordingPart } from './port.ts';
import type { Direction } from './sdp.ts';
import { repairWav } from './wav.ts';

/** What a session needs of its engine. */
export interface SessionHost {
  readonly codecs: readonly Codec[];
  readonly advertisedHost: string;
  nextNumber(): number;
  tell(command: RelayTold): void;
  ask(command: RelayRequest): Promise<RelayAnswer>;
  openPort(leg: number, legId: string, session: number, side: Side): Promise<number>;
  reopenPort(leg: number, legId: string, session: number, side: Side, port: number): Promise<void>;
  givePortBack(port: number): void;
  forget(session: number): void;
}

export class NativeSession implements MediaSession {
  readonly id: string;
  readonly number: number;
  readonly legs = new Map<string, NativeLeg>();
  events: MediaEvents | undefined;
  private readonly engine: SessionHost;
  private readonly opening = new Set<string>();
  private closing: Promise<MediaStats> | undefined;
  /** Who talks to whom, both ways. */
  private readonly partners = new Map<string, string>();
  private recordingFile: string | undefined;

  constructor(engine: SessionHost, id: string, number: number) {
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
        await this.engine.ask({ kind: 'closeSession', session: this.number });
        throw new Error(`media session ${this.id} is closed`);
      }
      return leg;
    } finally {
      this.opening.delete(legId);
    }
  }

  bridge(legA: string, legB: string): void {
    for (const legId of [legA, legB]) this.part(legId);
    this.partners.set(legA, legB).set(legB, legA);
    this.engine.tell({ kind: 'bridge', legA: this.legOf(legA).number, legB: this.legOf(legB).number });
  }

  unbridge(legId: string): void {
    this.part(legId);
    this.engine.tell({ kind: 'unbridge', leg: this.legOf(legId).number });
  }

  /** It talks to nobody any more. */
  part(legId: string): void {
    const partner = this.partners.get(legId);
    this.partners.delete(legId);
    if (partner !== undefined) this.partners.delete(partner);
  }

  private legOf(legId: string): NativeLeg {
    const leg = this.legs.get(legId);
    if (!leg) throw new Error(`media session ${this.id} has no leg ${legId}`);
    return leg;
  }

  /** The law of the file is that of the customer's leg: no sample of the customer is ever changed. */
  async startRecording(file: string): Promise<void> {
    const customer = [...this.legs.values()].find((leg) => leg.side === 'customer');
    const law = customer?.codec ?? this.engine.codecs[0] ?? 'PCMA';
    await this.engine.ask({ kind: 'startRecording', session: this.number, file, law });
    this.recordingFile = file;
  }

  async stopRecording(): Promise<RecordingPart | undefined> {
    const part = (await this.engine.ask({ kind: 'stopRecording', session: this.number })) as RecordingPart | undefined;
    this.recordingFile = undefined;
    return part;
  }

  close(): Promise<MediaStats> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  /** Everything that the thread knew of this call, told to the one that follows it. */
  async revive(): Promise<void> {
    if (this.closing) return;
    try {
      for (const leg of this.legs.values()) await leg.revive();
      for (const [legA, legB] of this.partners) this.engine.tell({ kind: 'bridge', legA: this.legOf(legA).number, legB: this.legOf(legB).number });
    } catch (error) {
      if (!(error instanceof MediaEngineDownError)) this.events?.lost?.((error as Error).message);
      return;
    }
    const file = this.recordingFile;
    this.recordingFile = undefined;
    if (file === undefined) return;
    try {
      const { durationMs, bytes } = await repairWav(file);
      this.events?.recordingCut?.({ file, durationMs, bytes });
    } catch (error) {
      this.events?.recordingFailed?.(file, (error as Error).message);
    }
  }

  /** A file that was played has come to its end. */
  playedToEnd(legId: string): void {
    this.legs.get(legId)?.playedToEnd();
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
  private readonly engine: SessionHost;
  private readonly session: NativeSession;
  private readonly negotiation: Negotiation;
  private isFreed = false;
  private playing: PlaySource | undefined;

  constructor(engine: SessionHost, session: NativeSession, facts: { id: string; number: number; port: number; side: Side }) {
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
    const { codecs } = this.engine;
    const spoken = this.codec ?? this.session.spokenCodec;
    const ordered = spoken && codecs.includes(spoken) ? [spoken, ...codecs.filter((codec) => codec !== spoken)] : codecs;
    return this.negotiation.offer(ordered, direction);
  }

  accept(answerSdp: string): void {
    this.negotiation.accept(answerSdp, this.engine.codecs);
    this.applyRemote();
  }

  answer(offerSdp: string): string {
    const body = this.negotiation.answer(offerSdp, this.engine.codecs);
    this.applyRemote();
    return body;
  }

  private applyRemote(): void {
    const { remote } = this.negotiation;
    if (remote) this.engine.tell({ kind: 'remote', leg: this.number, remote });
  }

  async revive(): Promise<void> {
    await this.engine.reopenPort(this.number, this.id, this.session.number, this.side, this.port);
    this.applyRemote();
    if (this.playing) this.play(this.playing);
  }

  playedToEnd(): void {
    this.playing = undefined;
  }

  play(source: PlaySource): void {
    this.playing = source;
    this.engine.tell({ kind: 'play', leg: this.number, file: source.file, loop: source.loop });
  }

  stopPlaying(): void {
    if (this.playing === undefined) return;
    this.playing = undefined;
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
    this.session.part(this.id);
    this.session.legs.delete(this.id);
    this.engine.givePortBack(this.port);
  }
}
