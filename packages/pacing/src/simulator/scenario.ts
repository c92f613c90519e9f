/** Scenario files: what they may say, and clear refusals when they say something else. */
import type { Distribution } from './distribution.ts';

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
  /** True: policies start without history (always so for shipped scenarios; the field documents the intent). */
  readonly cold?: boolean;
}

export class ScenarioError extends Error {
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`scenario: ${path}: ${problem}`);
    this.name = 'ScenarioError';
    this.path = path;
  }
}

type Json = Record<string, unknown>;

const KNOWN = new Set([
  'name', 'agents', 'durationS', 'warmupS', 'abandonCapPct', 'graceS', 'handle', 'wrapUp', 'outcomes', 'machineP', 'amd',
  'machineHandleS', 'channels', 'cps', 'campaigns', 'cold',
]);

/** Checks a parsed file and fills the defaults: warm-up 0, cap 3 %, grace 0, no wrap-up, no machines, no limits. */
export function parseScenario(input: unknown): Scenario {
  const json = object(input, '$');
  for (const key of Object.keys(json)) if (!KNOWN.has(key)) throw new ScenarioError(key, 'unknown field');
  const machineP = number(json['machineP'] ?? 0, 'machineP', 0, 1);
  const scenario: Scenario = {
    ...(typeof json['name'] === 'string' ? { name: json['name'] } : {}),
    agents: timed(json['agents'], 'agents', (value, path) => number(value, path, 0, 10_000)),
    durationS: number(json['durationS'], 'durationS', 1, 1e8),
    warmupS: number(json['warmupS'] ?? 0, 'warmupS', 0, 1e8),
    abandonCapPct: number(json['abandonCapPct'] ?? 3, 'abandonCapPct', 0, 100),
    graceS: number(json['graceS'] ?? 0, 'graceS', 0, 3600),
    handle: law(json['handle'], 'handle'),
    wrapUp: json['wrapUp'] === null || json['wrapUp'] === undefined ? null : law(json['wrapUp'], 'wrapUp'),
    outcomes: timed(json['outcomes'], 'outcomes', outcomes),
    machineP,
    amd: json['amd'] === null || (json['amd'] === undefined && machineP === 0) ? null : detection(json['amd']),
    machineHandleS: number(json['machineHandleS'] ?? 8, 'machineHandleS', 0, 3600),
    channels: limit(json['channels'], 'channels'),
    cps: limit(json['cps'], 'cps'),
    ...(json['campaigns'] === undefined ? {} : { campaigns: campaigns(json['campaigns']) }),
    ...(json['cold'] === true ? { cold: true } : {}),
  };
  if (scenario.warmupS >= scenario.durationS) throw new ScenarioError('warmupS', 'is not shorter than durationS');
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

function timed<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): Timed<T> {
  if (!Array.isArray(value) || !Array.isArray(value[0])) return read(value, path);
  let last = -1;
  return value.map((step: unknown, index): readonly [number, T] => {
    const here = `${path}[${index}]`;
    if (!Array.isArray(step) || step.length !== 2) throw new ScenarioError(here, 'is not [fromS, value]');
    const fromS = number(step[0], `${here}[0]`, 0, 1e8);
    if (index === 0 && fromS !== 0) throw new ScenarioError(here, 'the first step must begin at 0');
    if (fromS <= last) throw new ScenarioError(here, 'steps must rise');
    last = fromS;
    return [fromS, read(step[1], `${here}[1]`)];
  });
}

function outcomes(value: unknown, path: string): readonly OutcomeLaw[] {
  if (!Array.isArray(value) || value.length === 0) throw new ScenarioError(path, 'is not a list of outcomes');
  const list = value.map((entry: unknown, index): OutcomeLaw => {
    const json = object(entry, `${path}[${index}]`);
    if (typeof json['outcome'] !== 'string') throw new ScenarioError(`${path}[${index}].outcome`, 'is not a word');
    return {
      outcome: json['outcome'],
      p: number(json['p'], `${path}[${index}].p`, 0, 1),
      ring: law(json['ring'], `${path}[${index}].ring`),
    };
  });
  const total = list.reduce((sum, entry) => sum + entry.p, 0);
  if (Math.abs(total - 1) > 1e-6) throw new ScenarioError(path, `probabilities add up to ${total}, not to 1`);
  return list;
}

function law(value: unknown, path: string): Distribution {
  const json = object(value, path);
  const meanS = (): number => number(json['meanS'], `${path}.meanS`, 0, 1e6);
  switch (json['dist']) {
    case 'exponential':
    case 'constant':
      return { dist: json['dist'], meanS: meanS() };
    case 'lognormal':
    case 'gamma':
      return { dist: json['dist'], meanS: meanS(), cv: number(json['cv'], `${path}.cv`, 0.01, 10) };
    case 'uniform': {
      const minS = number(json['minS'], `${path}.minS`, 0, 1e6);
      return { dist: 'uniform', minS, maxS: number(json['maxS'], `${path}.maxS`, minS, 1e6) };
    }
    case 'empirical': {
      const samples = json['samples'];
      if (!Array.isArray(samples) || samples.length === 0) throw new ScenarioError(`${path}.samples`, 'is empty');
      return { dist: 'empirical', samples: samples.map((sample, index) => number(sample, `${path}.samples[${index}]`, 0, 1e6)) };
    }
    default:
      throw new ScenarioError(`${path}.dist`, 'is not exponential, lognormal, gamma, uniform, constant or empirical');
  }
}

function detection(value: unknown): NonNullable<Scenario['amd']> {
  const json = object(value ?? {}, 'amd');
  return {
    delayS: number(json['delayS'] ?? 0, 'amd.delayS', 0, 60),
    falsePositiveP: number(json['falsePositiveP'] ?? 0, 'amd.falsePositiveP', 0, 1),
    falseNegativeP: number(json['falseNegativeP'] ?? 0, 'amd.falseNegativeP', 0, 1),
  };
}

function campaigns(value: unknown): readonly CampaignScenario[] {
  if (!Array.isArray(value) || value.length === 0) throw new ScenarioError('campaigns', 'is not a list');
  return value.map((entry: unknown, index) => {
    const json = object(entry, `campaigns[${index}]`);
    const path = `campaigns[${index}].outcomes`;
    return {
      name: typeof json['name'] === 'string' ? json['name'] : `campaign ${index + 1}`,
      ...(json['outcomes'] === undefined ? {} : { outcomes: timed(json['outcomes'], path, outcomes) }),
    };
  });
}

function limit(value: unknown, path: string): number | null {
  return value === null || value === undefined ? null : number(value, path, 1, 1e6);
}

function object(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ScenarioError(path, 'is not an object');
  return value as Json;
}

function number(value: unknown, path: string, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ScenarioError(path, 'is not a number');
  if (value < low || value > high) throw new ScenarioError(path, `${value} is not between ${low} and ${high}`);
  return value;
}
