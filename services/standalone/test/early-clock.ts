import type { Clock } from '@ritmo/service-kit';

/**
 * A clock that is ahead of the machine's, like that of a machine whose clock nobody set: the next minute need not be waited for, since some
 * doors take a time to the minute only.
 */
export class EarlyClock implements Clock {
  aheadMs: number;

  constructor(aheadMs = 0) {
    this.aheadMs = aheadMs;
  }

  nowMs(): number {
    return Date.now() + this.aheadMs;
  }

  /** Moves on until a minute begins so much later. */
  nextMinuteIn(ms: number): void {
    this.aheadMs += (120_000 - ms - (this.nowMs() % 60_000)) % 60_000;
  }
}
