import { expect, it } from 'vitest';
import { bestConstantRisk } from './constant-risk.ts';
import { solveOptimum } from './mdp.ts';

it('one constant risk per call comes within a twentieth of a point of the optimum for ten agents', { timeout: 60_000 }, () => {
  const model = { agents: 10, handleS: 120, ringS: 15, p: 0.3, cap: 0.03 };
  const best = bestConstantRisk(model);
  const { occupancy } = solveOptimum(model);
  expect(best.occupancy).toBeGreaterThan(occupancy - 0.0005);
  expect(best.occupancy).toBeLessThan(occupancy + 0.0002);
  expect(best.risk).toBeGreaterThan(0.02);
  expect(best.risk).toBeLessThan(0.03);
});
