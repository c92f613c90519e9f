/** What the commands on a running installation share. */
import { UserError } from '@ritmo/runtime';
import type { ClientOptions } from './client.ts';

export interface RemoteOptions extends ClientOptions {
  readonly json: boolean;
  readonly campaign?: string | undefined;
  /** Of a replay. */
  readonly policy?: string | undefined;
  readonly agents?: string | undefined;
  readonly seeds?: string | undefined;
  /** Import a file once more. */
  readonly again?: boolean | undefined;
}

/** What a command found, and how a person wants to see it. */
export interface Answer {
  readonly data: unknown;
  readonly text: string;
  /** Default 0. */
  readonly exitCode?: number;
}

export function idOf(text: string | undefined, noun: string): number {
  const id = Number(text);
  if (!Number.isInteger(id) || id < 1) throw new UserError(`which ${noun}? Give its number`);
  return id;
}

export function wholeNumberOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (!Number.isSafeInteger(Number(text)) || Number(text) < 1) throw new UserError(`--${flag} ${text} is not a whole number of at least 1`);
  return Number(text);
}
