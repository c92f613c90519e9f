import { describe, expect, it } from 'vitest';
import { policyByName } from './policy-names.ts';
import type { PacingFact, PacingObservation, PacingDecision, PacingPolicy } from './port.ts';
import { comparison, recordedFigures, replay } from './replay.ts';
import type { RecordedAttempt, RecordedConversation, Recording } from './replay.ts';
import { simulate } from './simulator/answer.ts';
import { ScenarioSource } from './simulator/call-source.ts';
import type { CallSource, Fate } from './simulator/call-source.ts';
import { parseScenario } from './simulator/scenario.ts';
import type { Scenario } from './simulator/scenario.ts';
import { Simulation } from './simulator/simulation.ts';

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

/** Writes down what a simulated campaign shows, as the events of a real one would. */
function record(policyName: string): Recording {
  const attempts: RecordedAttempt[] = [];
  const conversations: RecordedConversation[] = [];
  const abandonedAtMs: number[] = [];
  const inner = new ScenarioSource(scenario, 11);
  let nowMs = 0;
  let talkMs: number[] = [];
  const source: CallSource = {
    draw(campaign: number, atMs: number, fate: Fate): void {
      inner.draw(campaign, atMs, fate);
      attempts.push({ atMs, ringMs: fate.ringMs, answered: fate.answered, machine: false });
    },
    talkMs: (campaign, machine) => {
      const ms = inner.talkMs(campaign, machine);
      talkMs.push(ms);
      return ms;
    },
    wrapMs: (campaign) => {
      const ms = inner.wrapMs(campaign);
      // Any talk time will do as its partner: the laws are independent here.
      conversations.push({ atMs: nowMs, talkMs: talkMs.shift() ?? 0, wrapMs: ms });
      return ms;
    },
  };
  const policy = policyByName(policyName, { cap: 0.03, agentPart: 1, endMs: 28_800_000, abandon: { capPct: 3, graceMs: 0 } });
  const listening: PacingPolicy = {
    observe(fact: PacingFact): void {
      nowMs = fact.atMs;
      if (fact.type === 'abandoned') abandonedAtMs.push(fact.atMs);
      policy.observe(fact);
    },
    decide: (o: PacingObservation): PacingDecision => policy.decide(o),
  };
  new Simulation(scenario, source, [listening], { seed: 11 }).run();
  talkMs = [];
  return {
    name: 'simulated', durationMs: 28_800_000, capPct: 3, graceMs: 0, detectMs: 0, attempts, conversations, abandonedAtMs,
    presence: [[0, 20]], channels: null, cps: null,
  };
}

describe('replay', { timeout: 120_000 }, () => {
  const recording = record('fixed-ratio:1.5');
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
