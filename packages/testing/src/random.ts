/** Chance that repeats itself: mulberry32 (Tommy Ettinger), 32 bits of state, good enough for behaviour mixes. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** True with probability `p`. */
  chance(p: number): boolean;
  /** Integer in [from, to]. */
  integer(from: number, to: number): number;
  sample(distribution: Distribution): number;
  /** A generator of its own that depends on this seed and the name only, not on how often this one was asked. */
  fork(name: string): Random;
}

/** A time in milliseconds, or any other quantity: fixed, between two values, or exponential with an optional ceiling. */
export type Distribution =
  | number
  | { readonly min: number; readonly max: number }
  | { readonly mean: number; readonly atLeast?: number; readonly atMost?: number };

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    chance: (p) => next() < p,
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
    sample: (distribution) => sample(distribution, next),
    fork: (name) => createRandom(hashOf(name, seed)),
  };
}

function sample(distribution: Distribution, next: () => number): number {
  if (typeof distribution === 'number') return distribution;
  if ('mean' in distribution) {
    const value = -Math.log(1 - next()) * distribution.mean;
    return Math.min(distribution.atMost ?? Number.POSITIVE_INFINITY, Math.max(distribution.atLeast ?? 0, value));
  }
  return distribution.min + next() * (distribution.max - distribution.min);
}

/** FNV-1a over the name, begun at the seed. */
export function hashOf(name: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
