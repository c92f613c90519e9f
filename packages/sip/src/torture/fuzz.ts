import { StreamFramer } from '../transport/framing.ts';
import { Malformed, parseMessage } from '../wire/message.ts';
import { INVALID } from './fixtures-invalid.ts';
import { VALID } from './fixtures-valid.ts';
import { FuzzTarget } from './fuzz-target.ts';
import { mutate, Random } from './mutate.ts';

export interface FuzzResult {
  readonly messages: number;
  readonly faults: readonly { readonly error: string; readonly wire: string }[];
  /** The slowest single message: a pattern that backtracks would show here. */
  readonly slowestMs: number;
  readonly slowest: string;
  readonly heapGrowthMb: number;
  /** Dialogs and transactions left when every timer has run out. */
  readonly leftovers: number;
}

const MAX_FAULTS = 10;
const LIVE_MESSAGES = 400;

/**
 * Runs `count` mutated messages through parser, framing, transactions, dialogs and registrar of a stack whose sockets are taken away.
 * Half of them are mutations of what the stack itself has just sent, and of answers to it: those reach the dialogs.
 */
export async function fuzz(seed: number, count: number, onProgress?: (done: number) => void): Promise<FuzzResult> {
  const random = new Random(seed);
  const target = new FuzzTarget(random);
  const seeds = [...VALID, ...INVALID].map((each) => each.wire);
  const live: string[] = [];
  const faults: { error: string; wire: string }[] = [];
  let slowestMs = 0;
  let slowest = '';
  let framed = 0;
  const heapBefore = heapMb();
  for (let done = 1; done <= count; done++) {
    const fresh = live.length > 0 && random.below(2) === 0;
    const wire = fresh && random.below(3) === 0 ? random.pick(live) : mutate(random, fresh ? live : seeds);
    const startedAt = performance.now();
    try {
      const parsed = parseMessage(wire);
      if (!(parsed instanceof Malformed)) for (const name of new Set(parsed.headerNames)) parsed.list(name);
      if (done % 8 === 0) new StreamFramer({ message: () => void framed++, ping: () => undefined }).push(wire);
      target.receive(wire);
    } catch (error) {
      if (faults.length < MAX_FAULTS) faults.push({ error: error instanceof Error ? (error.stack ?? error.message) : String(error), wire });
    }
    const tookMs = performance.now() - startedAt;
    if (tookMs > slowestMs) {
      slowestMs = tookMs;
      slowest = wire;
    }
    for (const sent of target.takeSent()) live[live.length < LIVE_MESSAGES ? live.length : random.below(LIVE_MESSAGES)] = sent;
    if (done % 16 === 0) {
      target.act();
      // Promises of answered calls go on.
      await undefined;
    }
    if (done % 64 === 0) target.pass(40);
    if (done % 10_000 === 0) onProgress?.(done);
  }
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    target.endAll();
  }
  target.pass(4 * 3_600_000);
  for (const error of target.troubles) if (faults.length < MAX_FAULTS) faults.push({ error, wire: '' });
  live.length = 0;
  const leftovers = target.leftovers();
  return { messages: count, faults, slowestMs: Math.round(slowestMs * 10) / 10, slowest, heapGrowthMb: Math.round((heapMb() - heapBefore) * 10) / 10, leftovers };
}

/** Exact only where the process runs with --expose-gc. */
function heapMb(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
}
