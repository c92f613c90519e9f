import type { Route, Trunk } from '@ritmo/domain';
import { explainFatal, nearest, UserError } from '@ritmo/runtime';
import { hostPortText } from '@ritmo/sip';
import { loadConfig, type RitmoConfig } from '../config.ts';
import { readTls } from '../tls-files.ts';
import { checkTrunk, type TrunkReport } from '../trunk-check/check.ts';
import { drawLadder } from '../trunk-check/ladder.ts';
import type { Step } from '../trunk-check/step.ts';
import { connect, type ClientOptions } from './client.ts';

export interface TrunkCheckOptions extends ClientOptions {
  readonly trunk?: string | undefined;
  readonly config?: string | undefined;
  readonly number?: string | undefined;
  readonly json: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `ritmo trunk-check --trunk NAME`: says in plain words what is wrong with a trunk. Exit code 0: nothing fails; 1: something does; 2: it could not be looked at. */
export async function trunkCheck(options: TrunkCheckOptions, env: Environment): Promise<number> {
  try {
    return await look(options, env);
  } catch (error) {
    process.stderr.write(`ritmo: ${error instanceof UserError ? error.message : explainFatal(error)}\n`);
    return 2;
  }
}

async function look(options: TrunkCheckOptions, env: Environment): Promise<number> {
  if (options.number !== undefined && !/^\+?[0-9*#]{2,20}$/.test(options.number)) throw new UserError(`--number ${options.number} is not a number`);
  const config = await loadConfig(options.config === undefined ? env : { ...env, RITMO_CONFIG: options.config });
  const known = await knownTrunks(options, config, env);
  const trunk = withPassword(findTrunk(known.trunks, options.trunk), known, config, env);
  const homeAreaCode = known.routes.find(({ active, homeAreaCode }) => active && homeAreaCode !== undefined)?.homeAreaCode;
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const report = await checkTrunk({
    trunk, interrupted: interrupt.signal, listen: config.listen, sipPort: config.sipPort, rtpPorts: config.rtpPorts,
    ...(config.tls === undefined ? {} : { tls: readTls(config.tls) }),
    ...(config.advertise === undefined ? {} : { advertise: config.advertise }),
    ...(options.number === undefined ? {} : { number: options.number }),
    ...(homeAreaCode === undefined ? {} : { homeAreaCode }),
  });
  process.stdout.write(options.json ? `${JSON.stringify({ ...report, source: known.source }, null, 2)}\n` : `${describe(report, known.source)}\n`);
  return report.ok ? 0 : 1;
}

interface Known {
  readonly trunks: readonly Trunk[];
  readonly routes: readonly Route[];
  readonly source: string;
  /** The admin API tells no passwords. */
  readonly withoutPasswords: boolean;
}

/**
 * A file that is named is looked at. Else the running installation says what its trunks are: the configuration file seeds an empty installation
 * and may long be out of date. Where none runs, RITMO_CONFIG is what there is.
 */
async function knownTrunks(options: TrunkCheckOptions, config: RitmoConfig, env: Environment): Promise<Known> {
  const ofFile: Known = { trunks: trunksOf(config), routes: (config.seed['routes'] ?? []) as readonly Route[], source: config.seedName ?? '', withoutPasswords: false };
  if (options.config !== undefined) return ofFile;
  try {
    const client = await connect(options, env);
    const [trunks, routes] = await Promise.all([client.get<{ items: readonly Trunk[] }>('/v1/trunks'), client.get<{ items: readonly Route[] }>('/v1/routes')]);
    return { trunks: trunks.items, routes: routes.items, source: 'the running installation', withoutPasswords: true };
  } catch (error) {
    const wasAsked = options.url !== undefined || options.key !== undefined;
    if (wasAsked || !(error instanceof UserError)) throw error;
    if (config.seedName === undefined) throw new UserError(`which trunks? --config FILE or RITMO_CONFIG names a configuration, and of a running installation: ${error.message}`);
    return ofFile;
  }
}

const trunksOf = (config: RitmoConfig): readonly Trunk[] => (config.seed['trunks'] ?? []) as readonly Trunk[];

/** Of RITMO_TRUNK_PASSWORD, or of the same account in the configuration file. */
function withPassword(trunk: Trunk, { withoutPasswords }: Known, config: RitmoConfig, env: Environment): Trunk {
  const given = env['RITMO_TRUNK_PASSWORD'];
  if (given !== undefined && given !== '') return { ...trunk, password: given };
  if (!withoutPasswords || trunk.username === undefined) return trunk;
  const password = trunksOf(config).find(({ host, username }) => host === trunk.host && username === trunk.username)?.password;
  if (password === undefined) throw new UserError(`the installation tells no passwords: give that of ${trunk.username} in RITMO_TRUNK_PASSWORD, or look at a file with --config`);
  return { ...trunk, password };
}

/** By name or by number. */
function findTrunk(trunks: readonly Trunk[], wanted: string | undefined): Trunk {
  const names = trunks.map(({ name }) => name);
  if (names.length === 0) throw new UserError('there are no trunks in the configuration');
  if (wanted === undefined) throw new UserError(`which trunk? --trunk NAME: ${names.join(', ')}`);
  const trunk = trunks.find(({ name, id }) => name.toLowerCase() === wanted.toLowerCase() || String(id) === wanted);
  if (trunk) return trunk;
  const close = nearest(wanted, names);
  throw new UserError(`there is no trunk ${wanted}${close === undefined ? `: ${names.join(', ')}` : `: did you mean ${close}?`}`);
}

const marks: Readonly<Record<Step['result'], string>> = { ok: 'ok', warns: 'WARNS', fails: 'FAILS', skipped: '–' };

export function describe({ trunk, steps, ladder, ok }: TrunkReport, source: string): string {
  const lines = steps.flatMap(({ name, result, seen, todo }) => [`  ${marks[result].padEnd(6)} ${name.padEnd(15)} ${seen}`, ...(todo === undefined ? [] : [`  ${' '.repeat(22)} -> ${todo}`])]);
  const broken = steps.find(({ result }) => result === 'fails');
  return [
    `trunk ${trunk.id}, ${trunk.name}: ${hostPortText(trunk.host, trunk.port)} (${trunk.transport}), as ${source} has it`, '', ...lines, '',
    ...(ladder.length === 0 ? [] : [drawLadder(ladder), '']),
    ok ? wellText(steps) : `the trunk does not work: ${broken?.seen ?? ''}`,
  ].join('\n');
}

/** What was not looked at is not well by that. */
function wellText(steps: readonly Step[]): string {
  const named = (result: Step['result']): string => steps.flatMap((step) => (step.result === result ? [step.name] : [])).join(', ');
  const [warned, skipped] = [named('warns'), named('skipped')];
  const rest = [warned === '' ? '' : `worth a look: ${warned}`, skipped === '' ? '' : `not looked at: ${skipped}`].filter((text) => text !== '');
  return rest.length === 0 ? 'all is well' : `nothing fails; ${rest.join('; ')}`;
}
