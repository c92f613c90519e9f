/** Lines of a list file. Memory is bounded by one line, whatever the length of the file. */

export interface TextLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Where the next line begins, in bytes from the beginning of the file. */
  readonly endByte: number;
}

/** Where to begin: 0, 0 at the beginning; else what the last line that was read said. */
export interface TextPlace {
  readonly byte: number;
  /** Number of the line before. */
  readonly line: number;
}

/** A line longer than this is cut off and reported by its reader; the rest of it is passed over. */
export const longestLineBytes = 16_384;

const strict = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');
const newline = 10;

/** UTF-8 where it is valid UTF-8, else Latin-1. Each line by itself: lists are glued together from several sources. */
export function decodeLine(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}

/** `chunks` begin at that place. */
export async function* readLines(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, from: TextPlace = { byte: 0, line: 0 }): AsyncGenerator<TextLine> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let number = from.line;
  let endByte = from.byte;
  const finish = (): TextLine => {
    number += 1;
    const text = decodeLine(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)).replace(/\r$/, '');
    parts = [];
    size = 0;
    return { number, text: number === 1 ? text.replace(/^\uFEFF/, '') : text, endByte };
  };
  const keep = (bytes: Uint8Array): void => {
    endByte += bytes.length;
    // One byte more than allowed is kept, so that the reader sees that the line is too long.
    const room = longestLineBytes + 1 - size;
    if (room > 0) parts.push(bytes.subarray(0, room));
    size += Math.min(bytes.length, Math.max(room, 0));
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end < 0) break;
      keep(chunk.subarray(start, end));
      endByte += 1;
      yield finish();
      start = end + 1;
    }
    if (start < chunk.length) keep(Uint8Array.prototype.slice.call(chunk, start));
  }
  if (size > 0) yield finish();
}
