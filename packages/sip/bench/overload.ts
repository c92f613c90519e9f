import type { SipStack } from '../src/index.ts';
import { CallGenerator } from './caller.ts';
import type { Tally } from './caller.ts';

const CALM_SHARE = 0.6;
const OVERLOAD_SHARE = 2;
const CALM_SECONDS = 5;
const OVERLOAD_SECONDS = 20;
const AFTER_SECONDS = 12;
const RECOVERED_P99_MS = 50;

interface Second extends Tally {
  readonly second: number;
  readonly setupP99Ms: number;
}

export interface OverloadResult {
  readonly sheds: 'caller' | 'callee';
  readonly sustainableRate: number;
  readonly offeredPerSecond: number;
  readonly answeredPerSecond: number;
  readonly shedHere: number;
  readonly shedThere: number;
  /** Calls that were begun and did not end as calls do: no answer at all, or never over. */
  readonly broken: number;
  /** From the end of the overload until every call of a second is answered in time, and stays so; -1 when that never came. */
  readonly recoverySeconds: number;
  readonly rssMb: number;
  readonly seconds: readonly Second[];
}

/** A calm start, twice the sustainable rate, and calm again. Where the caller sheds, its calls are marked as such that may wait. */
export async function overload(stack: SipStack, port: number, sustainableRate: number, sheds: 'caller' | 'callee'): Promise<OverloadResult> {
  const calls = new CallGenerator(stack, port, sheds === 'caller');
  const seconds: Second[] = [];
  let before: Tally = { ...calls.tally };
  let nextSecond = 1;
  const startedAt = performance.now();
  const each = (): void => {
    if (performance.now() - startedAt < nextSecond * 1_000) return;
    const now = { ...calls.tally };
    const delta = (key: keyof Tally): number => now[key] - before[key];
    seconds.push({
      second: nextSecond++, setupP99Ms: calls.setups.percentile(0.99), started: delta('started'), answered: delta('answered'), ended: delta('ended'),
      shedHere: delta('shedHere'), shedThere: delta('shedThere'), failed: delta('failed'),
    });
    before = now;
    calls.setups.clear();
  };
  await calls.run(sustainableRate * CALM_SHARE, CALM_SECONDS, false, each);
  const at = { ...calls.tally };
  await calls.run(sustainableRate * OVERLOAD_SHARE, OVERLOAD_SECONDS, false, each);
  const then = { ...calls.tally };
  const overAt = seconds.length;
  await calls.run(sustainableRate * CALM_SHARE, AFTER_SECONDS, true, each);
  const after = seconds.slice(overAt, overAt + AFTER_SECONDS);
  const good = after.map((s) => s.shedHere + s.shedThere + s.failed === 0 && s.setupP99Ms < RECOVERED_P99_MS);
  const lastBad = good.lastIndexOf(false);
  return {
    sheds,
    sustainableRate,
    offeredPerSecond: Math.round((then.started - at.started) / OVERLOAD_SECONDS),
    answeredPerSecond: Math.round((then.answered - at.answered) / OVERLOAD_SECONDS),
    shedHere: calls.tally.shedHere,
    shedThere: calls.tally.shedThere,
    broken: calls.tally.failed + calls.open,
    recoverySeconds: lastBad === after.length - 1 ? -1 : lastBad + 1,
    rssMb: Math.round(process.memoryUsage.rss() / 1_048_576),
    seconds,
  };
}

export function describeOverload(r: OverloadResult): string {
  return `overload, the ${r.sheds} sheds: offered ${r.offeredPerSecond}/s, answered ${r.answeredPerSecond}/s, shed here ${r.shedHere}, shed there ${r.shedThere}, ` +
    `broken ${r.broken}, recovered after ${r.recoverySeconds} s, rss ${r.rssMb} MB`;
}
