import type { Core } from './core.ts';
import { Repeater } from './repeater.ts';
import type { SentResponse } from './repeater.ts';

/** A reliable 18x of ours: sent again until its PRACK comes, in pauses that double without a ceiling (RFC 3262 3). */
export class ReliableProvisional extends Repeater {
  readonly rseq: number;
  private readonly settled: (acknowledged: boolean) => void;

  constructor(core: Core, rseq: number, sent: SentResponse, settled: (acknowledged: boolean) => void) {
    super(core, sent, Infinity);
    this.rseq = rseq;
    this.settled = settled;
  }

  acknowledged(): void {
    this.stop();
    this.settled(true);
  }

  protected override gaveUp(): void {
    this.settled(false);
  }
}
