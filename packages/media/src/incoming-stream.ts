import { sequenceDistance } from './rtp.ts';

/** A jump this large is a sender that began anew, not loss (RFC 3550 A.1, MAX_DROPOUT). */
const RESTART_DISTANCE = 3000;

/** Counts what came and what should have come (RFC 3550 A.3), over changes of the source. */
export class IncomingStream {
  received = 0;
  ssrc = -1;
  private first = 0;
  private highest = 0;
  private receivedOfSource = 0;
  private lostBefore = 0;

  add(ssrc: number, sequence: number): void {
    this.received += 1;
    const distance = sequenceDistance(sequence, this.highest & 0xffff);
    if (ssrc !== this.ssrc || Math.abs(distance) > RESTART_DISTANCE) {
      if (this.ssrc !== -1) this.lostBefore += this.lostOfSource();
      this.ssrc = ssrc;
      this.first = sequence;
      this.highest = sequence;
      this.receivedOfSource = 1;
      return;
    }
    this.receivedOfSource += 1;
    if (distance > 0) this.highest += distance;
  }

  get lost(): number {
    return this.lostBefore + this.lostOfSource();
  }

  private lostOfSource(): number {
    if (this.ssrc === -1) return 0;
    // Duplicates make it negative; a stream never gained packets.
    return Math.max(0, this.highest - this.first + 1 - this.receivedOfSource);
  }
}
