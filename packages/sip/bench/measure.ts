/** What a run is measured with. All of fixed size: a bench that grows cannot show that the engine does not. */

const BUCKET_MS = 0.02;
const BUCKETS = 250_000;

/** Durations in buckets of 0.02 ms up to 5 s; what is longer counts as 5 s. */
export class Durations {
  private readonly buckets = new Uint32Array(BUCKETS);
  private total = 0;

  add(ms: number): void {
    this.total++;
    const at = Math.min(BUCKETS - 1, Math.max(0, Math.floor(ms / BUCKET_MS)));
    this.buckets[at] = (this.buckets[at] ?? 0) + 1;
  }

  get count(): number {
    return this.total;
  }

  percentile(share: number): number {
    const wanted = Math.ceil(this.total * share);
    for (let at = 0, seen = 0; at < BUCKETS && this.total > 0; at++) {
      seen += this.buckets[at] ?? 0;
      if (seen >= wanted) return Math.round((at + 1) * BUCKET_MS * 100) / 100;
    }
    return 0;
  }

  clear(): void {
    this.buckets.fill(0);
    this.total = 0;
  }
}

const SAMPLE_MS = 5_000;
const FIRST_MINUTE_S = 60;
/** Two samples of a garbage-collected heap differ by this much without anything growing. */
const NOISE = 1.1;

export interface MemorySample {
  readonly second: number;
  readonly rssMb: number;
  readonly heapMb: number;
  /** What the engine holds, to set the bytes against. */
  readonly transactions: number;
  readonly dialogs: number;
}

export interface MemoryReport {
  readonly peakRssMb: number;
  /** Highest after the first minute against highest within it; undefined when the run was not long enough to tell. */
  readonly flatAfterFirstMinute: boolean | undefined;
  readonly samples: readonly MemorySample[];
}

/** Samples this process every 5 s. */
export class MemoryWatch {
  private readonly samples: MemorySample[] = [];
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(stats: () => { readonly transactions: number; readonly dialogs: number }) {
    const sample = (): void => {
      const { rss, heapUsed } = process.memoryUsage();
      const { transactions, dialogs } = stats();
      this.samples.push({ second: Math.round((performance.now() - this.startedAt) / 1_000), rssMb: mb(rss), heapMb: mb(heapUsed), transactions, dialogs });
    };
    sample();
    this.timer = setInterval(sample, SAMPLE_MS);
  }

  stop(): MemoryReport {
    clearInterval(this.timer);
    const highest = (from: number, to: number): number =>
      Math.max(0, ...this.samples.filter((each) => each.second > from && each.second <= to).map((each) => each.rssMb));
    const later = highest(FIRST_MINUTE_S + 15, Infinity);
    return {
      peakRssMb: highest(-1, Infinity),
      flatAfterFirstMinute: later === 0 ? undefined : later <= highest(30, FIRST_MINUTE_S + 15) * NOISE,
      samples: this.samples,
    };
  }
}

function mb(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}
