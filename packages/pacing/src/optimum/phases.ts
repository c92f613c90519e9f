/**
 * The optimum when handling times have phases (Erlang, Coxian) and the controller sees the phase of every conversation.
 *
 * The same constrained process as mdp.ts with the state (n₁ … n_k, r): conversations in each phase and ringing calls. A phase-type law with k phases in a row
 * comes as near to any law as one likes, the phase then standing for the age; and given the phases, ages say nothing more, so no controller that
 * sees ages alone can do better: this bounds from above what ages are worth.
 */
import type { ExponentialModel } from './mdp.ts';
import { cheapestGain } from './price-search.ts';

/** A row of phases, entered at the first: rates per second of moving on to the next phase, and of ending. */
export interface PhaseLaw {
  readonly onPerS: readonly number[];
  readonly endPerS: readonly number[];
}

/** States grow like C(agents + phases, phases): beyond this the process is too large to solve. */
const MOST_STATES = 6_000_000;
const MOST_SWEEPS = 200_000;

/** k equal phases: cv = 1/√k. */
export function erlang(phases: number, meanS: number): PhaseLaw {
  const rate = phases / meanS;
  return { onPerS: Array.from({ length: phases }, (_, phase) => (phase < phases - 1 ? rate : 0)), endPerS: Array.from({ length: phases }, (_, phase) => (phase < phases - 1 ? 0 : rate)) };
}

export class PhaseSolver {
  readonly model: ExponentialModel;
  private readonly law: PhaseLaw;
  private readonly phases: number;
  private readonly width: number;
  private readonly configs: readonly (readonly number[])[];
  private readonly busy: Int32Array;
  /** Where a new conversation leads from each configuration; −1: nobody is free. */
  private readonly begin: Int32Array;
  /** [config × phases + phase]: where moving on, or ending, leads; −1: nobody is in that phase. */
  private readonly on: Int32Array;
  private readonly end: Int32Array;
  private post: Float64Array;
  private next: Float64Array;
  private readonly best: Float64Array;

  /** `model.handleS` is not read: the law stands in its place. */
  constructor(model: ExponentialModel, law: PhaseLaw) {
    this.model = model;
    this.law = law;
    this.phases = law.endPerS.length;
    const { agents, ringS, p } = model;
    const steady = (agents * ringS) / (meanS(law) * p);
    this.width = Math.ceil(Math.min(steady + agents / p, steady + 10 + 8 * Math.sqrt(steady / p + agents)) + 10) + 1;
    let states = this.width;
    for (let phase = 1; phase <= this.phases; phase += 1) states *= (agents + phase) / phase;
    if (states > MOST_STATES) throw new RangeError(`${Math.round(states)} states are too many to solve`);
    this.configs = configurations(agents, this.phases);
    const index = new Map(this.configs.map((config, at) => [config.join(), at]));
    const moved = (config: readonly number[], from: number, to: number): number => {
      const next = [...config];
      if (from >= 0) next[from] = (next[from] as number) - 1;
      if (to >= 0) next[to] = (next[to] as number) + 1;
      return index.get(next.join()) ?? -1;
    };
    this.busy = Int32Array.from(this.configs, (config) => config.reduce((sum, count) => sum + count, 0));
    this.begin = Int32Array.from(this.configs, (config) => moved(config, -1, 0));
    const each = (of: (config: readonly number[], phase: number) => number): Int32Array =>
      Int32Array.from(this.configs.flatMap((config) => config.map((_, phase) => of(config, phase))));
    this.on = each((config, phase) => (phase + 1 < this.phases ? moved(config, phase, phase + 1) : -1));
    this.end = each((config, phase) => moved(config, phase, -1));
    this.post = new Float64Array(this.configs.length * this.width);
    this.next = new Float64Array(this.post.length);
    this.best = new Float64Array(this.post.length);
  }

  /** The gain at one price of an abandoned call, by relative value iteration; starts from the last solution. */
  gain(price: number, tolerance: number): number {
    const { law, model } = this;
    const fastest = Math.max(...law.endPerS.map((rate, phase) => rate + (law.onPerS[phase] as number)));
    const uniform = model.agents * fastest + (this.width - 1) / model.ringS;
    for (let sweep = 0; sweep < MOST_SWEEPS; sweep += 1) {
      const { low, high } = this.sweep(price, uniform);
      if ((high - low) * uniform < tolerance) return ((low + high) / 2) * uniform;
    }
    throw new RangeError('the value iteration did not settle');
  }

  /** How many calls the solution fills up to in each configuration of conversations. */
  levels(): ReadonlyMap<string, number> {
    return new Map(this.configs.map((config, at) => {
      let level = 0;
      for (let ringing = 1; ringing < this.width; ringing += 1) {
        if ((this.post[at * this.width + ringing] as number) > (this.post[at * this.width + level] as number) + 1e-12) level = ringing;
      }
      return [config.join(), level];
    }));
  }

  private sweep(price: number, uniform: number): { low: number; high: number } {
    const { model, width, best, post, next, phases, law } = this;
    const { agents, ringS, p, cap } = model;
    this.decide();
    let low = Infinity;
    let high = -Infinity;
    const reference = post[0] as number;
    const endRate = 1 / (ringS * uniform);
    for (let config = 0; config < this.busy.length; config += 1) {
      const full = this.busy[config] === agents ? 1 : 0;
      const earned = (this.busy[config] as number) / agents / uniform;
      const charge = (price * p * (full - cap)) / (ringS * uniform);
      const base = config * width;
      const up = full === 1 ? base : (this.begin[config] as number) * width;
      let stay = 1;
      for (let phase = 0; phase < phases; phase += 1) {
        stay -= (((this.configs[config] as readonly number[])[phase] as number) * ((law.onPerS[phase] as number) + (law.endPerS[phase] as number))) / uniform;
      }
      for (let ringing = 0; ringing < width; ringing += 1) {
        const ends = ringing * endRate;
        let value = earned - charge * ringing + (stay - ends) * (best[base + ringing] as number);
        if (ringing > 0) value += ends * (p * (best[up + ringing - 1] as number) + (1 - p) * (best[base + ringing - 1] as number));
        next[base + ringing] = value;
      }
      for (let phase = 0; phase < phases; phase += 1) {
        const share = ((this.configs[config] as readonly number[])[phase] as number) / uniform;
        if (share === 0) continue;
        this.add(base, this.on[config * phases + phase] as number, share * (law.onPerS[phase] as number));
        this.add(base, this.end[config * phases + phase] as number, share * (law.endPerS[phase] as number));
      }
      for (let cell = base; cell < base + width; cell += 1) {
        const value = next[cell] as number;
        const change = value - (post[cell] as number);
        if (change < low) low = change;
        if (change > high) high = change;
        next[cell] = value - reference;
      }
    }
    this.post = next;
    this.next = post;
    return { low, high };
  }

  private add(base: number, config: number, weight: number): void {
    if (weight === 0 || config < 0) return;
    const { next, best, width } = this;
    const from = config * width;
    for (let ringing = 0; ringing < width; ringing += 1) next[base + ringing] = (next[base + ringing] as number) + weight * (best[from + ringing] as number);
  }

  /** Any number of calls may be started: the best value at or above r. */
  private decide(): void {
    const { width, best, post } = this;
    for (let config = 0; config < this.busy.length; config += 1) {
      let high = -Infinity;
      for (let cell = (config + 1) * width - 1; cell >= config * width; cell -= 1) {
        if ((post[cell] as number) > high) high = post[cell] as number;
        best[cell] = high;
      }
    }
  }
}

/** Mean of the law: each phase is stayed in for 1/(on + end) and moved on from with on/(on + end). */
export function meanS({ onPerS, endPerS }: PhaseLaw): number {
  let reached = 1;
  let mean = 0;
  endPerS.forEach((end, phase) => {
    const all = end + (onPerS[phase] as number);
    mean += reached / all;
    reached *= (onPerS[phase] as number) / all;
  });
  return mean;
}

/** All ways in which up to `agents` conversations stand in `phases` phases. */
function configurations(agents: number, phases: number): number[][] {
  const result: number[][] = [];
  const fill = (left: number, head: number[]): void => {
    if (head.length === phases) {
      result.push(head);
      return;
    }
    for (let count = 0; count <= left; count += 1) fill(left - count, [...head, count]);
  };
  fill(agents, []);
  return result;
}

/** E[b]/N at the cap. `tolerance` is in occupancy. */
export function solvePhaseOptimum(model: ExponentialModel, law: PhaseLaw, tolerance = 2e-4): number {
  const solver = new PhaseSolver(model, law);
  const price = cheapestGain(model, (at) => solver.gain(at, tolerance / 2));
  return solver.gain(price, tolerance / 2);
}
