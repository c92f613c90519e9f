import { MAX_BODY_BYTES, MAX_HEAD_BYTES, MAX_HEADER_LINES } from './limits.ts';
import { headerName } from './names.ts';
import { commaOutside, splitList, tagOf } from './scan.ts';
import { fromBytes } from './text.ts';
import { branchOf, parseVia } from './via.ts';
import type { Via } from './via.ts';

/**
 * A SIP message over one byte string. Parsing only finds where the lines are; a header is cut out when it is asked for.
 * Slices share the memory of the whole, so whoever keeps a header for long keeps the message: dialogs copy what they need.
 */
export class SipMessage {
  /** Request method; for a response the method of its CSeq. */
  readonly method: string;
  /** Request-URI; empty for a response. */
  readonly uri: string;
  /** 0 for a request. */
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  readonly callId: string;
  readonly cseq: number;
  private readonly text: string;
  private readonly names: readonly string[];
  /** Start and end of each value, in pairs. */
  private readonly bounds: readonly number[];
  private via: Via | null | undefined;
  private fromTagRead: string | null | undefined;
  private toTagRead: string | null | undefined;

  constructor(text: string, start: StartLine, lines: HeaderLines, cseq: CSeq, body: string) {
    this.text = text;
    this.names = lines.names;
    this.bounds = lines.bounds;
    this.uri = start.uri;
    this.status = start.status;
    this.reason = start.reason;
    this.body = body;
    this.method = start.status === 0 ? start.method : cseq.method;
    this.cseq = cseq.number;
    this.callId = this.get('call-id') ?? '';
  }

  get isRequest(): boolean {
    return this.status === 0;
  }

  private valueAt(index: number): string {
    const value = this.text.slice(this.bounds[index * 2], this.bounds[index * 2 + 1]);
    // Folding becomes one space, and so does a bare CR: no value of ours may begin another line when it is copied.
    return value.includes('\n') || value.includes('\r') ? value.replace(/[\r\n]+[ \t]*/g, ' ') : value;
  }

  /** First value of a header, as a byte string. `name` in lower case and long form. */
  get(name: string): string | undefined {
    const index = this.names.indexOf(name);
    return index === -1 ? undefined : this.valueAt(index);
  }

  /** Every line of a header, not split at commas. */
  lines(name: string): string[] {
    const found: string[] = [];
    for (let index = this.names.indexOf(name); index !== -1; index = this.names.indexOf(name, index + 1)) found.push(this.valueAt(index));
    return found;
  }

  /** Every value of a header that may be a comma-separated list (RFC 3261 7.3.1). */
  list(name: string): string[] {
    const lines = this.lines(name);
    if (lines.length === 0) return lines;
    return lines.length === 1 && commaOutside(lines[0] ?? '') === -1 ? lines : lines.flatMap(splitList);
  }

  count(name: string): number {
    let count = 0;
    for (const each of this.names) if (each === name) count++;
    return count;
  }

  /** A header's text for people and for the port. */
  header(name: string): string | undefined {
    const value = this.get(headerName(name));
    return value === undefined ? undefined : fromBytes(value);
  }

  get headerNames(): readonly string[] {
    return this.names;
  }

  get topVia(): Via | undefined {
    if (this.via === undefined) {
      const line = this.get('via') ?? '';
      const comma = commaOutside(line);
      this.via = parseVia(comma === -1 ? line : line.slice(0, comma)) ?? null;
    }
    return this.via ?? undefined;
  }

  get branch(): string {
    return this.via === undefined ? branchOf(this.get('via') ?? '') : (this.via?.branch ?? '');
  }

  get fromTag(): string {
    this.fromTagRead ??= tagOf(this.get('from') ?? '') ?? '';
    return this.fromTagRead;
  }

  get toTag(): string {
    this.toTagRead ??= tagOf(this.get('to') ?? '') ?? '';
    return this.toTagRead;
  }

  /** Does a comma-separated token list have this token, whatever its case? */
  lists(name: string, token: string): boolean {
    for (const line of this.lines(name)) {
      if (line.length >= token.length && line.toLowerCase().split(',').some((each) => each.trim() === token)) return true;
    }
    return false;
  }
}

export interface StartLine {
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly reason: string;
}

export interface HeaderLines {
  readonly names: string[];
  readonly bounds: number[];
  /** Index behind the empty line. */
  readonly bodyStart: number;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** Why a text is no message. `partial` is there when enough was readable to answer a request. */
export class Malformed {
  readonly status: number;
  readonly reason: string;
  readonly partial: SipMessage | undefined;
  constructor(status: number, reason: string, partial?: SipMessage) {
    this.status = status;
    this.reason = reason;
    this.partial = partial;
  }
}

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

export function parseStartLine(line: string): StartLine | Malformed {
  if (line.startsWith('SIP/2.0 ')) {
    const status = Number(line.slice(8, 11));
    const next = line.charCodeAt(11);
    if (!(status >= 100 && status <= 699) || !(line.length === 11 || next === 32)) return new Malformed(0, 'bad status line');
    return { method: '', uri: '', status, reason: line.slice(12) };
  }
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  if (first === -1) return new Malformed(0, 'no SIP start line');
  const method = line.slice(0, first);
  const version = line.slice(last + 1);
  const readable: StartLine = { method, uri: line.slice(first + 1, Math.max(last, first + 1)).trim(), status: 0, reason: '' };
  if (!TOKEN.test(method)) return new Malformed(0, 'bad method');
  if (!/^SIP\/\d+\.\d+$/i.test(version)) {
    return /SIP\/2\.0\s*$/i.test(line) ? new BadLine(400, 'whitespace in the request line', readable) : new Malformed(0, 'no SIP version');
  }
  // 21.5.6.
  if (version !== 'SIP/2.0' && version.toUpperCase() !== 'SIP/2.0') return new BadLine(505, 'Version Not Supported', readable);
  if (first === last) return new BadLine(400, 'no Request-URI', readable);
  // Exactly one space on either side, none inside, no angle brackets (RFC 3261 7.1, 25.1).
  if (/[\s<>]/.test(line.slice(first + 1, last))) return new BadLine(400, 'bad Request-URI', readable);
  return readable;
}

/** A start line that is wrong, yet of a request that can be answered. */
class BadLine extends Malformed {
  readonly line: StartLine;
  constructor(status: number, reason: string, line: StartLine) {
    super(status, reason);
    this.line = line;
  }
}

/** Finds the header lines from `start` on. */
function indexHeaders(text: string, start: number): HeaderLines | Malformed {
  const names: string[] = [];
  const bounds: number[] = [];
  let at = start;
  for (;;) {
    let end = text.indexOf('\n', at);
    if (end === -1) return new Malformed(400, 'header part does not end');
    if (end === at || (end === at + 1 && text.charCodeAt(at) === 13)) return { names, bounds, bodyStart: end + 1 };
    if (end > MAX_HEAD_BYTES) return new Malformed(513, 'Message Too Large');
    if (names.length >= MAX_HEADER_LINES) return new Malformed(400, 'too many headers');
    const lineStart = at;
    // Folding: a line that begins with white space belongs to the one before (RFC 3261 7.3.1).
    for (let next = text.charCodeAt(end + 1); next === 32 || next === 9; next = text.charCodeAt(end + 1)) {
      const longer = text.indexOf('\n', end + 1);
      if (longer === -1) return new Malformed(400, 'header part does not end');
      end = longer;
    }
    at = end + 1;
    const colon = text.indexOf(':', lineStart);
    if (colon === -1 || colon > end) return new Malformed(400, 'header line without a colon');
    let valueStart = colon + 1;
    let valueEnd = text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    while (valueStart < valueEnd && isSpace(text.charCodeAt(valueStart))) valueStart++;
    while (valueEnd > valueStart && isSpace(text.charCodeAt(valueEnd - 1))) valueEnd--;
    names.push(nameIn(text, lineStart, colon));
    bounds.push(valueStart, valueEnd);
  }
}

function nameIn(text: string, start: number, colon: number): string {
  let end = colon;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return headerName(text.slice(start, end));
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

const MAX_CSEQ = 0x7fffffff;

function readCSeq(value: string): CSeq | undefined {
  const match = /^(\d{1,10})\s+(\S+)$/.exec(value);
  if (match === null) return undefined;
  const number = Number(match[1]);
  // RFC 3261 8.1.1.5: less than 2**31.
  return number > MAX_CSEQ ? undefined : { number, method: match[2] ?? '' };
}

/** Reads one whole message: a datagram, or what the framing of a stream cut out. */
export function parseMessage(text: string): SipMessage | Malformed {
  let start = 0;
  // Empty lines before the start line are ignored (RFC 3261 7.5).
  while (text.charCodeAt(start) === 13 || text.charCodeAt(start) === 10) start++;
  const lineEnd = text.indexOf('\n', start);
  if (lineEnd === -1) return new Malformed(0, 'no start line');
  const line = parseStartLine(text.slice(start, text.charCodeAt(lineEnd - 1) === 13 ? lineEnd - 1 : lineEnd));
  if (line instanceof Malformed && !(line instanceof BadLine)) return line;
  const lines = indexHeaders(text, lineEnd + 1);
  if (lines instanceof Malformed) return lines;
  const first = line instanceof BadLine ? line.line : line;
  const cseqAt = lines.names.indexOf('cseq');
  const cseqText = cseqAt === -1 ? '' : text.slice(lines.bounds[cseqAt * 2], lines.bounds[cseqAt * 2 + 1]).replace(/\s+/g, ' ');
  const cseq = readCSeq(cseqText);
  const draft = (body: string): SipMessage => new SipMessage(text, first, lines, cseq ?? { number: 0, method: first.method }, body);
  if (line instanceof BadLine) return new Malformed(line.status, line.reason, draft(''));
  if (cseq === undefined) return new Malformed(400, 'bad CSeq', draft(''));
  const body = readBody(text, lines);
  if (typeof body !== 'string') return new Malformed(body.status, body.reason, draft(''));
  return new SipMessage(text, first, lines, cseq, body);
}

function readBody(text: string, lines: HeaderLines): string | Malformed {
  const available = text.length - lines.bodyStart;
  const at = lines.names.indexOf('content-length');
  // By datagram the length may be left out: the body then ends with the packet (RFC 3261 18.3).
  if (at === -1) return available === 0 ? '' : text.slice(lines.bodyStart);
  const length = contentLength(text.slice(lines.bounds[at * 2], lines.bounds[at * 2 + 1]));
  if (length === undefined) return new Malformed(400, 'bad Content-Length');
  if (length > MAX_BODY_BYTES) return new Malformed(513, 'Message Too Large');
  if (length > available) return new Malformed(400, 'body shorter than Content-Length');
  return length === 0 ? '' : text.slice(lines.bodyStart, lines.bodyStart + length);
}

export function contentLength(value: string): number | undefined {
  return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}
