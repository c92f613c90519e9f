import { fileURLToPath } from 'node:url';
import { Type, type Static } from '@sinclair/typebox';
import { loadYamlConfig, nearest, type PathProblem } from '@ritmo/runtime';
import { fileNamed } from './profile.ts';
import type { SecondPoint } from './meter.ts';
import { metricNames, perSecondMetricNames, type RunMetrics } from './run-metrics.ts';

const closed = { additionalProperties: false } as const;

const LimitSchema = Type.Object(
  {
    metric: Type.String(),
    atLeast: Type.Optional(Type.Number()),
    atMost: Type.Optional(Type.Number()),
    /** Held against every second's value instead of the whole run's. Seconds without a value are passed over. */
    everySecond: Type.Boolean({ default: false }),
    /** Seconds that may break it. */
    exceptSeconds: Type.Integer({ minimum: 0, default: 0 }),
    /** Without a value it is passed over; otherwise what was not measured is not proven. */
    ifMeasured: Type.Boolean({ default: false }),
    /** Said when it fails. */
    why: Type.Optional(Type.String()),
  },
  closed,
);

export const LimitsSchema = Type.Object({ name: Type.String({ minLength: 1 }), about: Type.String({ default: '' }), limits: Type.Array(LimitSchema, { minItems: 1 }) }, closed);

export type Limit = Static<typeof LimitSchema>;
export type Limits = Static<typeof LimitsSchema>;

export interface Judgement {
  readonly metric: string;
  /** `at most 250`, `at least 90, in every second but 2`. */
  readonly limit: string;
  /** The worst second's for a limit of every second. */
  readonly value: number | null;
  readonly result: 'holds' | 'fails' | 'not-measured';
  readonly reason: string;
}

export interface Verdict {
  readonly passed: boolean;
  readonly limits: string;
  readonly judgements: readonly Judgement[];
}

export const limitsFolder = fileURLToPath(new URL('./limits/', import.meta.url));

export function checkLimits({ limits }: Limits): readonly PathProblem[] {
  return limits.flatMap((limit, index): PathProblem[] => {
    const known: readonly string[] = limit.everySecond ? perSecondMetricNames : metricNames;
    const problems: PathProblem[] = [];
    if (!known.includes(limit.metric)) {
      const close = nearest(limit.metric, known);
      problems.push({ path: ['limits', index, 'metric'], message: `no such metric${limit.everySecond ? ' of a second' : ''}: ${close === undefined ? known.join(', ') : `did you mean ${close}?`}` });
    }
    if (limit.atLeast === undefined && limit.atMost === undefined) problems.push({ path: ['limits', index], message: 'give atLeast, atMost or both' });
    if (limit.exceptSeconds > 0 && !limit.everySecond) problems.push({ path: ['limits', index, 'exceptSeconds'], message: 'only for everySecond: true' });
    return problems;
  });
}

export function loadLimits(nameOrFile: string): Promise<Limits> {
  return loadYamlConfig<Limits>({ file: fileNamed(nameOrFile, limitsFolder, 'limits file'), schema: LimitsSchema, check: checkLimits });
}

export function judge(metrics: RunMetrics, seconds: readonly SecondPoint[], limits: Limits): Verdict {
  const judgements = limits.limits.map((limit) => (limit.everySecond ? judgeSeconds(limit, seconds) : judgeRun(limit, metrics)));
  return { passed: judgements.every(({ result }) => result !== 'fails'), limits: limits.name, judgements };
}

function judgeRun(limit: Limit, metrics: RunMetrics): Judgement {
  const value = metrics[limit.metric as keyof RunMetrics] ?? null;
  if (value === null) return notMeasured(limit);
  return sentence(limit, value, isWithin(limit, value), '');
}

function judgeSeconds(limit: Limit, seconds: readonly SecondPoint[]): Judgement {
  const values = seconds.flatMap((point) => {
    const value = point[limit.metric as keyof SecondPoint];
    return value === null ? [] : [{ second: point.second, value }];
  });
  if (values.length === 0) return notMeasured(limit);
  const broken = values.filter(({ value }) => !isWithin(limit, value));
  // Of those that break it the one farthest out; of a limit that holds the nearest to it.
  const worst = (broken.length > 0 ? broken : values).reduce((a, b) => (distance(limit, b.value) > distance(limit, a.value) ? b : a));
  return sentence(limit, worst.value, broken.length <= limit.exceptSeconds, ` in second ${worst.second}; ${broken.length} of ${values.length} seconds outside`);
}

const isWithin = ({ atLeast, atMost }: Limit, value: number): boolean => value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
const distance = ({ atLeast, atMost }: Limit, value: number): number => Math.max(atLeast === undefined ? Number.NEGATIVE_INFINITY : atLeast - value, atMost === undefined ? Number.NEGATIVE_INFINITY : value - atMost);

function notMeasured(limit: Limit): Judgement {
  return { metric: limit.metric, limit: limitText(limit), value: null, result: limit.ifMeasured ? 'not-measured' : 'fails', reason: `${limit.metric} was not measured` };
}

function sentence(limit: Limit, value: number, holds: boolean, where: string): Judgement {
  const reason = `${limit.metric} is ${shown(value)}${where}, ${limitText(limit)}${!holds && limit.why !== undefined ? `: ${limit.why}` : ''}`;
  return { metric: limit.metric, limit: limitText(limit), value, result: holds ? 'holds' : 'fails', reason };
}

function limitText({ atLeast, atMost, everySecond, exceptSeconds }: Limit): string {
  const bounds = [atLeast === undefined ? [] : [`at least ${atLeast}`], atMost === undefined ? [] : [`at most ${atMost}`]].flat().join(' and ');
  return `${bounds}${everySecond ? ` in every second${exceptSeconds > 0 ? ` but ${exceptSeconds}` : ''}` : ''}`;
}

export const shown = (value: number): string => String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toFixed(2)));
