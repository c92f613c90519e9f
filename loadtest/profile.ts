import { fileURLToPath } from 'node:url';
import { existsSync, readdirSync } from 'node:fs';
import { Type, type Static } from '@sinclair/typebox';
import { loadYamlConfig, nearest, UserError, type PathProblem } from '@ritmo/runtime';

const closed = { additionalProperties: false } as const;
const quantity = Type.Number({ minimum: 0 });
const percent = Type.Number({ minimum: 0, maximum: 100 });

/** A time in milliseconds: fixed, even between two values, exponential, or lognormal by its median and 90th percentile. */
const TimeSchema = Type.Union([
  quantity,
  Type.Object({ min: quantity, max: quantity }, closed),
  Type.Object({ mean: quantity, atLeast: Type.Optional(quantity), atMost: Type.Optional(quantity) }, closed),
  Type.Object({ median: Type.Number({ exclusiveMinimum: 0 }), p90: Type.Number({ exclusiveMinimum: 0 }), atMost: Type.Optional(quantity) }, closed),
]);

const OutcomeSchema = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    sharePct: percent,
    /** The far end picks up. Exactly one of `answers`, `code` and `silent`. */
    answers: Type.Optional(Type.Literal(true)),
    code: Type.Optional(Type.Integer({ minimum: 300, maximum: 699, description: 'Final SIP code' })),
    cause: Type.Optional(Type.Integer({ minimum: 1, maximum: 127, description: 'Q.850 cause in a Reason header' })),
    /** Not one response, not even 100. */
    silent: Type.Optional(Type.Literal(true)),
    progress: Type.Union([Type.Literal('ringing'), Type.Literal('early-media'), Type.Literal('none')], { default: 'none' }),
    /** From the progress to what comes next. */
    afterMs: Type.Optional(TimeSchema),
  },
  closed,
);

export const ProfileSchema = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    about: Type.String({ default: '' }),
    /** Where the values come from. What is assumed says so. */
    sources: Type.Array(Type.String(), { default: [] }),
    transport: Type.Union([Type.Literal('udp'), Type.Literal('tcp')], { default: 'udp' }),
    lossPct: Type.Number({ minimum: 0, maximum: 50, default: 0, description: 'Messages that the far end loses, each way' }),
    numbers: Type.Union([Type.Literal('mobile'), Type.Literal('landline')], { default: 'mobile' }),
    /** From the INVITE to the first sign of the person called, or to the refusal. */
    postDialDelayMs: TimeSchema,
    talkMs: TimeSchema,
    /** Of those who answered: who hangs up first. The others wait for the agent. */
    hangsUpFirstPct: Type.Number({ minimum: 0, maximum: 100, default: 50 }),
    outcomes: Type.Array(OutcomeSchema, { minItems: 1 }),
    /** Name of the limits that judge it: loadtest/limits/<name>.yaml. */
    limits: Type.String({ default: 'default' }),
  },
  closed,
);

export type Time = Static<typeof TimeSchema>;
export type Outcome = Static<typeof OutcomeSchema>;
export type Profile = Static<typeof ProfileSchema>;

export const profilesFolder = fileURLToPath(new URL('./profiles/', import.meta.url));
const roundingPct = 0.01;

/** Rules that the schema cannot say. */
export function checkProfile(profile: Profile): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  profile.outcomes.forEach((outcome, index) => {
    const ways = [outcome.answers, outcome.code, outcome.silent].filter((way) => way !== undefined).length;
    if (ways !== 1) problems.push({ path: ['outcomes', index], message: 'give exactly one of answers: true, code: NNN, silent: true' });
    if (outcome.cause !== undefined && outcome.code === undefined) problems.push({ path: ['outcomes', index, 'cause'], message: 'a cause rides on a refusal: give its code' });
    if (outcome.silent && outcome.progress !== 'none') problems.push({ path: ['outcomes', index, 'progress'], message: 'who is silent shows no progress' });
    if (outcome.progress !== 'none' && outcome.afterMs === undefined) problems.push({ path: ['outcomes', index], message: `afterMs is missing: how long does it stay ${outcome.progress}?` });
  });
  const total = profile.outcomes.reduce((sum, { sharePct }) => sum + sharePct, 0);
  if (Math.abs(total - 100) > roundingPct) problems.push({ path: ['outcomes'], atKey: true, message: `the shares come to ${Number(total.toFixed(2))}, not 100` });
  return problems;
}

/** By name from those that ship, or by path. Throws ConfigError with line and field, or UserError with the names there are. */
export async function loadProfile(nameOrFile: string): Promise<Profile> {
  return loadYamlConfig<Profile>({ file: fileNamed(nameOrFile, profilesFolder, 'profile'), schema: ProfileSchema, check: checkProfile });
}

export function fileNamed(nameOrFile: string, folder: string, what: string): string {
  if (/[/.]/.test(nameOrFile)) return nameOrFile;
  const file = `${folder}${nameOrFile}.yaml`;
  if (existsSync(file)) return file;
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => name.slice(0, -'.yaml'.length));
  const close = nearest(nameOrFile, names);
  throw new UserError(`there is no ${what} ${nameOrFile}${close === undefined ? '' : `: did you mean ${close}?`} Those that ship: ${names.join(', ')}; or give a file`);
}

/** Share of the calls that somebody picks up, 0 to 1. */
export function answerShare(profile: Profile): number {
  return profile.outcomes.reduce((sum, { answers, sharePct }) => sum + (answers ? sharePct : 0), 0) / 100;
}
