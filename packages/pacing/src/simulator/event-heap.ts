/** A binary heap of (time, code) on typed arrays: the calendar of the simulation. Equal times come out in order of entry. */
export class EventHeap {
  private times = new Float64Array(1024);
  private codes = new Float64Array(1024);
  private orders = new Float64Array(1024);
  private count = 0;
  private entered = 0;
  /** Code of the event that `pop` took. */
  code = 0;

  get size(): number {
    return this.count;
  }

  push(timeMs: number, code: number): void {
    if (this.count === this.times.length) this.grow();
    const { times, codes, orders } = this;
    const order = (this.entered += 1);
    let hole = this.count;
    this.count += 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((times[parent] as number) <= timeMs) break;
      times[hole] = times[parent] as number;
      codes[hole] = codes[parent] as number;
      orders[hole] = orders[parent] as number;
      hole = parent;
    }
    times[hole] = timeMs;
    codes[hole] = code;
    orders[hole] = order;
  }

  /** Takes the earliest event: returns its time and leaves its code in `code`. `Infinity` when empty. */
  pop(): number {
    if (this.count === 0) return Infinity;
    const { times, codes, orders } = this;
    const time = times[0] as number;
    this.code = codes[0] as number;
    this.count -= 1;
    const last = this.count;
    const lastTime = times[last] as number;
    const lastOrder = orders[last] as number;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      if (child + 1 < last && this.before(child + 1, times[child] as number, orders[child] as number)) child += 1;
      if (!this.before(child, lastTime, lastOrder)) break;
      times[hole] = times[child] as number;
      codes[hole] = codes[child] as number;
      orders[hole] = orders[child] as number;
      hole = child;
    }
    times[hole] = lastTime;
    codes[hole] = codes[last] as number;
    orders[hole] = lastOrder;
    return time;
  }

  private before(index: number, time: number, order: number): boolean {
    const mine = this.times[index] as number;
    return mine < time || (mine === time && (this.orders[index] as number) < order);
  }

  private grow(): void {
    const size = this.times.length * 2;
    const copy = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const fresh = new Float64Array(size);
      fresh.set(old);
      return fresh;
    };
    this.times = copy(this.times);
    this.codes = copy(this.codes);
    this.orders = copy(this.orders);
  }
}
