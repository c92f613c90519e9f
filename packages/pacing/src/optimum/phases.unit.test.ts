import { describe, expect, it } from 'vitest';
import { solveOptimum } from './mdp.ts';
import { normalTail } from '../abandon-chance.ts';
import { lognormalPhases } from './lognormal-phases.ts';
import { erlang, inARow, meanS, survival } from './phase-law.ts';
import { solvePhaseOptimum } from './phase-optimum.ts';
import { PhaseStates } from './phase-states.ts';
import { PhaseSolver } from './phases.ts';

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
    for (const agents of [5, 10, 20]) {
      const exponential = { ...model, agents };
      const { occupancy } = solveOptimum(exponential);
      const { atMost, about } = solvePhaseOptimum(exponential, erlang(1, 120));
      expect(about).toBeCloseTo(occupancy, 3);
      expect(atMost).toBeGreaterThan(occupancy - 1e-5);
      expect(atMost).toBeLessThan(occupancy + 2e-4);
    }
  });

  it('is what the best of all policies of one agent earns, and the bracket holds it', () => {
    for (const price of [120, 300]) {
      const { low, high } = new PhaseSolver({ ...model, agents: 1 }, erlang(3, 120)).bracket(price, 1e-6);
      const best = bestOfAllPolicies(price, 6);
      expect(high - low).toBeLessThan(1e-6);
      expect(best).toBeLessThan(high + 1e-6);
      expect(best).toBeGreaterThan(low - 1e-6);
    }
  });

  it('is bounded at every price and after any number of sweeps, only more loosely', () => {
    const law = erlang(3, 120);
    const { about } = solvePhaseOptimum(model, law);
    for (const price of [5, 20, 80, 300]) {
      for (const sweeps of [50, 100, 400]) expect(new PhaseSolver(model, law).bracket(price, 1e-6, sweeps).high).toBeGreaterThan(about - 1e-4);
    }
  });

  it('does not change with a wider grid of ringing calls', () => {
    const law = erlang(2, 120);
    const narrow = new PhaseSolver(model, law).bracket(33, 1e-6);
    const wide = new PhaseSolver(model, law, 25).bracket(33, 1e-6);
    expect(wide.high).toBeCloseTo(narrow.high, 5);
  });

  it('proves nothing on a grid that ends where more calls would still be started', () => {
    expect(new PhaseSolver(model, erlang(2, 120), -18).bracket(33, 1e-6, 300).high).toBe(Infinity);
  });

  it('with regular talk times and phases in sight is below the exponential one where agents are few', () => {
    const { occupancy } = solveOptimum(model);
    expect(solvePhaseOptimum(model, erlang(4, 120)).atMost).toBeLessThan(occupancy - 0.003);
    expect(solvePhaseOptimum(model, lognormalPhases(120, 5)).atMost).toBeLessThan(occupancy - 0.004);
  });

  it('is the lower the less a phase tells of the end', () => {
    const at = (slow: 'last' | 'first'): number => solvePhaseOptimum({ ...model, p: 0.5 }, lognormalPhases(120, 5, slow)).about;
    const { occupancy } = solveOptimum({ ...model, p: 0.5 });
    expect(at('first')).toBeGreaterThan(occupancy + 0.0005);
    expect(at('last')).toBeLessThan(occupancy - 0.0005);
  });

  it('refuses a model that is too large to solve', () => {
    expect(() => new PhaseSolver({ ...model, agents: 200 }, erlang(4, 120))).toThrow(/too many/);
  });
});

describe('laws of phases', () => {
  it('know the mean of a row whose phases end early', () => {
    expect(meanS({ onPerS: [0.1, 0], endPerS: [0.1, 0.05] })).toBeCloseTo(5 + 0.5 * 20, 9);
  });

  it('know their survival', () => {
    const both = survival(inARow([30, 30]), 30, 4);
    both.forEach((alive, step) => expect(alive).toBeCloseTo((1 + step) * Math.exp(-step), 3));
  });

  it.each([[5, 0.023], [6, 0.013], [7, 0.005]])('of %i phases last as a lognormal law does, within %f', (phases, within) => {
    const sigma2 = Math.log1p(0.25);
    const mu = Math.log(120) - sigma2 / 2;
    const law = lognormalPhases(120, phases);
    expect(meanS(law)).toBeCloseTo(120, 6);
    survival(law, 2, 400).forEach((alive, step) => {
      if (step > 0) expect(Math.abs(alive - normalTail((Math.log(2 * step) - mu) / Math.sqrt(sigma2)))).toBeLessThan(within);
    });
  });
});

describe('the states of conversations in phases', () => {
  it('are all there once, and every move leads where one conversation has moved on or ended', () => {
    const states = new PhaseStates(3, erlang(3, 120), 1000);
    const configs = Array.from({ length: states.count }, (_, at) => states.configOf(at));
    expect(new Set(configs.map((config) => config.join())).size).toBe(20);
    configs.forEach((config, at) => {
      const busy = config.reduce((sum, count) => sum + count, 0);
      expect(states.busy[at]).toBe(busy);
      const began = states.begin[at] as number;
      expect(began < 0 ? null : configs[began]).toEqual(busy < 3 ? [(config[0] as number) + 1, config[1], config[2]] : null);
      const moves = Array.from({ length: (states.moveFrom[at + 1] as number) - (states.moveFrom[at] as number) }, (_, move) => (states.moveFrom[at] as number) + move);
      expect(moves.length).toBe(config.filter((count) => count > 0).length);
      for (const move of moves) {
        const to = configs[states.moveTo[move] as number] as readonly number[];
        const from = config.findIndex((count, phase) => (to[phase] as number) < count);
        expect(states.moveRate[move]).toBeCloseTo((3 / 120) * (config[from] as number), 9);
        expect(to[from + 1] ?? busy - 1).toBe(from < 2 ? (config[from + 1] as number) + 1 : to.reduce((sum, count) => sum + count, 0));
      }
    });
  });
});
