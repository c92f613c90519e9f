import { performance } from 'node:perf_hooks';
import type { EventLoopUtilization } from 'node:perf_hooks';

const SAMPLE_MS = 250;
/** Share of time the event loop may be busy before new calls are shed. Beyond it answers come late and everyone repeats. */
const BUSY_SHARE = 0.97;
const STEP_UP = 0.25;
const STEP_DOWN = 0.1;

/**
 * Sheds new calls while the process has no time left, so that what it began is finished (RFC 3261 21.5.4, RFC 7339 has the idea). The share
 * grows while the loop stays busy and shrinks as soon as it is not, within two or three seconds.
 */
export class LoadShedder {
  private share = 0;
  private busySamples = 0;
  private last: EventLoopUtilization | undefined;
  private timer: NodeJS.Timeout | undefined;

  start(): void {
    this.last = performance.eventLoopUtilization();
    this.timer = setInterval(() => {
      const now = performance.eventLoopUtilization();
      this.observe(performance.eventLoopUtilization(now, this.last).utilization);
      this.last = now;
    }, SAMPLE_MS);
    this.timer.unref();
  }

  /** One sample of how busy the loop was, 0 to 1. */
  observe(busy: number): void {
    if (busy < BUSY_SHARE) {
      this.busySamples = 0;
      this.share = Math.max(0, this.share - STEP_DOWN);
    } else if (++this.busySamples > 1) this.share = Math.min(1, this.share + STEP_UP);
  }

  /** Share of new calls that is shed now, 0 to 1. */
  get shedShare(): number {
    return this.share;
  }

  sheds(): boolean {
    return this.share > 0 && Math.random() < this.share;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
