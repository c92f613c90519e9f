/**
 * The optimum when handling times are Erlang of k phases (cv = 1/√k) and the controller sees the phase of every conversation.
 *
 * The same constrained process as mdp.ts with the state (n₁ … n_k, r): conversations in each phase and ringing calls. Given the phases, the ages
 * say nothing more, so no controller that sees ages alone can do better: this bounds from above what ages are worth.
 */
import type { ExponentialModel } from './mdp.ts';
import { cheapestGain } from './price-search.ts';

/** States grow like C(agents + phases, phases): beyond this the process is too large to solve. */
const MOST_STATES = 2_000_000;

export class ErlangSolver {
  readonly model: ExponentialModel;
  readonly phases: number;
  private readonly busy: Int32Array;
  private readonly counts: Uint8Array;
  /** [config × (phases + 1) + i]: where phase i moves on to, or (i = 0) where a new conversation leads; −1: nowhere. */
  private readonly moves: Int32Array;
  private readonly width: number;
  private post: Float64Array;
  private next: Float64Array;
  private readonly best: Float64Array;

  constructor(model: ExponentialModel, phases: number) {
    this.model = model;
    this.phases = phases;
    const { agents, handleS, ringS, p } = model;
    const steady = (agents * ringS) / (handleS * p);
    this.width = Math.ceil(Math.min(steady + agents / p, steady + 10 + 8 * Math.sqrt(steady / p + agents)) + 10) + 1;
    let states = this.width;
    for (let phase = 1; phase <= phases; phase += 1) states *= (agents + phase) / phase;
    if (states > MOST_STATES) throw new RangeError(`${Math.round(states)} states are too many to solve`);
    const configs: number[][] = [];
    const index = new Map<string, number>();
    const fill = (left: number, head: number[]): void => {
      if (head.length === phases) {
        index.set(head.join(), configs.length);
        configs.push(head);
        return;
      }
      for (let count = 0; count <= left; count += 1) fill(left - count, [...head, count]);
    };
    fill(agents, []);
    this.busy = Int32Array.from(configs, (config) => config.reduce((sum, count) => sum + count, 0));
    this.counts = Uint8Array.from(configs.flat());
    this.moves = new Int32Array(configs.length * (phases + 1)).fill(-1);
    configs.forEach((config, from) => {
      for (let phase = 0; phase <= phases; phase += 1) {
        const to = [...config];
        if (phase > 0) to[phase - 1] = (to[phase - 1] as number) - 1;
        if (phase < phases) to[phase] = (to[phase] as number) + 1;
        this.moves[from * (phases + 1) + phase] = index.get(to.join()) ?? -1;
      }
    });
    this.post = new Float64Array(configs.length * this.width);
    this.next = new Float64Array(this.post.length);
    this.best = new Float64Array(this.post.length);
  }

  /** The gain at one price of an abandoned call, by relative value iteration; starts from the last solution. */
  gain(price: number, tolerance: number): number {
    const { agents, handleS, ringS } = this.model;
    const uniform = (agents * this.phases) / handleS + (this.width - 1) / ringS;
    for (let iteration = 0; iteration < 200_000; iteration += 1) {
      const { low, high } = this.sweep(price, uniform);
      if ((high - low) * uniform < tolerance) return ((low + high) / 2) * uniform;
    }
    throw new RangeError('the value iteration did not settle');
  }

  private sweep(price: number, uniform: number): { low: number; high: number } {
    const { agents, handleS, ringS, p, cap } = this.model;
    const { width, best, post, next, phases, moves } = this;
    for (let config = 0; config < this.busy.length; config += 1) {
      let high = -Infinity;
      for (let cell = (config + 1) * width - 1; cell >= config * width; cell -= 1) {
        if ((post[cell] as number) > high) high = post[cell] as number;
        best[cell] = high;
      }
    }
    let low = Infinity;
    let high = -Infinity;
    const reference = post[0] as number;
    const endRate = 1 / (ringS * uniform);
    const phaseRate = phases / (handleS * uniform);
    for (let config = 0; config < this.busy.length; config += 1) {
      const full = this.busy[config] === agents ? 1 : 0;
      const earned = (this.busy[config] as number) / agents / uniform;
      const charge = (price * p * (full - cap)) / (ringS * uniform);
      const base = config * width;
      const up = full === 1 ? base : (moves[config * (phases + 1)] as number) * width;
      const busyRate = (this.busy[config] as number) * phaseRate;
      for (let ringing = 0; ringing < width; ringing += 1) {
        const ends = ringing * endRate;
        let value = earned - charge * ringing + (1 - busyRate - ends) * (best[base + ringing] as number);
        for (let phase = 1; phase <= phases; phase += 1) {
          const count = this.counts[config * phases + phase - 1] as number;
          if (count > 0) value += count * phaseRate * (best[(moves[config * (phases + 1) + phase] as number) * width + ringing] as number);
        }
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
}

/** E[b]/N at the cap. `tolerance` is in occupancy. */
export function solveErlangOptimum(model: ExponentialModel, phases: number, tolerance = 2e-4): number {
  const solver = new ErlangSolver(model, phases);
  const price = cheapestGain(model, (at) => solver.gain(at, tolerance / 2));
  return solver.gain(price, tolerance / 2);
}
