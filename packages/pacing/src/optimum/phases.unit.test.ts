import { describe, expect, it } from 'vitest';
import { solveOptimum } from './mdp.ts';
import { erlang, meanS, PhaseSolver, solvePhaseOptimum } from './phases.ts';

const model = { agents: 5, handleS: 120, ringS: 15, p: 0.3, cap: 0.03 };

/**
 * One agent, handling times of three phases, by brute force: every policy that fills up to some number of calls while the agent is free, or busy in phase 1, 2 or 3, has
 * a Markov chain, whose stationary distribution comes from its linear equations. Nothing here is shared with the solver.
 */
function bestOfAllPolicies(price: number, most: number): number {
  const rate = 3 / 120;
  const width = most + 1;
  let best = -Infinity;
  for (let code = 0; code < width ** 4; code += 1) {
    const levels = [0, 1, 2, 3].map((place) => Math.floor(code / width ** place) % width);
    const fill = (phase: number, ringing: number): number => phase * width + Math.max(ringing, levels[phase] as number);
    const size = 4 * width;
    const rates = Array.from({ length: size }, () => new Float64Array(size));
    const flow = (from: number, to: number, amount: number): void => {
      if (from === to) return;
      (rates[from] as Float64Array)[to] = ((rates[from] as Float64Array)[to] as number) + amount;
    };
    for (let phase = 0; phase < 4; phase += 1) {
      for (let ringing = 0; ringing <= most; ringing += 1) {
        const here = phase * width + ringing;
        flow(here, fill(phase, ringing), 1);
        if (phase > 0) flow(here, fill((phase + 1) % 4, ringing), rate);
        if (ringing === 0) continue;
        flow(here, fill(phase === 0 ? 1 : phase, ringing - 1), (0.3 * ringing) / 15);
        flow(here, fill(phase, ringing - 1), (0.7 * ringing) / 15);
      }
    }
    const share = stationary(rates);
    let reward = 0;
    share.forEach((mass, state) => {
      const busy = state >= width ? 1 : 0;
      reward += mass * (busy - (price * 0.3 * (state % width) * (busy - 0.03)) / 15);
    });
    best = Math.max(best, reward);
  }
  return best;
}

/** By Gauss elimination of the balance equations; states that nobody enters get nothing. */
function stationary(rates: readonly Float64Array[]): number[] {
  const size = rates.length;
  const rows = Array.from({ length: size }, (_, to) => {
    const row = new Float64Array(size + 1);
    for (let from = 0; from < size; from += 1) row[from] = (rates[from] as Float64Array)[to] as number;
    row[to] = (row[to] as number) - (rates[to] as Float64Array).reduce((sum, amount) => sum + amount, 0);
    return row;
  });
  rows[size - 1] = new Float64Array(size + 1).fill(1);
  for (let at = 0; at < size; at += 1) {
    let pivot = at;
    for (let row = at + 1; row < size; row += 1) if (Math.abs((rows[row] as Float64Array)[at] as number) > Math.abs((rows[pivot] as Float64Array)[at] as number)) pivot = row;
    const swap = rows[at] as Float64Array<ArrayBuffer>;
    rows[at] = rows[pivot] as Float64Array<ArrayBuffer>;
    rows[pivot] = swap;
    const top = rows[at] as Float64Array;
    for (let row = 0; row < size; row += 1) {
      const factor = row === at ? 0 : ((rows[row] as Float64Array)[at] as number) / (top[at] as number);
      if (factor === 0) continue;
      for (let column = at; column <= size; column += 1) (rows[row] as Float64Array)[column] = ((rows[row] as Float64Array)[column] as number) - factor * (top[column] as number);
    }
  }
  return rows.map((row, at) => (row[size] as number) / (row[at] as number));
}

describe('the optimum for handling times with phases', { timeout: 120_000 }, () => {
  it('with one phase is the optimum for exponential ones', () => {
    expect(solvePhaseOptimum(model, erlang(1, 120))).toBeCloseTo(solveOptimum(model).occupancy, 3);
  });

  it('is what the best of all policies of one agent earns', () => {
    const solver = new PhaseSolver({ ...model, agents: 1 }, erlang(3, 120));
    for (const price of [120, 300]) expect(solver.gain(price, 1e-5)).toBeCloseTo(bestOfAllPolicies(price, 6), 4);
  });

  it('with four phases in sight is below the exponential one where agents are few', () => {
    expect(solvePhaseOptimum(model, erlang(4, 120))).toBeLessThan(solveOptimum(model).occupancy - 0.002);
  });

  it('refuses a model that is too large to solve', () => {
    expect(() => solvePhaseOptimum({ ...model, agents: 60 }, erlang(4, 120))).toThrow(/too many/);
  });

  it('knows the mean of a law whose phases end early', () => {
    expect(meanS({ onPerS: [0.1, 0], endPerS: [0.1, 0.05] })).toBeCloseTo(5 + 0.5 * 20, 9);
  });
});
