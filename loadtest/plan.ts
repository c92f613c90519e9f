import { createRandom, type Random } from '@ritmo/testing';
import type { Outcome, Profile, Time } from './profile.ts';

/** What one call to the far end will meet. */
export interface CallPlan {
  readonly postDialDelayMs: number;
  readonly progress: Outcome['progress'];
  readonly afterMs: number;
  readonly end: 'answers' | 'silent' | number;
  readonly cause: number | undefined;
  /** Undefined: the far end waits for us to hang up. */
  readonly talkMs: number | undefined;
}

/** z of the 90th percentile of the normal distribution. */
const z90 = 1.2815515655446004;

export function sampleMs(time: Time, random: Random): number {
  if (typeof time === 'object' && 'median' in time) {
    // Box-Muller; 1 - u keeps the logarithm finite.
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    const value = time.median * Math.exp((normal * Math.log(time.p90 / time.median)) / z90);
    return Math.min(value, time.atMost ?? Number.POSITIVE_INFINITY);
  }
  // exactOptionalPropertyTypes: what the schema left out is not there.
  return random.sample(time as Parameters<Random['sample']>[0]);
}

/** Mean, for the number of agents that a run needs. Of a lognormal time: exp(mu + sigma²/2), without its ceiling. */
export function meanMs(time: Time): number {
  if (typeof time === 'number') return time;
  if ('min' in time) return (time.min + time.max) / 2;
  if ('mean' in time) return time.mean;
  const sigma = Math.log(time.p90 / time.median) / z90;
  return time.median * Math.exp(sigma ** 2 / 2);
}

/** What hardly any is longer than: an end that is waited for. Of a time without a ceiling, one in a thousand is. */
export function longestMs(time: Time): number {
  if (typeof time === 'number') return time;
  if ('min' in time) return time.max;
  if (time.atMost !== undefined) return time.atMost;
  if ('mean' in time) return time.mean * 7;
  return time.median * Math.exp((3.09 * Math.log(time.p90 / time.median)) / z90);
}

/** The same seed gives the same calls, whatever the product does. */
export function planCalls(profile: Profile, count: number, seed: number): readonly CallPlan[] {
  const random = createRandom(seed).fork(profile.name);
  return Array.from({ length: count }, () => planCall(profile, random));
}

function planCall(profile: Profile, random: Random): CallPlan {
  const outcome = drawOutcome(profile.outcomes, random.next() * 100);
  const postDialDelayMs = sampleMs(profile.postDialDelayMs, random);
  const afterMs = outcome.afterMs === undefined ? 0 : sampleMs(outcome.afterMs, random);
  const talkMs = sampleMs(profile.talkMs, random);
  const hangsUpFirst = random.chance(profile.hangsUpFirstPct / 100);
  return {
    postDialDelayMs: Math.round(postDialDelayMs),
    progress: outcome.progress,
    afterMs: Math.round(afterMs),
    end: outcome.answers ? 'answers' : (outcome.code ?? 'silent'),
    cause: outcome.cause,
    talkMs: hangsUpFirst ? Math.round(talkMs) : undefined,
  };
}

function drawOutcome(outcomes: readonly Outcome[], at: number): Outcome {
  let left = at;
  for (const outcome of outcomes) {
    left -= outcome.sharePct;
    if (left < 0) return outcome;
  }
  const last = outcomes.at(-1);
  if (!last) throw new Error('a profile without outcomes');
  return last;
}
