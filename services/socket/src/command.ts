import { socketFunctions, type SocketFunction } from '@ritmo/contract';

export interface Command {
  readonly row: SocketFunction;
  readonly fields: readonly string[];
}

const rows = new Map(socketFunctions.map((row) => [row.socket.command, row]));

/**
 * `<COMMAND><field><field>`: white space between fields is allowed, case of the command does not matter. `<>>` is how 1.2.2.4 and
 * 1.2.2.5 write two empty fields, and it can mean nothing else.
 */
export function splitCommand(written: string): readonly string[] | undefined {
  const text = written.replaceAll('<>>', '<><>');
  if (!/^\s*(<[^<>]*>\s*)+$/.test(text)) return undefined;
  return [...text.matchAll(/<([^<>]*)>/g)].map(([, value = '']) => value.trim());
}

const telnet = { subnegotiationEnd: 240, subnegotiation: 250, will: 251, dont: 254, iac: 255 } as const;

/**
 * The bytes without what a Telnet client negotiates at the beginning (RFC 854; the manual says "protocolo Telnet"). 255 begins no
 * character of UTF-8; in Latin-1 it is a letter of no Portuguese word, and only what follows it as a command of Telnet goes.
 */
export function withoutTelnet(bytes: Buffer): Buffer {
  if (!bytes.includes(telnet.iac)) return bytes;
  const kept: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    const command = byte === telnet.iac ? (bytes[at + 1] ?? 0) : 0;
    if (command === telnet.subnegotiation) {
      const end = bytes.indexOf(Buffer.from([telnet.iac, telnet.subnegotiationEnd]), at);
      at = end < 0 ? bytes.length : end + 1;
    } else if (command >= telnet.will && command <= telnet.dont) at += 2;
    else if (command >= telnet.subnegotiationEnd && command < telnet.subnegotiation) at += 1;
    else kept.push(byte);
  }
  return Buffer.from(kept);
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
