import { describe, expect, it } from 'vitest';
import { evaluateOrderUpTo } from '../optimum/evaluate.ts';
import { solveOptimum } from '../optimum/mdp.ts';
import type { PacingDecision, PacingFact, PacingObservation, PacingPolicy } from '../port.ts';
import { ScenarioSource } from './call-source.ts';
import { optimumOf, stateValuesOf } from './reference.ts';
import { RegretMeter } from './regret.ts';
import { parseScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { Simulation } from './simulation.ts';

const ring = { dist: 'exponential', meanS: 15 };
const scenario = parseScenario({
  agents: 5, durationS: 28_800, warmupS: 1800, handle: { dist: 'exponential', meanS: 120 },
  outcomes: [{ outcome: 'answered', p: 0.5, ring }, { outcome: 'no-answer', p: 0.5, ring }],
});
const model = { agents: 5, handleS: 120, ringS: 15, p: 0.5, cap: 0.03 };

class OrderUpToPolicy implements PacingPolicy {
  readonly levels: readonly number[];
  constructor(levels: readonly number[]) {
    this.levels = levels;
  }
  observe(_fact: PacingFact): void {
    // Knows the truth already.
  }
  decide(o: PacingObservation): PacingDecision {
    return { start: Math.max(0, (this.levels[o.talkingMs.length] as number) - o.ringingMs.length), reason: '', inputs: {} };
  }
}

/** Occupancy as the regret and the abandoned calls have it, and as it came out. */
function judge(levels: readonly number[], seed: number, judged: Scenario): { expected: number; simulated: number } {
  const values = stateValuesOf(judged);
  if (values === null) throw new Error('not solved');
  const { occupancy: optimum, price } = optimumOf(model);
  const run = new Simulation(judged, new ScenarioSource(judged, seed), [new OrderUpToPolicy(levels)], { seed, regret: new RegretMeter(values, 1_800_000) }).run();
  const [campaign] = run.campaigns;
  const { lostS, spanS } = run.regret ?? { lostS: NaN, spanS: NaN };
  return { expected: optimum + (price * ((campaign?.abandoned ?? 0) - 0.03 * (campaign?.live ?? 0)) - lostS) / spanS, simulated: run.occupancy };
}

describe('the regret of a run', { timeout: 60_000 }, () => {
  it('gives the exact occupancy of a policy whose chain can be solved, with less noise than the run', () => {
    const levels = [7, 5, 3, 2, 1, 0];
    const truth = evaluateOrderUpTo(model, (busy) => levels[busy] as number).occupancy;
    const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
    const runs = seeds.map((seed) => judge(levels, seed, scenario));
    const off = (of: (run: { expected: number; simulated: number }) => number): number => Math.sqrt(runs.reduce((sum, run) => sum + (of(run) - truth) ** 2, 0) / runs.length);
    expect(Math.abs(runs.reduce((sum, { expected }) => sum + expected, 0) / runs.length - truth)).toBeLessThan(0.002);
    expect(off(({ expected }) => expected)).toBeLessThan(0.6 * off(({ simulated }) => simulated));
  });

  it('is nothing for the optimum itself', () => {
    const { policy } = solveOptimum(model);
    const values = stateValuesOf(scenario);
    if (values === null) throw new Error('not solved');
    const meter = new RegretMeter(values, 1_800_000);
    const { regret } = new Simulation(scenario, new ScenarioSource(scenario, 3), [new OrderUpToPolicy(policy.upTo)], { seed: 3, regret: meter }).run();
    expect(Math.abs((regret?.lostS ?? NaN) / (regret?.spanS ?? NaN))).toBeLessThan(0.0005);
  });

  it('is not judged where the process is not solved', () => {
    expect(stateValuesOf(parseScenario({ agents: 5, durationS: 60, handle: { dist: 'lognormal', meanS: 120, cv: 0.5 }, outcomes: [{ outcome: 'answered', p: 1, ring }] }))).toBeNull();
  });
});
