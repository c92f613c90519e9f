/** What a leg makes itself: key presses, a file, or the silence that keeps a carrier from hanging up. One frame at a time. */
import { END_PACKETS, eventOfDigit, EVENT_PAYLOAD_BYTES, PAUSE_MS, PRESS_MS, toneOfDigit, writeEvent } from './dtmf.ts';
import { SAMPLES_PER_MS, SILENCE, transcodeInPlace, transcodingTable } from './g711.ts';
import type { RemoteAudio } from './negotiation.ts';
import type { OutgoingStream, Slot } from './outgoing-stream.ts';
import type { Codec } from './port.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from './rtp.ts';

const KEY_FRAME_MS = 20;
const KEY_FRAME_SAMPLES = KEY_FRAME_MS * SAMPLES_PER_MS;
const PRESS_FRAMES = PRESS_MS / KEY_FRAME_MS;
const PAUSE_FRAMES = PAUSE_MS / KEY_FRAME_MS;
/** Keys that wait; more are dropped. */
const KEY_LIMIT = 64;
const NOTHING = Buffer.alloc(0);

export interface Playing {
  readonly words: Buffer;
  readonly law: Codec;
  readonly loop: boolean;
  position: number;
}

export class LegSound {
  playing: Playing | undefined;
  private readonly out: OutgoingStream;
  private keys: string[] = [];
  private keyFrame = 0;
  private tone: Buffer | undefined;

  constructor(out: OutgoingStream) {
    this.out = out;
  }

  press(digits: string): void {
    for (const digit of digits) {
      if (eventOfDigit(digit) !== undefined && this.keys.length < KEY_LIMIT) this.keys.push(digit);
    }
  }

  get pressing(): boolean {
    return this.keys.length > 0;
  }

  /** The next packet of the key being pressed. */
  keyPacket(remote: RemoteAudio, nowMs: number): Buffer {
    const digit = this.keys[0] as string;
    const frame = this.keyFrame;
    const frames = PRESS_FRAMES + (remote.eventPayloadType === undefined ? 0 : END_PACKETS);
    this.keyFrame += 1;
    if (frame >= frames) {
      if (this.keyFrame >= frames + PAUSE_FRAMES) this.nextKey();
      return this.silence(remote, KEY_FRAME_SAMPLES, nowMs);
    }
    if (remote.eventPayloadType === undefined) return this.tonePacket(digit, frame, remote, nowMs);
    const slot = frame === 0 ? this.out.own(KEY_FRAME_SAMPLES, nowMs) : this.out.repeat(nowMs);
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + EVENT_PAYLOAD_BYTES);
    head(packet, slot, remote.eventPayloadType, this.out.ssrc, frame === 0);
    const end = frame >= PRESS_FRAMES;
    writeEvent(packet, RTP_HEADER_BYTES, eventOfDigit(digit) ?? 0, end, KEY_FRAME_SAMPLES * Math.min(frame + 1, PRESS_FRAMES));
    // All packets of the event had one timestamp; the stream's clock went on.
    if (frame === frames - 1) this.out.skip((frames - 1) * KEY_FRAME_SAMPLES);
    return packet;
  }

  private tonePacket(digit: string, frame: number, remote: RemoteAudio, nowMs: number): Buffer {
    this.tone ??= toneOfDigit(digit, PRESS_MS, remote.codec);
    const at = frame * KEY_FRAME_SAMPLES;
    return this.audio(remote, this.tone.subarray(at, at + KEY_FRAME_SAMPLES), KEY_FRAME_SAMPLES, nowMs);
  }

  private nextKey(): void {
    this.keys.shift();
    this.keyFrame = 0;
    this.tone = undefined;
  }

  /** The next packet of the file, or undefined at its end. */
  filePacket(remote: RemoteAudio, samples: number, nowMs: number): Buffer | undefined {
    const frame = this.fileFrame(samples);
    if (!frame || !this.playing) return undefined;
    const packet = this.audio(remote, frame, samples, nowMs);
    const table = transcodingTable(this.playing.law, remote.codec);
    if (table) transcodeInPlace(packet, RTP_HEADER_BYTES, RTP_HEADER_BYTES + frame.length, table);
    return packet;
  }

  /** Time passes for a file that its listener does not hear (hold). False at its end. */
  skipFile(samples: number): boolean {
    return this.fileFrame(samples) !== undefined;
  }

  private fileFrame(samples: number): Buffer | undefined {
    const { playing } = this;
    if (!playing || playing.words.length === 0) return undefined;
    const { words } = playing;
    if (playing.position >= words.length) {
      if (!playing.loop) return undefined;
      playing.position = 0;
    }
    const from = playing.position;
    playing.position = from + samples;
    if (playing.position <= words.length || !playing.loop) return words.subarray(from, from + samples);
    // The loop closes inside of this frame.
    const frame = Buffer.allocUnsafe(samples);
    for (let filled = 0, at = from; filled < samples; at = 0) {
      const run = Math.min(samples - filled, words.length - at);
      words.copy(frame, filled, at, at + run);
      filled += run;
      playing.position = at + run;
    }
    return frame;
  }

  /** One packet of silence by itself, its timestamp by the clock. */
  keepAlive(remote: RemoteAudio, samples: number, nowMs: number): Buffer {
    return this.packet(this.out.alone(samples, nowMs), remote, NOTHING, samples);
  }

  private silence(remote: RemoteAudio, samples: number, nowMs: number): Buffer {
    return this.audio(remote, NOTHING, samples, nowMs);
  }

  private audio(remote: RemoteAudio, words: Buffer, samples: number, nowMs: number): Buffer {
    return this.packet(this.out.own(samples, nowMs), remote, words, samples);
  }

  private packet(slot: Slot, remote: RemoteAudio, words: Buffer, samples: number): Buffer {
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + samples);
    head(packet, slot, remote.payloadType, this.out.ssrc, slot.marker);
    words.copy(packet, RTP_HEADER_BYTES);
    if (words.length < samples) packet.fill(SILENCE[remote.codec], RTP_HEADER_BYTES + words.length);
    return packet;
  }
}

function head(packet: Buffer, slot: Slot, payloadType: number, ssrc: number, marker: boolean): void {
  writeRtpHeader(packet, { payloadType, marker, sequence: slot.sequence, timestamp: slot.timestamp, ssrc });
}
