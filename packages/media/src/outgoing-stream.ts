import { SAMPLES_PER_MS } from './g711.ts';
import { sequenceDistance } from './rtp.ts';

/** The place of a packet in a stream. */
export interface Slot {
  sequence: number;
  timestamp: number;
  /** First packet after a change of source (RFC 3551 4.1: begin of a talkspurt). */
  marker: boolean;
}

/** No SSRC: our own sound. */
const OWN = -1;
/** No SSRC: nobody spoke last. */
const PAUSE = -2;

/**
 * One RTP stream towards a peer, whatever feeds it: relayed packets, a file, silence, key presses.
 * The peer sees one SSRC, sequence numbers without holes of our making, and timestamps that follow the clock.
 */
export class OutgoingStream {
  readonly ssrc: number;
  sent = 0;
  private sequence: number;
  private timestamp: number;
  private lastSentAtMs = -1;
  /** SSRC whose packets pass with fixed offsets, or one of the two below. */
  private source = PAUSE;
  private sequenceOffset = 0;
  private timestampOffset = 0;
  private firstOfSource = 0;
  private freshSource = true;
  private readonly slot: Slot = { sequence: 0, timestamp: 0, marker: false };

  constructor(ssrc: number, firstSequence: number, firstTimestamp: number) {
    this.ssrc = ssrc;
    this.sequence = firstSequence & 0xffff;
    this.timestamp = firstTimestamp >>> 0;
  }

  /** Place of a packet of our own that holds `samples`. The object returned is used again by the next call. */
  own(samples: number, nowMs: number): Slot {
    const fresh = this.source !== OWN;
    if (fresh) this.timestamp = this.continued(nowMs, samples);
    else this.timestamp = (this.timestamp + samples) >>> 0;
    this.source = OWN;
    this.sequence = (this.sequence + 1) & 0xffff;
    return this.place(this.sequence, this.timestamp, fresh, nowMs);
  }

  /** Place of a packet that stands alone: what comes before and after it is a pause. */
  alone(samples: number, nowMs: number): Slot {
    this.timestamp = this.continued(nowMs, samples);
    this.source = PAUSE;
    this.sequence = (this.sequence + 1) & 0xffff;
    return this.place(this.sequence, this.timestamp, false, nowMs);
  }

  /** Another packet with the timestamp of the one before (the packets of one telephone event). */
  repeat(nowMs: number): Slot {
    this.sequence = (this.sequence + 1) & 0xffff;
    return this.place(this.sequence, this.timestamp, false, nowMs);
  }

  /** Advances the clock of the stream without a packet (after a telephone event). */
  skip(samples: number): void {
    this.timestamp = (this.timestamp + samples) >>> 0;
  }

  /** Place of a relayed packet, or undefined for one that belongs before the switch to this source. */
  relayed(ssrc: number, sequence: number, timestamp: number, samples: number, nowMs: number): Slot | undefined {
    if (ssrc !== this.source) {
      const next = (this.sequence + 1) & 0xffff;
      this.timestampOffset = this.continued(nowMs, samples) - timestamp;
      this.sequenceOffset = next - sequence;
      this.firstOfSource = next;
      this.source = ssrc;
      this.freshSource = true;
    }
    const outSequence = (sequence + this.sequenceOffset) & 0xffff;
    const outTimestamp = (timestamp + this.timestampOffset) >>> 0;
    if (sequenceDistance(outSequence, this.firstOfSource) < 0) {
      // The window of "before" moves along, or a long call would drop half of the numbers.
      return undefined;
    }
    const ahead = sequenceDistance(outSequence, this.sequence);
    if (ahead > 0) {
      this.sequence = outSequence;
      this.timestamp = outTimestamp;
      if (sequenceDistance(outSequence, this.firstOfSource) > 1000) this.firstOfSource = (outSequence - 500) & 0xffff;
    }
    const marker = this.freshSource;
    this.freshSource = false;
    return this.place(outSequence, outTimestamp, marker, nowMs);
  }

  /** Timestamp that goes on from the last packet by the time that passed, at least by one packet. */
  private continued(nowMs: number, samples: number): number {
    if (this.lastSentAtMs < 0) return this.timestamp;
    const elapsed = Math.round((nowMs - this.lastSentAtMs) * SAMPLES_PER_MS);
    return (this.timestamp + Math.max(samples, elapsed)) >>> 0;
  }

  private place(sequence: number, timestamp: number, marker: boolean, nowMs: number): Slot {
    this.sent += 1;
    this.lastSentAtMs = nowMs;
    this.slot.sequence = sequence;
    this.slot.timestamp = timestamp;
    this.slot.marker = marker;
    return this.slot;
  }
}

