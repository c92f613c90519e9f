/** npm run bench:pacing: every shipped scenario with every policy; writes pacing.html, pacing.md and pacing.json into reports/. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resolveScenario, shippedScenarios } from '../cli/scenario-files.ts';
import { parseScenario, referenceOf, summarise } from '../src/index.ts';
import type { RunResult, Scenario } from '../src/index.ts';
import { runJobs } from './pool.ts';
import { htmlReport, markdownTable } from './report.ts';
import type { Entry } from './report.ts';
import { decisionMs } from './decision-time.ts';
import { checksOf } from './verdicts.ts';
import type { Job } from './worker.ts';

const BASELINES = [
  'progressive', 'fixed-ratio:1.5', 'fixed-ratio:2', 'fixed-ratio:3', 'sinch', 'vicidial-hard-limit', 'vicidial-average', 'vicidial-tapered',
  'issabel', 'issabel-overcommit', 'us5640445', 'pi',
];
const SERIES = new Set(['step', 'realistic', 'realistic-one-campaign', 'cold-start']);

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'reports' },
    seeds: { type: 'string', default: '20' },
    'baseline-seeds': { type: 'string', default: '3' },
    only: { type: 'string' },
    policies: { type: 'string' },
    threads: { type: 'string', default: '2' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Plan {
  readonly name: string;
  readonly policy: string;
  readonly scenario: Scenario;
  readonly runs: RunResult[];
}

function plan(): { plans: Plan[]; jobs: Job[] } {
  const plans: Plan[] = [];
  const jobs: Job[] = [];
  const own = values.quick ? 4 : Number(values.seeds);
  const others = values.quick ? 1 : Number(values['baseline-seeds']);
  const policies = values.policies === undefined ? ['ritmo', ...BASELINES] : values.policies.split(',');
  const only = new RegExp(values.only ?? '');
  // A quick run leaves out what takes longest and says least.
  const files = shippedScenarios().filter((name) => only.test(name) && !(values.quick && name.includes('-n200-')));
  for (const file of files) {
    const raw = JSON.parse(readFileSync(resolveScenario(file), 'utf8')) as unknown;
    const scenario = parseScenario(raw);
    for (const policy of policies) {
      const count = policy === 'ritmo' ? own : others;
      const id = plans.length;
      plans.push({ name: file, policy, scenario, runs: [] });
      for (let seed = 1; seed <= count; seed += 4) {
        const seeds = Array.from({ length: Math.min(4, count - seed + 1) }, (_, index) => seed + index);
        jobs.push({ id, scenario: raw, policy, seeds, seriesEveryS: SERIES.has(file) ? 60 : null });
      }
    }
  }
  return { plans, jobs: jobs.sort((a, b) => weight(b, plans) - weight(a, plans)) };
}

/** Long jobs first, so that the last minute is not one thread's. */
function weight(job: Job, plans: readonly Plan[]): number {
  const agents = Number(/-n(\d+)/.exec(plans[job.id]?.name ?? '')?.[1] ?? 60);
  return agents * job.seeds.length * (job.policy === 'ritmo' ? 10 : 1);
}

async function main(): Promise<void> {
  const started = performance.now();
  const { plans, jobs } = plan();
  let attempts = 0;
  let wallMs = 0;
  await runJobs(jobs, Number(values.threads), (done, finished) => {
    const target = plans[done.id] as Plan;
    target.runs.push(...done.runs);
    attempts += done.runs.reduce((sum, run) => sum + run.simulatedAttempts, 0);
    wallMs += done.ms;
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    if (finished % 20 === 0 || finished === jobs.length) console.error(`${finished}/${jobs.length} jobs, ${minutes} min, last ${target.name} ${target.policy}`);
  });
  const references = new Map<string, ReturnType<typeof referenceOf>>();
  const entries = plans.map(({ name, policy, scenario, runs }): Entry => {
    const reference = references.get(name) ?? referenceOf(scenario, [1, 2, 3]);
    references.set(name, reference);
    runs.sort((a, b) => a.seed - b.seed);
    return { answer: summarise(name, policy, runs, reference), capPct: scenario.abandonCapPct, runs };
  });
  const checks = checksOf(entries, new Map(plans.map(({ name, scenario }) => [name, scenario])));
  const minutes = (performance.now() - started) / 60_000;
  const speed = attempts / 1e6 / (wallMs / 60_000);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(`${values.out}/pacing.html`, htmlReport(entries, checks));
  writeFileSync(`${values.out}/pacing.md`, `${markdownTable(entries)}\n`);
  const decision = decisionMs();
  const whole = { minutes, decisionMs: decision, attempts, attemptsPerMinuteAndThread: speed * 1e6, checks, answers: entries.map((entry) => entry.answer) };
  writeFileSync(`${values.out}/pacing.json`, JSON.stringify(whole));
  if (values.json) {
    console.log(JSON.stringify(whole));
    return;
  }
  for (const { scenario, text, holds } of checks) console.log(`${holds ? 'holds' : 'FAILS'}  ${scenario}: ${text}`);
  console.log(`${checks.filter((check) => check.holds).length} of ${checks.length} checks hold`);
  console.log(`${(attempts / 1e6).toFixed(1)} million attempts in ${minutes.toFixed(1)} min, ${speed.toFixed(2)} million a minute on a thread; one decision for 500 agents and 1,500 calls in flight ${decision.toFixed(3)} ms; ${values.out}/pacing.html`);
}

if (values.help) {
  console.log('npm run bench:pacing -- [--quick] [--only REGEX] [--policies a,b] [--seeds 20] [--baseline-seeds 3] [--threads 2] [--out reports] [--json]');
} else {
  await main();
}
