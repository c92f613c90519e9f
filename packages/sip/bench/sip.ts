/**
 * npm run bench:sip: calls per second of the native engine, far end in a second process on the same machine.
 * One call = INVITE 180 200 ACK, one second, BYE 200, with full transaction and dialog state on both sides.
 * --rate N --seconds N fix the run; without --rate it searches the highest clean rate. --json prints one JSON object last.
 * With DRACHTIO_HOST, DRACHTIO_PORT and DRACHTIO_SECRET set, the drachtio adapter on that server is measured beside.
 * --dialogs N holds N calls at a time. --overload offers twice the sustainable rate (--rate, or what the search finds).
 */
import { benchFlags } from '@ritmo/testing';
import { clean, describe, run, startCaller } from './caller.ts';
import { dgramBaseline } from './dgram-baseline.ts';
import { describeDialogs, dialogs } from './dialogs.ts';
import { drachtioBaseline } from './drachtio-baseline.ts';
import { startFarProcess } from './far-process.ts';
import { MemoryWatch } from './measure.ts';
import { describeOverload, overload } from './overload.ts';
import { highestCleanRate } from './search.ts';

const values = benchFlags('Calls a second of the native engine, the far end in a second process: INVITE 180 200 ACK, one second, BYE 200. Without --rate it searches the highest clean rate.', {
  rate: [0, 'calls a second; 0 searches'],
  seconds: [0, 'how long; 0 is 60 with --rate and 20 in a search'],
  dialogs: [0, 'hold so many calls at a time instead'],
  overload: [false, 'offer twice the sustainable rate (--rate, or what the search finds)'],
});
const rate = values.rate === 0 ? undefined : values.rate;
const seconds = values.seconds === 0 ? (rate === undefined ? 20 : 60) : values.seconds;
const say = (text: string): void => {
  if (!values.json) console.log(text);
};
const report = (result: object): void => {
  if (values.json) console.log(JSON.stringify(result));
};

const far = await startFarProcess('far-end.ts');
const stack = await startCaller();
const { port } = far.said;
await run(stack, port, 200, 2);

if (values.dialogs > 0) {
  const result = await dialogs(stack, far, values.dialogs, rate ?? 1_000);
  say(describeDialogs(result));
  report(result);
  process.exitCode = result.established === result.asked && result.leftOver === 0 ? 0 : 1;
} else if (values.overload) {
  const sustainable = rate ?? (await highestCleanRate(stack, port, 10, say)).best.asked;
  const results = [];
  for (const sheds of ['caller', 'callee'] as const) {
    const result = await overload(stack, port, sustainable, sheds);
    say(describeOverload(result));
    results.push(result);
  }
  report({ overload: results });
} else {
  const baseline = await dgramBaseline(Math.min(5, seconds));
  say(`bare dgram, no transactions: ${baseline.callsPerSecond} calls/s with both ends in one process`);
  const drachtio = await drachtioBaseline(port, Math.min(20, seconds), say);
  const watch = new MemoryWatch(() => stack.stats);
  const search = rate === undefined ? await highestCleanRate(stack, port, seconds, say) : undefined;
  const result = search?.best ?? (await run(stack, port, rate ?? 0, seconds));
  const memory = watch.stop();
  say(`${search === undefined ? 'this rate' : 'highest clean rate'}: ${describe(result)}`);
  const flat = memory.flatAfterFirstMinute;
  say(`memory: peak ${memory.peakRssMb} MB, ${flat === undefined ? 'too short a run to say whether it stays flat' : flat ? 'flat after the first minute' : 'GROWS after the first minute'}`);
  say(memory.samples.map((each) => `${each.second}s ${each.rssMb}/${each.heapMb}`).join('  '));
  report({ ...result, clean: clean(result), baselines: { dgram: baseline, ...(drachtio === undefined ? {} : { drachtio }) }, memory, ...(search === undefined ? {} : { searched: search.tried }) });
}
far.stop();
await stack.stop();
