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
  /** To be named when the carrier is asked. */
  readonly sipCallId: string;
  /** Of an INVITE, who was called by whom; else what the carrier gave as a reason: Reason, Warning, the realm of a challenge. */
  readonly notes: readonly string[];
}

const noted = ['reason', 'warning', 'retry-after', 'www-authenticate', 'proxy-authenticate'];
const longestNote = 100;

/** Writes down who said what. No header with credentials of ours is kept. */
export class Ladder {
  readonly rungs: Rung[] = [];
  /** The address that the carrier sees us at, as it wrote into our Via (RFC 3261 18.2.1, RFC 3581). */
  seenAs: string | undefined;
  private startedAt: number | undefined;

  readonly trace = (message: TracedMessage): void => {
    const nowMs = performance.now();
    this.startedAt ??= nowMs;
    const head = message.wire.split('\r\n\r\n', 1)[0] ?? '';
    const [first = '', ...lines] = head.split('\r\n');
    const headers = lines.map((line): readonly [string, string] => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
    const status = /^SIP\/2\.0 (.+)$/.exec(first)?.[1];
    const valueOf = (...names: readonly string[]): string => headers.find(([name]) => names.includes(name))?.[1] ?? '';
    if (message.direction === 'received' && status !== undefined) this.seenAs ??= /;\s*received=([^;,\s]+)/i.exec(valueOf('via', 'v'))?.[1];
    const told = headers.flatMap(([name, value]) => (message.direction === 'received' && noted.includes(name) ? [`${name}: ${value.slice(0, longestNote)}`] : []));
    const asked = message.direction === 'sent' && first.startsWith('INVITE ') ? [`${first.split(' ')[1] ?? ''} from ${valueOf('from', 'f').split(';tag=')[0] ?? ''}`] : [];
    this.rungs.push({
      atMs: Math.round(nowMs - this.startedAt),
      direction: message.direction,
      peer: `${message.peer.host}:${message.peer.port}`,
      what: status ?? first.split(' ', 1)[0] ?? '',
      cseq: valueOf('cseq'),
      sipCallId: valueOf('call-id', 'i'),
      notes: [...asked, ...told],
    });
  };
}

const arrowWidth = 44;

/** Each Call-ID is written above its first message. */
export function drawLadder(rungs: readonly Rung[]): string {
  if (rungs.length === 0) return '';
  const lines = rungs.flatMap(({ atMs, direction, what, cseq, notes, sipCallId, peer }, index) => {
    const isAgain = direction === 'sent' && rungs.slice(0, index).some((each) => each.what === what && each.cseq === cseq && each.sipCallId === sipCallId);
    const text = `${what} (${cseq})${isAgain ? ' again' : ''}`.slice(0, arrowWidth - 6);
    const dashes = '-'.repeat(Math.max(2, arrowWidth - text.length - 4));
    const arrow = direction === 'sent' ? ` ${text} ${dashes}>` : `<${dashes} ${text} `;
    const isNew = rungs.findIndex((each) => each.sipCallId === sipCallId) === index;
    const head = isNew ? [`  |${' '.repeat(arrowWidth)}|  Call-ID ${sipCallId}${peer === rungs[0]?.peer ? '' : `, with ${peer}`}`] : [];
    return [...head, `  |${arrow.padEnd(arrowWidth)}|  +${atMs} ms`, ...(isAgain ? [] : notes).map((note) => `  |${' '.repeat(arrowWidth)}|    ${note}`)];
  });
  return [`  ritmo${' '.repeat(arrowWidth - 3)}${rungs[0]?.peer ?? ''}`, ...lines].join('\n');
}

/** What was heard of one kind of request, before and beside its end. */
export function answersTo(rungs: readonly Rung[], method: string): readonly string[] {
  return rungs.flatMap(({ direction, what, cseq }) => (direction === 'received' && /^\d{3} /.test(what) && cseq.endsWith(` ${method}`) ? [what.slice(0, 3)] : []));
}
