import { describe, expect, it } from 'vitest';
import { parseScenario, referenceOf, runSeed, summarise } from '../src/index.ts';
import { contenders } from './contenders.ts';
import { bestBaseline, holdsCap } from './report.ts';
import type { Entry } from './entry.ts';
import { optimumTable } from './tables.ts';
import { checksOf } from './verdicts.ts';

const ring = { dist: 'exponential', meanS: 15 };
const scenario = parseScenario({
  agents: 10, durationS: 14_400, warmupS: 1800, handle: { dist: 'exponential', meanS: 120 },
  outcomes: [{ outcome: 'answered', p: 0.5, ring }, { outcome: 'no-answer', p: 0.5, ring }],
});
const seeds = [1, 2];
const entry = (policy: string, ran: readonly number[] = seeds): Entry => {
  const runs = ran.map((seed) => runSeed(scenario, policy, seed));
  return { answer: summarise('exponential-n10-p50', policy, runs, referenceOf(scenario, [1])), capPct: 3, runs };
};
const [ritmo, progressive, steep, near] = [entry('ritmo'), entry('progressive'), entry('fixed-ratio:4', [1]), entry('fixed-ratio:1.5', [1])];
const all = [ritmo, progressive, steep, near];

describe('the verdicts of the report', { timeout: 60_000 }, () => {
  it('hold a baseline to the cap as Ritmo: by its mean and by every campaign', () => {
    expect(holdsCap(progressive)).toBe(true);
    expect(holdsCap(steep)).toBe(false);
    const over = { ...near.answer, abandonRate: 0.028, perSeed: near.answer.perSeed.map((seed) => ({ ...seed, worstCampaignAbandonRate: 0.034 })) };
    expect(holdsCap({ ...near, answer: over })).toBe(false);
    expect(bestBaseline([ritmo, progressive, steep])?.answer.policy).toBe('progressive');
  });

  it('give more seeds to who may hold the cap and comes near, to nobody else', () => {
    expect(contenders(all).map(({ answer }) => answer.policy)).toEqual(['fixed-ratio:1.5']);
  });

  it('judge the gap in expectation where decisions are judged against the optimum', () => {
    const [gap] = checksOf([ritmo, progressive], new Map());
    expect(gap?.text).toContain('in expectation');
    expect(gap?.holds).toBe((ritmo.answer.gapExpected ?? 0) >= 0.9);
  });

  it('make a row of the short table from each stationary scenario', () => {
    expect(optimumTable(all).split('\n').filter((line) => line.startsWith('| 10 | 0.5 | 80.00 |'))).toHaveLength(1);
  });
});
