import type { SqlValue } from './port.ts';

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeText(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\n\r\t]/g, (c) => ESCAPES[c] ?? c) : text;
}

function plainText(value: SqlValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (Array.isArray(value)) return arrayLiteral(value);
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return String(value);
}

function arrayLiteral(values: readonly SqlValue[]): string {
  const items = values.map((item) => {
    if (item === null || item === undefined) return 'NULL';
    return `"${plainText(item).replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}

/** One line of COPY's text format, its newline included. */
export function copyLine(row: readonly SqlValue[]): string {
  let line = '';
  for (let i = 0; i < row.length; i += 1) {
    const value = row[i];
    if (i > 0) line += '\t';
    line += value === null || value === undefined ? '\\N' : escapeText(plainText(value));
  }
  return `${line}\n`;
}

/** Pieces of about 64 KiB: one write per row would cost more than the row. */
export async function* copyChunks(
  rows: Iterable<readonly SqlValue[]> | AsyncIterable<readonly SqlValue[]>,
  count: (rows: number) => void,
): AsyncGenerator<string> {
  let chunk = '';
  let total = 0;
  for await (const row of rows) {
    chunk += copyLine(row);
    total += 1;
    if (chunk.length > 65_536) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
  count(total);
}
