import { parseArgs } from 'node:util';
import { endWhenOutputCloses, explainFatal, UserError } from '@ritmo/runtime';
import { commandHelp, helpText } from './help.ts';

/** They run on whether or not somebody reads what they say. */
const servers: ReadonlySet<string> = new Set(['start', 'service']);

/** `ritmo`: the one command. Each sub-command is loaded when it is asked for. */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      url: { type: 'string' },
      key: { type: 'string' },
      campaign: { type: 'string' },
      trunk: { type: 'string' },
      config: { type: 'string' },
      number: { type: 'string' },
      again: { type: 'boolean', default: false },
      policy: { type: 'string' },
      agents: { type: 'string' },
      seeds: { type: 'string' },
      recording: { type: 'string' },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help || !servers.has(command ?? '')) endWhenOutputCloses();
  if (values.help || command === undefined || command === 'help') {
    process.stdout.write(commandHelp.get(command ?? '') ?? helpText());
    return values.help || command === 'help' ? 0 : 2;
  }
  switch (command) {
    case 'start':
      await (await import('./start.ts')).start(process.env);
      return 0;
    case 'service':
      await (await import('./service.ts')).service(rest, process.env);
      return 0;
    case 'check-config':
      return (await import('./check-config.ts')).checkConfig(rest, values.json);
    case 'trunk-check':
      return (await import('./trunk-check.ts')).trunkCheck(values, process.env);
    case 'rebuild-views':
      return (await import('./rebuild-views.ts')).rebuild(values.json, process.env);
    case 'replay':
      if (values.recording !== undefined) return (await import('./replay-file.ts')).replayFile(values.recording, values);
      return (await import('./remote.ts')).runRemote(command, rest, values, process.env);
    default: {
      const { runRemote } = await import('./remote.ts');
      return runRemote(command, rest, values, process.env);
    }
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`ritmo: ${usage || error instanceof UserError ? (error as Error).message : explainFatal(error)}\n`);
    process.exit(usage ? 2 : 1);
  },
);
