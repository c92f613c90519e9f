/** Calls per second, exactly: no window of one second, wherever it begins, holds more than the limit. */
export class StartLimit {
  private readonly perSecond: number;
  private readonly times: Float64Array;
  private head = 0;
  private count = 0;
  /** Most starts seen within one second. */
  peak = 0;

  constructor(perSecond: number | null) {
    this.perSecond = perSecond ?? Infinity;
    this.times = new Float64Array(perSecond === null ? 4096 : Math.max(1, Math.floor(perSecond)));
  }

  allowed(nowMs: number): number {
    if (this.perSecond === Infinity) return Infinity;
    this.expire(nowMs);
    return Math.floor(this.perSecond) - this.count;
  }

  /** When the next start becomes possible, if none is now. */
  nextMs(): number {
    return (this.times[this.head] as number) + 1000;
  }

  add(nowMs: number): void {
    if (this.perSecond === Infinity) return;
    this.times[(this.head + this.count) % this.times.length] = nowMs;
    this.count += 1;
    if (this.count > this.peak) this.peak = this.count;
  }

  private expire(nowMs: number): void {
    while (this.count > 0 && (this.times[this.head] as number) + 1000 <= nowMs) {
      this.head = (this.head + 1) % this.times.length;
      this.count -= 1;
    }
  }
}
