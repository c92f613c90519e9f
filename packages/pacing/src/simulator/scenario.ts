/** Scenario files: what they may say, and clear refusals when they say something else. */
import { meanOf } from './distribution.ts';
import type { Distribution } from './distribution.ts';
import { law, list, number, object, FieldError, text, wholeNumber } from '../fields.ts';

export interface OutcomeLaw {
  /** `answered` is the only one that is an answer; every other word is a failure. */
  readonly outcome: string;
  readonly p: number;
  readonly ring: Distribution;
}

/** A value, or steps `[[fromS, value], …]` in rising order from 0. */
export type Timed<T> = T | readonly (readonly [number, T])[];

export interface CampaignScenario {
  readonly name: string;
  readonly outcomes?: Timed<readonly OutcomeLaw[]>;
}

export interface Scenario {
  readonly name?: string;
  readonly agents: Timed<number>;
  readonly durationS: number;
  readonly warmupS: number;
  readonly abandonCapPct: number;
  readonly graceS: number;
  readonly handle: Distribution;
  readonly wrapUp: Distribution | null;
  readonly outcomes: Timed<readonly OutcomeLaw[]>;
  /** Share of answered calls that a machine answers. */
  readonly machineP: number;
  /** Null: no detection, machines go to agents. */
  readonly amd: { readonly delayS: number; readonly falsePositiveP: number; readonly falseNegativeP: number } | null;
  /** How long an agent is kept by a machine that detection let through. */
  readonly machineHandleS: number;
  readonly channels: number | null;
  readonly cps: number | null;
  /** Several campaigns share agents and trunk; absent: one. A campaign without `outcomes` has the scenario's. */
  readonly campaigns?: readonly CampaignScenario[];
}

const FIELDS = [
  'name', 'agents', 'durationS', 'warmupS', 'abandonCapPct', 'graceS', 'handle', 'wrapUp', 'outcomes', 'machineP', 'amd',
  'machineHandleS', 'channels', 'cps', 'campaigns',
] as const;

/** Checks a parsed file and fills the defaults: warm-up 0, cap 3 %, grace 0, no wrap-up, no machines, no limits. */
export function parseScenario(input: unknown): Scenario {
  const json = object(input, '$', FIELDS);
  const machineP = number(json['machineP'] ?? 0, 'machineP', 0, 1);
  const scenario: Scenario = {
    ...(json['name'] === undefined ? {} : { name: text(json['name'], 'name') }),
    agents: timed(json['agents'], 'agents', (value, path) => wholeNumber(value, path, 0, 10_000)),
    durationS: number(json['durationS'], 'durationS', 1, 1e8),
    warmupS: number(json['warmupS'] ?? 0, 'warmupS', 0, 1e8),
    abandonCapPct: number(json['abandonCapPct'] ?? 3, 'abandonCapPct', 0, 100),
    graceS: number(json['graceS'] ?? 0, 'graceS', 0, 3600),
    handle: takingTime(law(json['handle'], 'handle'), 'handle'),
    wrapUp: json['wrapUp'] === null || json['wrapUp'] === undefined ? null : law(json['wrapUp'], 'wrapUp'),
    outcomes: answeredByAny(timed(json['outcomes'], 'outcomes', outcomes), 'outcomes'),
    machineP,
    amd: json['amd'] === null ? null : detection(json['amd'] ?? {}, machineP),
    machineHandleS: number(json['machineHandleS'] ?? 8, 'machineHandleS', 0, 3600),
    channels: limit(json['channels'], 'channels'),
    cps: limit(json['cps'], 'cps'),
    ...(json['campaigns'] === undefined ? {} : { campaigns: campaigns(json['campaigns']) }),
  };
  if (scenario.warmupS >= scenario.durationS) throw new FieldError('warmupS', 'is not shorter than durationS');
  if (stepsOf(scenario.agents).every((count) => count === 0)) throw new FieldError('agents', 'nobody ever works');
  return scenario;
}

/** The value of a timed field at a moment. */
export function at<T>(value: Timed<T>, timeS: number): T {
  if (!isSteps(value)) return value;
  let current = (value[0] as readonly [number, T])[1];
  for (const [fromS, next] of value) if (fromS <= timeS) current = next;
  return current;
}

export function isSteps<T>(value: Timed<T>): value is readonly (readonly [number, T])[] {
  return Array.isArray(value) && Array.isArray(value[0]);
}

function stepsOf<T>(value: Timed<T>): readonly T[] {
  return isSteps(value) ? value.map(([, step]) => step) : [value];
}

function timed<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): Timed<T> {
  if (!Array.isArray(value)) return read(value, path);
  if (!Array.isArray(list(value, path)[0])) return read(value, path);
  let last = -1;
  return value.map((step: unknown, index): readonly [number, T] => {
    const here = `${path}[${index}]`;
    if (!Array.isArray(step) || step.length !== 2) throw new FieldError(here, 'is not [fromS, value]');
    const fromS = number(step[0], `${here}[0]`, 0, 1e8);
    if (index === 0 && fromS !== 0) throw new FieldError(here, 'the first step must begin at 0');
    if (fromS <= last) throw new FieldError(here, 'steps must rise');
    last = fromS;
    return [fromS, read(step[1], `${here}[1]`)];
  });
}

function outcomes(value: unknown, path: string): readonly OutcomeLaw[] {
  const laws = list(value, path).map((entry: unknown, index): OutcomeLaw => {
    const here = `${path}[${index}]`;
    const json = object(entry, here, ['outcome', 'p', 'ring']);
    return { outcome: text(json['outcome'], `${here}.outcome`), p: number(json['p'], `${here}.p`, 0, 1), ring: law(json['ring'], `${here}.ring`) };
  });
  const total = laws.reduce((sum, entry) => sum + entry.p, 0);
  if (Math.abs(total - 1) > 1e-6) throw new FieldError(path, `probabilities add up to ${total}, not to 1`);
  // Attempts that take no time would never let the next second come.
  if (laws.every((entry) => entry.p * meanOf(entry.ring) === 0)) throw new FieldError(path, 'ringing takes no time, whatever the outcome');
  return laws;
}

/** Nobody may answer for a while, but not all the time: then there is nothing to pace. */
function answeredByAny(value: Timed<readonly OutcomeLaw[]>, path: string): Timed<readonly OutcomeLaw[]> {
  const isAnswered = stepsOf(value).some((laws) => laws.some(({ outcome, p }) => outcome === 'answered' && p > 0));
  if (!isAnswered) throw new FieldError(path, 'no outcome is "answered"');
  return value;
}

function takingTime(value: Distribution, path: string): Distribution {
  if (meanOf(value) <= 0) throw new FieldError(path, 'takes no time');
  return value;
}

/** Null where it would change nothing: no machines, no delay, no mistakes. */
function detection(value: unknown, machineP: number): Scenario['amd'] {
  const json = object(value, 'amd', ['delayS', 'falsePositiveP', 'falseNegativeP']);
  const delayS = number(json['delayS'] ?? 0, 'amd.delayS', 0, 60);
  const falsePositiveP = number(json['falsePositiveP'] ?? 0, 'amd.falsePositiveP', 0, 1);
  const falseNegativeP = number(json['falseNegativeP'] ?? 0, 'amd.falseNegativeP', 0, 1);
  return machineP === 0 && delayS === 0 && falsePositiveP === 0 ? null : { delayS, falsePositiveP, falseNegativeP };
}

function campaigns(value: unknown): readonly CampaignScenario[] {
  return list(value, 'campaigns').map((entry: unknown, index) => {
    const here = `campaigns[${index}]`;
    const json = object(entry, here, ['name', 'outcomes']);
    const path = `${here}.outcomes`;
    return {
      name: json['name'] === undefined ? `campaign ${index + 1}` : text(json['name'], `${here}.name`),
      ...(json['outcomes'] === undefined ? {} : { outcomes: answeredByAny(timed(json['outcomes'], path, outcomes), path) }),
    };
  });
}

function limit(value: unknown, path: string): number | null {
  return value === null || value === undefined ? null : wholeNumber(value, path, 1, 1e6);
}
