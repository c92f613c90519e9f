/** A phone's sound: speaks a looped piece of G.711 every 20 ms and counts what it hears. Its own RTP, so that it proves ours. */
import { createSocket, type Socket } from 'node:dgram';
import type { ToneCodec } from './tone.ts';

const FRAME_SAMPLES = 160;
const FRAME_MS = 20;
const HEADER_BYTES = 12;
const TICK_MS = 5;
/** A process that stood still does not make up for more than this. */
const CATCH_UP_MS = 200;

export interface HeardPacket {
  readonly atMs: number;
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

export interface RtpTalkerOptions {
  readonly host: string;
  readonly codec?: ToneCodec;
  /** Said again and again. */
  readonly words: Buffer;
  /** Keeps every packet heard, for tests. */
  readonly keep?: boolean;
  readonly ssrc: number;
}

export class RtpTalker {
  readonly heard: HeardPacket[] = [];
  readonly host: string;
  packetsHeard = 0;
  audioPacketsHeard = 0;
  packetsSent = 0;
  /** Presses heard, one character each. */
  digits = '';
  codec: ToneCodec;
  private readonly options: RtpTalkerOptions;
  private readonly socket: Socket;
  private targetHost = '';
  private targetPort = 0;
  private sequence: number;
  private timestamp: number;
  private position = 0;
  private dueMs = 0;
  private lastEventTimestamp = -1;
  private isClosed = false;

  private constructor(options: RtpTalkerOptions, socket: Socket) {
    this.options = options;
    this.host = options.host;
    this.codec = options.codec ?? 'PCMA';
    this.socket = socket;
    this.sequence = options.ssrc & 0xffff;
    this.timestamp = options.ssrc >>> 3;
    socket.on('message', (packet) => this.onPacket(packet));
    socket.on('error', () => undefined);
  }

  /** Binds a free port. */
  static async open(options: RtpTalkerOptions): Promise<RtpTalker> {
    const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: options.host, port: 0, exclusive: true }, resolve);
    });
    return new RtpTalker(options, socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  get isTalking(): boolean {
    return clock.talkers.has(this);
  }

  talkTo(host: string, port: number): void {
    this.targetHost = host;
    this.targetPort = port;
    if (this.isTalking || this.isClosed) return;
    this.dueMs = performance.now();
    clock.add(this);
  }

  stopTalking(): void {
    clock.remove(this);
  }

  tick(nowMs: number): void {
    if (nowMs - this.dueMs > CATCH_UP_MS) this.dueMs = nowMs;
    while (this.dueMs <= nowMs) {
      this.dueMs += FRAME_MS;
      this.sendFrame();
    }
  }

  /** Sends the next 20 ms now. */
  sendFrame(): void {
    const { words } = this.options;
    const packet = Buffer.allocUnsafe(HEADER_BYTES + FRAME_SAMPLES);
    this.header(packet, this.codec === 'PCMA' ? 8 : 0, this.packetsSent === 0);
    for (let i = 0; i < FRAME_SAMPLES; i += 1) packet[HEADER_BYTES + i] = words[(this.position + i) % words.length] as number;
    this.position = (this.position + FRAME_SAMPLES) % words.length;
    this.timestamp = (this.timestamp + FRAME_SAMPLES) >>> 0;
    this.send(packet);
  }

  /** A lost packet: the numbers go on, nothing is sent. */
  loseFrame(): void {
    this.sequence = (this.sequence + 1) & 0xffff;
    this.position = (this.position + FRAME_SAMPLES) % this.options.words.length;
    this.timestamp = (this.timestamp + FRAME_SAMPLES) >>> 0;
  }

  /** All packets of one key press at once (RFC 4733), the end repeated three times. */
  pressKey(event: number, payloadType = 101): void {
    for (const [end, duration] of [[0, 160], [0, 320], [0, 480], [1, 640], [1, 640], [1, 640]] as const) {
      const packet = Buffer.alloc(HEADER_BYTES + 4);
      this.header(packet, payloadType, duration === 160);
      packet[HEADER_BYTES] = event;
      packet[HEADER_BYTES + 1] = end << 7 | 10;
      packet.writeUInt16BE(duration, HEADER_BYTES + 2);
      this.send(packet);
    }
    this.timestamp = (this.timestamp + 640) >>> 0;
  }

  private header(packet: Buffer, payloadType: number, marker: boolean): void {
    packet[0] = 0x80;
    packet[1] = payloadType | (marker ? 0x80 : 0);
    this.sequence = (this.sequence + 1) & 0xffff;
    packet.writeUInt16BE(this.sequence, 2);
    packet.writeUInt32BE(this.timestamp, 4);
    packet.writeUInt32BE(this.options.ssrc >>> 0, 8);
  }

  private send(packet: Buffer): void {
    if (this.isClosed) return;
    this.packetsSent += 1;
    this.socket.send(packet, this.targetPort, this.targetHost);
  }

  private onPacket(packet: Buffer): void {
    if (packet.length < HEADER_BYTES || (packet[0] as number) >> 6 !== 2) return;
    this.packetsHeard += 1;
    const payloadType = (packet[1] as number) & 0x7f;
    if (payloadType === 0 || payloadType === 8) this.audioPacketsHeard += 1;
    else this.hearKey(packet);
    if (!this.options.keep) return;
    this.heard.push({
      atMs: performance.now(),
      payloadType,
      marker: ((packet[1] as number) & 0x80) !== 0,
      sequence: packet.readUInt16BE(2),
      timestamp: packet.readUInt32BE(4),
      ssrc: packet.readUInt32BE(8),
      payload: packet.subarray(HEADER_BYTES),
    });
  }

  private hearKey(packet: Buffer): void {
    const timestamp = packet.readUInt32BE(4);
    if (packet.length < HEADER_BYTES + 4 || timestamp === this.lastEventTimestamp) return;
    this.lastEventTimestamp = timestamp;
    this.digits += '0123456789*#ABCD'[packet[HEADER_BYTES] as number] ?? '';
  }

  close(): Promise<void> {
    clock.remove(this);
    if (this.isClosed) return Promise.resolve();
    this.isClosed = true;
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}

/** One timer for all talkers of the process. */
class TalkClock {
  readonly talkers = new Set<RtpTalker>();
  private timer: NodeJS.Timeout | undefined;

  add(talker: RtpTalker): void {
    this.talkers.add(talker);
    this.timer ??= setInterval(() => {
      const nowMs = performance.now();
      for (const each of this.talkers) each.tick(nowMs);
    }, TICK_MS);
  }

  remove(talker: RtpTalker): void {
    this.talkers.delete(talker);
    if (this.talkers.size > 0 || !this.timer) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

const clock = new TalkClock();
