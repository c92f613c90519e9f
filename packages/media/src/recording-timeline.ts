/**
 * Two one-way streams of G.711 laid side by side in time: customer left, agent right.
 * Pure: the clock comes with each packet. Where nothing came there is silence.
 */
import { SAMPLES_PER_MS, SILENCE } from './g711.ts';
import type { Codec } from './port.ts';
import { timestampDistance } from './rtp.ts';

export const CHANNEL = { customer: 0, agent: 1 } as const;

/** Sound this young may still be completed by a packet that was delayed. */
export const JITTER_MS = 200;
const JITTER_SAMPLES = JITTER_MS * SAMPLES_PER_MS;
/** What the ring holds; taking lags at most a second plus the jitter, the rest is for a stalled loop. */
const RING_SAMPLES = 4 * 8000;
/** A packet whose timestamp and arrival disagree by more than this began a new time base. */
const REBASE_SAMPLES = 400 * SAMPLES_PER_MS;
/** Packets over which the smallest delay is sought: five seconds. */
const DRIFT_WINDOW_PACKETS = 250;
/** Smallest delay over a window that is put right: clocks that drift apart, a first packet that came late. */
const DRIFT_SAMPLES = 40 * SAMPLES_PER_MS;

interface Channel {
  ssrc: number;
  /** Timestamp that lies at sample `baseSample`. */
  baseTimestamp: number;
  baseSample: number;
  /** Sample after the last one written. */
  end: number;
  smallestDelay: number;
  packets: number;
}

export class RecordingTimeline {
  readonly law: Codec;
  /** Samples handed out so far. */
  taken = 0;
  latePackets = 0;
  private readonly startedAtMs: number;
  private readonly silence: number;
  private readonly ring: Buffer;
  private readonly channels: readonly [Channel, Channel];

  constructor(law: Codec, startedAtMs: number) {
    this.law = law;
    this.startedAtMs = startedAtMs;
    this.silence = SILENCE[law];
    this.ring = Buffer.alloc(RING_SAMPLES * 2, this.silence);
    this.channels = [newChannel(), newChannel()];
  }

  /** `words[start..end)` of one packet; `table` turns them into the law of this recording. */
  add(side: 0 | 1, ssrc: number, timestamp: number, words: Buffer, start: number, end: number, table: Uint8Array | undefined, nowMs: number): void {
    const channel = this.channels[side];
    const arrival = this.sampleAt(nowMs);
    let at = channel.baseSample + timestampDistance(timestamp, channel.baseTimestamp);
    if (ssrc !== channel.ssrc || Math.abs(arrival - at) > REBASE_SAMPLES) {
      // Two packets of one burst must not lie on each other.
      at = channel.end > arrival && channel.end - arrival < JITTER_SAMPLES ? channel.end : arrival;
      rebase(channel, ssrc, timestamp, at);
    }
    this.followDrift(channel, arrival - at);
    const skip = Math.max(0, this.taken - at);
    const count = end - start;
    if (skip >= count || at + count > this.taken + RING_SAMPLES) {
      this.latePackets += 1;
      return;
    }
    const { ring } = this;
    let index = ((at + skip) % RING_SAMPLES) * 2 + side;
    for (let i = start + skip; i < end; i += 1) {
      const word = words[i] as number;
      ring[index] = table ? (table[word] as number) : word;
      index += 2;
      if (index >= RING_SAMPLES * 2) index -= RING_SAMPLES * 2;
    }
    if (at + count > channel.end) channel.end = at + count;
  }

  /** Interleaved samples that no packet can change any more. */
  takeSettled(nowMs: number): Buffer {
    return this.take(this.sampleAt(nowMs) - JITTER_SAMPLES);
  }

  /** Everything up to now, and what was already heard of the packets at the very end. */
  takeRest(nowMs: number): Buffer {
    return this.take(Math.max(this.sampleAt(nowMs), this.channels[0].end, this.channels[1].end));
  }

  /** True when the ring is close to being overrun: take before adding. */
  isFull(nowMs: number): boolean {
    return this.sampleAt(nowMs) - this.taken > RING_SAMPLES - 8000;
  }

  private sampleAt(nowMs: number): number {
    return Math.max(0, Math.round((nowMs - this.startedAtMs) * SAMPLES_PER_MS));
  }

  private take(until: number): Buffer {
    const count = until - this.taken;
    if (count <= 0) return Buffer.alloc(0);
    const out = Buffer.allocUnsafe(count * 2);
    let copied = 0;
    const held = Math.min(count, RING_SAMPLES);
    while (copied < held) {
      const from = (this.taken + copied) % RING_SAMPLES;
      const run = Math.min(held - copied, RING_SAMPLES - from);
      this.ring.copy(out, copied * 2, from * 2, (from + run) * 2);
      this.ring.fill(this.silence, from * 2, (from + run) * 2);
      copied += run;
    }
    // A loop that stood still for longer than the ring: nothing was heard in that time.
    if (held < count) out.fill(this.silence, held * 2);
    this.taken = until;
    return out;
  }

  private followDrift(channel: Channel, delay: number): void {
    if (delay < channel.smallestDelay) channel.smallestDelay = delay;
    channel.packets += 1;
    if (channel.packets < DRIFT_WINDOW_PACKETS) return;
    if (Math.abs(channel.smallestDelay) > DRIFT_SAMPLES) channel.baseSample += channel.smallestDelay;
    channel.packets = 0;
    channel.smallestDelay = Number.POSITIVE_INFINITY;
  }
}

function newChannel(): Channel {
  return { ssrc: -1, baseTimestamp: 0, baseSample: 0, end: 0, smallestDelay: Number.POSITIVE_INFINITY, packets: 0 };
}

function rebase(channel: Channel, ssrc: number, timestamp: number, sample: number): void {
  channel.ssrc = ssrc;
  channel.baseTimestamp = timestamp;
  channel.baseSample = sample;
  channel.packets = 0;
  channel.smallestDelay = Number.POSITIVE_INFINITY;
}
