/**
 * The optimum: the best any controller that sees busy agents and ringing calls can do at a given abandoned rate.
 *
 * A constrained Markov decision process. State (b, r): busy agents and ringing calls. A ringing call ends at rate 1/R; it is
 * a person with probability p, who takes a free agent or, if b = N, is abandoned. A busy agent becomes free at rate 1/H.
 * After every event any number of calls may be started. We want the largest E[b]/N with
 *
 *     E[abandoned per s] ≤ cap · E[people per s].
 *
 * By Lagrange: for a price λ of one abandoned call, maximise the long-run mean of
 *
 *     b/N − λ · p · r/R · (1[b = N] − cap)
 *
 * by relative value iteration on the uniformised chain (Puterman, Markov Decision Processes, 8.5; Altman, Constrained
 * Markov Decision Processes, 12). The gain g(λ) is convex in λ and its minimum is the optimum of the constrained process (linear-programming
 * duality), so a section search over λ is enough; the policy at the minimum is one of at most two that are mixed.
 */

import { cheapestGain } from './price-search.ts';
import { StateValues } from './state-values.ts';

export interface ExponentialModel {
  readonly agents: number;
  readonly handleS: number;
  readonly ringS: number;
  readonly p: number;
  readonly cap: number;
}

/** `upTo[b]`: dial until so many calls ring while b agents are busy. Below `lowestBusy` the levels continue on a straight line. */
export interface OrderUpTo {
  readonly lowestBusy: number;
  readonly upTo: readonly number[];
}

export interface Optimum {
  /** E[b]/N at the cap. */
  readonly occupancy: number;
  readonly price: number;
  readonly policy: OrderUpTo;
}

export interface Gain {
  readonly gain: number;
  readonly policy: OrderUpTo;
  readonly iterations: number;
}

/** A grid of (b, r) with its two value arrays; kept between prices, because a near price starts almost solved. */
export class MarkovSolver {
  readonly model: ExponentialModel;
  private readonly lowest: number;
  private readonly maxRinging: number;
  private readonly width: number;
  private post: Float64Array;
  private next: Float64Array;
  private readonly best: Float64Array;

  constructor(model: ExponentialModel) {
    this.model = model;
    const { agents, handleS, ringS, p } = model;
    // Far from full the process hardly ever is; the truncated part is cut where the normal tail is below 1e-9.
    this.lowest = Math.max(0, Math.floor(agents - 10 - 7 * Math.sqrt(agents)));
    const steady = (agents * ringS) / (handleS * p);
    const refill = (agents - this.lowest) / p;
    this.maxRinging = Math.ceil(Math.min(steady + refill, steady + 10 + 8 * Math.sqrt(steady / p + agents)) + 10);
    this.width = this.maxRinging + 1;
    const size = (agents - this.lowest + 1) * this.width;
    this.post = new Float64Array(size);
    this.next = new Float64Array(size);
    this.best = new Float64Array(size);
  }

  get states(): number {
    return this.best.length;
  }

  /** Solves for one price until the gain is known within `tolerance`. */
  solve(price: number, tolerance: number, maxIterations = 400_000): Gain {
    const { agents, handleS, ringS } = this.model;
    const uniform = agents / handleS + this.maxRinging / ringS;
    let gain = 0;
    let iterations = 0;
    while (iterations < maxIterations) {
      iterations += 1;
      const { low, high } = this.sweep(price, uniform);
      gain = ((low + high) / 2) * uniform;
      if ((high - low) * uniform < tolerance) break;
    }
    return { gain, policy: this.policy(), iterations };
  }

  /** Of the last solution. */
  values(): StateValues {
    const { agents, handleS, ringS } = this.model;
    return new StateValues(agents, this.lowest, this.width, this.post, { perS: agents / handleS + this.maxRinging / ringS, freePerS: 1 / handleS, endPerS: 1 / ringS });
  }

  private sweep(price: number, uniform: number): { low: number; high: number } {
    const { agents, handleS, ringS, p, cap } = this.model;
    const { width, lowest, maxRinging, best, post, next } = this;
    const rows = agents - lowest;
    for (let row = 0; row <= rows; row += 1) {
      let high = -Infinity;
      for (let cell = row * width + maxRinging; cell >= row * width; cell -= 1) {
        const value = post[cell] as number;
        if (value > high) high = value;
        best[cell] = high;
      }
    }
    let low = Infinity;
    let high = -Infinity;
    const reference = post[rows * width] as number;
    const endRate = 1 / (ringS * uniform);
    for (let row = 0; row <= rows; row += 1) {
      const busy = lowest + row;
      const full = busy === agents ? 1 : 0;
      const freeRate = row === 0 ? 0 : busy / (handleS * uniform);
      const earned = busy / agents / uniform;
      const charge = (price * p * (full - cap)) / (ringS * uniform);
      const base = row * width;
      const down = row === 0 ? base : base - width;
      const up = full === 1 ? base : base + width;
      for (let ringing = 0; ringing < width; ringing += 1) {
        // The idle step of the uniformised chain decides again too: else (0, 0) with nothing started would never be left.
        const ends = ringing * endRate;
        let value = earned - charge * ringing + freeRate * (best[down + ringing] as number) + (1 - freeRate - ends) * (best[base + ringing] as number);
        if (ringing > 0) value += ends * (p * (best[up + ringing - 1] as number) + (1 - p) * (best[base + ringing - 1] as number));
        const change = value - (post[base + ringing] as number);
        if (change < low) low = change;
        if (change > high) high = change;
        next[base + ringing] = value - reference;
      }
    }
    this.post = next;
    this.next = post;
    return { low, high };
  }

  private policy(): OrderUpTo {
    const upTo: number[] = [];
    for (let row = 0; row <= this.model.agents - this.lowest; row += 1) {
      let best = 0;
      for (let ringing = 1; ringing < this.width; ringing += 1) {
        if ((this.post[row * this.width + ringing] as number) > (this.post[row * this.width + best] as number) + 1e-12) best = ringing;
      }
      upTo.push(best);
    }
    return { lowestBusy: this.lowest, upTo };
  }
}

/** Minimises g(λ). `tolerance` is in occupancy (1e-4 = 0.01 points). */
export function solveOptimum(model: ExponentialModel, tolerance = 1e-4): Optimum {
  const solver = new MarkovSolver(model);
  const price = cheapestGain(model, (at) => solver.solve(at, tolerance / 2).gain);
  const { gain, policy } = solver.solve(price, tolerance / 4);
  return { occupancy: gain, price, policy };
}
