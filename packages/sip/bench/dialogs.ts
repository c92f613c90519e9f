import type { SipStack } from '../src/index.ts';
import { CallGenerator } from './caller.ts';
import type { FarProcess } from './far-process.ts';
import { MemoryWatch } from './measure.ts';
import type { MemoryReport } from './measure.ts';

/** Longer than a client transaction of INVITE lingers (64*T1): afterwards only the dialogs are left. */
const SETTLE_MS = 35_000;
const PATIENCE_MS = 60_000;

export interface DialogsResult {
  readonly asked: number;
  readonly established: number;
  readonly failures: number;
  /** With all of them up and their transactions still there. */
  readonly rssMb: number;
  readonly farRssMb: number;
  /** With the transactions gone. */
  readonly settledRssMb: number;
  readonly settledHeapMb: number;
  /** All of them were hung up, and nothing is left. */
  readonly leftOver: number;
  readonly memory: MemoryReport;
}

/** `count` calls at the same time: set up at `rate`, held, and hung up at the same rate. */
export async function dialogs(stack: SipStack, far: FarProcess, count: number, rate: number): Promise<DialogsResult> {
  const calls = new CallGenerator(stack, far.said.port);
  calls.talkMs = Infinity;
  const watch = new MemoryWatch(() => stack.stats);
  await calls.run(rate, count / rate, false);
  await until(() => calls.tally.answered + calls.tally.failed >= calls.tally.started);
  const established = stack.stats.dialogs;
  const rssMb = rss();
  const farRssMb = far.rssMb();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  (globalThis as { gc?: () => void }).gc?.();
  const settledRssMb = rss();
  const settledHeapMb = Math.round(process.memoryUsage().heapUsed / 1_048_576);
  for (let step = 1; step <= 100; step++) {
    calls.hangupShare(step / 100);
    await new Promise((resolve) => setTimeout(resolve, (count / rate) * 10));
  }
  await until(() => calls.open === 0);
  return { asked: count, established, failures: calls.tally.failed + calls.tally.shedHere + calls.tally.shedThere, rssMb, farRssMb, settledRssMb, settledHeapMb, leftOver: stack.stats.dialogs, memory: watch.stop() };
}

async function until(done: () => boolean): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; !done() && performance.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 50));
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / 1_048_576);
}

export function describeDialogs(r: DialogsResult): string {
  return `${r.established} of ${r.asked} dialogs at a time, ${r.failures} failures: rss ${r.rssMb} MB (far end ${r.farRssMb}), ` +
    `${r.settledRssMb} MB when their transactions are gone (heap ${r.settledHeapMb}), ${r.leftOver} left over`;
}
