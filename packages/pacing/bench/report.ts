/** The report: tables and pictures from the answers, as one HTML file. */
import type { Answer, RunResult } from '../src/index.ts';
import { bandChart, escape, lineChart } from './chart.ts';
import type { Line } from './chart.ts';
import type { Check, Entry } from './entry.ts';

/** A campaign may end so much over the cap, relative to it: Ritmo's own limit. */
export const CAMPAIGN_TOLERANCE = 1.1;

/** As it is asked of Ritmo: the mean within the cap, and every campaign of every seed within a tenth over it. */
export function holdsCap({ answer, capPct }: Entry): boolean {
  const worst = Math.max(...answer.perSeed.map((seed) => seed.worstCampaignAbandonRate));
  return 100 * answer.abandonRate <= capPct && 100 * worst <= CAMPAIGN_TOLERANCE * capPct;
}

/** Of the baselines that hold the cap, judged on as many seeds as any. */
export function bestBaseline(list: readonly Entry[]): Entry | undefined {
  return list
    .filter((entry) => entry.answer.policy !== 'ritmo' && holdsCap(entry))
    .sort((a, b) => b.answer.occupancy - a.answer.occupancy)[0];
}

/** Seconds from each step until the occupancy, over three minutes, is back within two points of its mean before the next step. */
export function recovery(runs: readonly RunResult[], stepsS: readonly number[], endS: number): number[] {
  const points = averageSeries(runs);
  return stepsS.map((stepS, index) => {
    const untilS = stepsS[index + 1] ?? endS;
    const settled = points.filter((point) => point.atS > stepS + 1800 && point.atS <= untilS);
    const level = settled.reduce((sum, point) => sum + point.occupancy, 0) / Math.max(1, settled.length);
    for (let at = stepS + 60; at <= untilS; at += 60) {
      const last = points.filter((point) => point.atS > at - 60 && point.atS <= at + 120);
      const now = last.reduce((sum, point) => sum + point.occupancy, 0) / Math.max(1, last.length);
      if (now >= level - 0.02) return at - stepS;
    }
    return Infinity;
  });
}

export function averageSeries(runs: readonly RunResult[]): { atS: number; occupancy: number; abandonPct: number }[] {
  const first = runs[0]?.series ?? [];
  return first.map((point, index) => {
    let occupancy = 0;
    let live = 0;
    let abandoned = 0;
    for (const run of runs) {
      occupancy += (run.series[index]?.occupancy ?? 0) / runs.length;
      live += run.series[index]?.live ?? 0;
      abandoned += run.series[index]?.abandoned ?? 0;
    }
    return { atS: point.atS, occupancy, abandonPct: live > 0 ? (100 * abandoned) / live : 0 };
  });
}

export function htmlReport(entries: readonly Entry[], checks: readonly Check[]): string {
  const parts: string[] = ['<h1>Pacing: occupancy and abandoned calls</h1>'];
  parts.push(checkTable(checks));
  for (const percent of [10, 30, 50]) parts.push(occupancyChart(entries, percent));
  for (const [scenario, list] of byScenario(entries)) {
    const bands = list.map(({ answer }) => {
      const rates = answer.perSeed.map((seed) => 100 * seed.worstCampaignAbandonRate);
      return { name: answer.policy, low: Math.min(...rates), mid: 100 * answer.abandonRate, high: Math.max(...rates) };
    });
    parts.push(`<h2>${escape(scenario)}</h2>`, scenarioTable(list));
    parts.push(bandChart('abandoned, % (range over seeds and campaigns; red: mean over the cap)', bands, list[0]?.capPct ?? 3, 10));
    const series = list.filter((entry) => (entry.runs[0]?.series.length ?? 0) > 0);
    if (series.length > 0) parts.push(stepChart(scenario, series));
  }
  return page(parts.join('\n'));
}

/** Failed checks first, all of them in a fold. */
function checkTable(checks: readonly Check[]): string {
  const row = ({ scenario, text, holds }: Check): string =>
    `<tr class="${holds ? 'holds' : 'fails'}"><td>${escape(scenario)}</td><td class="words">${escape(text)}</td><td>${holds ? 'holds' : 'fails'}</td></tr>`;
  const failed = checks.filter((check) => !check.holds);
  const whole = checks.filter((check) => check.scenario === 'all scenarios' && check.holds);
  return `<p>${checks.length - failed.length} of ${checks.length} checks hold.</p><table>${[...failed, ...whole].map(row).join('')}</table>` +
    `<details><summary>All checks</summary><table>${checks.map(row).join('')}</table></details>`;
}

function occupancyChart(entries: readonly Entry[], percent: number): string {
  const list = entries.filter((entry) => entry.answer.scenario.startsWith('exponential-') && entry.answer.scenario.endsWith(`-p${percent}`));
  const agents = (entry: Entry): number => Number(/-n(\d+)-/.exec(entry.answer.scenario)?.[1] ?? 0);
  const lines = new Map<string, [number, number][]>([['optimum S', []], ['floor F', []]]);
  const broken = new Set<string>();
  for (const entry of list) {
    const { answer } = entry;
    const points = lines.get(answer.policy) ?? [];
    points.push([agents(entry), 100 * answer.occupancy]);
    lines.set(answer.policy, points);
    if (!holdsCap(entry)) broken.add(answer.policy);
    if (answer.policy !== 'ritmo') continue;
    lines.get('optimum S')?.push([agents(entry), 100 * (answer.optimum ?? 0)]);
    lines.get('floor F')?.push([agents(entry), 100 * answer.floor]);
  }
  const drawn: Line[] = [...lines].filter(([, points]) => points.length > 0).map(([name, points]) => ({
    name: broken.has(name) ? `${name} †` : name,
    points: points.sort((a, b) => a[0] - b[0]),
    dashed: broken.has(name) || name.startsWith('floor'),
    strong: name === 'ritmo' || name.startsWith('optimum'),
  }));
  if (drawn.length === 0) return '';
  const title = `Occupancy against agents, p = 0.${percent / 10}, H 120 s, R 15 s, cap 3 % († and dashed: over the cap)`;
  return lineChart(drawn, { title, xLabel: 'agents', yLabel: 'occupancy, %', logX: true, yMax: 100 });
}

function stepChart(scenario: string, list: readonly Entry[]): string {
  const lines = list.map((entry) => ({
    name: entry.answer.policy,
    points: fiveMinutes(averageSeries(entry.runs)),
    strong: entry.answer.policy === 'ritmo',
  }));
  return lineChart(lines, { title: `${scenario}: occupancy over time, 5-minute means`, xLabel: 'minutes', yLabel: 'occupancy, %', yMax: 100 });
}

function fiveMinutes(points: readonly { atS: number; occupancy: number }[]): [number, number][] {
  const result: [number, number][] = [];
  for (let index = 4; index < points.length; index += 5) {
    const five = points.slice(index - 4, index + 1);
    result.push([Math.round((points[index]?.atS ?? 0) / 60), (100 * five.reduce((sum, point) => sum + point.occupancy, 0)) / five.length]);
  }
  return result;
}

function scenarioTable(list: readonly Entry[]): string {
  const rows = list.map(({ answer }) => {
    const cells = [
      answer.policy, pct(answer.occupancy), pct(answer.abandonRate), `${pct(answer.abandonCi95[0])} – ${pct(answer.abandonCi95[1])}`,
      gapText(answer), `${answer.meanIdleS.toFixed(2)}`, `${answer.maxChannels}`, `${answer.seeds.length}`,
    ];
    return `<tr>${cells.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`;
  });
  const first = list[0]?.answer;
  const head = ['policy', 'occupancy %', 'abandoned %', '95 %', 'gap closed', 'idle s', 'channels', 'seeds'];
  const note = first === undefined ? '' : `<p>Floor ${pct(first.floor)} % (${first.floorKind}); optimum ${pct(first.optimum)} % (${first.optimumKind})` +
    `${first.exponentialOptimum === null ? '' : `; exponential optimum with the same means ${pct(first.exponentialOptimum)} %`}.</p>`;
  return `${note}<table><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr>${rows.join('')}</table>`;
}

function gapText(answer: Answer): string {
  return answer.gapClosed === null || answer.gapError === null ? '—' : `${answer.gapClosed.toFixed(3)} ± ${answer.gapError.toFixed(3)}`;
}

export function byScenario(entries: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const list = groups.get(entry.answer.scenario) ?? [];
    list.push(entry);
    groups.set(entry.answer.scenario, list);
  }
  return groups;
}

export function pct(value: number | null): string {
  return value === null ? '—' : (100 * value).toFixed(2);
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ritmo pacing report</title><style>
body{font:15px/1.45 system-ui,sans-serif;max-width:900px;margin:24px auto;padding:0 16px;color:#1f2933}
table{border-collapse:collapse;font-size:13px}td,th{border-bottom:1px solid #d8dee4;padding:3px 9px;text-align:right}td:first-child,th:first-child{text-align:left}
svg{width:100%;height:auto;margin:8px 0}.title{font:600 14px system-ui}.tick{font:11px system-ui;fill:#475569}.grid{stroke:#e5e9ee}.mark{stroke:#c1121f;stroke-dasharray:3 3}
td.words{text-align:left;white-space:normal}.fails td{background:#fdecec}summary{cursor:pointer;margin:8px 0}
</style></head><body>${body}</body></html>`;
}
