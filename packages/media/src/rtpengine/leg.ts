/**
 * A leg on rtpengine. rtpengine knows calls of two parties; we know legs that are bridged later, and again to others. So each leg is a
 * call of its own there: its `out` side is the phone, its `in` side a socket that points at the `in` side of the partner's call, or
 * nowhere while there is none. The phone's port is known as soon as the leg is open, so that SDP is written here, by the same
 * negotiation as the native engine's.
 */
import { randomInt } from 'node:crypto';
import { Negotiation, type RemoteAudio } from '../negotiation.ts';
import type { Codec, MediaLeg, PlaySource } from '../port.ts';
import { parseSdp, type Direction } from '../sdp.ts';
import type { BencodeValue } from './bencode.ts';
import type { NgClient, NgReply } from './ng-client.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The discard port of rtpengine's own machine. */
const NOWHERE: Endpoint = { host: '127.0.0.1', port: 9 };
const LOOP_FOREVER = 1_000_000;
const KEY_MS = 100;
const KEY_PAUSE_MS = 60;

export interface RtpengineLegParts {
  readonly ng: NgClient;
  readonly callId: string;
  readonly side: 'customer' | 'agent';
  readonly codecs: readonly Codec[];
  readonly advertisedHost: string | undefined;
  /** A command failed after the fact: nobody waits for it. */
  readonly trouble: (error: Error) => void;
  readonly playbackEnded: () => void;
  readonly playbackFailed: (file: string, error: string) => void;
  readonly closed: (leg: RtpengineLeg, reply: NgReply) => void;
}

export class RtpengineLeg implements MediaLeg {
  readonly id: string;
  readonly parts: RtpengineLegParts;
  host = '';
  port = 0;
  /** Where the partner's call sends to; known from the first answer on. */
  inside: Endpoint | undefined;
  private negotiation!: Negotiation;
  private target = NOWHERE;
  private blocked = false;
  private readonly answeredOnce: Promise<void>;
  private tellAnswered: () => void = () => undefined;
  private work: Promise<void> = Promise.resolve();
  private playing: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  constructor(id: string, parts: RtpengineLegParts) {
    this.id = id;
    this.parts = parts;
    this.answeredOnce = new Promise((resolve) => (this.tellAnswered = resolve));
  }

  async open(): Promise<void> {
    const reply = await this.ask('offer', this.offerFields());
    const outside = endpointOf(reply);
    this.host = this.parts.advertisedHost ?? outside.host;
    this.port = outside.port;
    this.negotiation = new Negotiation(this.host, this.port, randomInt(1, 2 ** 47));
  }

  get codec(): Codec | undefined {
    return this.negotiation.remote?.codec;
  }

  get held(): boolean {
    return this.negotiation.held;
  }

  offer(direction: Direction = 'sendrecv'): string {
    return this.negotiation.offer(this.parts.codecs, direction);
  }

  accept(answerSdp: string): void {
    this.negotiation.accept(answerSdp, this.parts.codecs);
    this.inTurn(() => this.negotiate());
  }

  answer(offerSdp: string): string {
    const body = this.negotiation.answer(offerSdp, this.parts.codecs);
    this.inTurn(() => this.negotiate());
    return body;
  }

  /** Points the inner side at a partner, or nowhere. */
  pointAt(target: Endpoint | undefined): void {
    this.target = target ?? NOWHERE;
    this.inTurn(() => this.negotiate());
  }

  /** Resolves when rtpengine knows the phone's address, and so has an inner side. */
  whenAnswered(): Promise<void> {
    return this.answeredOnce;
  }

  private async negotiate(): Promise<void> {
    const { remote } = this.negotiation;
    if (!remote) return;
    await this.ask('offer', { ...this.offerFields(), ...(this.inside ? { 'to-tag': 'out' } : {}) });
    const reply = await this.ask('answer', { 'from-tag': 'in', 'to-tag': 'out', sdp: peerSdp(remote), ...COMMON });
    this.inside = endpointOf(reply);
    await this.blockWhileHeld();
    this.tellAnswered();
  }

  /** rtpengine 10.5 passes packets on to a party that put us on hold; it must be told not to. */
  private async blockWhileHeld(): Promise<void> {
    if (this.held === this.blocked) return;
    await this.ask(this.held ? 'block media' : 'unblock media', { 'from-tag': 'in' });
    this.blocked = this.held;
  }

  private offerFields(): Readonly<Record<string, BencodeValue>> {
    // Inside it is always A-law; rtpengine transcodes for phones that speak µ-law only.
    const transcode = this.parts.codecs.filter((codec) => codec !== 'PCMA');
    return { 'from-tag': 'in', sdp: insideSdp(this.target), ...COMMON, ...(transcode.length > 0 ? { codec: { transcode } } : {}) };
  }

  play(source: PlaySource): void {
    this.inTurn(async () => {
      clearTimeout(this.playing);
      this.playing = undefined;
      try {
        const repeat = source.loop ? { 'repeat-times': LOOP_FOREVER } : {};
        const reply = await this.ask('play media', { 'from-tag': 'out', file: source.file, ...repeat });
        // rtpengine does not tell the end; it tells the length.
        if (!source.loop) this.playing = setTimeout(this.parts.playbackEnded, Number(reply['duration'] ?? 0));
      } catch (error) {
        this.parts.playbackFailed(source.file, (error as Error).message);
        this.parts.playbackEnded();
      }
    });
  }

  stopPlaying(): void {
    this.inTurn(async () => {
      clearTimeout(this.playing);
      this.playing = undefined;
      await this.ask('stop media', { 'from-tag': 'out' });
    });
  }

  sendDtmf(digits: string): void {
    this.inTurn(async () => {
      for (const code of digits) {
        await this.ask('play DTMF', { 'from-tag': 'in', code, duration: KEY_MS, pause: KEY_PAUSE_MS });
        await new Promise((resolve) => setTimeout(resolve, KEY_MS + KEY_PAUSE_MS));
      }
    });
  }

  close(): Promise<void> {
    this.closing ??= this.work.then(async () => {
      clearTimeout(this.playing);
      let counts: NgReply = {};
      try {
        // The reply to `delete` has no counts.
        counts = await this.ask('query', {});
      } catch (error) {
        this.parts.trouble(error as Error);
      }
      await this.ask('delete', { 'delete-delay': 0 }).catch((error: Error) => this.parts.trouble(error));
      this.parts.closed(this, counts);
    });
    return this.closing;
  }

  ask(command: string, fields: Readonly<Record<string, BencodeValue>>): Promise<NgReply> {
    return this.parts.ng.ask(command, { 'call-id': this.parts.callId, ...fields });
  }

  /** One after the other; a failure is told and does not stop the next. */
  private inTurn(work: () => Promise<unknown>): void {
    if (this.closing) return;
    this.work = this.work.then(work).then(
      () => undefined,
      (error: Error) => this.parts.trouble(error),
    );
  }
}

/** `port latching`: the phone was told its port already, whatever changes later. */
const COMMON = { flags: ['trust-address', 'port-latching', 'inject-DTMF'], replace: ['origin'], ICE: 'remove', 'rtcp-mux': ['demux'] } as const;

function insideSdp(target: Endpoint): string {
  return audioSdp(target.host, target.port, ['8', '101'], ['rtpmap:8 PCMA/8000', 'rtpmap:101 telephone-event/8000', 'sendrecv']);
}

function peerSdp(remote: RemoteAudio): string {
  const events = remote.eventPayloadType;
  const formats = [String(remote.payloadType), ...(events === undefined ? [] : [String(events)])];
  const maps = [`rtpmap:${remote.payloadType} ${remote.codec}/8000`, ...(events === undefined ? [] : [`rtpmap:${events} telephone-event/8000`])];
  return audioSdp(remote.host ?? '0.0.0.0', remote.port, formats, [...maps, `ptime:${remote.ptimeMs}`, remote.direction]);
}

function audioSdp(host: string, port: number, formats: readonly string[], attributes: readonly string[]): string {
  const lines = ['v=0', `o=- 1 1 IN IP4 ${host}`, 's=-', `c=IN IP4 ${host}`, 't=0 0', `m=audio ${port} RTP/AVP ${formats.join(' ')}`];
  return `${[...lines, ...attributes.map((attribute) => `a=${attribute}`)].join('\r\n')}\r\n`;
}

function endpointOf(reply: NgReply): Endpoint {
  const sdp = parseSdp(String(reply['sdp'] ?? ''));
  const media = sdp.media[0];
  return { host: media?.connection ?? sdp.connection ?? '', port: media?.port ?? 0 };
}
