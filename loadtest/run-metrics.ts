import type { SecondPoint } from './meter.ts';
import { percentile, type Figures } from './metrics.ts';

/** What the product itself, its agents and the machine add to the far end's figures. Null: this run has no such part. */
export interface ProductFigures {
  /** Attempts stored less INVITEs seen by the carrier. */
  readonly attemptsUnaccounted: number | null;
  readonly delivered: number | null;
  readonly abandoned: number | null;
  readonly abandonedPct: number | null;
  /** The carrier's 200 to the agent's INVITE. */
  readonly offerP50Ms: number | null;
  readonly offerP99Ms: number | null;
  readonly productCpuMsPerCall: number | null;
  readonly productRssMb: number | null;
}

export const noProduct: ProductFigures = {
  attemptsUnaccounted: null, delivered: null, abandoned: null, abandonedPct: null, offerP50Ms: null, offerP99Ms: null, productCpuMsPerCall: null, productRssMb: null,
};

/** Every number that a limit or a comparison can name. */
export interface RunMetrics extends Omit<Figures, 'byCode'>, ProductFigures {
  readonly askedCalls: number;
  /** Attempts of the calls asked for. */
  readonly achievedPct: number | null;
  /** Mean over the run. */
  readonly achievedCps: number;
  /** Calls that reached an agent, of those that were answered. Some hang up before. */
  readonly deliveredPct: number | null;
  /** Memory of the product: median of the last fifth of the run less that of the second fifth, when caches and pools have filled. Runs under five minutes tell nothing. */
  readonly productRssGrowthMb: number | null;
}

/** Whether more is better; null: neither, it is a fact of the run. */
const direction: Readonly<Record<keyof RunMetrics, 'up' | 'down' | null>> = {
  askedCalls: null, achievedPct: 'up', achievedCps: 'up', attempts: null, answered: null, refused: null, cancelled: null, undecided: 'down', peakCps: null, maxChannels: null,
  retransmissionsSent: 'down', retransmissionsReceived: 'down', retransmissionPct: 'down', cpsLimitExceeded: 'down', channelLimitExceeded: 'down', channelsLeft: 'down',
  pddP50Ms: 'down', pddP95Ms: 'down', srdP50Ms: 'down', srdP95Ms: 'down', srdFailedP50Ms: 'down', srdFailedP95Ms: 'down', setupP50Ms: 'down', setupP95Ms: 'down',
  setupP99Ms: 'down', ackP50Ms: 'down', ackP99Ms: 'down', sddP50Ms: 'down', sddP99Ms: 'down', sdtMeanS: null, serPct: 'up', seerPct: 'up', isaPct: 'down',
  attemptsUnaccounted: 'down', delivered: null, deliveredPct: 'up', abandoned: 'down', abandonedPct: 'down', offerP50Ms: 'down', offerP99Ms: 'down', productCpuMsPerCall: 'down', productRssMb: 'down', productRssGrowthMb: 'down',
};

export const metricNames = Object.keys(direction) as readonly (keyof RunMetrics)[];
export const betterWhen = (metric: keyof RunMetrics): 'up' | 'down' | null => direction[metric];

const perSecond: Readonly<Record<Exclude<keyof SecondPoint, 'second' | 'asked'>, true>> = {
  invites: true, answered: true, refused: true, channels: true, retransmissions: true, limitsExceeded: true, pddP50Ms: true, pddP95Ms: true, setupP50Ms: true,
  setupP95Ms: true, setupP99Ms: true, ackP99Ms: true, srdP50Ms: true, srdP95Ms: true, serPct: true, seerPct: true, productRssMb: true, productCpuPct: true,
};
export const perSecondMetricNames: readonly string[] = Object.keys(perSecond);

export function combine(figures: Figures, product: ProductFigures, asked: { readonly calls: number; readonly seconds: number }, points: readonly SecondPoint[] = []): RunMetrics {
  const { byCode: _byCode, ...numbers } = figures;
  return {
    ...numbers,
    ...product,
    askedCalls: Math.round(asked.calls),
    achievedPct: asked.calls === 0 ? null : (100 * figures.attempts) / asked.calls,
    achievedCps: figures.attempts / asked.seconds,
    deliveredPct: product.delivered === null || figures.answered === 0 ? null : (100 * product.delivered) / figures.answered,
    productRssGrowthMb: rssGrowthMb(points.slice(0, asked.seconds)),
  };
}

const leastSecondsOfGrowth = 300;

function rssGrowthMb(points: readonly SecondPoint[]): number | null {
  if (points.length < leastSecondsOfGrowth) return null;
  const median = (from: number, to: number): number | null => percentile(points.slice(points.length * from, points.length * to).flatMap(({ productRssMb }) => productRssMb ?? []), 50);
  const [early, late] = [median(0.2, 0.4), median(0.8, 1)];
  return early === null || late === null ? null : late - early;
}
