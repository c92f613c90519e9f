/** The members of one state (ringing, talking, …) with the time they entered it; ages are written into a reused buffer. */
export class AgeList {
  private starts = new Float64Array(64);
  private slots = new Int32Array(64);
  private ages = new Float64Array(64);
  private where = new Int32Array(64);
  private count = 0;
  private agesOf = NaN;
  private view = this.ages.subarray(0, 0);

  get length(): number {
    return this.count;
  }

  add(slot: number, atMs: number): void {
    if (this.count === this.starts.length) this.grow();
    while (slot >= this.where.length) this.where = enlarge(this.where);
    this.starts[this.count] = atMs;
    this.slots[this.count] = slot;
    this.where[slot] = this.count;
    this.count += 1;
    this.agesOf = NaN;
  }

  /** Takes the slot out and returns when it came in. */
  remove(slot: number): number {
    const index = this.where[slot] as number;
    const start = this.starts[index] as number;
    this.count -= 1;
    this.agesOf = NaN;
    const last = this.slots[this.count] as number;
    this.starts[index] = this.starts[this.count] as number;
    this.slots[index] = last;
    this.where[last] = index;
    return start;
  }

  /** Valid until the next call. */
  agesAt(nowMs: number): Float64Array {
    // Several campaigns ask for the ages of the same conversations at the same moment.
    if (nowMs === this.agesOf) return this.view;
    const { ages, starts, count } = this;
    for (let index = 0; index < count; index += 1) ages[index] = nowMs - (starts[index] as number);
    this.agesOf = nowMs;
    if (this.view.length !== count || this.view.buffer !== ages.buffer) this.view = ages.subarray(0, count);
    return this.view;
  }

  private grow(): void {
    const size = this.starts.length * 2;
    const starts = new Float64Array(size);
    starts.set(this.starts);
    this.starts = starts;
    this.slots = enlarge(this.slots);
    this.ages = new Float64Array(size);
  }
}

function enlarge(old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const fresh = new Int32Array(old.length * 2);
  fresh.set(old);
  return fresh;
}
