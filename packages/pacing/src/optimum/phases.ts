/**
 * The optimum when handling times have phases (Erlang, Coxian) and the controller sees the phase of every conversation, and bounds on it from above.
 *
 * The same constrained process as mdp.ts with the state (n₁ … n_k, r): conversations in each phase and ringing calls. A phase-type law with k phases in a row
 * comes as near to any law as one likes, the phase then standing for the age; and given the phases, ages say nothing more, so no controller that
 * sees ages alone can do better.
 *
 * For a price λ ≥ 0 of an abandoned call let c = busy/N − λ·p·(r/R)·(1[full] − cap). Take any function B of the state that does not grow with r, and
 *
 *     U = sup over all states of  c + Σ rate·(B(next) − B(here)).
 *
 * Starting calls never raises B, so by Dynkin's formula no policy, whatever it knows and whenever it starts calls, earns more than U in the long run; one that holds
 * the cap pays nothing for it, so its occupancy is at most U (weak duality). U is a true bound for every λ and every B; sweeps only make it tight.
 * Beyond the grid of r, B goes on as it ends; the bracket checks that there one more ringing call costs, so that the supremum lies on the grid.
 */
import type { ExponentialModel } from './mdp.ts';
import { PhaseStates } from './phase-states.ts';
import { meanS } from './phase-law.ts';
import type { PhaseLaw } from './phase-law.ts';

/** Configurations grow like C(agents + phases, phases): beyond these the process is too large to solve. */
const MOST_CONFIGURATIONS = 4_000_000;
const MOST_STATES = 400_000_000;
const MOST_SWEEPS = 2000;
const SWEEPS_A_LOOK = 10;
/** Earning more than an occupancy of 1 needs the cap to be worth half an occupancy. */
const MOST_GAIN = 1.5;
/** How fast the guessed gain follows the drift of the value. */
const HASTE = 0.06;
const SWEEPS_TO_SETTLE = 400;

export interface Bracket {
  /** No policy earns more. */
  readonly high: number;
  /** The policy that B stands for earns at least this. */
  readonly low: number;
}

export class PhaseSolver {
  readonly model: ExponentialModel;
  readonly states: PhaseStates;
  private readonly width: number;
  /** B: for each configuration a row of r = 0 … width − 1. */
  private readonly value: Float64Array;
  /** What one configuration's sum of moves needs, for every r. */
  private readonly sums: Float64Array;
  private guess = 0.9;
  private haste = HASTE;

  /** `model.handleS` is not read: the law stands in its place. `spare`: ringing calls that the grid holds beyond what is needed. */
  constructor(model: ExponentialModel, law: PhaseLaw, spare = 0) {
    this.model = model;
    this.states = new PhaseStates(model.agents, law, MOST_CONFIGURATIONS);
    this.width = widthFor(model, meanS(law)) + spare;
    const cells = this.states.count * this.width;
    if (cells > MOST_STATES) throw new RangeError(`${cells} states are too many to solve`);
    this.value = new Float64Array(cells);
    this.sums = new Float64Array(this.width);
  }

  /** Sweeps until the bracket of the gain at this price is narrower than `tolerance`; starts from the last solution. */
  bracket(price: number, tolerance: number, mostSweeps = MOST_SWEEPS): Bracket {
    let best: Bracket = { low: -Infinity, high: Infinity };
    this.haste = HASTE;
    for (let sweep = 1; sweep <= mostSweeps; sweep += 1) {
      this.sweep(price, sweep % 2 === 0);
      if (sweep % SWEEPS_A_LOOK !== 0) continue;
      const now = this.look(price);
      best = { low: Math.max(best.low, now.low), high: Math.min(best.high, now.high) };
      if (best.high - best.low < tolerance) break;
      this.guess = Math.max(0, Math.min(MOST_GAIN, this.guess));
      // A guess that still swings followed too fast.
      if (sweep % SWEEPS_TO_SETTLE === 0) this.haste /= 2;
    }
    return best;
  }

  /** Gauss and Seidel's iteration for the value at the guessed gain, which follows how the value of a usual state drifts. */
  private sweep(price: number, backwards: boolean): void {
    const { states, value, width, sums, guess, model } = this;
    const { agents, ringS, p, cap } = model;
    const usual = Math.round((agents * ringS) / (states.meanS * p) / 2);
    const watched = states.full * width + usual;
    const before = value[watched] as number;
    for (let step = 0; step < states.count; step += 1) {
      const config = backwards ? states.count - 1 - step : step;
      const base = config * width;
      const leaving = this.gather(config);
      const full = states.busy[config] === agents ? 1 : 0;
      const charge = (price * p * (full - cap)) / ringS;
      const up = full === 1 ? base : (states.begin[config] as number) * width;
      let high = -Infinity;
      for (let ringing = width - 1; ringing > 0; ringing -= 1) {
        const ends = ringing / ringS;
        const next = p * (value[up + ringing - 1] as number) + (1 - p) * (value[base + ringing - 1] as number);
        const here = ((sums[ringing] as number) - guess - charge * ringing + ends * next) / (leaving + ends);
        if (here > high) high = here;
        value[base + ringing] = high;
      }
      // With nobody talking and nothing ringing nothing ever happens: calls must be started.
      value[base] = leaving > 0 ? Math.max(high, ((sums[0] as number) - guess) / leaving) : high;
    }
    const rate = (states.leaving[states.full] as number) + usual / ringS;
    this.guess += this.haste * rate * ((value[watched] as number) - before);
  }

  /** Fills `sums` with what is earned and where the conversations lead, for every r; returns the rate at which they change. */
  private gather(config: number): number {
    const { states, value, width, sums, model } = this;
    const earned = (states.busy[config] as number) / model.agents;
    for (let ringing = 0; ringing < width; ringing += 1) sums[ringing] = earned;
    const last = states.moveFrom[config + 1] as number;
    for (let move = states.moveFrom[config] as number; move < last; move += 1) {
      const rate = states.moveRate[move] as number;
      const from = (states.moveTo[move] as number) * width;
      for (let ringing = 0; ringing < width; ringing += 1) sums[ringing] = (sums[ringing] as number) + rate * (value[from + ringing] as number);
    }
    return states.leaving[config] as number;
  }

  private look(price: number): Bracket {
    const { states, value, width, sums, model } = this;
    const { agents, ringS, p, cap } = model;
    let high = -Infinity;
    let low = Infinity;
    for (let config = 0; config < states.count; config += 1) {
      const base = config * width;
      const leaving = this.gather(config);
      const full = states.busy[config] === agents ? 1 : 0;
      const charge = (price * p * (full - cap)) / ringS;
      const up = full === 1 ? base : (states.begin[config] as number) * width;
      for (let ringing = 0; ringing < width; ringing += 1) {
        const here = value[base + ringing] as number;
        let drift = (sums[ringing] as number) - leaving * here - charge * ringing;
        if (ringing > 0) drift += (ringing / ringS) * (p * (value[up + ringing - 1] as number) + (1 - p) * (value[base + ringing - 1] as number) - here);
        if (drift > high) high = drift;
        // Where a further call lowers the value the policy waits; elsewhere it starts calls at once.
        if (drift < low && (ringing === width - 1 || (value[base + ringing + 1] as number) < here)) low = drift;
      }
      // Beyond the grid B stays what it is at its end: there the drift falls with every further call if one call more costs, else nothing is proved.
      const last = value[base + width - 1] as number;
      const perCall = full === 1 ? -price * (1 - cap) : price * cap + (value[up + width - 1] as number) - last;
      high = perCall > 0 ? Infinity : Math.max(high, (sums[width - 1] as number) - leaving * last + ((p * perCall) / ringS) * width);
    }
    return { low, high };
  }
}

/** So many that nobody would let more ring, even with no agent busy: `look` proves it. */
function widthFor({ agents, ringS, p }: ExponentialModel, meanHandleS: number): number {
  return Math.ceil((agents * ringS) / (meanHandleS * p) + agents / p + 10);
}
