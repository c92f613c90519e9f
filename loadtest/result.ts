import type { Verdict } from './judge.ts';
import type { LimitExceeded, SecondPoint } from './meter.ts';
import type { RunMetrics } from './run-metrics.ts';
import type { ShapeName } from './shapes.ts';

export interface Difference {
  readonly metric: keyof RunMetrics;
  readonly before: number | null;
  readonly after: number | null;
  /** After less before. */
  readonly change: number | null;
  /** Of before. Null where it was 0. */
  readonly changePct: number | null;
  readonly verdict: 'better' | 'worse' | 'same' | 'fact' | 'not-comparable';
}

export interface Comparison {
  readonly earlier: { readonly startedAt: string; readonly profile: string; readonly passed: boolean };
  /** What was not the same run: another profile, target, shape, rate, length, seed or number of agents. */
  readonly notTheSame: readonly string[];
  readonly differences: readonly Difference[];
}

/** A run, as `--json` prints it and `--compare` reads it. */
export interface LoadResult {
  readonly format: 'ritmo-loadtest-1';
  readonly startedAt: string;
  readonly profile: string;
  /** `dial`: the product calls SIPp. `inbound`: SIPp calls the product. `target`: SIPp calls a trunk. */
  readonly mode: 'dial' | 'inbound' | 'target';
  readonly target: string | null;
  readonly shape: ShapeName;
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  readonly agents: number;
  readonly metrics: RunMetrics;
  readonly byCode: Readonly<Record<string, number>>;
  readonly limitsExceeded: readonly LimitExceeded[];
  readonly perSecond: readonly SecondPoint[];
  readonly verdict: Verdict;
  readonly comparison: Comparison | null;
  readonly report: string | null;
}
