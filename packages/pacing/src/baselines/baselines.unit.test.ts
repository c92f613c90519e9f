import { describe, expect, it } from 'vitest';
import { policyByName } from '../policy-names.ts';
import type { PacingObservation, PacingPolicy } from '../port.ts';

const HOUR_MS = 3_600_000;
const make = (name: string, endMs = 8 * HOUR_MS): PacingPolicy => policyByName(name, { cap: 0.03, agentPart: 1, endMs, abandon: { capPct: 3, graceMs: 0 } });
const seen = (more: Partial<PacingObservation> = {}): PacingObservation => ({
  nowMs: 0, freeAgents: 0, talkingMs: [], wrapUpMs: [], ringingMs: [], waitingCalls: 0, channelsFree: Infinity, startsAllowed: Infinity, ...more,
});
const ages = (count: number, ms = 0): number[] => Array.from({ length: count }, () => ms);

/** `people` answered, the first `abandoned` of them given up. */
function answer(policy: PacingPolicy, atMs: number, people: number, abandoned: number): void {
  for (let index = 0; index < people; index += 1) {
    policy.observe({ type: 'dialed', atMs: atMs - 10_000 });
    policy.observe({ type: 'answered', atMs, ringMs: 10_000 });
    if (index < abandoned) policy.observe({ type: 'abandoned', atMs, waitMs: 0 });
  }
}
function fail(policy: PacingPolicy, atMs: number, count: number): void {
  for (let index = 0; index < count; index += 1) policy.observe({ type: 'failed', atMs, ringMs: 25_000 });
}
/** Looks once a second; the last decision. */
function look(policy: PacingPolicy, fromS: number, seconds: number, more: Partial<PacingObservation>) {
  let last = policy.decide(seen({ ...more, nowMs: fromS * 1000 }));
  for (let second = 1; second < seconds; second += 1) last = policy.decide(seen({ ...more, nowMs: (fromS + second) * 1000 }));
  return last;
}

describe('one line per free agent and fixed ratios', () => {
  it('have so many lines a free agent, calls in flight and people who wait included', () => {
    expect(make('progressive').decide(seen({ freeAgents: 5, ringingMs: ages(2), waitingCalls: 1 })).start).toBe(2);
    expect(make('fixed-ratio').decide(seen({ freeAgents: 5, ringingMs: ages(2), waitingCalls: 1 })).start).toBe(7);
    expect(make('fixed-ratio:2.5').decide(seen({ freeAgents: 3 })).start).toBe(7);
    expect(make('fixed-ratio:3').decide(seen({ freeAgents: 0, talkingMs: ages(50) })).start).toBe(0);
  });

  it('leave to other campaigns the agents whom their lines are for', () => {
    const other = make('fixed-ratio:3').decide(seen({ freeAgents: 4, ringingMs: ages(3), startsAllowed: 3 }));
    expect(other.inputs['expectedAnswers']).toBe(2);
    expect(make('fixed-ratio:3').decide(seen({ freeAgents: 4, claimedByOthers: 2 })).start).toBe(6);
  });
});

describe('VICIdial', () => {
  const ten = { freeAgents: 4, talkingMs: ages(6) };

  it('moves its level by (ready − waiting) / agents every fifteen seconds, and dials level · agents less what is in progress', () => {
    const policy = make('vicidial-average');
    expect(look(policy, 0, 14, ten)).toMatchObject({ start: 4, inputs: { level: 1 } });
    // m = 4/10, so 1.4 · 10 − 6.
    const adapted = look(policy, 14, 1, ten);
    expect(adapted.inputs['level']).toBeCloseTo(1.4);
    expect(adapted.start).toBe(8);
    expect(look(policy, 15, 15, ten).inputs['level']).toBeCloseTo(1.96);
    // m = −5/10 with intensity 0.
    expect(look(policy, 30, 15, { talkingMs: ages(10), waitingCalls: 5 }).inputs['level']).toBeCloseTo(1);
  });

  it('looks once a second, and keeps its level between 1 and 3', () => {
    const policy = make('vicidial-average');
    policy.decide(seen(ten));
    expect(policy.decide(seen({ ...ten, nowMs: 500 })).start).toBe(0);
    expect(look(policy, 1, 150, ten).inputs['level']).toBe(3);
    expect(look(policy, 151, 150, { talkingMs: ages(10), waitingCalls: 9 }).inputs['level']).toBe(1);
  });

  const idle = { talkingMs: ages(10) };
  const raised = (method: string, endMs?: number): PacingPolicy => {
    const policy = make(`vicidial-${method}`, endMs);
    expect(look(policy, 0, 30, { freeAgents: 4, talkingMs: ages(6) }).inputs['level']).toBeCloseTo(1.96);
    return policy;
  };

  it('halves its level when over half of over twenty calls of the last minute were dropped', () => {
    const [few, many, half] = [raised('average'), raised('average'), raised('average')];
    answer(few, 40_000, 20, 20);
    answer(many, 40_000, 21, 11);
    answer(half, 40_000, 22, 11);
    expect(look(few, 30, 15, idle).inputs['level']).toBeCloseTo(1.96);
    expect(look(many, 30, 15, idle).inputs['level']).toBe(1);
    expect(look(half, 30, 15, idle).inputs['level']).toBeCloseTo(1.96);
  });

  it('halves, drops to one line an agent, or tapers by the hours left as HHMM', () => {
    const after = (method: string, endMs: number): number => {
      const policy = make(`vicidial-${method}`, endMs);
      expect(look(policy, 0, 60, { freeAgents: 4, talkingMs: ages(6) }).inputs['level']).toBe(3);
      answer(policy, 60_000, 60, 3);
      return look(policy, 120, 15, idle).inputs['level'] ?? 0;
    };
    expect(after('hard-limit', 12 * HOUR_MS)).toBe(1);
    expect(after('average', 12 * HOUR_MS)).toBe(1.5);
    // 134 s have passed: 6 h 40 min are left, 640 of 1000.
    expect(after('tapered', 134_000 + 6 * HOUR_MS + 40 * 60_000)).toBeCloseTo(3 * 0.64);
    expect(after('tapered', 134_000 + 11 * HOUR_MS)).toBe(3);
  });

  it('leaves its level alone up to fifty calls, and at the limit', () => {
    const [few, limit] = [raised('hard-limit'), raised('hard-limit')];
    answer(few, 31_000, 50, 10);
    answer(limit, 31_000, 100, 3);
    expect(look(few, 95, 15, idle).inputs['level']).toBeCloseTo(1.96);
    expect(look(limit, 95, 15, idle).inputs['level']).toBeCloseTo(1.96);
  });
});

describe('Issabel', () => {
  const learnt = (name: string, failed = 0): PacingPolicy => {
    const policy = make(name);
    answer(policy, 1000, 4, 0);
    fail(policy, 1000, failed);
    for (const talkMs of [80_000, 120_000]) policy.observe({ type: 'talked', atMs: 2000, talkMs });
    policy.observe({ type: 'wrapped', atMs: 2000, wrapMs: 50_000 });
    return policy;
  };

  it('counts an agent as free soon when 1 − e^(−(t + Ta)/Td) reaches 0.97, by the mean talk and answer times', () => {
    // 100 s · ln(1/0.03) − 10 s = 340.7 s.
    expect(learnt('issabel').decide(seen({ nowMs: 3000, talkingMs: [340_000] })).start).toBe(0);
    expect(learnt('issabel').decide(seen({ nowMs: 3000, talkingMs: [341_000] })).start).toBe(1);
  });

  it('dials for those free and free soon, less who waits, less its unanswered originates, at most the channels', () => {
    const agents = { nowMs: 3000, freeAgents: 4, talkingMs: [341_000, 10_000], waitingCalls: 1 };
    expect(learnt('issabel').decide(seen({ ...agents, ringingMs: ages(1) })).start).toBe(3);
    expect(learnt('issabel').decide(seen({ ...agents, channelsFree: 2 })).start).toBe(2);
  });

  it('with overcommit divides by the share of answers, at least 0.20, before the originates are taken off', () => {
    const agents = { nowMs: 3000, freeAgents: 2, ringingMs: ages(1) };
    expect(learnt('issabel-overcommit', 4).decide(seen(agents)).start).toBe(3);
    expect(learnt('issabel-overcommit', 36).decide(seen(agents)).start).toBe(9);
  });
});

describe('US 5,640,445', () => {
  it('dials for those free and for the expected number of those whose calls end within a window, divided by the share of answers', () => {
    // Talk times not yet known: exponential, 120 s; the window has grown once, to 5.25 s.
    const soon = 200 * (1 - Math.exp(-5.25 / 120));
    const { start, inputs } = make('us5640445').decide(seen({ freeAgents: 3, talkingMs: ages(200, 30_000) }));
    expect(inputs['windowMs']).toBe(5250);
    expect(inputs['soon']).toBeCloseTo(soon, 1);
    expect(start).toBe(Math.floor(3 + soon));
    const half = make('us5640445');
    answer(half, 0, 20, 0);
    fail(half, 0, 20);
    expect(half.decide(seen({ freeAgents: 3, ringingMs: ages(2) })).start).toBe(4);
  });

  it('widens the window while fewer than the limit are abandoned, and narrows it while more are', () => {
    const policy = make('us5640445');
    const windowAt = (seconds: number): number => policy.decide(seen({ nowMs: seconds * 1000, talkingMs: ages(5) })).inputs['windowMs'] ?? 0;
    expect([windowAt(0), windowAt(14), windowAt(15)]).toEqual([5250, 5250, 5250 * 1.05]);
    answer(policy, 16_000, 20, 1);
    expect(windowAt(30)).toBeCloseTo(5250 * 1.05 * 0.9);
  });
});

describe('a PI controller', () => {
  it('moves the lines per agent by the distance of the abandoned rate to 2.8 %, in proportion and added up', () => {
    const policy = make('pi');
    answer(policy, 0, 100, 0);
    const first = policy.decide(seen({ nowMs: 1000, freeAgents: 50 })).inputs['lines'] ?? 0;
    expect(first).toBeCloseTo(1 + 4 * 0.028 + 0.04 * 15 * 0.028);
    const second = policy.decide(seen({ nowMs: 16_000, freeAgents: 50 })).inputs['lines'] ?? 0;
    expect(second - first).toBeCloseTo(0.04 * 15 * 0.028);
    answer(policy, 17_000, 100, 50);
    expect(policy.decide(seen({ nowMs: 31_000, freeAgents: 50 })).inputs['lines']).toBe(1);
  });

  it('dials lines · agents less what is in progress', () => {
    const policy = make('pi');
    expect(policy.decide(seen({ freeAgents: 4, talkingMs: ages(5), wrapUpMs: ages(1), ringingMs: ages(1) })).start).toBe(3);
  });
});

describe('free agents and a part of the busy ones', () => {
  it('is what it says', () => {
    expect(make('sinch').decide(seen({ freeAgents: 2, talkingMs: ages(40), ringingMs: ages(1) })).start).toBe(3);
    expect(make('sinch:0.1').decide(seen({ freeAgents: 2, talkingMs: ages(38), wrapUpMs: ages(2) })).start).toBe(6);
  });
});

describe('a policy by its name', () => {
  it.each(['vicidial', 'ritmo:2', 'progressive:1', 'pi:3', 'fixed-ratio:', 'fixed-ratio:two', 'fixed-ratio:-1', 'fixed-ratio:1:2', ''])('is refused when there is none such: "%s"', (name) => {
    expect(() => make(name)).toThrow(/unknown policy/);
  });
});
