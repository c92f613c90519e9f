/**
 * The abandoned rate as a policy object: what counts, over which window, against which cap.
 *
 * Windows other than `campaign` are kept in equal slices (96 a day, 120 in 30 days): a slice leaves the window whole.
 */
import type { AbandonRule, CountedCalls } from './port.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** No day is shorter, whatever the zone does to its clocks. */
const SHORTEST_DAY_MS = 23 * HOUR_MS;

interface Slice {
  readonly startMs: number;
  live: number;
  abandoned: number;
}

export class AbandonBudget {
  readonly cap: number;
  readonly graceMs: number;
  private readonly rule: AbandonRule;
  /** Oldest first. */
  private readonly slices: Slice[] = [];
  private readonly widthMs: number;
  private dayMs = -Infinity;
  /** Sums over the slices. */
  private sumLive = 0;
  private sumAbandoned = 0;

  /** `counted`: calls of before, which leave the window as they would have. */
  constructor(rule: AbandonRule, counted: readonly CountedCalls[] = []) {
    this.rule = rule;
    this.cap = (rule.capPct ?? 3) / 100;
    this.graceMs = rule.graceMs ?? 2000;
    this.widthMs = sliceMs(rule);
    for (const { atMs, answered, machines, abandoned } of [...counted].sort((a, b) => a.atMs - b.atMs)) {
      this.add(atMs, (answered - machines) * this.weightOf(true) + machines * this.weightOf(false), abandoned);
    }
  }

  /** A person (or, by the denominator, any answered call) was reached. */
  addAnswered(atMs: number, isLive: boolean): void {
    this.add(atMs, this.weightOf(isLive), 0);
  }

  addAbandoned(atMs: number): void {
    this.add(atMs, 0, 1);
  }

  /** Detection says so of a call that was counted as a person when it was answered. */
  wasMachine(atMs: number): void {
    this.add(atMs, this.weightOf(false) - this.weightOf(true), 0);
  }

  /** Time passes: what is too old leaves the window. */
  look(nowMs: number): void {
    switch (this.rule.window ?? 'campaign') {
      case 'campaign':
        return;
      case 'day':
        return this.beginDay(nowMs);
      case '24h':
        return this.dropBefore(nowMs - DAY_MS);
      case '30d':
        return this.dropBefore(nowMs - 30 * DAY_MS);
    }
  }

  get live(): number {
    return this.sumLive;
  }

  get abandoned(): number {
    return this.sumAbandoned;
  }

  get rate(): number {
    return this.sumLive > 0 ? this.sumAbandoned / this.sumLive : 0;
  }

  /** Abandoned calls that the cap still allows for the people reached so far. Negative: over the cap. */
  get slack(): number {
    return this.cap * this.sumLive - this.sumAbandoned;
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

  private add(atMs: number, live: number, abandoned: number): void {
    this.look(atMs);
    // Heard after midnight of what was before it.
    if (atMs < this.dayMs) return;
    const slice = this.sliceAt(atMs);
    slice.live += live;
    slice.abandoned += abandoned;
    this.sumLive += live;
    this.sumAbandoned += abandoned;
  }

  private sliceAt(atMs: number): Slice {
    const startMs = this.widthMs === Infinity ? 0 : Math.floor(atMs / this.widthMs) * this.widthMs;
    let place = this.slices.length;
    while (place > 0 && (this.slices[place - 1] as Slice).startMs > startMs) place -= 1;
    const known = this.slices[place - 1];
    if (known?.startMs === startMs) return known;
    const fresh = { startMs, live: 0, abandoned: 0 };
    this.slices.splice(place, 0, fresh);
    return fresh;
  }

  private beginDay(nowMs: number): void {
    if (nowMs < this.dayMs + SHORTEST_DAY_MS) return;
    const dayMs = this.rule.startOfDay?.(nowMs) ?? Math.floor(nowMs / DAY_MS) * DAY_MS;
    if (dayMs <= this.dayMs) return;
    this.dayMs = dayMs;
    this.slices.length = 0;
    this.sumLive = 0;
    this.sumAbandoned = 0;
  }

  private dropBefore(limitMs: number): void {
    for (let oldest = this.slices[0]; oldest !== undefined && oldest.startMs < limitMs; oldest = this.slices[0]) {
      this.sumLive -= oldest.live;
      this.sumAbandoned -= oldest.abandoned;
      this.slices.shift();
    }
  }
}

function sliceMs({ window }: AbandonRule): number {
  switch (window ?? 'campaign') {
    case 'campaign':
    case 'day':
      return Infinity;
    case '24h':
      return DAY_MS / 96;
    case '30d':
      return 6 * HOUR_MS;
  }
}
