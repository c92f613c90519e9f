import type { Comparison } from './compare.ts';
import type { Verdict } from './judge.ts';
import type { LimitExceeded, SecondPoint } from './meter.ts';
import type { RunMetrics } from './run-metrics.ts';
import type { ShapeName } from './shapes.ts';

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
