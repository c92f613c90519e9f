import { barChart, escapeHtml, timeChart, type Series } from '@ritmo/testing';
import { chartPoints, windowSeconds } from './chart-windows.ts';
import { shown, type Judgement } from './judge.ts';
import type { SecondPoint } from './meter.ts';
import type { Profile } from './profile.ts';
import type { LoadResult } from './result.ts';
import { metricNames } from './run-metrics.ts';

const style = `
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5d6b7e;--paper:#fff;--card:#f6f8fa;--line:#d9e0e8;--bar:#3f7fbf;--good:#1a7f4b;--bad:#c0392b;--a:#3f7fbf;--b:#c96f5e;--c:#2f7d5b;--d:#8a6fb8;--e:#e0a03a}
@media(prefers-color-scheme:dark){:root{--ink:#e3e9f0;--dim:#94a3b5;--paper:#12171e;--card:#1a212b;--line:#2c3644;--good:#4cc38a;--bad:#ff7b6b;--a:#6ba6e0;--c:#4fae84;--d:#ab91d6}}
body{margin:0 auto;max-width:820px;padding:28px 20px 60px;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:24px;margin:0 0 2px}h2{font-size:17px;margin:34px 0 10px}p.sub{color:var(--dim);margin:0 0 18px}
.verdict{border-radius:8px;padding:10px 14px;margin:0 0 18px;border:1px solid;font-weight:600}.verdict.yes{border-color:var(--good)}.verdict.no{border-color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}.tile b{display:block;font-size:20px;font-variant-numeric:tabular-nums}
.tile span{color:var(--dim);font-size:13px}figure{margin:22px 0 0}figcaption{font-weight:600;margin-bottom:6px;display:flex;flex-wrap:wrap;gap:4px 16px}
.legend{display:flex;flex-wrap:wrap;gap:2px 12px;font-weight:400;color:var(--dim);font-size:13px}.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
svg{width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:var(--dim)}.grid{stroke:var(--line);stroke-width:1}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}td,th{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right}td.mark{font-weight:700;width:64px}.yes{color:var(--good)}.no{color:var(--bad)}.dim{color:var(--dim)}`;

const value = (number: number | null, unit = ''): string => (number === null ? '–' : `${shown(number)}${unit}`);

/** One HTML file without anything from elsewhere: verdict, figures, charts, comparison. */
export function renderReport(result: LoadResult, profile: Profile, earlier: LoadResult | undefined): string {
  const { metrics: m, verdict } = result;
  const title = `Ritmo load test: ${result.profile}`;
  const what = { dial: 'Ritmo dials, SIPp is the carrier', inbound: 'SIPp calls a queue of Ritmo’s', target: `SIPp calls ${result.target ?? ''}` }[result.mode];
  const failed = verdict.judgements.filter(({ result: each }) => each === 'fails');
  const tiles: readonly (readonly [string, string])[] = [
    ['calls', `${m.attempts} of ${value(m.askedCalls)}`], ['mean calls per second', value(m.achievedCps)], ['busiest second', value(m.peakCps)], ['channels', value(m.maxChannels)],
    ['SER', value(m.serPct, ' %')], ['SEER', value(m.seerPct, ' %')], ['ISA', value(m.isaPct, ' %')], ['SRD p95', value(m.srdP95Ms, ' ms')], ['post-dial delay p50', value(m.pddP50Ms, ' ms')],
    ['setup p99', value(m.setupP99Ms, ' ms')], ['200 to ACK p99', value(m.ackP99Ms, ' ms')], ['retransmissions', value(m.retransmissionsSent + m.retransmissionsReceived)],
    ['limits exceeded', value(m.cpsLimitExceeded + m.channelLimitExceeded)],
    ...(m.delivered === null ? [] : ([['delivered to agents', value(m.delivered)]] as const)),
    ...(m.abandonedPct === null ? [] : ([['abandoned', value(m.abandonedPct, ' %')], ['200 to agent’s INVITE p99', value(m.offerP99Ms, ' ms')]] as const)),
    ...(m.productCpuMsPerCall === null ? [] : ([['CPU per call', value(m.productCpuMsPerCall, ' ms')], ['memory', value(m.productRssMb, ' MB')]] as const)),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><h1>${escapeHtml(title)}</h1>
<p class="sub">${escapeHtml(result.startedAt)} · ${escapeHtml(what)} · ${result.shape} ${result.rate}/s for ${result.seconds} s · ${result.agents} agents · seed ${result.seed}</p>
<div class="verdict ${verdict.passed ? 'yes' : 'no'}">${verdict.passed ? 'Passed: the limits hold' : `Failed: ${failed.map(({ reason }) => escapeHtml(reason)).join('; ')}`}</div>
<div class="tiles">${tiles.map(([name, text]) => `<div class="tile"><b>${escapeHtml(text)}</b><span>${escapeHtml(name)}</span></div>`).join('')}</div>
<h2>Limits: ${escapeHtml(verdict.limits)}</h2><table>${verdict.judgements.map(judgementRow).join('')}</table>
<h2>Second by second, at the far end</h2>${windowNote(result)}${charts(result)}
${barChart('Final responses', Object.entries(result.byCode).map(([name, count]) => ({ name, value: count })).sort((a, b) => b.value - a.value))}
${comparisonTable(result)}
<h2>Every metric</h2><div class="wide"><table>${metricNames.map((name) => `<tr><td>${name}</td><td class="n">${value(m[name])}</td>${earlier ? `<td class="n dim">${value(earlier.metrics[name] ?? null)}</td>` : ''}</tr>`).join('')}</table></div>
<h2>The profile</h2><p>${escapeHtml(profile.about)}</p><ul>${profile.sources.map((source) => `<li>${escapeHtml(source)}</li>`).join('')}</ul>
</body></html>
`;
}

function windowNote({ perSecond }: LoadResult): string {
  const windowS = windowSeconds(perSecond.length);
  if (windowS === 1) return '';
  return `<p class="sub">A point is ${windowS} s: rates are means, delays of p95 and p99 the worst second’s, retransmissions and limits exceeded sums. The JSON has every second.</p>`;
}

function judgementRow({ result, reason }: Judgement): string {
  const [mark, word] = { holds: ['yes', 'holds'], fails: ['no', 'FAILS'], 'not-measured': ['dim', '–'] }[result];
  return `<tr><td class="mark ${mark}">${word}</td><td>${escapeHtml(reason)}</td></tr>`;
}

function charts(result: LoadResult): string {
  const perSecond = chartPoints(result.perSecond, windowSeconds(result.perSecond.length));
  const times = perSecond.map(({ second }) => second);
  const series = (name: string, colour: string, of: (point: SecondPoint) => number | null, dashed = false): Series => ({ name, colour, dashed, values: perSecond.map(of) });
  return [
    timeChart({ title: 'Calls a second', times, series: [series('asked', 'var(--b)', (point) => point.asked, true), series('INVITEs', 'var(--a)', (point) => point.invites), series('answered', 'var(--c)', (point) => point.answered)] }),
    timeChart({ title: 'Channels', times, series: [series('channels', 'var(--a)', (point) => point.channels)] }),
    timeChart({ title: 'Post-dial delay (ms)', times, series: [series('p50', 'var(--a)', (point) => point.pddP50Ms), series('p95', 'var(--e)', (point) => point.pddP95Ms)] }),
    timeChart({
      title: 'Setup: INVITE to 200 (ms)', times,
      series: [series('p50', 'var(--a)', (point) => point.setupP50Ms), series('p95', 'var(--e)', (point) => point.setupP95Ms), series('p99', 'var(--b)', (point) => point.setupP99Ms)],
    }),
    timeChart({ title: '200 to its ACK, p99 (ms)', times, series: [series('p99', 'var(--a)', (point) => point.ackP99Ms)] }),
    timeChart({ title: 'RFC 6076: session request delay, first response above 100 (ms)', times, series: [series('SRD p50', 'var(--a)', (point) => point.srdP50Ms), series('SRD p95', 'var(--e)', (point) => point.srdP95Ms)] }),
    timeChart({
      title: 'RFC 6076: ratios of the calls decided in that second', times, unit: ' %', atLeast: 100,
      series: [series('SER', 'var(--c)', (point) => point.serPct), series('SEER', 'var(--d)', (point) => point.seerPct)],
    }),
    ...(perSecond.some(({ productRssMb }) => productRssMb !== null)
      ? [
          timeChart({ title: 'Memory of the product (MB)', times, series: [series('resident', 'var(--a)', (point) => point.productRssMb)] }),
          timeChart({ title: 'CPU of the product', times, unit: ' %', series: [series('of a core', 'var(--e)', (point) => point.productCpuPct)] }),
        ]
      : []),
    timeChart({
      title: 'Retransmissions, and limits exceeded', times,
      series: [series('retransmissions', 'var(--e)', (point) => point.retransmissions), series('limits exceeded', 'var(--b)', (point) => point.limitsExceeded)],
    }),
  ].join('');
}

function comparisonTable({ comparison }: LoadResult): string {
  if (comparison === null) return '';
  const { earlier, notTheSame, differences } = comparison;
  const rows = differences
    .filter(({ verdict }) => verdict !== 'not-comparable' && verdict !== 'fact')
    .map((d) => `<tr><td>${d.metric}</td><td class="n">${value(d.before)}</td><td class="n">${value(d.after)}</td><td class="n">${d.changePct === null ? value(d.change) : `${d.changePct > 0 ? '+' : ''}${shown(d.changePct)} %`}</td><td class="${d.verdict === 'better' ? 'yes' : d.verdict === 'worse' ? 'no' : 'dim'}">${d.verdict}</td></tr>`);
  return `<h2>Against the run of ${escapeHtml(earlier.startedAt)} (${earlier.passed ? 'passed' : 'failed'})</h2>
${notTheSame.map((line) => `<p class="no">Not the same run: ${escapeHtml(line)}</p>`).join('')}
<div class="wide"><table><tr><th>metric</th><th class="n">before</th><th class="n">now</th><th class="n">change</th><th></th></tr>${rows.join('')}</table></div>`;
}
