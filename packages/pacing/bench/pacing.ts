/** npm run bench:pacing: every shipped scenario with every policy; writes pacing.html, pacing.md, pacing-table.md and pacing.json into reports/. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resolveScenario, shippedScenarios } from '../cli/scenario-files.ts';
import { parseScenario, referenceOf, summarise } from '../src/index.ts';
import type { Reference, RunResult, Scenario } from '../src/index.ts';
import { runJobs } from './pool.ts';
import { contenders } from './contenders.ts';
import { decisionMs } from './decision-time.ts';
import { byScenario, htmlReport } from './report.ts';
import type { Entry } from './report.ts';
import { optimumTable, scenarioTable } from './tables.ts';
import { checksOf } from './verdicts.ts';
import type { Job } from './worker.ts';

const BASELINES = [
  'progressive', 'fixed-ratio:1.5', 'fixed-ratio:2', 'fixed-ratio:3', 'sinch', 'vicidial-hard-limit', 'vicidial-average', 'vicidial-tapered',
  'issabel', 'issabel-overcommit', 'us5640445', 'pi',
];
const SEEDS_A_JOB = 4;
const SERIES = new Set(['step', 'realistic', 'realistic-one-campaign', 'cold-start']);

const HELP = `Runs every shipped scenario with Ritmo and with every baseline, judges the results and writes the report.

  npm run bench:pacing -- [options]

  --only REGEX          scenarios whose name matches, e.g. '^exponential-n5'
  --policies A,B        these instead of Ritmo and all baselines
  --seeds N             seeds of Ritmo, and of the baselines that come near it: 20 unless given
  --baseline-seeds N    seeds that every baseline runs at first: 3 unless given
  --threads N           2 unless given
  --quick               4 seeds, 1 for baselines, without 200 agents
  --out FOLDER          reports unless given: pacing.html, pacing.md (all scenarios), pacing-table.md (the README's), pacing.json
  --json                print the whole as one JSON object instead of the checks
  --help                this text

Each check is printed with its verdict. The whole takes some minutes on two cores; progress goes to standard error.`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'reports' },
    seeds: { type: 'string', default: '20' },
    'baseline-seeds': { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    policies: { type: 'string', default: ['ritmo', ...BASELINES].join() },
    threads: { type: 'string', default: '2' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Plan {
  readonly name: string;
  readonly policy: string;
  readonly raw: unknown;
  readonly scenario: Scenario;
  readonly runs: RunResult[];
}

const ownSeeds = values.quick ? 4 : Number(values.seeds);
const firstSeeds = Math.min(ownSeeds, values.quick ? 1 : Number(values['baseline-seeds']));

function plansOf(): Plan[] {
  const only = new RegExp(values.only);
  // A quick run leaves out what takes longest and says least.
  const names = shippedScenarios().filter((name) => only.test(name) && !(values.quick && name.includes('-n200-')));
  return names.flatMap((name) => {
    const raw = JSON.parse(readFileSync(resolveScenario(name), 'utf8')) as unknown;
    const scenario = parseScenario(raw);
    return values.policies.split(',').map((policy): Plan => ({ name, policy, raw, scenario, runs: [] }));
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
    runJobs(jobs, Number(values.threads), (done, finished) => {
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
  mkdirSync(values.out, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(`${values.out}/${name}`, `${text}\n`);
  write('pacing.html', htmlReport(entries, checks));
  write('pacing.md', scenarioTable(entries));
  const table = optimumTable(entries);
  if (table !== '') write('pacing-table.md', table);
  write('pacing.json', JSON.stringify(whole));
  const failed = checks.filter((check) => !check.holds).length;
  if (values.json) {
    console.log(JSON.stringify(whole));
    return;
  }
  for (const { scenario, text, holds } of checks) console.log(`${holds ? 'holds' : 'FAILS'}  ${scenario}: ${text}`);
  console.log(`${checks.length - failed} of ${checks.length} checks hold`);
  console.log(`${(attempts / 1e6).toFixed(1)} million attempts in ${whole.minutes.toFixed(1)} min, ${speed.toFixed(2)} million a minute on a thread; one decision for 500 agents and 1,500 calls in flight ${whole.decisionMs.toFixed(3)} ms; ${values.out}/pacing.html`);
}

if (values.help) console.log(HELP);
else await main();
