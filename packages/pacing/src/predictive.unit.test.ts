import { describe, expect, it } from 'vitest';
import { createPolicy } from './policy.ts';
import type { PacingObservation, PacingPolicy } from './port.ts';
import { simulate } from './simulator/answer.ts';
import { parseScenario } from './simulator/scenario.ts';

const quiet: PacingObservation = {
  nowMs: 0, freeAgents: 4, talkingMs: [], wrapUpMs: [], ringingMs: [], waitingCalls: 0, channelsFree: Infinity, startsAllowed: Infinity,
};
const history = { attempts: 2000, liveP: 0.25, meanRingMs: 12_000, meanHandleMs: 120_000, counted: [{ atMs: 0, answered: 500, machines: 0, abandoned: 8 }] };

function warm(): PacingPolicy {
  return createPolicy({ mode: 'predictive', abandon: { capPct: 3, graceMs: 0 }, history });
}

describe('Ritmo’s controller', { timeout: 120_000 }, () => {
  it('starts cold with one line per free agent and says why', () => {
    const decision = createPolicy({ mode: 'predictive' }).decide(quiet);
    expect(decision.start).toBe(4);
    expect(decision.reason).toMatch(/too little evidence/);
  });

  it('starts more calls than agents are free when few are answered', () => {
    const decision = warm().decide(quiet);
    expect(decision.start).toBeGreaterThan(6);
    expect(decision.start).toBeLessThan(40);
    expect(decision.inputs['expectedAnswers']).toBeGreaterThan(1);
  });

  it('starts fewer for every call in flight, waiting or claimed by another campaign', () => {
    const alone = warm().decide(quiet).start;
    expect(warm().decide({ ...quiet, ringingMs: [100, 200, 300, 400] }).start).toBeLessThan(alone);
    expect(warm().decide({ ...quiet, waitingCalls: 2 }).start).toBeLessThan(alone);
    expect(warm().decide({ ...quiet, claimedByOthers: 2 }).start).toBeLessThan(alone);
  });

  it('keeps to one line per free agent while the campaign is far over its cap', () => {
    const policy = createPolicy({ mode: 'predictive', abandon: { capPct: 3, graceMs: 0 }, history: { ...history, counted: [{ atMs: 0, answered: 500, machines: 0, abandoned: 80 }] } });
    expect(policy.decide(quiet).start).toBeLessThanOrEqual(5);
  });

  it('obeys channels, calls per second and lines per agent', () => {
    expect(warm().decide({ ...quiet, channelsFree: 3 }).start).toBe(3);
    expect(warm().decide({ ...quiet, startsAllowed: 2 }).start).toBe(2);
    const narrow = createPolicy({ mode: 'predictive', history, maxLinesPerAgent: 1.25 });
    expect(narrow.decide(quiet).start).toBe(5);
  });

  it('calls ahead when conversations are old, and not when they are young, if talk times are regular', () => {
    const policy = warm();
    for (let call = 0; call < 600; call += 1) policy.observe({ type: 'talked', atMs: call, talkMs: 110_000 + (call % 40) * 500 });
    for (let call = 0; call < 400; call += 1) policy.observe(call % 4 === 0 ? { type: 'answered', atMs: call, ringMs: 10_000 } : { type: 'failed', atMs: call, ringMs: 20_000 });
    const busy = { ...quiet, freeAgents: 0 };
    const old = policy.decide({ ...busy, talkingMs: Array.from({ length: 20 }, () => 112_000) }).start;
    const young = policy.decide({ ...busy, talkingMs: Array.from({ length: 20 }, () => 5000) }).start;
    expect(old).toBeGreaterThan(8);
    expect(young).toBe(0);
  });

  it('gives the same decisions for the same facts', () => {
    const run = (): number[] => {
      const policy = warm();
      return [1, 2, 3].map((free) => policy.decide({ ...quiet, freeAgents: free }).start);
    };
    expect(run()).toEqual(run());
  });

  it('closes at least nine tenths of the gap for twenty agents and holds the cap', () => {
    const ring = { dist: 'exponential', meanS: 15 };
    const scenario = parseScenario({
      agents: 20, durationS: 28_800, warmupS: 1800, handle: { dist: 'exponential', meanS: 120 },
      outcomes: [{ outcome: 'answered', p: 0.3, ring }, { outcome: 'no-answer', p: 0.7, ring }],
    });
    const answer = simulate(scenario, 'ritmo', [1, 2, 3, 4]);
    expect(answer.gapClosed).toBeGreaterThan(0.9);
    expect(answer.abandonRate).toBeLessThan(0.031);
    for (const seed of answer.perSeed) expect(seed.abandonRate).toBeLessThan(0.033);
  });

  it('starts a campaign of which nothing is known without passing the cap on the way', { timeout: 120_000 }, () => {
    const ring = { dist: 'exponential', meanS: 15 };
    const scenario = parseScenario({
      agents: 30, durationS: 3600, handle: { dist: 'lognormal', meanS: 120, cv: 0.8 },
      outcomes: [{ outcome: 'answered', p: 0.25, ring }, { outcome: 'no-answer', p: 0.75, ring }],
    });
    const answer = simulate(scenario, 'ritmo', [1, 2, 3, 4, 5, 6, 7, 8]);
    // From the 100th person on the rate is judged at every abandoned call; before, by whole calls over the cap.
    for (const seed of answer.perSeed) {
      expect(seed.worstRateOnTheWay).toBeLessThan(0.031);
      expect(seed.worstExcess).toBeLessThan(1);
    }
    expect(answer.occupancy).toBeGreaterThan(answer.floor + 0.15);
  });
});

describe('the modes of the same machine', () => {
  it('preview starts what agents asked for', () => {
    expect(createPolicy({ mode: 'preview' }).decide({ ...quiet, previewRequests: 2 }).start).toBe(2);
    expect(createPolicy({ mode: 'preview' }).decide(quiet).start).toBe(0);
    expect(createPolicy({ mode: 'preview' }).decide({ ...quiet, previewRequests: 2, channelsFree: 1 }).start).toBe(1);
    expect(createPolicy({ mode: 'preview' }).decide({ ...quiet, previewRequests: 3, ringingMs: [1, 1] }).start).toBe(2);
  });

  it('progressive starts one line per free agent, power a ratio of it', () => {
    expect(createPolicy({ mode: 'progressive' }).decide({ ...quiet, ringingMs: [1] }).start).toBe(3);
    expect(createPolicy({ mode: 'power', ratio: 2.5 }).decide(quiet).start).toBe(10);
  });
});
