import { barChart, escapeHtml, timeChart, type Series } from '@ritmo/testing';
import { abandonCapPct } from './demo-config.ts';
import type { Check, RunResult } from './result.ts';
import { agentStates, type AgentStateName, type Sample } from './sample.ts';

const stateColours: Readonly<Record<AgentStateName, string>> = {
  talking: 'var(--talking)',
  ringing: 'var(--ringing)',
  'wrap-up': 'var(--wrap)',
  reserved: 'var(--reserved)',
  free: 'var(--free)',
  paused: 'var(--paused)',
  'logged-out': 'var(--out)',
};

const style = `
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5d6b7e;--paper:#fff;--card:#f6f8fa;--line:#d9e0e8;--bar:#3f7fbf;--good:#1a7f4b;--bad:#c0392b;
--talking:#2f7d5b;--ringing:#e0a03a;--wrap:#8a6fb8;--reserved:#c7b98a;--free:#b9d3ea;--paused:#c96f5e;--out:#c8ced6;--a:#3f7fbf;--b:#c96f5e}
@media(prefers-color-scheme:dark){:root{--ink:#e3e9f0;--dim:#94a3b5;--paper:#12171e;--card:#1a212b;--line:#2c3644;--free:#36516b;--out:#414c5a;--good:#4cc38a;--bad:#ff7b6b}}
body{margin:0 auto;max-width:780px;padding:28px 20px 60px;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:24px;margin:0 0 2px}h2{font-size:17px;margin:34px 0 10px}p.sub{color:var(--dim);margin:0 0 18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(138px,1fr));gap:10px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}.tile b{display:block;font-size:21px;font-variant-numeric:tabular-nums}
.tile span{color:var(--dim);font-size:13px}figure{margin:22px 0 0}figcaption{font-weight:600;margin-bottom:6px;display:flex;flex-wrap:wrap;gap:4px 16px}
.legend{display:flex;flex-wrap:wrap;gap:2px 12px;font-weight:400;color:var(--dim);font-size:13px}.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
svg{width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:var(--dim)}.grid{stroke:var(--line);stroke-width:1}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}td,th{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
td.mark{font-weight:700;width:64px}.yes{color:var(--good)}.no{color:var(--bad)}`;

/** One HTML file: figures, charts, reconciliation. */
export function renderReport(result: RunResult, samples: readonly Sample[], meta: { readonly startedAt: Date; readonly title: string }): string {
  const tiles: readonly (readonly [string, string])[] = [
    ['INVITEs at the carrier', String(result.invitesSeen)],
    ['attempts', String(result.attemptsStored)],
    ['answered', String(result.answered)],
    ['delivered', String(result.delivered)],
    ['abandoned', `${result.abandoned} (${result.abandonRate.toFixed(1)} %)`],
    ['occupancy', `${result.occupancy.toFixed(1)} %`],
    ['channels at the carrier', `${result.maxChannels} of ${result.channelLimit}`],
    ['calls per second, busiest', `${result.maxCps} of ${result.cpsLimit}`],
    ['offers missed (TNA)', String(result.tna)],
    ['recordings', String(result.recordings)],
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(meta.title)}</title><style>${style}</style></head>
<body><h1>${escapeHtml(meta.title)}</h1>
<p class="sub">${escapeHtml(meta.startedAt.toLocaleString('en-GB'))} · ${result.agents} agents · ${result.contacts} contacts · ${result.seconds} s · seed ${result.seed}</p>
<div class="tiles">${tiles.map(([name, value]) => `<div class="tile"><b>${escapeHtml(value)}</b><span>${escapeHtml(name)}</span></div>`).join('')}</div>
<h2>Reconciliation: ${result.ok ? '<span class="yes">holds</span>' : '<span class="no">DOES NOT HOLD</span>'}</h2>
<table>${result.checks.map(checkRow).join('')}</table>
<h2>The run</h2>${charts(samples)}
${barChart(
  'Dispositions (attempts)',
  Object.entries(result.byDisposition)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => b.value - a.value),
)}
</body></html>
`;
}

const checkRow = ({ ok, name, detail }: Check): string =>
  `<tr><td class="mark ${ok ? 'yes' : 'no'}">${ok ? 'holds' : 'FAILS'}</td><td>${escapeHtml(name)}</td><td>${escapeHtml(detail)}</td></tr>`;

function charts(samples: readonly Sample[]): string {
  const beganAtMs = samples[0]?.atMs ?? 0;
  const times = samples.map(({ atMs }) => (atMs - beganAtMs) / 1000);
  const series = (name: string, colour: string, of: (sample: Sample) => number, dashed = false): Series => ({ name, colour, values: samples.map(of), dashed });
  const states = agentStates
    .filter((state) => samples.some((sample) => sample.agents[state] > 0))
    .map((state) => series(state, stateColours[state], (sample) => sample.agents[state]));
  return [
    timeChart({ title: 'Agents by state (agents)', times, stacked: true, series: states }),
    timeChart({
      title: 'Calls in flight and channels (calls)',
      times,
      series: [
        series('calls in flight', 'var(--a)', (sample) => sample.callsInFlight),
        series('channels used', 'var(--talking)', (sample) => sample.channelsUsed, true),
        series('channel limit', 'var(--b)', (sample) => sample.channelLimit, true),
      ],
    }),
    timeChart({ title: 'Occupancy of logged-in agents (%)', times, unit: ' %', atLeast: 100, series: [series('occupancy', 'var(--talking)', (sample) => sample.occupancyPct ?? 0)] }),
    timeChart({ title: 'Abandoned, of the calls that people answered (% so far)', times, unit: ' %', atLeast: 4, series: [series('abandoned', 'var(--b)', (sample) => sample.abandonRatePct), series('cap of the campaign', 'var(--dim)', () => abandonCapPct, true)] }),
  ].join('');
}
