import { agentStates, type AgentStateName, type Sample } from './sample.ts';

export interface Screen {
  /** A line of its own: what happens now. */
  say(line: string): void;
  show(sample: Sample): void;
  close(): void;
}

export interface ScreenOptions {
  readonly out: NodeJS.WriteStream;
  readonly totalMs: number;
  readonly title: string;
  readonly dispositionName: (id: number) => string;
  /** Plain lines are printed this often. */
  readonly lineEveryMs?: number;
}

/** Drawn in place on a terminal, plain lines elsewhere. */
export function createScreen(options: ScreenOptions): Screen {
  return options.out.isTTY ? createLiveScreen(options) : createPlainScreen(options);
}

function createPlainScreen({ out, totalMs, lineEveryMs = 5_000 }: ScreenOptions): Screen {
  let nextMs = 0;
  return {
    say: (line) => void out.write(`${line}\n`),
    show(sample) {
      if (sample.atMs < nextMs) return;
      nextMs = sample.atMs + lineEveryMs;
      const { agents } = sample;
      const parts = [
        `${clock(sample.atMs)}/${clock(totalMs)}`,
        `agents: ${agents.talking} talking, ${agents.ringing} ringing, ${agents['wrap-up']} wrap-up, ${agents.free} free`,
        `calls ${sample.callsInFlight}`,
        `channels ${sample.channelsUsed}/${sample.channelLimit}`,
        `attempts ${sample.attempts}`,
        `answered ${sample.answered}`,
        `delivered ${sample.delivered}`,
        `abandoned ${sample.abandonRatePct.toFixed(1)} %`,
        `occupancy ${percent(sample.occupancyPct)}`,
      ];
      out.write(`${parts.join(' | ')}\n`);
    },
    close: () => undefined,
  };
}

const colours: Readonly<Record<AgentStateName, number>> = { talking: 32, ringing: 33, 'wrap-up': 35, reserved: 93, free: 36, paused: 31, 'logged-out': 90 };
const topDispositions = 10;

function createLiveScreen({ out, totalMs, title, dispositionName }: ScreenOptions): Screen {
  const paint = (code: number, text: string): string => `\x1b[${code}m${text}\x1b[0m`;
  const history: number[] = [];
  let drawn = 0;

  const erase = (): void => {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = (lines: readonly string[]): void => {
    erase();
    out.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };

  return {
    say(line) {
      erase();
      out.write(`${line}\n`);
    },
    show(sample) {
      const width = Math.min(out.columns, 100);
      const total = agentStates.reduce((sum, state) => sum + sample.agents[state], 0);
      const barWidth = width - 34;
      if (sample.occupancyPct !== null) history.push(sample.occupancyPct);
      const agentBar = agentStates.map((state) => paint(colours[state], '█'.repeat(Math.round((barWidth * sample.agents[state]) / Math.max(total, 1))))).join('');
      const channelShare = Math.min(1, sample.channelsUsed / Math.max(sample.channelLimit, 1));
      const dispositions = Object.entries(sample.byDisposition)
        .map(([id, count]) => [dispositionName(Number(id)), count] as const)
        .sort((a, b) => b[1] - a[1])
        .slice(0, topDispositions);
      const most = Math.max(...dispositions.map(([, count]) => count), 1);
      const ringing = (sample.callsByState.dialing ?? 0) + (sample.callsByState.ringing ?? 0);
      draw([
        '',
        `  ${paint(1, title)}${`${clock(sample.atMs)} of ${clock(totalMs)}`.padStart(width - title.length - 4)}`,
        '',
        `  ${'agents'.padEnd(12)}${String(total).padStart(7)}  ${agentBar}`,
        `  ${' '.repeat(21)}${agentStates
          .filter((state) => sample.agents[state] > 0)
          .map((state) => paint(colours[state], `${sample.agents[state]} ${state}`))
          .join('  ')}`,
        `  ${'channels'.padEnd(12)}${`${sample.channelsUsed}/${sample.channelLimit}`.padStart(7)}  ${paint(34, '█'.repeat(Math.round(barWidth * channelShare)))}${paint(90, '░'.repeat(barWidth - Math.round(barWidth * channelShare)))}`,
        `  ${'in flight'.padEnd(12)}${String(sample.callsInFlight).padStart(7)}  ${ringing} on their way, ${sample.callsInFlight - ringing} up`,
        `  ${'occupancy'.padEnd(12)}${percent(sample.occupancyPct).padStart(7)}  ${paint(32, sparkline(history.slice(-barWidth)))}`,
        '',
        `  attempts ${paint(1, String(sample.attempts))}   answered ${paint(1, String(sample.answered))}   delivered ${paint(1, String(sample.delivered))}   abandoned ${paint(sample.abandonRatePct > 3 ? 31 : 1, `${sample.abandoned} (${sample.abandonRatePct.toFixed(1)} %)`)}`,
        '',
        ...dispositions.map(([name, count]) => `  ${name.slice(0, 32).padEnd(34)}${String(count).padStart(5)}  ${paint(34, '█'.repeat(Math.round(((width - 46) * count) / most)))}`),
        '',
      ]);
    },
    close: () => {
      drawn = 0;
    },
  };
}

const blocks = '▁▂▃▄▅▆▇█';
const sparkline = (values: readonly number[]): string => values.map((value) => blocks[Math.min(7, Math.floor(value / 12.6))] ?? ' ').join('');

const percent = (value: number | null): string => (value === null ? '–' : `${value.toFixed(0)} %`);

function clock(ms: number): string {
  const total = Math.max(0, Math.round(ms / 1000));
  return `${String(Math.floor(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`;
}
