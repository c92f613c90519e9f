import { readFile } from 'node:fs/promises';
import { UserError } from '@ritmo/runtime';
import type { Comparison, Difference, LoadResult } from './result.ts';
import { betterWhen, metricNames, type RunMetrics } from './run-metrics.ts';

/** Below it a difference is the noise of the machine. */
const noisePct = 5;
const noiseMs = 2;

export function compare(earlier: LoadResult, now: LoadResult): Comparison {
  const settings = ['profile', 'mode', 'target', 'shape', 'rate', 'seconds', 'seed', 'agents'] as const;
  return {
    earlier: { startedAt: earlier.startedAt, profile: earlier.profile, passed: earlier.verdict.passed },
    notTheSame: settings.filter((name) => earlier[name] !== now[name]).map((name) => `${name} was ${String(earlier[name])}, is ${String(now[name])}`),
    differences: metricNames.map((metric) => differenceOf(metric, earlier.metrics[metric] ?? null, now.metrics[metric] ?? null)),
  };
}

function differenceOf(metric: keyof RunMetrics, before: number | null, after: number | null): Difference {
  const better = betterWhen(metric);
  if (before === null || after === null) return { metric, before, after, change: null, changePct: null, verdict: 'not-comparable' };
  const change = after - before;
  const changePct = before === 0 ? null : (100 * change) / Math.abs(before);
  const isNoise = change === 0 || (changePct !== null && Math.abs(changePct) < noisePct) || (metric.endsWith('Ms') && Math.abs(change) < noiseMs);
  const verdict = better === null ? 'fact' : isNoise ? 'same' : change > 0 === (better === 'up') ? 'better' : 'worse';
  return { metric, before, after, change, changePct, verdict };
}

export async function readEarlier(file: string): Promise<LoadResult> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`--compare ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  try {
    const result = JSON.parse(text) as Partial<LoadResult>;
    if (result.format === 'ritmo-loadtest-1' && result.metrics !== undefined && result.verdict !== undefined) return result as LoadResult;
  } catch {
    // Said below.
  }
  throw new UserError(`--compare ${file} is not what --json of an earlier run printed`);
}
