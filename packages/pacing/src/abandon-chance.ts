/**
 * The chance that one more call, started now, would be abandoned.
 *
 * If that call is answered after T, it finds no agent when the people who answered before it (L) are at least the agents
 * free now (f) plus those who became free (C):  P(L(T) − C(T + grace) ≥ f), averaged over the law of T. L and C are sums of
 * independent, unequal chances; each is replaced by the binomial of the same mean and variance, which is a very close
 * approximation (Ehm 1991), and the difference is summed exactly while it is small and by the normal law when it is large.
 */

/** Means and variances at one possible answer time T. */
export interface Slice {
  /** Agents who become free by T + grace. */
  supplyMean: number;
  supplyVariance: number;
  /** People of calls in flight who need an agent before T. */
  demandMean: number;
  demandVariance: number;
}

/** Above this variance of the difference the normal law is used. */
const NORMAL_ABOVE = 60;
const MAX_TERMS = 400;

/** P(L − C ≥ f) at one slice. */
export function shortageChance(free: number, slice: Slice): number {
  const variance = slice.supplyVariance + slice.demandVariance;
  const mean = slice.demandMean - slice.supplyMean;
  if (variance > NORMAL_ABOVE) return normalTail((free - 0.5 - mean) / Math.sqrt(variance));
  const spread = 6 * Math.sqrt(variance) + 2;
  if (free - mean > spread + 4) return 0;
  return exactTail(free, slice);
}

/**
 * Sums P(C = c)·P(L ≥ f + c) over c. Both laws are walked by their ratio of neighbouring terms: for a binomial (n, q), with n
 * real, term(k + 1) = term(k)·(n − k)/(k + 1)·q/(1 − q).
 */
function exactTail(free: number, slice: Slice): number {
  const supplyQ = chanceOf(slice.supplyMean, slice.supplyVariance);
  const demandQ = chanceOf(slice.demandMean, slice.demandVariance);
  const supplyN = slice.supplyMean / supplyQ;
  const demandN = slice.demandMean / demandQ;
  // P(L ≥ free) by one minus the sum below; then both advance together with c.
  let demandTerm = (1 - demandQ) ** demandN;
  let demandTail = 1;
  for (let k = 0; k < free; k += 1) {
    demandTail -= demandTerm;
    demandTerm *= (Math.max(0, demandN - k) / (k + 1)) * (demandQ / (1 - demandQ));
  }
  const supplyOdds = supplyQ / (1 - supplyQ);
  const demandOdds = demandQ / (1 - demandQ);
  let supplyTerm = (1 - supplyQ) ** supplyN;
  let chance = 0;
  let left = 1;
  for (let c = 0; c < MAX_TERMS && left > 1e-9 && demandTail > 1e-9; c += 1) {
    chance += supplyTerm * demandTail;
    left -= supplyTerm;
    supplyTerm *= (Math.max(0, supplyN - c) / (c + 1)) * supplyOdds;
    const k = free + c;
    demandTail -= demandTerm;
    demandTerm *= (Math.max(0, demandN - k) / (k + 1)) * demandOdds;
  }
  return Math.max(0, Math.min(1, chance));
}

/** The binomial's q that matches mean and variance; nearly Poisson when the variance is not below the mean. */
function chanceOf(mean: number, variance: number): number {
  if (mean <= 0) return 1e-6;
  return Math.max(1e-3, Math.min(0.999, 1 - variance / mean));
}

/** P(Z ≥ z), Abramowitz & Stegun 26.2.17 (absolute error below 7.5e-8). */
export function normalTail(z: number): number {
  const x = Math.abs(z);
  const t = 1 / (1 + 0.2316419 * x);
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = Math.exp((-x * x) / 2) * 0.3989422804014327 * poly;
  return z >= 0 ? tail : 1 - tail;
}
