/** What a run counts, from the end of the warm-up on, and the series it draws. */
import type { Regret } from './regret.ts';

export interface CampaignCount {
  attempts: number;
  /** People (or what detection took for people) who needed an agent. */
  live: number;
  abandoned: number;
  delivered: number;
  waitMs: number;
  /** People whom detection took for machines and hung up on: no dialer can see them, the truth can. */
  lostToDetection: number;
  /** From the very start, warm-up included. */
  wholeAttempts: number;
  wholeLive: number;
  wholeAbandoned: number;
  /** The most abandoned calls above the cap at any moment since the very start: max of abandoned − cap · live. */
  worstExcess: number;
  /** The highest abandoned ÷ live at any moment since the very start, from the `FIRST_JUDGED`th person on. */
  worstRateOnTheWay: number;
}

/** Before so many people a rate says nothing: at a cap of 3 % three abandoned calls are allowed by then. */
export const FIRST_JUDGED = 100;

export interface SeriesPoint {
  readonly atS: number;
  readonly occupancy: number;
  readonly agents: number;
  readonly attempts: number;
  readonly live: number;
  readonly abandoned: number;
  /** Abandoned rate of all campaigns together since the start. */
  readonly abandonRateSoFar: number;
  readonly ringing: number;
}

export interface RunResult {
  readonly seed: number;
  readonly occupancy: number;
  readonly campaigns: readonly CampaignCount[];
  readonly meanIdleMs: number;
  readonly maxChannels: number;
  /** All attempts, warm-up included: what the speed of the simulator is measured by. */
  readonly simulatedAttempts: number;
  /** Most starts within any second. */
  readonly maxStartsPerSecond: number;
  /** Against the optimum of the scenario's own Markov decision process; null where that is not solved. */
  readonly regret: Regret | null;
  readonly series: readonly SeriesPoint[];
}

/** The counts that begin again when the warm-up ends. */
export function sinceWarmUp(): Pick<CampaignCount, 'attempts' | 'live' | 'abandoned' | 'delivered' | 'waitMs' | 'lostToDetection'> {
  return { attempts: 0, live: 0, abandoned: 0, delivered: 0, waitMs: 0, lostToDetection: 0 };
}

export function emptyCount(): CampaignCount {
  return { ...sinceWarmUp(), wholeAttempts: 0, wholeLive: 0, wholeAbandoned: 0, worstExcess: 0, worstRateOnTheWay: 0 };
}

/** One more abandoned call. The rates so far are highest right after one, so this is where they are looked at. */
export function countAbandoned(count: CampaignCount, cap: number): void {
  count.abandoned += 1;
  count.wholeAbandoned += 1;
  count.worstExcess = Math.max(count.worstExcess, count.wholeAbandoned - cap * count.wholeLive);
  if (count.wholeLive < FIRST_JUDGED) return;
  count.worstRateOnTheWay = Math.max(count.worstRateOnTheWay, count.wholeAbandoned / count.wholeLive);
}

/** Time integrals of busy, free and present agents, and their slices for the series. */
export class AgentClock {
  busyMs = 0;
  freeMs = 0;
  private lastMs = 0;
  private sliceBusyMs = 0;
  private sliceFreeMs = 0;

  advance(nowMs: number, busy: number, free: number): void {
    const spanMs = nowMs - this.lastMs;
    if (spanMs <= 0) return;
    this.lastMs = nowMs;
    this.busyMs += busy * spanMs;
    this.freeMs += free * spanMs;
    this.sliceBusyMs += busy * spanMs;
    this.sliceFreeMs += free * spanMs;
  }

  reset(): void {
    this.busyMs = 0;
    this.freeMs = 0;
  }

  takeSlice(): number {
    const total = this.sliceBusyMs + this.sliceFreeMs;
    const occupancy = total > 0 ? this.sliceBusyMs / total : 0;
    this.sliceBusyMs = 0;
    this.sliceFreeMs = 0;
    return occupancy;
  }
}
