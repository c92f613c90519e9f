import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compare, readEarlier } from './compare.ts';
import { createDialRun } from './dial-run.ts';
import { judge, loadLimits } from './judge.ts';
import { createCallerRun } from './caller-run.ts';
import type { RunParts } from './load-run.ts';
import { measure } from './measure.ts';
import type { LoadOptions } from './options.ts';
import { loadProfile, type Profile } from './profile.ts';
import { renderReport } from './report.ts';
import type { LoadResult } from './result.ts';
import { combine } from './run-metrics.ts';
import { createScreen } from './screen.ts';
import { callsOf } from './shapes.ts';
import { sizeFor } from './sizing.ts';

export async function runLoad(options: LoadOptions, out: NodeJS.WriteStream, signal: AbortSignal): Promise<LoadResult> {
  const profile = await loadProfile(options.profile);
  const limits = await loadLimits(options.limits ?? usualLimits(options, profile));
  const earlier = options.compare === undefined ? undefined : await readEarlier(options.compare);
  const size = sizeFor(profile, options.rate, options.inbound);
  const screen = createScreen(out, options.seconds);
  const closing: (() => Promise<unknown>)[] = [];
  const lost = new AbortController();
  const onAbort = (): void => lost.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const folder = await mkdtemp(join(tmpdir(), 'ritmo-load-'));
    // PostgreSQL runs under an account of its own when we are root.
    await chmod(folder, 0o755);
    closing.push(() => (options.keep ? Promise.resolve(screen.say(`logs are in ${folder}`)) : rm(folder, { recursive: true, force: true })));
    const parts: RunParts = {
      options, profile, folder, lost, closing, say: (line) => screen.say(line), agents: options.agents ?? size.agents, channels: options.channels === 0 ? size.channels : options.channels,
      talkMs: size.talkMs,
    };
    const run = await (options.target === undefined && !options.inbound ? createDialRun(parts) : createCallerRun(parts));
    const startedAt = new Date();
    const measured = await measure({ run, options, talkMs: profile.talkMs, screen, lost: lost.signal });
    const { meter, points } = measured;
    const figures = meter.figures();
    const asked = Math.min(run.maxCalls, callsOf({ name: options.shape, rate: options.rate, seconds: options.seconds }, run.quantise));
    const metrics = combine(figures, await run.figures(meter), { calls: asked, seconds: options.seconds }, points);
    const draft: LoadResult = {
      format: 'ritmo-loadtest-1', startedAt: startedAt.toISOString(), profile: profile.name, mode: options.target !== undefined ? 'target' : options.inbound ? 'inbound' : 'dial',
      target: run.target, shape: options.shape, rate: options.rate, seconds: options.seconds, seed: options.seed, agents: run.agents, metrics, byCode: figures.byCode,
      limitsExceeded: meter.exceededDetails, perSecond: points, verdict: judge(metrics, points, limits), comparison: null, report: options.report === undefined ? null : resolve(options.report),
    };
    const result: LoadResult = { ...draft, comparison: earlier === undefined ? null : compare(earlier, draft) };
    if (result.report !== null) await writeFile(result.report, renderReport(result, profile, earlier));
    return result;
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const close of closing.reverse()) await close().catch((error: unknown) => screen.say(`closing: ${String(error)}`));
  }
}

/** Whoever calls a trunk judges the trunk: a profile's own limits are for the product that meets it. */
function usualLimits({ target, shape }: LoadOptions, { limits }: Profile): string {
  if (target !== undefined) return 'trunk';
  return shape === 'soak' && limits === 'default' ? 'soak' : limits;
}
