import type { SipStack } from '../src/index.ts';
import { clean, describe, run } from './caller.ts';
import type { RunResult } from './caller.ts';

const FIRST_RATE = 500;
const STEP_SECONDS = 6;
/** The bracket is narrow enough when it is this share of the rate. */
const PRECISION = 0.08;
const MIN_RATE = 50;

export interface SearchResult {
  readonly best: RunResult;
  readonly tried: readonly RunResult[];
}

/**
 * The highest clean rate: doubled in short runs until two of one rate are not clean, then the bracket is halved; the rate found is run for the whole
 * time, and lowered by a tenth until that run is clean as well. The sockets rest between runs so that one run's wreck is not the next one's start.
 */
export async function highestCleanRate(stack: SipStack, port: number, seconds: number, say: (text: string) => void): Promise<SearchResult> {
  const tried: RunResult[] = [];
  const attempt = async (rate: number, forSeconds: number): Promise<RunResult> => {
    const result = await run(stack, port, rate, forSeconds);
    tried.push(result);
    say(describe(result));
    if (!clean(result)) await new Promise((resolve) => setTimeout(resolve, 3_000));
    return result;
  };
  let low = 0;
  let high = 0;
  for (let rate = FIRST_RATE; high === 0 || high - low > high * PRECISION; ) {
    // A short run is unclean by one unlucky pause of the machine: it takes two to call a rate too high.
    if (clean(await attempt(rate, STEP_SECONDS)) || clean(await attempt(rate, STEP_SECONDS))) low = rate;
    else high = rate;
    rate = high === 0 ? rate * 2 : Math.round((low + high) / 2);
    if (rate < MIN_RATE) break;
  }
  for (let rate = Math.max(MIN_RATE, low); ; rate = Math.round(rate * 0.9)) {
    const best = await attempt(rate, seconds);
    if (clean(best) || rate < MIN_RATE) return { best, tried };
  }
}
