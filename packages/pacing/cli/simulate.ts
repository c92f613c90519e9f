/** npm run simulate: one scenario, one policy, any number of seeds. */
import { writeFileSync } from 'node:fs';
import { benchFlags } from '@ritmo/testing/flags';
import { POLICIES, recordSimulation, referenceOf, runSeed, summarise, UnknownPolicyError } from '../src/index.ts';
import type { Answer, RunResult } from '../src/index.ts';
import { readScenario, ScenarioFileError, shippedScenarios } from './scenario-files.ts';

const flags = benchFlags(
  `Simulates a campaign with a pacing policy.

  npm run simulate -- --scenario FILE --policy NAME [options]`,
  {
    scenario: ['', 'a scenario file, or the name of a shipped one (see --list)'],
    policy: ['ritmo', 'who decides (see --list)'],
    seed: [1, 'first seed'],
    seeds: [1, 'number of seeds'],
    series: ['', 'write the course of the first seed into this file, one line a minute: CSV, or JSON if it ends in .json'],
    recording: ['', 'write what the first seed did into this file, for `ritmo replay --recording FILE`'],
    list: [false, 'list policies and shipped scenarios'],
  },
);

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

function writeSeries(file: string, series: RunResult['series']): void {
  const head = Object.keys(series[0] ?? {});
  const csv = [head.join(','), ...series.map((point) => Object.values(point).join(','))].join('\n');
  writeFileSync(file, file.endsWith('.json') ? JSON.stringify(series) : `${csv}\n`);
}

function main(): number {
  if (flags.list) {
    list();
    return 0;
  }
  const { scenario: given, policy, seed, seeds: count, series, recording } = flags;
  if (given === '') throw new ScenarioFileError('--scenario is missing; --help tells more');
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 1) throw new ScenarioFileError('--seed and --seeds are whole numbers, --seeds at least 1');
  const { name, scenario } = readScenario(given);
  if (recording !== '' && scenario.campaigns !== undefined) throw new ScenarioFileError('--recording takes a scenario of one campaign');
  // Before minutes of work: a file that cannot be written.
  for (const file of [series, recording]) if (file !== '') writeFileSync(file, '');
  const seeds = Array.from({ length: count }, (_, index) => seed + index);
  const before = process.cpuUsage();
  const runs = seeds.map((one, index) => runSeed(scenario, policy, one, index === 0 && series !== '' ? 60 : undefined));
  const used = process.cpuUsage(before);
  const cpuMinutes = (used.user + used.system) / 60e6;
  const answer = summarise(name, policy, runs, referenceOf(scenario, seeds));
  if (series !== '') writeSeries(series, runs[0]?.series ?? []);
  if (recording !== '') writeFileSync(recording, JSON.stringify(recordSimulation(scenario, policy, seed)));
  const speed = `speed          ${(answer.simulatedAttempts / 1e6 / cpuMinutes).toFixed(2)} million attempts a minute of processor time`;
  console.log(flags.json ? JSON.stringify(answer) : `${table(answer)}\n${speed}`);
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  const expected = error instanceof ScenarioFileError || error instanceof UnknownPolicyError || (error instanceof Error && 'code' in error);
  console.error(`simulate: ${expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 2;
}
