import { describe, expect, it } from 'vitest';
import { parseRecording } from './recording-file.ts';
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

  it('says when it made more attempts than the list is known to have', () => {
    expect(comparison(recording, [replay(recording, { policy: 'ritmo', agents: 40, seeds: [1] })])).toContain(`With more attempts than the ${recording.attempts.length} recorded`);
    expect(comparison(recording, [replay(recording, { policy: 'ritmo', agents: 5, seeds: [1] })])).not.toContain('With more attempts');
  });

  it('refuses a recording that is too short to draw from', () => {
    expect(() => replay({ ...recording, attempts: recording.attempts.slice(0, 5) }, { policy: 'ritmo', seeds })).toThrow(/too few/);
  });
});

describe('a simulated campaign as a recording', { timeout: 60_000 }, () => {
  const grace = parseScenario({
    agents: 10, durationS: 14_400, warmupS: 0, graceS: 3, machineP: 0.2, amd: { delayS: 2, falsePositiveP: 0.05, falseNegativeP: 0.05 },
    handle: { dist: 'exponential', meanS: 60 }, wrapUp: { dist: 'constant', meanS: 10 }, outcomes: mix(0.3),
  });

  it('shows what the simulation did: waits, machines and conversations that outlast it', () => {
    const answer = simulate(grace, 'fixed-ratio:2', [5]);
    const recording = recordSimulation(grace, 'fixed-ratio:2', 5);
    const figures = recordedFigures(recording);
    expect(figures.attempts).toBe(answer.attempts);
    expect(figures.live).toBe(answer.live);
    expect(figures.abandonRate).toBeCloseTo(answer.abandonRate);
    expect(Math.abs(figures.occupancy - answer.occupancy)).toBeLessThan(0.002);
    expect(Math.abs(figures.meanWaitS - answer.meanWaitS)).toBeLessThan(0.02);
    expect(recording.attempts.filter(({ machine }) => machine).length / recording.attempts.filter(({ answered }) => answered).length).toBeGreaterThan(0.18);
  });

  it('is the same after a file, and a file that is none is refused at the place', () => {
    const recording = recordSimulation(grace, 'fixed-ratio:2', 5);
    const file = JSON.parse(JSON.stringify(recording)) as Record<string, unknown>;
    expect(parseRecording(file)).toEqual(recording);
    const refusal = (more: object) => () => parseRecording({ ...file, ...more });
    expect(refusal({ attempts: [{ atMs: 0, ringMs: -1, answered: true, machine: false }] })).toThrow('attempts[0].ringMs: -1 is not between 0');
    expect(refusal({ attempts: [{ atMs: 0, ringMs: 1, answered: 'yes', machine: false }] })).toThrow('attempts[0].answered: "yes" is neither true nor false');
    expect(refusal({ presence: [[5, 10]] })).toThrow('presence[0]: the first step must begin at 0');
    expect(refusal({ presence: undefined })).toThrow('presence: is missing');
    expect(refusal({ conversation: [] })).toThrow('conversation: unknown field');
    expect(() => parseRecording([])).toThrow('$: is not an object');
  });
});
