import type { Bus } from '@ritmo/bus';
import type { Actor, Agent } from '@ritmo/domain';
import type { Clock, DirectoryReader } from '@ritmo/service-kit';
import type { AnswerId, Section } from './answers.ts';
import type { DeskPhones } from './desk-phones.ts';
import type { LiveBoard } from './live-board.ts';
import type { Records } from './records.ts';

/** What came with a call of a function, by the manual's names. Values are trimmed; what was not given is empty. */
export interface Values {
  get(name: string): string;
}

/** Who calls, and through which door. */
export interface Caller {
  readonly facade: 'http' | 'socket' | 'sql';
  readonly by: Actor;
}

/** What a function came to, before a facade puts it into words. */
export type Outcome =
  | {
      readonly kind: 'answer';
      readonly id: AnswerId;
      /** The effect took place. */
      readonly done: boolean;
      readonly values: Readonly<Record<string, string>>;
    }
  /** One record a line, `;` between fields. */
  | { readonly kind: 'records'; readonly lines: readonly string[] }
  /** The same, too many to hold at once. */
  | { readonly kind: 'pages'; readonly pages: AsyncIterable<readonly string[]> }
  | { readonly kind: 'page'; readonly html: string }
  | { readonly kind: 'recording'; readonly file: string; readonly name: string };

export const done = (id: AnswerId, values: Readonly<Record<string, string>> = {}): Outcome => ({ kind: 'answer', id, done: true, values });
export const refused = (id: AnswerId, values: Readonly<Record<string, string>> = {}): Outcome => ({ kind: 'answer', id, done: false, values });
export const records = (lines: readonly string[]): Outcome => ({ kind: 'records', lines });

/** A field of a record or of a socket line: what would break the line is left out. */
export const field = (value: string | number | null | undefined): string => {
  const text = String(value ?? '');
  return /[\r\n;]/.test(text) ? text.replace(/[\r\n;]/g, ' ') : text;
};

/** Seconds as the examples of 1.1.12 and 1.1.23 have them: `2.124578`, `768.484154`. */
export const showSeconds = (ms: number): string => (Math.max(0, ms) / 1000).toFixed(6);

/** What the functions stand on. */
export interface ContractPorts {
  readonly bus: Bus;
  readonly directory: DirectoryReader;
  readonly clock: Clock;
  readonly extensions: ExtensionIndex;
  readonly live: LiveBoard;
  readonly records: Records;
  readonly deskPhones: DeskPhones;
  readonly servers: () => Promise<readonly ServerStatus[]>;
  /** Constant in time. False when no key is configured. */
  readonly keyMatches: (key: string) => boolean;
}

export interface ServerStatus {
  readonly id: number;
  readonly name: string;
  readonly status: 'OK' | 'WARNING' | 'CRITICAL';
  readonly detail: string;
}

export interface ExtensionIndex {
  agent(extension: string): Agent | undefined;
}

export interface Parameter {
  readonly name: string;
  /** In Portuguese: it goes into the list page and the guide. */
  readonly meaning: string;
  readonly optional?: true;
  /** Up to this many of it, told apart by the number in its name: `telefone1` to `telefone10`. */
  readonly repeats?: number;
}

/** One row of the catalogue: a function of the manual with the doors that lead to it. */
export interface ContractFunction {
  readonly name: string;
  readonly meaning: string;
  readonly parameters: readonly Parameter[];
  readonly http?: {
    readonly section: Section | `1.1.${number}`;
    /** Other spellings of the path. */
    readonly aliases?: readonly string[];
    readonly syntax: readonly string[];
    /** The lines of an answer that is no message, field by field. */
    readonly records?: readonly string[];
    /** What else it may answer with. */
    readonly also?: 'audio/wav' | 'text/html';
    /** The key is needed even when none is configured: then nobody may. */
    readonly keyAlways?: true;
  };
  readonly socket?: {
    /** Section of the answers; it may depend on how many fields came. */
    readonly section: Section | ((fieldCount: number) => Section);
    readonly command: string;
    /** Parameter names by position. */
    readonly fields: readonly string[];
    readonly syntax: readonly string[];
    /** Rearranges the fields of a documented variant. */
    readonly arrange?: (fields: readonly string[]) => readonly string[];
  };
  readonly table?: { readonly section: Section; readonly name: string };
  run(values: Values, caller: Caller, ports: ContractPorts): Promise<Outcome> | Outcome;
}

/** A whole number that is written as digits only; undefined for anything else, and for what no id can be. */
export function wholeNumber(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 2_147_483_647 ? value : undefined;
}

/** The digits of a telephone number; undefined when other characters than those people write in numbers occur. */
export function digitsOf(text: string): string | undefined {
  if (!/^[+()\d .-]*$/.test(text)) return undefined;
  return text.replace(/\D/g, '');
}

class GivenValues implements Values {
  readonly #record: Readonly<Record<string, string | undefined>>;
  constructor(record: Readonly<Record<string, string | undefined>>) {
    this.#record = record;
  }
  get(name: string): string {
    return Object.hasOwn(this.#record, name) ? (this.#record[name] ?? '').trim() : '';
  }
}
/** A class: a closure for each request is dearer than many a lookup. */
export const valuesOf = (record: Readonly<Record<string, string | undefined>>): Values => new GivenValues(record);
