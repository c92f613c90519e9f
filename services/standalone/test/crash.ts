import { parseArgs } from 'node:util';
import { runCrashes } from './crash-run.ts';

/** `npm run test:crash -- --kills 30 --seed 7`: exit code 0 when everything held. */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' }, keep: { type: 'boolean', default: false } },
});
runCrashes({ kills: Number(values.kills), seed: Number(values.seed), keep: values.keep, say: (line) => console.log(line) }).then(
  ({ checks, ok, folder }) => {
    for (const check of checks) console.log(`  ${check.ok ? 'holds' : 'FAILS'}  ${check.name}: ${check.detail}`);
    if (values.keep) console.log(`data and log: ${folder}`);
    console.log(ok ? `${values.kills} kills: everything held` : `${values.kills} kills: NOT everything held`);
    process.exit(ok ? 0 : 1);
  },
  (error: unknown) => {
    console.error(error);
    process.exit(2);
  },
);
