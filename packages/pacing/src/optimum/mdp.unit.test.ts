import { describe, expect, it } from 'vitest';
import { evaluateOrderUpTo } from './evaluate.ts';
import { KNOWN_OPTIMA } from './known.ts';
import { solveOptimum } from './mdp.ts';

// Published for this model (handling H, ringing 15 s, no grace); occupancies in percent, to a tenth.
const PUBLISHED = [
  { agents: 5, handleS: 120, p: 0.1, cap: 0.03, occupancy: 71.5 },
  { agents: 5, handleS: 120, p: 0.3, cap: 0.03, occupancy: 78.4 },
  { agents: 5, handleS: 120, p: 0.5, cap: 0.03, occupancy: 82.8 },
  { agents: 10, handleS: 120, p: 0.1, cap: 0.03, occupancy: 80.1 },
  { agents: 10, handleS: 120, p: 0.3, cap: 0.03, occupancy: 82.9 },
  { agents: 20, handleS: 120, p: 0.3, cap: 0.03, occupancy: 87.9 },
  { agents: 20, handleS: 120, p: 0.5, cap: 0.03, occupancy: 89.0 },
  { agents: 5, handleS: 120, p: 0.3, cap: 0.01, occupancy: 74.6 },
  { agents: 10, handleS: 120, p: 0.3, cap: 0.01, occupancy: 79.2 },
  { agents: 20, handleS: 120, p: 0.3, cap: 0.01, occupancy: 84.9 },
  { agents: 5, handleS: 60, p: 0.3, cap: 0.03, occupancy: 69.2 },
  { agents: 10, handleS: 60, p: 0.3, cap: 0.03, occupancy: 77.5 },
  { agents: 20, handleS: 60, p: 0.3, cap: 0.03, occupancy: 84.7 },
  { agents: 5, handleS: 300, p: 0.3, cap: 0.03, occupancy: 88.4 },
  { agents: 10, handleS: 300, p: 0.3, cap: 0.03, occupancy: 89.9 },
  { agents: 20, handleS: 300, p: 0.3, cap: 0.03, occupancy: 92.0 },
];

describe('the optimum by the constrained Markov decision process', { timeout: 120_000 }, () => {
  for (const { agents, handleS, p, cap, occupancy } of PUBLISHED) {
    it(`is ${occupancy} % for ${agents} agents, H ${handleS} s, p ${p}, cap ${100 * cap} %`, () => {
      const optimum = solveOptimum({ agents, handleS, ringS: 15, p, cap });
      expect(Math.abs(100 * optimum.occupancy - occupancy)).toBeLessThan(0.3);
    });
  }

  it('has a policy that earns what the solver says, judged by its stationary distribution', () => {
    const model = { agents: 10, handleS: 120, ringS: 15, p: 0.3, cap: 0.03 };
    const { occupancy, price, policy } = solveOptimum(model);
    const judged = evaluateOrderUpTo(model, (busy) => policy.upTo[busy - policy.lowestBusy] ?? 0);
    // By duality the gain is the occupancy plus the price of the distance to the cap, per second.
    const answersPerS = (judged.occupancy * model.agents) / model.handleS / (1 - judged.abandonRate);
    const dual = judged.occupancy - price * answersPerS * (judged.abandonRate - model.cap);
    expect(dual).toBeCloseTo(occupancy, 3);
  });

  it('solves again what the table of known optima ships', () => {
    const occupancy = solveOptimum({ agents: 10, handleS: 120, ringS: 15, p: 0.5, cap: 0.03 }).occupancy;
    expect(KNOWN_OPTIMA['10/120/15/0.5/0.03']?.occupancy).toBeCloseTo(occupancy, 4);
  });
});
