/** One leg's socket: hears the peer, hands the sound to the partner and to the recording, and speaks when nobody else does. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { COUNTER, type RelayOptions, type Side } from './commands.ts';
import { KeyPressReader } from './dtmf.ts';
import { SAMPLES_PER_MS, transcodeInPlace, transcodingTable } from './g711.ts';
import { IncomingStream } from './incoming-stream.ts';
import { LegSound } from './leg-sound.ts';
import type { RemoteAudio } from './negotiation.ts';
import { OutgoingStream, type Slot } from './outgoing-stream.ts';
import type { Codec } from './port.ts';
import type { Recording } from './recording.ts';
import { looksLikeRtcp, payloadBounds, RTP_HEADER_BYTES, writeRtpHeader } from './rtp.ts';
import { SourceLatch } from './source-latch.ts';

/** A partner quiet for this long is replaced by keep-alives of our own: carriers cut calls without RTP. */
const KEEP_ALIVE_AFTER_MS = 200;
/** Where nobody speaks one packet of silence this often does (RFC 6263 4.1 asks for one in 15 s): a whole stream of it would cost as much as speech. */
const KEEP_ALIVE_EVERY_MS = 500;
/** A loop that stood still does not make up for more than this. */
const CATCH_UP_MS = 100;
const TELL_SILENCE_EVERY_MS = 1_000;
const EVENT_SAMPLES = 160;
/** The payload type that our offers give to telephone-event. */
const OUR_EVENT_PAYLOAD_TYPE = 101;

export interface LegReports {
  dtmf(digit: string): void;
  playbackEnded(): void;
  silent(silentMs: number, everHeard: boolean): void;
}

export interface LegIdentity {
  readonly legId: string;
  readonly session: number;
  readonly side: Side;
}

export class RelayLeg {
  readonly identity: LegIdentity;
  readonly incoming = new IncomingStream();
  readonly out = new OutgoingStream(randomInt(1, 0xffffffff), randomInt(0, 0xffff), randomInt(0, 0xffffffff));
  readonly sound = new LegSound(this.out);
  partner: RelayLeg | undefined;
  recording: Recording | undefined;
  private readonly socket: Socket;
  private readonly latch: SourceLatch;
  private readonly options: RelayOptions;
  private readonly reports: LegReports;
  private readonly counters: Float64Array;
  private readonly keyPresses = new KeyPressReader();
  private remoteAudio: RemoteAudio | undefined;
  private readonly lawOf: (Codec | undefined)[] = new Array<Codec | undefined>(128).fill(undefined);
  private maySend = false;
  private isExpectedToSpeak = false;
  private heardAtMs = 0;
  private relayedAtMs = -1;
  private toldSilentAtMs = -Infinity;
  private nextDueMs = 0;
  private keepAliveDueMs = 0;
  private closed = false;

  constructor(identity: LegIdentity, options: RelayOptions, counters: Float64Array, reports: LegReports) {
    this.identity = identity;
    this.options = options;
    this.counters = counters;
    this.reports = reports;
    this.latch = new SourceLatch(options.latch);
    // Addresses are literals: a look-up by the system would cost every packet a turn of the event loop.
    this.socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) });
  }

  bind(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('error', reject);
      this.socket.bind({ address: host, port, exclusive: true }, () => {
        this.socket.off('error', reject);
        // A peer that is gone shows as an error of a later send; the call's end is the signalling's business.
        this.socket.on('error', () => undefined);
        this.socket.on('message', (packet, source) => this.onPacket(packet, source));
        resolve();
      });
    });
  }

  get codec(): Codec {
    return this.remoteAudio?.codec ?? 'PCMA';
  }

  setRemote(remote: RemoteAudio, nowMs: number): void {
    const speaks = remote.direction === 'sendrecv' || remote.direction === 'sendonly';
    // The silence of a hold is not counted.
    if (!this.isExpectedToSpeak || remote.direction !== this.remoteAudio?.direction) this.heardAtMs = nowMs;
    this.isExpectedToSpeak = speaks;
    this.remoteAudio = remote;
    if (remote.host !== undefined) this.latch.expect(remote.host, remote.port);
    this.lawOf.fill(undefined);
    for (const { payloadType, codec } of remote.incoming) this.lawOf[payloadType & 0x7f] = codec;
    this.maySend = remote.host !== undefined && (remote.direction === 'sendrecv' || remote.direction === 'recvonly');
  }

  private onPacket(packet: Buffer, source: RemoteInfo): void {
    const nowMs = performance.now();
    const remote = this.remoteAudio;
    const bounds = payloadBounds(packet);
    if (!remote || !bounds || looksLikeRtcp(packet)) return;
    if (!this.latch.accepts(source.address, source.port, nowMs)) {
      this.counters[COUNTER.packetsRefused] = (this.counters[COUNTER.packetsRefused] ?? 0) + 1;
      return;
    }
    this.heardAtMs = nowMs;
    const payloadType = (packet[1] as number) & 0x7f;
    const sequence = packet.readUInt16BE(2);
    const timestamp = packet.readUInt32BE(4);
    const ssrc = packet.readUInt32BE(8);
    this.incoming.add(ssrc, sequence);
    const law = this.lawOf[payloadType];
    if (law !== undefined) {
      this.recording?.hear(this.identity.side, law, ssrc, timestamp, packet, bounds.start, bounds.end, nowMs);
      this.partner?.relayAudio(packet, law, bounds.start, bounds.end, nowMs, ssrc, sequence, timestamp);
    } else if (payloadType === remote.eventPayloadType || payloadType === OUR_EVENT_PAYLOAD_TYPE) {
      const digit = this.keyPresses.read(packet, bounds.start, bounds.end, ssrc, timestamp);
      if (digit !== undefined) this.reports.dtmf(digit);
      this.partner?.relayEvent(packet, bounds.start, bounds.end, nowMs, ssrc, sequence, timestamp);
    }
  }

  /** True while the leg's own sound goes before the partner's. */
  private get speaksItself(): boolean {
    return this.sound.playing !== undefined || this.sound.pressing;
  }

  private relayAudio(packet: Buffer, law: Codec, start: number, end: number, nowMs: number, ssrc: number, sequence: number, timestamp: number): void {
    const remote = this.remoteAudio;
    if (!remote || !this.maySend || this.speaksItself) return;
    const slot = this.out.relayed(ssrc, sequence, timestamp, end - start, nowMs);
    if (!slot) return;
    const table = transcodingTable(law, remote.codec);
    if (table) transcodeInPlace(packet, start, end, table);
    this.pass(packet, start, end, slot, remote.payloadType, nowMs);
  }

  private relayEvent(packet: Buffer, start: number, end: number, nowMs: number, ssrc: number, sequence: number, timestamp: number): void {
    const remote = this.remoteAudio;
    if (!remote || remote.eventPayloadType === undefined || !this.maySend || this.speaksItself) return;
    const slot = this.out.relayed(ssrc, sequence, timestamp, EVENT_SAMPLES, nowMs);
    if (slot) this.pass(packet, start, end, slot, remote.eventPayloadType, nowMs);
  }

  /** Our header goes right before the payload, over whatever extension or CSRC list was there. */
  private pass(packet: Buffer, start: number, end: number, slot: Slot, payloadType: number, nowMs: number): void {
    const marker = slot.marker || ((packet[1] as number) & 0x80) !== 0;
    const from = start - RTP_HEADER_BYTES;
    const out = from === 0 && end === packet.length ? packet : packet.subarray(from, end);
    writeRtpHeader(out, { payloadType, marker, sequence: slot.sequence, timestamp: slot.timestamp, ssrc: this.out.ssrc });
    this.relayedAtMs = nowMs;
    this.counters[COUNTER.packetsRelayed] = (this.counters[COUNTER.packetsRelayed] ?? 0) + 1;
    this.send(out);
  }

  private send(packet: Buffer): void {
    if (!this.closed) this.socket.send(packet, this.latch.port, this.latch.host);
  }

  /** Called every few milliseconds: sends what is due of the leg's own sound. */
  tick(nowMs: number): void {
    const remote = this.remoteAudio;
    if (!remote) return;
    this.watchSilence(nowMs);
    if (!this.speaksItself) {
      // Or the first own sound after it would come in a burst.
      this.nextDueMs = nowMs;
      this.keepAlive(remote, nowMs);
      return;
    }
    if (nowMs - this.nextDueMs > CATCH_UP_MS) this.nextDueMs = nowMs;
    while (this.nextDueMs <= nowMs && this.speaksItself) this.nextDueMs += this.speak(remote, nowMs);
  }

  private keepAlive(remote: RemoteAudio, nowMs: number): void {
    if (!this.maySend || nowMs < this.keepAliveDueMs || nowMs - this.relayedAtMs < KEEP_ALIVE_AFTER_MS) return;
    this.keepAliveDueMs = nowMs + KEEP_ALIVE_EVERY_MS;
    this.send(this.sound.keepAlive(remote, remote.ptimeMs * SAMPLES_PER_MS, nowMs));
  }

  /** Sends one packet of the leg's own sound; returns the milliseconds it holds. */
  private speak(remote: RemoteAudio, nowMs: number): number {
    const samples = remote.ptimeMs * SAMPLES_PER_MS;
    if (this.sound.pressing && this.maySend) {
      this.send(this.sound.keyPacket(remote, nowMs));
      return 20;
    }
    // Keys wait until the peer listens again.
    if (!this.sound.playing) return remote.ptimeMs;
    const packet = this.maySend ? this.sound.filePacket(remote, samples, nowMs) : undefined;
    if (packet) this.send(packet);
    if (packet || (!this.maySend && this.sound.skipFile(samples))) return remote.ptimeMs;
    this.sound.playing = undefined;
    this.reports.playbackEnded();
    return 0;
  }

  private watchSilence(nowMs: number): void {
    const silentMs = nowMs - this.heardAtMs;
    if (!this.isExpectedToSpeak || silentMs < this.options.silentAfterMs || nowMs - this.toldSilentAtMs < TELL_SILENCE_EVERY_MS) return;
    this.toldSilentAtMs = nowMs;
    this.reports.silent(Math.round(silentMs), this.incoming.received > 0);
  }

  close(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.closed = true;
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}
