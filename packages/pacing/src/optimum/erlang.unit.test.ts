import { describe, expect, it } from 'vitest';
import { solveErlangOptimum } from './erlang.ts';
import { solveOptimum } from './mdp.ts';

const model = { agents: 5, handleS: 120, ringS: 15, p: 0.3, cap: 0.03 };

describe('the optimum for Erlang handling times', { timeout: 120_000 }, () => {
  it('with one phase is the optimum for exponential ones', () => {
    expect(solveErlangOptimum(model, 1)).toBeCloseTo(solveOptimum(model).occupancy, 3);
  });

  it('with four phases in sight is below the exponential one where agents are few', () => {
    expect(solveErlangOptimum(model, 4)).toBeLessThan(solveOptimum(model).occupancy - 0.002);
  });

  it('refuses a model that is too large to solve', () => {
    expect(() => solveErlangOptimum({ ...model, agents: 60 }, 4)).toThrow(/too many/);
  });
});
