import type { Trunk } from '@ritmo/domain';
import { nearest, UserError } from '@ritmo/runtime';
import { hostPortText } from '@ritmo/sip';
import { loadConfig } from '../config.ts';
import { readTls } from '../tls-files.ts';
import { checkTrunk, type TrunkReport } from '../trunk-check/check.ts';
import { drawLadder } from '../trunk-check/ladder.ts';
import type { Step } from '../trunk-check/step.ts';

export interface TrunkCheckOptions {
  readonly trunk?: string | undefined;
  readonly config?: string | undefined;
  readonly number?: string | undefined;
  readonly json: boolean;
}

/** `ritmo trunk-check --trunk NAME`: says in plain words what is wrong with a trunk. Exit code 0 only when nothing is. */
export async function trunkCheck(options: TrunkCheckOptions, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = await loadConfig(options.config === undefined ? env : { ...env, RITMO_CONFIG: options.config });
  if (config.seedName === undefined) throw new UserError('which configuration? --config FILE, or RITMO_CONFIG: the trunk is read from the file');
  const trunk = findTrunk((config.seed['trunks'] ?? []) as readonly Trunk[], options.trunk);
  if (options.number !== undefined && !/^\+?[0-9*#]{2,20}$/.test(options.number)) throw new UserError(`--number ${options.number} is not a number`);
  const report = await checkTrunk({
    trunk, listen: config.listen, sipPort: config.sipPort,
    ...(config.tls === undefined ? {} : { tls: readTls(config.tls) }),
    ...(config.advertise === undefined ? {} : { advertise: config.advertise }),
    ...(options.number === undefined ? {} : { number: options.number }),
  });
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : `${describe(report)}\n`);
  return report.ok ? 0 : 1;
}

/** By name or by number. */
function findTrunk(trunks: readonly Trunk[], wanted: string | undefined): Trunk {
  const names = trunks.map(({ name }) => name);
  if (wanted === undefined) throw new UserError(`which trunk? --trunk NAME: ${names.join(', ')}`);
  const trunk = trunks.find(({ name, id }) => name.toLowerCase() === wanted.toLowerCase() || String(id) === wanted);
  if (trunk) return trunk;
  const close = nearest(wanted, names);
  throw new UserError(`there is no trunk ${wanted}${close === undefined ? `: ${names.join(', ')}` : `: did you mean ${close}?`}`);
}

const marks: Readonly<Record<Step['result'], string>> = { ok: 'ok', warns: 'WARNS', fails: 'FAILS', skipped: '–' };

export function describe({ trunk, steps, ladder, ok }: TrunkReport): string {
  const lines = steps.flatMap(({ name, result, seen, todo }) => [`  ${marks[result].padEnd(6)} ${name.padEnd(15)} ${seen}`, ...(todo === undefined ? [] : [`  ${' '.repeat(22)} -> ${todo}`])]);
  const broken = steps.find(({ result }) => result === 'fails');
  return [
    `trunk ${trunk.id}, ${trunk.name}: ${hostPortText(trunk.host, trunk.port)} (${trunk.transport})`, '', ...lines, '',
    ...(ladder.length === 0 ? [] : [drawLadder(ladder), '']),
    ok ? 'all is well, as far as it was looked at' : `the trunk does not work: ${broken?.seen ?? ''}`,
  ].join('\n');
}
