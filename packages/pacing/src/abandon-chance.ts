/**
 * The chance that one more call, started now, would be abandoned.
 *
 * If that call is answered after T, it finds no agent when the people who answered before it (L) are at least the agents
 * free now (f) plus those who became free (C):  P(L(T) − C(T + grace) ≥ f), averaged over the law of T. L and C are sums of
 * independent, unequal chances; each is replaced by the binomial of the same mean and variance, which is a very close
 * approximation (Ehm 1991), and the difference is summed exactly while it is small and by Edgeworth's expansion when it is large.
 */

/** Above this variance of the difference the expansion is used; its error there is below 0.0003 (see the unit test). */
const EXPANSION_ABOVE = 6;
const MAX_TERMS = 400;

/** P(L − C ≥ free), from the means and variances of both. */
export function shortageChance(free: number, supplyMean: number, supplyVariance: number, demandMean: number, demandVariance: number): number {
  const variance = supplyVariance + demandVariance;
  const mean = demandMean - supplyMean;
  const spread = 6 * Math.sqrt(variance) + 2;
  if (free - mean > spread + 4) return 0;
  const supplyQ = chanceOf(supplyMean, supplyVariance);
  const demandQ = chanceOf(demandMean, demandVariance);
  if (variance > EXPANSION_ABOVE) return expandedTail(free - 0.5 - mean, supplyVariance, supplyQ, demandVariance, demandQ);
  return exactTail(free, supplyMean, supplyQ, demandMean, demandQ);
}

/**
 * Edgeworth's expansion to the second order, with the cumulants of both binomials and the lattice's own term, −z·φ/(24σ²)
 * (Kolassa & McCullagh 1990): the normal law alone is off by a fifth where the chance is a percent.
 */
function expandedTail(distance: number, supplyVariance: number, supplyQ: number, demandVariance: number, demandQ: number): number {
  const variance = supplyVariance + demandVariance;
  const z = distance / Math.sqrt(variance);
  const skew = (demandVariance * (1 - 2 * demandQ) - supplyVariance * (1 - 2 * supplyQ)) / (variance * Math.sqrt(variance));
  const fourth = demandVariance * (1 - 6 * demandQ * (1 - demandQ)) + supplyVariance * (1 - 6 * supplyQ * (1 - supplyQ));
  const excess = fourth / (variance * variance);
  const z2 = z * z;
  const density = 0.3989422804014327 * Math.exp(-z2 / 2);
  const order1 = (skew / 6) * (z2 - 1);
  const order2 = z * ((excess / 24) * (z2 - 3) + ((skew * skew) / 72) * (z2 * z2 - 10 * z2 + 15) - 1 / (24 * variance));
  return Math.max(0, Math.min(1, normalTail(z) + density * (order1 + order2)));
}

/**
 * Sums P(C = c)·P(L ≥ f + c) over c. Both laws are walked by their ratio of neighbouring terms: for a binomial (n, q), with n
 * real, term(k + 1) = term(k)·(n − k)/(k + 1)·q/(1 − q).
 */
function exactTail(free: number, supplyMean: number, supplyQ: number, demandMean: number, demandQ: number): number {
  const supplyN = supplyMean / supplyQ;
  const demandN = demandMean / demandQ;
  // P(L ≥ free) by one minus the sum below; then both advance together with c.
  let demandTerm = (1 - demandQ) ** demandN;
  let demandTail = 1;
  for (let k = 0; k < free; k += 1) {
    demandTail -= demandTerm;
    demandTerm *= (termsLeft(demandN, k) / (k + 1)) * (demandQ / (1 - demandQ));
  }
  const supplyOdds = supplyQ / (1 - supplyQ);
  const demandOdds = demandQ / (1 - demandQ);
  let supplyTerm = (1 - supplyQ) ** supplyN;
  let chance = 0;
  let left = 1;
  for (let c = 0; c < MAX_TERMS && left > 1e-9 && demandTail > 1e-9; c += 1) {
    chance += supplyTerm * demandTail;
    left -= supplyTerm;
    supplyTerm *= (termsLeft(supplyN, c) / (c + 1)) * supplyOdds;
    const k = free + c;
    demandTail -= demandTerm;
    demandTerm *= (termsLeft(demandN, k) / (k + 1)) * demandOdds;
  }
  return Math.max(0, Math.min(1, chance));
}

/**
 * The q that matches mean and variance. Where the variance passes the mean, because p itself is uncertain, q and n = mean/q are negative and
 * the same terms are those of the negative binomial.
 */
function chanceOf(mean: number, variance: number): number {
  if (mean <= 0) return 1e-6;
  const q = Math.min(0.999, 1 - variance / mean);
  return Math.abs(q) < 1e-3 ? 1e-3 : q;
}

function termsLeft(n: number, k: number): number {
  return n < 0 ? n - k : Math.max(0, n - k);
}

/** P(Z ≥ z), Abramowitz & Stegun 26.2.17 (absolute error below 7.5e-8). */
export function normalTail(z: number): number {
  const x = Math.abs(z);
  const t = 1 / (1 + 0.2316419 * x);
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = Math.exp((-x * x) / 2) * 0.3989422804014327 * poly;
  return z >= 0 ? tail : 1 - tail;
}
