import type { Logger } from 'pino';

export interface RequestLog {
  /** Always its own line: what changed something. */
  tell(caller: string, call: string, answer: string, ms: number): void;
  /** What only asked, or was refused. */
  tellCounted(caller: string, call: string, answer: string, ms: number): void;
  stop(): void;
}

interface Repeated {
  readonly caller: string;
  readonly call: string;
  readonly answer: string;
  count: number;
  slowestMs: number;
}

const windowMs = 1_000;
/** Different callers and answers of one second; past it the window ends early. */
const mostKinds = 5_000;

/**
 * Who called what, and what was answered. A command that did something has a line of its own. Of questions and refusals the
 * first is told at once; the same caller with the same function and the same answer within one second is counted and told
 * as one line at its end: a program that asks a thousand times a second must neither fill the disk nor pay for it.
 */
export function createRequestLog(log: Logger): RequestLog {
  /** By function, then by caller and answer: looking one up makes no new text. */
  let kinds = new Map<string, Repeated[]>();
  let known = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const told = kinds;
    kinds = new Map();
    known = 0;
    for (const kind of told.values()) {
      for (const { caller, call, answer, count, slowestMs } of kind) {
        if (count > 0) log.info({ caller, function: call, answer, ms: Math.round(slowestMs), count }, 'api');
      }
    }
  }

  const tell = (caller: string, call: string, answer: string, ms: number): void => log.info({ caller, function: call, answer, ms: Math.round(ms) }, 'api');
  return {
    tell,
    tellCounted(caller, call, answer, ms) {
      let kind = kinds.get(call);
      if (kind === undefined) kinds.set(call, (kind = []));
      for (const repeated of kind) {
        if (repeated.caller !== caller || repeated.answer !== answer) continue;
        repeated.count += 1;
        if (ms > repeated.slowestMs) repeated.slowestMs = ms;
        return;
      }
      tell(caller, call, answer, ms);
      kind.push({ caller, call, answer, count: 0, slowestMs: 0 });
      known += 1;
      timer ??= setTimeout(flush, windowMs).unref();
      if (known >= mostKinds) flush();
    },
    stop: flush,
  };
}
