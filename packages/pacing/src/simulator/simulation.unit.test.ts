import { describe, expect, it } from 'vitest';
import type { PacingDecision, PacingFact, PacingObservation, PacingPolicy } from '../port.ts';
import { evaluateOrderUpTo } from '../optimum/evaluate.ts';
import { runSeed, simulate } from './answer.ts';
import { ScenarioSource } from './call-source.ts';
import { parseScenario } from './scenario.ts';
import { Simulation } from './simulation.ts';

const ring = { dist: 'exponential', meanS: 15 };
const exponential = (agents: number, p: number, more: object = {}): unknown => ({
  agents, durationS: 14_400, warmupS: 1800, handle: { dist: 'exponential', meanS: 120 },
  outcomes: [{ outcome: 'answered', p, ring }, { outcome: 'no-answer', p: 1 - p, ring }], ...more,
});

/** Dials up to a number of ringing calls that depends on the busy agents: its occupancy is known exactly. */
class OrderUpToPolicy implements PacingPolicy {
  readonly upTo: (busy: number) => number;
  constructor(upTo: (busy: number) => number) {
    this.upTo = upTo;
  }
  observe(_fact: PacingFact): void {
    // Knows the truth already.
  }
  decide(o: PacingObservation): PacingDecision {
    return { start: Math.max(0, this.upTo(o.talkingMs.length) - o.ringingMs.length), reason: '', inputs: {} };
  }
}

describe('the simulator', { timeout: 120_000 }, () => {
  it('gives the exact occupancy and abandoned rate of a policy whose Markov chain can be solved', () => {
    const upTo = (busy: number): number => 3 * (10 - busy) + 2;
    const truth = evaluateOrderUpTo({ agents: 10, handleS: 120, ringS: 15, p: 0.3, cap: 0.03 }, upTo);
    const scenario = parseScenario(exponential(10, 0.3, { durationS: 400_000 }));
    const run = new Simulation(scenario, new ScenarioSource(scenario, 7), [new OrderUpToPolicy(upTo)], { seed: 7 }).run();
    const [campaign] = run.campaigns;
    expect(Math.abs(run.occupancy - truth.occupancy)).toBeLessThan(0.01);
    expect(Math.abs((campaign?.abandoned ?? 0) / (campaign?.live ?? 1) - truth.abandonRate)).toBeLessThan(0.005);
  });

  it('gives the closed-form floor for one line per free agent, and abandons nobody', () => {
    const answer = simulate(parseScenario(exponential(20, 0.3)), 'progressive', [1, 2, 3]);
    expect(answer.abandoned).toBe(0);
    expect(Math.abs(answer.occupancy - answer.floor)).toBeLessThan(0.015);
  });

  it('is the same run for the same seed and another for another', () => {
    const scenario = parseScenario(exponential(10, 0.3));
    expect(runSeed(scenario, 'ritmo', 5)).toEqual(runSeed(scenario, 'ritmo', 5));
    expect(runSeed(scenario, 'ritmo', 6).occupancy).not.toBe(runSeed(scenario, 'ritmo', 5).occupancy);
  });

  it('never passes the channels nor the calls per second of the trunk', () => {
    const run = runSeed(parseScenario(exponential(30, 0.2, { channels: 33, cps: 2 })), 'ritmo', 1);
    expect(run.maxChannels).toBeLessThanOrEqual(33);
    expect(run.maxStartsPerSecond).toBeLessThanOrEqual(2);
    expect(run.occupancy).toBeGreaterThan(0.3);
  });

  it('delivers a call that waits within the grace time, and abandons it after', () => {
    const strict = simulate(parseScenario(exponential(10, 0.3)), 'fixed-ratio:6', [1]);
    const lenient = simulate(parseScenario(exponential(10, 0.3, { graceS: 10 })), 'fixed-ratio:6', [1]);
    expect(strict.meanWaitS).toBe(0);
    expect(lenient.meanWaitS).toBeGreaterThan(0.1);
    expect(lenient.abandonRate).toBeLessThan(0.75 * strict.abandonRate);
  });

  it('follows agents who come and go', () => {
    const scenario = parseScenario(exponential(0, 0.3, { agents: [[0, 10], [3600, 20], [7200, 5]] }));
    const run = runSeed(scenario, 'progressive', 3, 60);
    expect(run.series.find((point) => point.atS === 3000)?.agents).toBe(10);
    expect(run.series.find((point) => point.atS === 6960)?.agents).toBe(20);
    expect(run.series.find((point) => point.atS === 13_980)?.agents).toBe(5);
  });

  it('counts people whom detection hung up on', () => {
    const scenario = parseScenario(exponential(10, 0.3, { machineP: 0.2, amd: { delayS: 2, falsePositiveP: 0.1, falseNegativeP: 0.1 } }));
    const answer = simulate(scenario, 'progressive', [1]);
    expect(answer.lostToDetection / (answer.live + answer.lostToDetection)).toBeGreaterThan(0.06);
  });
});
