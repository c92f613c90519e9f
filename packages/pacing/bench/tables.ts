/** Markdown: every scenario, and the short table of the README. */
import { bestBaseline, byScenario, pct } from './report.ts';
import type { Entry } from './entry.ts';

const worstOf = ({ answer }: Entry): number => Math.max(...answer.perSeed.map((seed) => seed.worstCampaignAbandonRate));

/** Ritmo's row and the best baseline that holds the cap, per scenario. */
export function scenarioTable(entries: readonly Entry[]): string {
  const rows = [...byScenario(entries)].flatMap(([scenario, list]) => {
    const ritmo = list.find((entry) => entry.answer.policy === 'ritmo');
    if (ritmo === undefined) return [];
    const best = bestBaseline(list);
    const { answer } = ritmo;
    const isExact = answer.optimumKind === 'markov decision process';
    const reference = isExact ? pct(answer.optimum) : `${pct(answer.exponentialOptimum)} ¹`;
    const gap = isExact ? (answer.gapClosed ?? 0).toFixed(3) : '—';
    const other = best === undefined ? '—' : `${pct(best.answer.occupancy)} (${best.answer.policy})`;
    return [`| ${scenario} | ${pct(answer.floor)} | ${pct(answer.occupancy)} | ${reference} | ${gap} | ${pct(answer.abandonRate)} | ${pct(worstOf(ritmo))} | ${other} |`];
  });
  return [
    '| scenario | floor | Ritmo | optimum | gap closed | abandoned | worst seed | best baseline that holds the cap |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    '¹ The optimum for exponential times with the same means; the optimum of other laws may lie above it or below. All figures in %.',
  ].join('\n');
}

/** Stationary exponential scenarios only: agents × share of answers. Empty when none was run. */
export function optimumTable(entries: readonly Entry[]): string {
  const rows = entries.flatMap((entry) => {
    const { answer } = entry;
    const [, agents, percent] = /^exponential-n(\d+)-p(\d+)$/.exec(answer.scenario) ?? [];
    if (answer.policy !== 'ritmo' || agents === undefined || percent === undefined || answer.gapClosed === null) return [];
    const gap = answer.gapExpected ?? answer.gapClosed;
    const figures = [pct(answer.floor), pct(answer.occupancy), pct(answer.optimum), gap.toFixed(3), pct(answer.abandonRate), pct(worstOf(entry))];
    return [{ order: 1000 * Number(agents) + Number(percent), text: `| ${agents} | ${(Number(percent) / 100).toFixed(1)} | ${figures.join(' | ')} |` }];
  });
  if (rows.length === 0) return '';
  const seeds = entries.find(({ answer }) => answer.policy === 'ritmo')?.answer.seeds.length ?? 0;
  return [
    '| agents | p | one line per free agent | Ritmo | optimum | gap closed ¹ | abandoned | worst campaign |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.sort((a, b) => a.order - b.order).map(({ text }) => text),
    '',
    `Occupancy and abandoned calls in %, ${seeds} seeds of 8 hours, at most 3 % abandoned, no grace time. p: share of the calls that a person answers; talk 120 s and ringing 15 s, exponential.`,
    '¹ (Ritmo − one line) ÷ (optimum − one line); up to 20 agents in expectation over the chances of the runs, see docs/pacing.md.',
  ].join('\n');
}
