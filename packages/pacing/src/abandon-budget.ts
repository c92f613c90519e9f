/**
 * The abandoned rate as a policy object: what counts, over which window, against which cap.
 *
 * Windows other than `campaign` are rings of equal slices (96 a day, 120 in 30 days): a slice leaves the window whole.
 */
import type { AbandonRule } from './port.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Slice {
  readonly startMs: number;
  live: number;
  abandoned: number;
}

export class AbandonBudget {
  readonly cap: number;
  readonly graceMs: number;
  private readonly rule: AbandonRule;
  private readonly slices: Slice[] = [];
  private baseLive: number;
  private baseAbandoned: number;
  private day = 0;
  /** Sums over the slices. */
  private sliceLive = 0;
  private sliceAbandoned = 0;

  constructor(rule: AbandonRule, carriedLive: number, carriedAbandoned: number) {
    this.rule = rule;
    this.cap = (rule.capPct ?? 3) / 100;
    this.graceMs = rule.graceMs ?? 2000;
    this.baseLive = carriedLive;
    this.baseAbandoned = carriedAbandoned;
  }

  /** A person (or, by the denominator, any answered call) was reached. */
  addAnswered(atMs: number, isLive: boolean): void {
    this.expire(atMs);
    const weight = this.weightOf(isLive);
    this.current(atMs).live += weight;
    this.sliceLive += weight;
  }

  addAbandoned(atMs: number): void {
    this.expire(atMs);
    this.current(atMs).abandoned += 1;
    this.sliceAbandoned += 1;
  }

  get live(): number {
    return this.baseLive + this.sliceLive;
  }

  get abandoned(): number {
    return this.baseAbandoned + this.sliceAbandoned;
  }

  get rate(): number {
    const live = this.live;
    return live > 0 ? this.abandoned / live : 0;
  }

  /** Abandoned calls that the cap still allows for the people reached so far. Negative: over the cap. */
  get slack(): number {
    return this.cap * this.live - this.abandoned;
  }

  private weightOf(isLive: boolean): number {
    switch (this.rule.denominator ?? 'live') {
      case 'live':
        return isLive ? 1 : 0;
      case 'answered':
        return 1;
      case 'estimated':
        return 1 - (this.rule.machineShare ?? 0);
    }
  }

  private current(atMs: number): Slice {
    const widthMs = this.sliceMs();
    const startMs = widthMs === Infinity ? 0 : Math.floor(atMs / widthMs) * widthMs;
    const last = this.slices.at(-1);
    if (last !== undefined && last.startMs === startMs) return last;
    const fresh = { startMs, live: 0, abandoned: 0 };
    this.slices.push(fresh);
    return fresh;
  }

  private sliceMs(): number {
    switch (this.rule.window ?? 'campaign') {
      case 'campaign':
        return Infinity;
      case 'day':
      case '24h':
        return DAY_MS / 96;
      case '30d':
        return 6 * HOUR_MS;
    }
  }

  private expire(atMs: number): void {
    switch (this.rule.window ?? 'campaign') {
      case 'campaign':
        return;
      case 'day': {
        const day = Math.floor(atMs / DAY_MS);
        if (day !== this.day && this.slices.length > 0) {
          this.slices.length = 0;
          this.sliceLive = 0;
          this.sliceAbandoned = 0;
          this.forgetBase();
        }
        this.day = day;
        return;
      }
      case '24h':
        return this.dropBefore(atMs - DAY_MS);
      case '30d':
        return this.dropBefore(atMs - 30 * DAY_MS);
    }
  }

  private dropBefore(limitMs: number): void {
    while (this.slices.length > 0 && (this.slices[0] as Slice).startMs < limitMs) {
      const gone = this.slices.shift() as Slice;
      this.sliceLive -= gone.live;
      this.sliceAbandoned -= gone.abandoned;
      this.forgetBase();
    }
  }

  /** What was carried in from before the start is older than any slice, so it leaves with the first. */
  private forgetBase(): void {
    this.baseLive = 0;
    this.baseAbandoned = 0;
  }
}
