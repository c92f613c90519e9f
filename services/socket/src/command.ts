import { socketFunctions, type SocketFunction } from '@ritmo/contract';

export interface Command {
  readonly row: SocketFunction;
  readonly fields: readonly string[];
}

const rows = new Map(socketFunctions.map((row) => [row.socket.command, row]));

/** `<COMMAND><field><field>`: white space between fields is allowed, case of the command does not matter. */
export function splitCommand(text: string): readonly string[] | undefined {
  if (!/^\s*(<[^<>]*>\s*)+$/.test(text)) return undefined;
  return [...text.matchAll(/<([^<>]*)>/g)].map(([, value = '']) => value.trim());
}

/** Undefined: no command that we know, or more fields than it has. */
export function parseCommand(text: string): Command | undefined {
  const [name = '', ...written] = splitCommand(text) ?? [];
  const row = rows.get(name.toUpperCase());
  if (row === undefined) return undefined;
  const fields = row.socket.arrange?.(written) ?? written;
  return fields.length > row.socket.fields.length ? undefined : { row, fields };
}

/**
 * Whether a command has ended: `yes` at the end of a line or with its last field, `perhaps` when optional fields may still
 * come (or nothing is known about it), `no` inside a field.
 */
export function ended(text: string): 'yes' | 'perhaps' | 'no' {
  if (/\S[^\n\r]*[\r\n]/.test(text)) return 'yes';
  const [name = '', ...fields] = splitCommand(text) ?? [];
  if (name === '' && fields.length === 0) return 'no';
  const row = rows.get(name.toUpperCase());
  return row !== undefined && fields.length >= row.socket.fields.length ? 'yes' : 'perhaps';
}
