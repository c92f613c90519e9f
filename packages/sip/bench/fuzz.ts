/** npm run fuzz:sip: a million mutated messages through the whole engine. --seed N --messages N --json. Run with --expose-gc for exact memory. */
import { benchFlags } from '@ritmo/testing';
import { fuzz } from '../src/torture/fuzz.ts';

const values = benchFlags('Mutated messages through the whole engine: parser, transactions, dialogs.', { seed: [1, 'another seed, other messages'], messages: [1_000_000, 'how many'] });
const count = values.messages;
const startedAt = performance.now();
const result = await fuzz(values.seed, count, (done) => {
  if (!values.json && done % 100_000 === 0) console.log(`${done} messages, ${Math.round(performance.now() - startedAt)} ms`);
});
const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
const ok = result.faults.length === 0 && result.leftovers === 0;
if (values.json) console.log(JSON.stringify({ ok, seed: values.seed, seconds, ...result }));
else {
  console.log(`${ok ? 'clean' : 'FAULTS'}: ${count} messages in ${seconds} s, slowest ${result.slowestMs} ms, heap grew ${result.heapGrowthMb} MB, left over ${result.leftovers}`);
  if (result.slowestMs > 100) console.log('slowest:', JSON.stringify(result.slowest.slice(0, 2_000)));
  for (const fault of result.faults) console.log(fault.error, '\n', JSON.stringify(fault.wire));
}
process.exitCode = ok ? 0 : 1;
