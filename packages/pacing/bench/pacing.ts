/** npm run bench:pacing: every shipped scenario with every policy; writes reports/pacing.html and reports/pacing.md. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resolveScenario, shippedScenarios } from '../cli/scenario-files.ts';
import { parseScenario, referenceOf, summarise } from '../src/index.ts';
import type { RunResult, Scenario } from '../src/index.ts';
import { runJobs } from './pool.ts';
import { bestBaseline, byScenario, htmlReport, markdownTable, recovery } from './report.ts';
import type { Entry } from './report.ts';
import type { Job } from './worker.ts';

const BASELINES = [
  'progressive', 'fixed-ratio:1.5', 'fixed-ratio:2', 'fixed-ratio:3', 'sinch', 'vicidial-hard-limit', 'vicidial-average', 'vicidial-tapered',
  'issabel', 'issabel-overcommit', 'us5640445', 'pi',
];
const SERIES = new Set(['step', 'realistic-one-campaign', 'cold-start']);

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'reports' },
    seeds: { type: 'string', default: '20' },
    'baseline-seeds': { type: 'string', default: '3' },
    only: { type: 'string' },
    policies: { type: 'string' },
    threads: { type: 'string', default: '2' },
    quick: { type: 'boolean', default: false },
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
  for (const file of shippedScenarios().filter((name) => only.test(name))) {
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

function verdicts(entries: readonly Entry[]): string[] {
  const lines: string[] = [];
  for (const [scenario, list] of byScenario(entries)) {
    const ritmo = list.find((entry) => entry.answer.policy === 'ritmo');
    if (ritmo === undefined) continue;
    const { answer } = ritmo;
    const worst = Math.max(...answer.perSeed.map((seed) => seed.worstCampaignAbandonRate));
    const exact = answer.optimumKind === 'markov decision process';
    const agents = Number(/-n(\d+)/.exec(scenario)?.[1] ?? 0);
    const wanted = agents <= 20 ? 0.9 : 0.95;
    const best = bestBaseline(list);
    const checks = [
      ...(exact ? [`gap closed ${(answer.gapClosed ?? 0).toFixed(3)} ${(answer.gapClosed ?? 0) >= wanted ? 'meets' : 'MISSES'} ${wanted}`] : []),
      `abandoned ${(100 * answer.abandonRate).toFixed(2)} % ${answer.abandonRate <= 0.03 ? 'holds' : 'IS OVER'} 3.0 %`,
      `worst campaign of a seed ${(100 * worst).toFixed(2)} % ${worst <= 0.033 ? 'holds' : 'IS OVER'} 3.3 %`,
      ...(best === undefined ? [] : [`${best.answer.occupancy > answer.occupancy ? 'BEATEN BY' : 'above'} ${best.answer.policy} (${(100 * best.answer.occupancy).toFixed(2)} %)`]),
      ...recoveryText(scenario, ritmo),
    ];
    lines.push(`${scenario}: occupancy ${(100 * answer.occupancy).toFixed(2)} %; ${checks.join('; ')}`);
  }
  return lines;
}

function recoveryText(scenario: string, entry: Entry): string[] {
  if (scenario !== 'step') return [];
  const times = recovery(entry.runs, [10_800, 19_800], 28_800);
  return times.map((timeS, index) => `recovered ${timeS} s after step ${index + 1}, ${timeS <= 300 ? 'within' : 'NOT WITHIN'} 300 s`);
}

async function main(): Promise<void> {
  const started = performance.now();
  const { plans, jobs } = plan();
  let attempts = 0;
  let cpuMs = 0;
  await runJobs(jobs, Number(values.threads), (done, finished) => {
    const target = plans[done.id] as Plan;
    target.runs.push(...done.runs);
    attempts += done.runs.reduce((sum, run) => sum + run.simulatedAttempts, 0);
    cpuMs += done.ms;
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
  const lines = verdicts(entries);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(`${values.out}/pacing.html`, htmlReport(entries, lines));
  writeFileSync(`${values.out}/pacing.md`, `${markdownTable(entries)}\n`);
  writeFileSync(`${values.out}/pacing.json`, JSON.stringify(entries.map((entry) => entry.answer)));
  for (const line of lines) console.log(line);
  console.log(`${(attempts / 1e6).toFixed(1)} million attempts, ${(attempts / 1e6 / (cpuMs / 60_000)).toFixed(2)} million a minute on a core; ${values.out}/pacing.html`);
}

if (values.help) {
  console.log('npm run bench:pacing -- [--quick] [--only REGEX] [--policies a,b] [--seeds 20] [--baseline-seeds 3] [--threads 2] [--out reports]');
} else {
  await main();
}
