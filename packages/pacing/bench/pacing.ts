/** npm run bench:pacing: every shipped scenario with every policy; writes pacing.html, pacing.md, pacing-table.md and pacing.json into reports/. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { benchFlags } from '@ritmo/testing/flags';
import { readScenario, shippedScenarios } from '../cli/scenario-files.ts';
import { policyByName, referenceOf, summarise, UnknownPolicyError } from '../src/index.ts';
import type { Reference, RunResult, Scenario } from '../src/index.ts';
import { runJobs } from './pool.ts';
import { contenders } from './contenders.ts';
import { decisionMs } from './decision-time.ts';
import { byScenario, htmlReport } from './report.ts';
import type { Entry } from './entry.ts';
import { optimumTable, scenarioTable } from './tables.ts';
import { checksOf } from './verdicts.ts';
import type { Job } from './worker.ts';

const BASELINES = [
  'progressive', 'fixed-ratio:1.5', 'fixed-ratio:2', 'fixed-ratio:3', 'sinch', 'vicidial-hard-limit', 'vicidial-average', 'vicidial-tapered',
  'issabel', 'issabel-overcommit', 'us5640445', 'pi',
];
const SEEDS_A_JOB = 4;
const SERIES = new Set(['step', 'realistic', 'realistic-one-campaign', 'cold-start']);

const flags = benchFlags(
  `Runs every shipped scenario with Ritmo and with every baseline, judges the results and writes the report: pacing.html,
pacing.md (all scenarios), pacing-table.md (the README's) and pacing.json. Each check is printed with its verdict; the whole takes
some minutes on two cores. Progress goes to standard error.`,
  {
    only: ['', "scenarios whose name matches, e.g. '^exponential-n5'"],
    policies: [['ritmo', ...BASELINES].join(), 'these of Ritmo and the baselines'],
    seeds: [20, 'seeds of Ritmo, and of the baselines that come near it'],
    'baseline-seeds': [3, 'seeds that every baseline runs at first'],
    threads: [2, 'threads'],
    quick: [false, '4 seeds, 1 for baselines, without 200 agents'],
    out: ['reports', 'folder of the report'],
  },
);

interface Plan {
  readonly name: string;
  readonly policy: string;
  readonly raw: unknown;
  readonly scenario: Scenario;
  readonly runs: RunResult[];
}

const ownSeeds = flags.quick ? 4 : flags.seeds;
const firstSeeds = Math.min(ownSeeds, flags.quick ? 1 : flags['baseline-seeds']);

function plansOf(): Plan[] {
  const only = new RegExp(flags.only);
  const policies = flags.policies.split(',');
  for (const policy of policies) policyByName(policy, { cap: 0.03, agentPart: 1, endMs: 1, abandon: {} });
  // A quick run leaves out what takes longest and says least.
  const names = shippedScenarios().filter((name) => only.test(name) && !(flags.quick && name.includes('-n200-')));
  if (names.length === 0) throw new RangeError(`no scenario matches "${flags.only}"; shipped: ${shippedScenarios().join(', ')}`);
  return names.flatMap((name) => {
    const { raw, scenario } = readScenario(name);
    return policies.map((policy): Plan => ({ name, policy, raw, scenario, runs: [] }));
  });
}

/** A few seeds a job, the long jobs first, so that the last minute is not one thread's. */
function jobsOf(plans: readonly Plan[], which: (plan: Plan) => readonly [first: number, last: number]): Job[] {
  const jobs = plans.flatMap((plan, id) => {
    const [first, last] = which(plan);
    const list: Job[] = [];
    for (let seed = first; seed <= last; seed += SEEDS_A_JOB) {
      const seeds = Array.from({ length: Math.min(SEEDS_A_JOB, last - seed + 1) }, (_, index) => seed + index);
      list.push({ id, scenario: plan.raw, policy: plan.policy, seeds, seriesEveryS: SERIES.has(plan.name) ? 60 : null });
    }
    return list;
  });
  const weight = ({ id, seeds, policy }: Job): number => Number(/-n(\d+)/.exec(plans[id]?.name ?? '')?.[1] ?? 60) * seeds.length * (policy === 'ritmo' ? 10 : 1);
  return jobs.sort((a, b) => weight(b) - weight(a));
}

const references = new Map<string, Reference>();

function entriesOf(plans: readonly Plan[]): Entry[] {
  return plans.map(({ name, policy, scenario, runs }) => {
    const reference = references.get(name) ?? referenceOf(scenario, [1, 2, 3]);
    references.set(name, reference);
    runs.sort((a, b) => a.seed - b.seed);
    return { answer: summarise(name, policy, runs, reference), capPct: scenario.abandonCapPct, runs };
  });
}

async function main(): Promise<void> {
  const started = performance.now();
  const minutesNow = (): number => (performance.now() - started) / 60_000;
  const plans = plansOf();
  let attempts = 0;
  let wallMs = 0;
  const work = (jobs: readonly Job[]): Promise<void> =>
    runJobs(jobs, flags.threads, (done, finished) => {
      const target = plans[done.id] as Plan;
      target.runs.push(...done.runs);
      attempts += done.runs.reduce((sum, run) => sum + run.simulatedAttempts, 0);
      wallMs += done.ms;
      if (finished % 20 === 0 || finished === jobs.length) console.error(`${finished}/${jobs.length} jobs, ${minutesNow().toFixed(1)} min, last ${target.name} ${target.policy}`);
    });
  await work(jobsOf(plans, ({ policy }) => [1, policy === 'ritmo' ? ownSeeds : firstSeeds]));
  const near = new Set([...byScenario(entriesOf(plans)).values()].flatMap(contenders).map(({ answer }) => `${answer.scenario} ${answer.policy}`));
  await work(jobsOf(plans, ({ name, policy }) => (near.has(`${name} ${policy}`) ? [firstSeeds + 1, ownSeeds] : [1, 0])));
  const entries = entriesOf(plans);
  const checks = checksOf(entries, new Map(plans.map(({ name, scenario }) => [name, scenario])));
  const speed = attempts / 1e6 / (wallMs / 60_000);
  const whole = { minutes: minutesNow(), decisionMs: decisionMs(), attempts, attemptsPerMinuteAndThread: speed * 1e6, checks, answers: entries.map((entry) => entry.answer) };
  mkdirSync(flags.out, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(`${flags.out}/${name}`, `${text}\n`);
  write('pacing.html', htmlReport(entries, checks));
  write('pacing.md', scenarioTable(entries));
  const table = optimumTable(entries);
  if (table !== '') write('pacing-table.md', table);
  write('pacing.json', JSON.stringify(whole));
  const failed = checks.filter((check) => !check.holds).length;
  if (flags.json) {
    console.log(JSON.stringify(whole));
    return;
  }
  for (const { scenario, text, holds } of checks) console.log(`${holds ? 'holds' : 'FAILS'}  ${scenario}: ${text}`);
  console.log(`${checks.length - failed} of ${checks.length} checks hold`);
  console.log(`${(attempts / 1e6).toFixed(1)} million attempts in ${whole.minutes.toFixed(1)} min, ${speed.toFixed(2)} million a minute on a thread; one decision for 500 agents and 1,500 calls in flight ${whole.decisionMs.toFixed(3)} ms; ${flags.out}/pacing.html`);
}

await main().catch((error: unknown) => {
  if (!(error instanceof RangeError || error instanceof SyntaxError || error instanceof UnknownPolicyError)) throw error;
  console.error(`pacing: ${error.message}`);
  process.exitCode = 2;
});
