import { shown, type Judgement } from './judge.ts';
import type { SecondPoint } from './meter.ts';
import type { Comparison, LoadResult } from './result.ts';

const ms = (value: number | null): string => (value === null ? '–' : `${shown(value)} ms`);

/** One line a second: rewritten on a terminal, every tenth second elsewhere. */
export function progressLine(point: SecondPoint, seconds: number): string {
  const parts = [
    `${String(point.second + 1).padStart(4)}/${seconds} s`, `asked ${shown(point.asked)}/s`, `${point.invites} INVITE`, `${point.answered} answered`, `${point.refused} refused`,
    `${point.channels} channels`, `PDD ${ms(point.pddP50Ms)}`, `setup p99 ${ms(point.setupP99Ms)}`,
    ...(point.retransmissions > 0 ? [`${point.retransmissions} retransmitted`] : []), ...(point.limitsExceeded > 0 ? [`LIMIT EXCEEDED ${point.limitsExceeded}`] : []),
  ];
  return parts.join('  ');
}

export interface Screen {
  show(point: SecondPoint): void;
  say(line: string): void;
}

const everyNth = 10;

export function createScreen(out: NodeJS.WriteStream, seconds: number): Screen {
  let open = false;
  return {
    show(point) {
      const line = progressLine(point, seconds);
      if (!out.isTTY) {
        if ((point.second + 1) % everyNth === 0) out.write(`${line}\n`);
        return;
      }
      out.write(`\r${line.slice(0, (out.columns ?? 120) - 1)}\x1b[K`);
      open = true;
    },
    say(line) {
      out.write(`${open ? '\n' : ''}${line}\n`);
      open = false;
    },
  };
}

const mark = ({ result }: Judgement): string => ({ holds: 'holds', fails: 'FAILS', 'not-measured': '–' })[result];

export function summary(result: LoadResult): string {
  const { metrics: m, verdict } = result;
  const pct = (value: number | null): string => (value === null ? '–' : `${shown(value)} %`);
  const codes = Object.entries(result.byCode).map(([code, count]) => `${code} ${count}`);
  return [
    '',
    `${result.profile}, ${result.mode}, ${result.shape} ${result.rate}/s for ${result.seconds} s`,
    `calls        ${m.attempts} of ${m.askedCalls} asked (${pct(m.achievedPct)}), mean ${shown(m.achievedCps)}/s, ${m.peakCps} in the busiest second, ${m.maxChannels} channels`,
    `ends         ${codes.join(', ')}${m.undecided > 0 ? `, ${m.undecided} without a final response` : ''}`,
    `RFC 6076     SER ${pct(m.serPct)}, SEER ${pct(m.seerPct)}, ISA ${pct(m.isaPct)}, SRD p50 ${ms(m.srdP50Ms)} p95 ${ms(m.srdP95Ms)}, SDD p99 ${ms(m.sddP99Ms)}`,
    `setup        p50 ${ms(m.setupP50Ms)}, p95 ${ms(m.setupP95Ms)}, p99 ${ms(m.setupP99Ms)}; 200 to ACK p99 ${ms(m.ackP99Ms)}`,
    `wire         ${m.retransmissionsSent} retransmitted by the far end, ${m.retransmissionsReceived} received again; limits exceeded: ${m.cpsLimitExceeded} by rate, ${m.channelLimitExceeded} by channels`,
    ...(m.delivered === null ? [] : [`product      ${m.delivered} delivered to agents (${pct(m.deliveredPct)} of those answered)${m.abandoned === null ? '' : `, ${m.abandoned} abandoned (${pct(m.abandonedPct)}), 200 to the agent's INVITE p50 ${ms(m.offerP50Ms)} p99 ${ms(m.offerP99Ms)}`}`]),
    ...(m.productCpuMsPerCall === null ? [] : [`machine      ${shown(m.productCpuMsPerCall)} ms CPU per call, ${m.productRssMb === null ? '–' : shown(m.productRssMb)} MB`]),
    '',
    `limits ${verdict.limits}`,
    ...verdict.judgements.map((each) => `  ${mark(each).padEnd(6)} ${each.reason}`),
    ...(result.comparison === null ? [] : comparisonLines(result.comparison)),
    ...(result.report === null ? [] : ['', `report: ${result.report}`]),
    '',
    verdict.passed ? 'PASSED: the limits hold' : 'FAILED: the limits do not hold',
  ].join('\n');
}

function comparisonLines({ earlier, notTheSame, differences }: Comparison): readonly string[] {
  const moved = differences.filter(({ verdict }) => verdict === 'better' || verdict === 'worse');
  return [
    '',
    `against the run of ${earlier.startedAt} (${earlier.passed ? 'passed' : 'failed'})`,
    ...notTheSame.map((line) => `  not the same run: ${line}`),
    ...moved.map((d) => `  ${d.verdict.padEnd(6)} ${d.metric}: ${shown(d.before ?? 0)} -> ${shown(d.after ?? 0)}${d.changePct === null ? '' : ` (${d.changePct > 0 ? '+' : ''}${shown(d.changePct)} %)`}`),
    ...(moved.length === 0 ? ['  nothing moved beyond the noise'] : []),
  ];
}
