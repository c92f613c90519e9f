import { parseYamlConfig, type ConfigError } from '@ritmo/runtime';
import { describe, expect, it } from 'vitest';
import { compare, readEarlier } from './compare.ts';
import { checkLimits, judge, LimitsSchema, loadLimits, type Limits } from './judge.ts';
import { Meter, type SecondPoint } from './meter.ts';
import type { LoadResult } from './result.ts';
import { combine, noProduct, type RunMetrics } from './run-metrics.ts';

const read = (text: string): Limits => parseYamlConfig<Limits>(text, { file: 'limits.yaml', schema: LimitsSchema, check: checkLimits });
const metrics = (some: Partial<RunMetrics>): RunMetrics => ({ ...combine(new Meter(0).figures(), noProduct, { calls: 100, seconds: 10 }), ...some });
const second = (at: number, setupP99Ms: number | null): SecondPoint => ({ ...new Meter(0).point(at, 1), setupP99Ms });

const limits = read('name: test\nlimits:\n  - { metric: setupP99Ms, atMost: 250, why: people wait }\n  - { metric: serPct, atLeast: 40, atMost: 90 }\n');

describe('the judge', () => {
  it('passes what is at its limit', () => {
    const { passed, judgements } = judge(metrics({ setupP99Ms: 250, serPct: 40 }), [], limits);
    expect(passed).toBe(true);
    expect(judgements.map(({ result, reason }) => [result, reason])).toEqual([
      ['holds', 'setupP99Ms is 250, at most 250'],
      ['holds', 'serPct is 40, at least 40 and at most 90'],
    ]);
  });

  it('fails what is beyond it and says why', () => {
    const { passed, judgements } = judge(metrics({ setupP99Ms: 250.5, serPct: 95 }), [], limits);
    expect(passed).toBe(false);
    expect(judgements.map(({ reason }) => reason)).toEqual(['setupP99Ms is 251, at most 250: people wait', 'serPct is 95, at least 40 and at most 90']);
  });

  it('fails what was not measured, unless that is allowed', () => {
    const optional = read('name: test\nlimits:\n  - { metric: setupP99Ms, atMost: 250 }\n  - { metric: sddP99Ms, atMost: 9, ifMeasured: true }\n');
    const { passed, judgements } = judge(metrics({}), [], optional);
    expect(passed).toBe(false);
    expect(judgements.map(({ result }) => result)).toEqual(['fails', 'not-measured']);
  });

  it('holds a limit against every second but the excepted ones', () => {
    const perSecond = (except: number): Limits => read(`name: t\nlimits:\n  - { metric: setupP99Ms, atMost: 100, everySecond: true, exceptSeconds: ${except} }\n`);
    const points = [second(0, 50), second(1, 300), second(2, null), second(3, 120), second(4, 99)];
    expect(judge(metrics({}), points, perSecond(2)).passed).toBe(true);
    const { passed, judgements } = judge(metrics({}), points, perSecond(1));
    expect(passed).toBe(false);
    expect(judgements[0]?.reason).toBe('setupP99Ms is 300 in second 1; 2 of 4 seconds outside, at most 100 in every second but 1');
  });

  it('refuses a limits file with the line of each mistake', () => {
    let error: ConfigError | undefined;
    try {
      read('name: x\nlimits:\n  - { metric: setupP99, atMost: 1 }\n  - { metric: serPct }\n  - { metric: attempts, everySecond: true, atMost: 1 }\n');
    } catch (thrown) {
      error = thrown as ConfigError;
    }
    expect(error?.problems.map(({ line, path }) => [line, path])).toEqual([[3, 'limits[0].metric'], [4, 'limits[1]'], [5, 'limits[2].metric']]);
    expect(error?.problems[0]?.message).toContain('setupP99Ms');
  });

  it('knows whether memory grew: the last fifth of a long run against the second one', () => {
    const points = (seconds: number, rssMb: (at: number) => number): SecondPoint[] => Array.from({ length: seconds }, (_, at) => new Meter(0).point(at, 1, { productRssMb: rssMb(at), productCpuPct: 1 }));
    const growth = (seconds: number, rssMb: (at: number) => number): number | null => combine(new Meter(0).figures(), noProduct, { calls: 1, seconds }, points(seconds, rssMb)).productRssGrowthMb;
    expect(growth(500, (at) => (at < 90 ? 100 + at : 200))).toBe(0);
    expect(growth(500, (at) => 100 + at)).toBe(300);
    expect(growth(299, (at) => 100 + at)).toBeNull();
  });

  it.each(['default', 'hostile', 'soak', 'trunk'])('ships the limits %s', async (name) => {
    expect((await loadLimits(name)).name).toBe(name);
  });
});

describe('a comparison', () => {
  const result = (some: Partial<RunMetrics>, more: Partial<LoadResult> = {}): LoadResult => ({
    format: 'ritmo-loadtest-1', startedAt: '2026-01-01T00:00:00.000Z', profile: 'p', mode: 'dial', target: null, shape: 'ramp', rate: 5, seconds: 10, seed: 1, agents: 3,
    metrics: metrics(some), byCode: {}, limitsExceeded: [], perSecond: [], verdict: { passed: true, limits: 'x', judgements: [] }, comparison: null, report: null, ...more,
  });
  const verdictOf = (before: Partial<RunMetrics>, after: Partial<RunMetrics>, metric: keyof RunMetrics): unknown =>
    compare(result(before), result(after)).differences.find((each) => each.metric === metric);

  it('knows which way is better', () => {
    expect(verdictOf({ setupP99Ms: 100 }, { setupP99Ms: 150 }, 'setupP99Ms')).toEqual({ metric: 'setupP99Ms', before: 100, after: 150, change: 50, changePct: 50, verdict: 'worse' });
    expect(verdictOf({ serPct: 40 }, { serPct: 60 }, 'serPct')).toMatchObject({ changePct: 50, verdict: 'better' });
    expect(verdictOf({ attempts: 10 }, { attempts: 20 }, 'attempts')).toMatchObject({ verdict: 'fact' });
  });

  it('leaves noise alone, and what one run has not', () => {
    expect(verdictOf({ setupP99Ms: 100 }, { setupP99Ms: 104 }, 'setupP99Ms')).toMatchObject({ verdict: 'same' });
    expect(verdictOf({ ackP99Ms: 1 }, { ackP99Ms: 2.5 }, 'ackP99Ms')).toMatchObject({ verdict: 'same' });
    expect(verdictOf({ cpsLimitExceeded: 0 }, { cpsLimitExceeded: 1 }, 'cpsLimitExceeded')).toMatchObject({ changePct: null, verdict: 'worse' });
    expect(verdictOf({}, { setupP99Ms: 4 }, 'setupP99Ms')).toMatchObject({ verdict: 'not-comparable' });
  });

  it('says when it was another run', () => {
    expect(compare(result({}), result({}, { rate: 9, seed: 2 })).notTheSame).toEqual(['rate was 5, is 9', 'seed was 1, is 2']);
    expect(compare(result({}, { target: 'a:5060' }), result({}, { target: 'b:5060', agents: 4 })).notTheSame).toEqual(['target was a:5060, is b:5060', 'agents was 3, is 4']);
  });

  it('refuses a file that is no result', async () => {
    await expect(readEarlier(new URL('./judge.ts', import.meta.url).pathname)).rejects.toThrow('is not what --json');
    await expect(readEarlier('/nowhere.json')).rejects.toThrow('ENOENT');
  });
});
