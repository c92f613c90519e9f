import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError, endWhenOutputCloses, explainFatal, UserError } from '@ritmo/runtime';
import { loadHelp, readLoadOptions } from './options.ts';
import { runLoad } from './run.ts';
import { summary } from './screen.ts';

/** With --json people's lines go to standard error: standard output ends with the object. */
async function main(): Promise<number> {
  endWhenOutputCloses();
  const options = readLoadOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(loadHelp);
    return 0;
  }
  if (options.report !== undefined) await mkdir(dirname(resolve(options.report)), { recursive: true });
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort(new UserError('interrupted'));
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const out = options.json ? process.stderr : process.stdout;
  const result = await runLoad(options, out, interrupt.signal);
  out.write(`${summary(result)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.verdict.passed ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const isUsage = error instanceof ConfigError || error instanceof UserError || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
    process.stderr.write(`ritmo load test: ${isUsage ? (error as Error).message : explainFatal(error)}\n`);
    process.exit(2);
  },
);
