/** A call's media session and its legs, as the caller sees them: SDP is spoken here, packets move elsewhere. */
import { randomInt } from 'node:crypto';
import type { RelayAnswer, RelayRequest, RelayTold, Side } from './commands.ts';
import { Negotiation } from './negotiation.ts';
import type { Codec, MediaEvents, MediaLeg, MediaSession, MediaStats, PlaySource, RecordingPart } from './port.ts';
import type { Direction } from './sdp.ts';

/** What a session needs of its engine. */
export interface SessionHost {
  readonly codecs: readonly Codec[];
  readonly advertisedHost: string;
  nextNumber(): number;
  tell(command: RelayTold): void;
  ask(command: RelayRequest): Promise<RelayAnswer>;
  openPort(leg: number, legId: string, session: number, side: Side): Promise<number>;
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
    const law = customer?.codec ?? this.engine.codecs[0] ?? 'PCMA';
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
  private readonly engine: SessionHost;
  private readonly session: NativeSession;
  private readonly negotiation: Negotiation;
  private isFreed = false;

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
    this.engine.givePortBack(this.port);
  }
}
