import { describe, expect, it } from 'vitest';
import { recordSimulation } from './record.ts';
import { comparison, recordedFigures, replay } from './replay.ts';
import { simulate } from './simulator/answer.ts';
import { parseScenario } from './simulator/scenario.ts';
import type { Scenario } from './simulator/scenario.ts';

const scenario: Scenario = parseScenario({
  agents: 20, durationS: 28_800, warmupS: 0, handle: { dist: 'lognormal', meanS: 100, cv: 0.7 }, wrapUp: { dist: 'lognormal', meanS: 15, cv: 0.5 },
  outcomes: [[0, mix(0.35)], [14_400, mix(0.2)]],
});

function mix(p: number): object[] {
  return [
    { outcome: 'answered', p, ring: { dist: 'uniform', minS: 4, maxS: 14 } },
    { outcome: 'no-answer', p: 1 - p, ring: { dist: 'constant', meanS: 25 } },
  ];
}

describe('replay', { timeout: 120_000 }, () => {
  const recording = recordSimulation(scenario, 'fixed-ratio:1.5', 11);
  const seeds = [1, 2, 3];

  it('of the same policy comes out where the recording is', () => {
    const again = replay(recording, { policy: 'fixed-ratio:1.5', seeds });
    const was = recordedFigures(recording);
    expect(Math.abs(again.figures.occupancy - was.occupancy)).toBeLessThan(0.02);
    expect(Math.abs(again.figures.abandonRate - was.abandonRate)).toBeLessThan(0.01);
  });

  it('of another policy comes out where a simulation with that policy does', () => {
    const replayed = replay(recording, { policy: 'ritmo', seeds }).figures;
    const simulated = simulate(scenario, 'ritmo', [21, 22, 23]);
    expect(Math.abs(replayed.occupancy - simulated.occupancy)).toBeLessThan(0.02);
    expect(Math.abs(replayed.abandonRate - simulated.abandonRate)).toBeLessThan(0.01);
    expect(replayed.occupancy).toBeGreaterThan(recordedFigures(recording).occupancy);
  });

  it('with fewer agents has fewer conversations, and the comparison shows both', () => {
    const fewer = replay(recording, { policy: 'ritmo', agents: 12, seeds: [1] });
    expect(fewer.figures.conversations).toBeLessThan(recordedFigures(recording).conversations);
    const text = comparison(recording, [fewer]);
    expect(text).toContain('recorded (simulated)');
    expect(text).toContain('ritmo, 12 agents');
  });

  it('refuses a recording that is too short to draw from', () => {
    expect(() => replay({ ...recording, attempts: recording.attempts.slice(0, 5) }, { policy: 'ritmo', seeds })).toThrow(/too few/);
  });
});
