/** Calls per second, exactly: no window of one second, wherever it begins, holds more than the limit. */
export class StartLimit {
  private readonly perSecond: number;
  private times: Float64Array;
  private head = 0;
  private count = 0;
  /** Most starts seen within one second. */
  peak = 0;

  constructor(perSecond: number | null) {
    this.perSecond = perSecond ?? Infinity;
    this.times = new Float64Array(perSecond ?? 64);
  }

  allowed(nowMs: number): number {
    if (this.perSecond === Infinity) return Infinity;
    this.expire(nowMs);
    return this.perSecond - this.count;
  }

  /** When the next start becomes possible, if none is now. */
  nextMs(): number {
    return (this.times[this.head] as number) + 1000;
  }

  add(nowMs: number): void {
    this.expire(nowMs);
    if (this.count === this.times.length) this.grow();
    this.times[(this.head + this.count) % this.times.length] = nowMs;
    this.count += 1;
    if (this.count > this.peak) this.peak = this.count;
  }

  /** Without a limit a second may hold any number. */
  private grow(): void {
    const { times, head } = this;
    this.times = new Float64Array(2 * times.length);
    for (let index = 0; index < this.count; index += 1) this.times[index] = times[(head + index) % times.length] as number;
    this.head = 0;
  }

  private expire(nowMs: number): void {
    while (this.count > 0 && (this.times[this.head] as number) + 1000 <= nowMs) {
      this.head = (this.head + 1) % this.times.length;
      this.count -= 1;
    }
  }
}
