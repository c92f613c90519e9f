/** Reads the fields of a file that people write; whatever is wrong is said with its place, for example `outcomes[1].ring.meanS`. */
import type { Distribution } from './simulator/distribution.ts';

export class FieldError extends Error {
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'FieldError';
    this.path = path;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** `known`: a field of another name is refused, because it is a slip of the pen that would be without effect. */
export function object(value: unknown, path: string, known: readonly string[]): Json {
  if (value === undefined) throw new FieldError(path, 'is missing');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FieldError(path, 'is not an object');
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw new FieldError(path === '$' ? key : `${path}.${key}`, `unknown field; known: ${known.join(', ')}`);
  }
  return value as Json;
}

export function list(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) throw new FieldError(path, 'is missing');
  if (!Array.isArray(value)) throw new FieldError(path, 'is not a list');
  if (value.length === 0) throw new FieldError(path, 'is empty');
  return value;
}

export function text(value: unknown, path: string): string {
  if (value === undefined) throw new FieldError(path, 'is missing');
  if (typeof value !== 'string' || value === '') throw new FieldError(path, `${JSON.stringify(value)} is not a text`);
  return value;
}

export function number(value: unknown, path: string, low: number, high: number): number {
  if (value === undefined) throw new FieldError(path, 'is missing');
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new FieldError(path, `${JSON.stringify(value)} is not a number`);
  if (value < low || value > high) throw new FieldError(path, `${value} is not between ${low} and ${high}`);
  return value;
}

export function wholeNumber(value: unknown, path: string, low: number, high: number): number {
  const found = number(value, path, low, high);
  if (!Number.isInteger(found)) throw new FieldError(path, `${found} is not a whole number`);
  return found;
}

export function law(value: unknown, path: string): Distribution {
  const json = object(value, path, ['dist', 'meanS', 'cv', 'minS', 'maxS', 'samples']);
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
    case 'empirical':
      return { dist: 'empirical', samples: list(json['samples'], `${path}.samples`).map((sample, index) => number(sample, `${path}.samples[${index}]`, 0, 1e6)) };
    default:
      throw new FieldError(`${path}.dist`, `${JSON.stringify(json['dist'])} is not exponential, lognormal, gamma, uniform, constant or empirical`);
  }
}
