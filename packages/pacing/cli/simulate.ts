/** npm run simulate: one scenario, one policy, any number of seeds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseScenario, POLICIES, referenceOf, runSeed, summarise } from '../src/index.ts';
import type { Answer } from '../src/index.ts';
import { resolveScenario, shippedScenarios } from './scenario-files.ts';

const HELP = `Simulates a campaign with a pacing policy.

  npm run simulate -- --scenario FILE --policy NAME [options]

  --scenario FILE   a scenario file, or the name of a shipped one (see --list)
  --policy NAME     ritmo unless given (see --list)
  --seed N          first seed, 1 unless given
  --seeds N         number of seeds, 1 unless given
  --json            print one JSON object instead of the table
  --series FILE     write a CSV of the first seed, one line a minute (with .json: JSON)
  --list            list policies and shipped scenarios
  --help            this text`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    policy: { type: 'string', default: 'ritmo' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    series: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function list(): void {
  console.log('policies');
  for (const { name, rule } of POLICIES) console.log(`  ${name.padEnd(22)} ${rule}`);
  console.log('scenarios');
  for (const name of shippedScenarios()) console.log(`  ${name}`);
}

function percent(value: number | null): string {
  return value === null ? '—' : `${(100 * value).toFixed(2)} %`;
}

function gapText(answer: Answer): string {
  if (answer.gapClosed === null || answer.gapError === null) return '—';
  const plain = `${answer.gapClosed.toFixed(3)} ± ${answer.gapError.toFixed(3)}`;
  if (answer.gapExpected === null || answer.gapExpectedError === null) return plain;
  return `${plain}  (in expectation ${answer.gapExpected.toFixed(3)} ± ${answer.gapExpectedError.toFixed(3)})`;
}

function table(answer: Answer): string {
  const worst = Math.max(...answer.perSeed.map((seed) => seed.worstCampaignAbandonRate));
  const rows: readonly (readonly [string, string])[] = [
    ['scenario', answer.scenario],
    ['policy', answer.policy],
    ['seeds', `${answer.seeds[0]} to ${answer.seeds.at(-1)}`],
    ['occupancy', `${percent(answer.occupancy)}  (95 %: ${answer.occupancyCi95.map(percent).join(' to ')})`],
    ['abandoned', `${percent(answer.abandonRate)}  (95 %: ${answer.abandonCi95.map(percent).join(' to ')}; worst campaign ${percent(worst)})`],
    ['floor', `${percent(answer.floor)}  (one line per free agent, ${answer.floorKind})`],
    ['optimum', `${percent(answer.optimum)}  (${answer.optimumKind})`],
    ['gap closed', gapText(answer)],
    ['on the way', `at most ${percent(Math.max(...answer.perSeed.map((seed) => seed.worstRateOnTheWay)))} from the 100th person on, ${Math.max(...answer.perSeed.map((seed) => seed.worstExcess)).toFixed(1)} abandoned calls over the cap`],
    ['attempts', `${answer.attempts}, people ${answer.live}, abandoned ${answer.abandoned}, lost to detection ${answer.lostToDetection}`],
    ['mean wait', `${answer.meanWaitS.toFixed(3)} s for people, ${answer.meanIdleS.toFixed(2)} s for agents`],
    ['most channels', `${answer.maxChannels}`],
  ];
  return rows.map(([name, text]) => `${name.padEnd(14)} ${text}`).join('\n');
}

function main(): number {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.list) {
    list();
    return 0;
  }
  if (values.scenario === undefined) {
    console.error(HELP);
    return 2;
  }
  const first = Number(values.seed);
  const count = Number(values.seeds);
  if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1) throw new Error('--seed and --seeds are whole numbers, --seeds at least 1');
  const file = resolveScenario(values.scenario);
  const parsed = parseScenario(JSON.parse(readFileSync(file, 'utf8')) as unknown);
  const name = parsed.name ?? values.scenario;
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  const before = process.cpuUsage();
  const runs = seeds.map((seed, index) => runSeed(parsed, values.policy, seed, index === 0 && values.series !== undefined ? 60 : undefined));
  const used = process.cpuUsage(before);
  const cpuMinutes = (used.user + used.system) / 60e6;
  const answer = summarise(name, values.policy, runs, referenceOf(parsed, seeds));
  if (values.series !== undefined) {
    const series = runs[0]?.series ?? [];
    const head = Object.keys(series[0] ?? {});
    const csv = [head.join(','), ...series.map((point) => Object.values(point).join(','))].join('\n');
    writeFileSync(values.series, values.series.endsWith('.json') ? JSON.stringify(series) : `${csv}\n`);
  }
  const speed = `speed          ${(answer.simulatedAttempts / 1e6 / cpuMinutes).toFixed(2)} million attempts a minute of processor time`;
  console.log(values.json ? JSON.stringify(answer) : `${table(answer)}\n${speed}`);
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
