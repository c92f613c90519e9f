/** A recording as a file: `npm run simulate -- --recording FILE` writes one, `ritmo replay --recording FILE` runs it again. */
import { FieldError, list, number, object, text } from './fields.ts';
import type { Recording } from './replay.ts';

const LONGEST_MS = 1e11;
const ms = (value: unknown, path: string): number => number(value, path, 0, LONGEST_MS);
const listOf = <T>(value: unknown, path: string, read: (value: unknown, path: string) => T): T[] =>
  Array.isArray(value) && value.length === 0 ? [] : list(value, path).map((entry, index) => read(entry, `${path}[${index}]`));
const limit = (value: unknown, path: string): number | null => (value === null ? null : number(value, path, 1, 1e6));

const yes = (value: unknown, path: string): boolean => {
  if (typeof value !== 'boolean') throw new FieldError(path, `${JSON.stringify(value)} is neither true nor false`);
  return value;
};

const attempt = (value: unknown, path: string): Recording['attempts'][number] => {
  const json = object(value, path, ['atMs', 'ringMs', 'answered', 'machine']);
  return { atMs: ms(json['atMs'], `${path}.atMs`), ringMs: ms(json['ringMs'], `${path}.ringMs`), answered: yes(json['answered'], `${path}.answered`), machine: yes(json['machine'], `${path}.machine`) };
};

const conversation = (value: unknown, path: string): Recording['conversations'][number] => {
  const json = object(value, path, ['atMs', 'talkMs', 'wrapMs', 'waitMs']);
  return {
    atMs: ms(json['atMs'], `${path}.atMs`), talkMs: ms(json['talkMs'], `${path}.talkMs`), wrapMs: ms(json['wrapMs'], `${path}.wrapMs`),
    ...(json['waitMs'] === undefined ? {} : { waitMs: ms(json['waitMs'], `${path}.waitMs`) }),
  };
};

const step = (value: unknown, path: string): readonly [number, number] => {
  if (!Array.isArray(value) || value.length !== 2) throw new FieldError(path, 'is not [fromMs, agents]');
  return [ms(value[0], `${path}[0]`), number(value[1], `${path}[1]`, 0, 10_000)];
};

/** Refuses with the place of what is wrong (`FieldError`). */
export function parseRecording(input: unknown): Recording {
  const json = object(input, '$', ['name', 'durationMs', 'capPct', 'graceMs', 'detectMs', 'attempts', 'conversations', 'abandonedAtMs', 'presence', 'channels', 'cps']);
  const presence = list(json['presence'], 'presence').map((entry, index) => step(entry, `presence[${index}]`));
  if (presence[0]?.[0] !== 0) throw new FieldError('presence[0]', 'the first step must begin at 0');
  return {
    name: text(json['name'], 'name'),
    durationMs: number(json['durationMs'], 'durationMs', 1, LONGEST_MS),
    capPct: number(json['capPct'], 'capPct', 0, 100),
    graceMs: ms(json['graceMs'], 'graceMs'),
    detectMs: ms(json['detectMs'], 'detectMs'),
    attempts: listOf(json['attempts'], 'attempts', attempt),
    conversations: listOf(json['conversations'], 'conversations', conversation),
    abandonedAtMs: listOf(json['abandonedAtMs'], 'abandonedAtMs', ms),
    presence,
    channels: limit(json['channels'], 'channels'),
    cps: limit(json['cps'], 'cps'),
  };
}
