const SAMPLE_MS = 250;
/** A packet that waits longer than this in our own socket finds a caller who is about to repeat it (T1 is 500 ms). */
const LATE_MS = 200;
/** One pause, for garbage or for a neighbour on the machine, is no overload. */
const LATE_SAMPLES = 4;
const CALM_MS = 50;
const STEP_UP = 0.2;
const STEP_DOWN = 0.1;
/** Never everything: some calls must come through to show that things are better. */
const MAX_SHARE = 0.9;

/**
 * Sheds new calls while the process cannot keep up, so that what it began is finished (RFC 3261 21.5.4; RFC 7339 has the idea). The
 * measure is how long a packet of our own waits in the socket's queue behind everyone else's: the delay that peers see, whatever its
 * cause. The share shed grows while that is late a second long, and shrinks as soon as it is calm.
 */
export class LoadShedder {
  private share = 0;
  private lateSamples = 0;
  private timer: NodeJS.Timeout | undefined;
  private probe = 0;
  private probeSentAt = 0;
  private answered = true;

  /** `send` puts a numbered packet into our own queue; `arrived` is to be called when it comes out. */
  start(send: (probe: number) => void): void {
    this.timer = setInterval(() => {
      const now = performance.now();
      const lost = !this.answered && now - this.probeSentAt > 1_000;
      if (lost) this.observe(now - this.probeSentAt);
      if (this.answered || lost) {
        this.answered = false;
        this.probeSentAt = now;
        send(++this.probe);
      }
    }, SAMPLE_MS);
    this.timer.unref();
  }

  arrived(probe: number): void {
    if (this.answered || probe !== this.probe) return;
    this.answered = true;
    this.observe(performance.now() - this.probeSentAt);
  }

  /** One sample of the delay in the queue. */
  observe(delayMs: number): void {
    if (delayMs < LATE_MS) this.lateSamples = 0;
    else if (++this.lateSamples >= LATE_SAMPLES) this.share = Math.min(MAX_SHARE, this.share + STEP_UP);
    if (delayMs < CALM_MS) this.share = Math.max(0, this.share - STEP_DOWN);
  }

  /** Share of new calls that is shed now, 0 to 0.9. */
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
