/** A thread of the report: runs one scenario with one policy over some seeds at a time. */
import { parentPort } from 'node:worker_threads';
import { parseScenario, runSeed } from '../src/index.ts';
import type { RunResult } from '../src/index.ts';

export interface Job {
  readonly id: number;
  readonly scenario: unknown;
  readonly policy: string;
  readonly seeds: readonly number[];
  readonly seriesEveryS: number | null;
}

export interface Done {
  readonly id: number;
  readonly runs: readonly RunResult[];
  readonly ms: number;
}

parentPort?.on('message', (job: Job) => {
  const started = performance.now();
  const scenario = parseScenario(job.scenario);
  const runs = job.seeds.map((seed) => runSeed(scenario, job.policy, seed, job.seriesEveryS ?? undefined));
  parentPort?.postMessage({ id: job.id, runs, ms: performance.now() - started } satisfies Done);
});
