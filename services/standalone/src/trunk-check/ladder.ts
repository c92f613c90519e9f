import type { TracedMessage } from '@ritmo/sip';

/** One arrow between us and the carrier. */
export interface Rung {
  /** Since the first message. */
  readonly atMs: number;
  readonly direction: TracedMessage['direction'];
  readonly peer: string;
  /** `INVITE` or `486 Busy Here`. */
  readonly what: string;
  readonly cseq: string;
  /** What the carrier gave as a reason: Reason, Warning, the realm of a challenge. */
  readonly notes: readonly string[];
}

const noted = ['reason', 'warning', 'retry-after', 'www-authenticate', 'proxy-authenticate'];
const longestNote = 100;

/** Writes down who said what. No header with credentials of ours is kept. */
export class Ladder {
  readonly rungs: Rung[] = [];
  /** Whole messages that came, for those who want to look into them. */
  readonly received: string[] = [];
  private startedAt: number | undefined;

  readonly trace = (message: TracedMessage): void => {
    const nowMs = performance.now();
    this.startedAt ??= nowMs;
    const head = message.wire.split('\r\n\r\n', 1)[0] ?? '';
    const [first = '', ...lines] = head.split('\r\n');
    const headers = lines.map((line): readonly [string, string] => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
    const notes = headers.flatMap(([name, value]) => (message.direction === 'received' && noted.includes(name) ? [`${name}: ${value.slice(0, longestNote)}`] : []));
    const status = /^SIP\/2\.0 (.+)$/.exec(first)?.[1];
    if (message.direction === 'received') this.received.push(message.wire);
    this.rungs.push({
      atMs: Math.round(nowMs - this.startedAt),
      direction: message.direction,
      peer: `${message.peer.host}:${message.peer.port}`,
      what: status ?? first.split(' ', 1)[0] ?? '',
      cseq: headers.find(([name]) => name === 'cseq')?.[1] ?? '',
      notes,
    });
  };
}

const arrowWidth = 44;

export function drawLadder(rungs: readonly Rung[]): string {
  if (rungs.length === 0) return '';
  const lines = rungs.flatMap(({ atMs, direction, what, cseq, notes }) => {
    const text = `${what} (${cseq})`.slice(0, arrowWidth - 6);
    const dashes = '-'.repeat(Math.max(2, arrowWidth - text.length - 4));
    const arrow = direction === 'sent' ? ` ${text} ${dashes}>` : `<${dashes} ${text} `;
    return [`  |${arrow.padEnd(arrowWidth)}|  +${atMs} ms`, ...notes.map((note) => `  |${' '.repeat(arrowWidth)}|    ${note}`)];
  });
  return [`  ritmo${' '.repeat(arrowWidth - 3)}${rungs[0]?.peer ?? ''}`, ...lines].join('\n');
}
