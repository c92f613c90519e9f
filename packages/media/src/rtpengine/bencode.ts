/** Bencode: what rtpengine's ng protocol is written in. Strings are UTF-8, their lengths in bytes. */

export type BencodeValue = string | number | readonly BencodeValue[] | { readonly [key: string]: BencodeValue };

/** The bytes are not one whole bencoded value. */
export class BencodeError extends Error {
  constructor(reason: string, at: number) {
    super(`bencode: ${reason} at byte ${at}`);
    this.name = 'BencodeError';
  }
}

const DEPTH_LIMIT = 32;
/** i, l, d, e, and the colon after a length. */
const LEAD = { integer: 0x69, list: 0x6c, dictionary: 0x64, end: 0x65, colon: 0x3a } as const;

export function bencode(value: BencodeValue): string {
  if (typeof value === 'string') return `${Buffer.byteLength(value)}:${value}`;
  if (typeof value === 'number') return `i${Math.trunc(value)}e`;
  if (isList(value)) return `l${value.map(bencode).join('')}e`;
  return `d${Object.keys(value)
    .sort()
    .map((key) => bencode(key) + bencode(value[key] as BencodeValue))
    .join('')}e`;
}

function isList(value: BencodeValue): value is readonly BencodeValue[] {
  return Array.isArray(value);
}

export function bdecode(bytes: Buffer): BencodeValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new BencodeError('more after the end', reader.at);
  return value;
}

class Reader {
  at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  value(depth: number): BencodeValue {
    if (depth > DEPTH_LIMIT) throw new BencodeError('too deep', this.at);
    const lead = this.bytes[this.at];
    if (lead === LEAD.integer) {
      this.at += 1;
      return this.integer(LEAD.end);
    }
    if (lead === LEAD.list) return this.list(depth);
    if (lead === LEAD.dictionary) return this.dictionary(depth);
    if (lead !== undefined && lead >= 0x30 && lead <= 0x39) return this.string();
    throw new BencodeError('no value', this.at);
  }

  private integer(end: number): number {
    const stop = this.bytes.indexOf(end, this.at);
    const text = stop < 0 ? '' : this.bytes.toString('latin1', this.at, stop);
    if (!/^-?\d{1,16}$/.test(text)) throw new BencodeError('no number', this.at);
    this.at = stop + 1;
    return Number(text);
  }

  private string(): string {
    const length = this.integer(LEAD.colon);
    if (length < 0 || this.at + length > this.bytes.length) throw new BencodeError('a string beyond the end', this.at);
    const text = this.bytes.toString('utf8', this.at, this.at + length);
    this.at += length;
    return text;
  }

  private list(depth: number): BencodeValue {
    const items: BencodeValue[] = [];
    for (this.at += 1; !this.atEnd(); ) items.push(this.value(depth + 1));
    return items;
  }

  private dictionary(depth: number): BencodeValue {
    const entries: Record<string, BencodeValue> = Object.create(null) as Record<string, BencodeValue>;
    for (this.at += 1; !this.atEnd(); ) {
      const key = this.string();
      entries[key] = this.value(depth + 1);
    }
    return { ...entries };
  }

  private atEnd(): boolean {
    if (this.bytes[this.at] === undefined) throw new BencodeError('no end', this.at);
    if (this.bytes[this.at] !== LEAD.end) return false;
    this.at += 1;
    return true;
  }
}
