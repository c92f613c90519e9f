/** The optimum with phases in sight: the least gain over all prices of an abandoned call. */
import { solveOptimum } from './mdp.ts';
import type { ExponentialModel } from './mdp.ts';
import { PhaseSolver } from './phases.ts';
import { meanS } from './phase-law.ts';
import type { PhaseLaw } from './phase-law.ts';

export interface PhaseOptimum {
  /** No controller that holds the cap has a higher occupancy, whatever it knows. */
  readonly atMost: number;
  /** Middle of the bracket of the gain at the same price. */
  readonly about: number;
  readonly price: number;
}

const FIRST_STEP = Math.log(1.3);
const SETTLED_STEP = 0.05;
const MOST_PRICES = 7;

/** Price and gain, for the search: the gain is convex, so a parabola through three prices about its least leads on. */
interface Tried extends PhaseOptimum {
  readonly logPrice: number;
}

/** `tolerance` is the width of the bracket in occupancy. Begins at `firstPrice`, or at the exponential model's; `onTried` tells what each price gave. */
export function solvePhaseOptimum(model: ExponentialModel, law: PhaseLaw, tolerance = 1e-4, firstPrice?: number, onTried?: (tried: PhaseOptimum) => void): PhaseOptimum {
  const solver = new PhaseSolver(model, law);
  const tried: Tried[] = [];
  const tryAt = (logPrice: number): Tried => {
    const { low, high } = solver.bracket(Math.exp(logPrice), tolerance);
    const result = { atMost: high, about: (low + high) / 2, price: Math.exp(logPrice), logPrice };
    tried.push(result);
    onTried?.(result);
    return result;
  };
  const start = Math.log(firstPrice ?? solveOptimum({ ...model, handleS: meanS(law) }).price);
  tryAt(start);
  tryAt(start + FIRST_STEP);
  const [first, second] = tried as [Tried, Tried];
  tryAt(first.about < second.about ? start - FIRST_STEP : start + 2 * FIRST_STEP);
  while (tried.length < MOST_PRICES) {
    const next = lowest(tried);
    if (tried.some(({ logPrice }) => Math.abs(logPrice - next) < SETTLED_STEP)) break;
    tryAt(next);
  }
  return tried.reduce((best, one) => (one.atMost < best.atMost ? one : best));
}

/** Where the parabola through the least gain and its neighbours is least; a step beyond the end if the least is the last one tried on its side. */
function lowest(tried: readonly Tried[]): number {
  const sorted = [...tried].sort((a, b) => a.logPrice - b.logPrice);
  let at = 0;
  sorted.forEach((one, index) => {
    if (one.about < (sorted[at] as Tried).about) at = index;
  });
  const { logPrice } = sorted[at] as Tried;
  if (at === 0) return logPrice - FIRST_STEP;
  if (at === sorted.length - 1) return logPrice + FIRST_STEP;
  const [a, b, c] = sorted.slice(at - 1, at + 2) as [Tried, Tried, Tried];
  const left = (b.logPrice - a.logPrice) * (b.about - c.about);
  const right = (b.logPrice - c.logPrice) * (b.about - a.about);
  if (left === right) return logPrice;
  return b.logPrice - ((b.logPrice - a.logPrice) * left - (b.logPrice - c.logPrice) * right) / (2 * (left - right));
}
