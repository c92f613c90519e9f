import { endWhenOutputCloses, explainFatal, UserError } from '@ritmo/runtime';
import { demoHelp, readDemoOptions } from './options.ts';
import type { RunResult } from './result.ts';

/** With --json people's lines go to standard error: standard output ends with the object. */
async function main(): Promise<number> {
  endWhenOutputCloses();
  const options = readDemoOptions(process.argv.slice(2), process.env);
  if (!options) {
    process.stdout.write(demoHelp);
    return 0;
  }
  const { runDemo } = await import('./run.ts');
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort(new UserError('interrupted'));
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const out = options.json ? process.stderr : process.stdout;
  const result = await runDemo({ options, out, signal: interrupt.signal });
  out.write(`${summary(result)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.ok ? 0 : 1;
}

function summary(result: RunResult): string {
  const dispositions = Object.entries(result.byDisposition).map(([name, count]) => `${name} ${count}`);
  return [
    'reconciliation',
    ...result.checks.map(({ ok, name, detail }) => `  ${ok ? 'holds' : 'FAILS'}  ${name}: ${detail}`),
    '',
    `answered ${result.answered}, delivered ${result.delivered}, abandoned ${result.abandoned} (${result.abandonRate} %), occupancy ${result.occupancy} %, offers missed ${result.tna}, recordings ${result.recordings}`,
    `dispositions: ${dispositions.join(', ')}`,
    `report: ${result.report}`,
    '',
    result.ok ? `the reconciliation holds (${result.seconds} s)` : `THE RECONCILIATION DOES NOT HOLD (${result.seconds} s)`,
  ].join('\n');
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`ritmo demo: ${explainFatal(error)}\n`);
    process.exit(2);
  },
);
