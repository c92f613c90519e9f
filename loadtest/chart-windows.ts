import type { SecondPoint } from './meter.ts';
import { percentile } from './metrics.ts';

/** More points than this on a chart are a smear. */
const mostPoints = 150;

/** Seconds that share a point of a chart. */
export const windowSeconds = (seconds: number): number => Math.max(1, Math.ceil(seconds / mostPoints));

/**
 * A long run for the eye: counts are means a second, so that the axis says the same; channels, delays of the slowest and memory the most that was
 * seen; medians the median; ratios by the calls that were decided; retransmissions and limits exceeded sums, since one of them counts.
 */
export function chartPoints(points: readonly SecondPoint[], windowS: number): readonly SecondPoint[] {
  if (windowS === 1) return points;
  return Array.from({ length: Math.ceil(points.length / windowS) }, (_, at) => merged(points.slice(at * windowS, (at + 1) * windowS)));
}

type Measure = { [K in keyof SecondPoint]: null extends SecondPoint[K] ? K : never }[keyof SecondPoint];
type Count = Exclude<keyof SecondPoint, Measure>;

function merged(window: readonly SecondPoint[]): SecondPoint {
  const of = (name: Measure): readonly number[] => window.flatMap((point) => point[name] ?? []);
  const sum = (name: Count): number => window.reduce((total, point) => total + point[name], 0);
  const mean = (name: Count): number => sum(name) / window.length;
  const most = (name: Measure): number | null => (of(name).length === 0 ? null : Math.max(...of(name)));
  const median = (name: Measure): number | null => percentile(of(name), 50);
  const ratio = (name: 'serPct' | 'seerPct'): number | null => {
    const decided = window.filter((point) => point[name] !== null);
    const calls = decided.reduce((total, { answered, refused }) => total + answered + refused, 0);
    return calls === 0 ? null : decided.reduce((total, point) => total + (point[name] ?? 0) * (point.answered + point.refused), 0) / calls;
  };
  return {
    second: window[0]?.second ?? 0, asked: mean('asked'), invites: mean('invites'), answered: mean('answered'), refused: mean('refused'),
    channels: Math.max(...window.map(({ channels }) => channels)), retransmissions: sum('retransmissions'), limitsExceeded: sum('limitsExceeded'),
    pddP50Ms: median('pddP50Ms'), pddP95Ms: most('pddP95Ms'), setupP50Ms: median('setupP50Ms'), setupP95Ms: most('setupP95Ms'), setupP99Ms: most('setupP99Ms'), ackP99Ms: most('ackP99Ms'),
    srdP50Ms: median('srdP50Ms'), srdP95Ms: most('srdP95Ms'), serPct: ratio('serPct'), seerPct: ratio('seerPct'), productRssMb: most('productRssMb'), productCpuPct: median('productCpuPct'),
  };
}
