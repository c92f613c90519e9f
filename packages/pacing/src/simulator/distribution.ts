/** Laws of durations, as scenario files write them. */
import type { Random } from './random.ts';

export type Distribution =
  | { readonly dist: 'exponential'; readonly meanS: number }
  | { readonly dist: 'lognormal'; readonly meanS: number; readonly cv: number }
  | { readonly dist: 'gamma'; readonly meanS: number; readonly cv: number }
  | { readonly dist: 'uniform'; readonly minS: number; readonly maxS: number }
  | { readonly dist: 'constant'; readonly meanS: number }
  | { readonly dist: 'empirical'; readonly samples: readonly number[] };

export function meanOf(law: Distribution): number {
  switch (law.dist) {
    case 'exponential':
    case 'lognormal':
    case 'gamma':
    case 'constant':
      return law.meanS;
    case 'uniform':
      return (law.minS + law.maxS) / 2;
    case 'empirical':
      return law.samples.reduce((sum, sample) => sum + sample, 0) / law.samples.length;
  }
}

/** A draw in milliseconds. Its parameters are computed once, because the simulator draws a million times. */
export function sampler(law: Distribution, random: Random): () => number {
  switch (law.dist) {
    case 'exponential': {
      const meanMs = law.meanS * 1000;
      return () => random.exponential(meanMs);
    }
    case 'lognormal': {
      const sigma2 = Math.log1p(law.cv * law.cv);
      const mu = Math.log(law.meanS * 1000) - sigma2 / 2;
      const sigma = Math.sqrt(sigma2);
      return () => Math.exp(mu + sigma * random.normal());
    }
    case 'gamma': {
      const shape = 1 / (law.cv * law.cv);
      const scaleMs = (law.meanS * 1000) / shape;
      return () => random.gamma(shape) * scaleMs;
    }
    case 'uniform': {
      const { minS, maxS } = law;
      return () => 1000 * (minS + (maxS - minS) * random.uniform());
    }
    case 'constant': {
      const ms = law.meanS * 1000;
      return () => ms;
    }
    case 'empirical': {
      const samples = law.samples;
      return () => 1000 * (samples[random.integer(samples.length)] as number);
    }
  }
}
