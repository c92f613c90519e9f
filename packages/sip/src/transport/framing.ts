import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../wire/limits.ts';

export interface FramerEvents {
  message(wire: string): void;
  /** CRLF CRLF between messages: a keep-alive that wants a CRLF back (RFC 5626 3.5.1). */
  ping(): void;
}

/**
 * Cuts a byte stream into messages by Content-Length (RFC 3261 18.3). Several messages may come in one piece, and one in many.
 * Returns the reason when the stream cannot be followed any longer: the connection must then be closed.
 */
export class StreamFramer {
  private pending = '';
  /** How far the search for the end of the head has come, so that a slow sender costs no second search. */
  private searched = 0;
  private needed = 0;
  private readonly events: FramerEvents;

  constructor(events: FramerEvents) {
    this.events = events;
  }

  /** A message was begun and is not whole yet. */
  get partial(): boolean {
    return this.pending.length > 0;
  }

  push(bytes: string): string | undefined {
    this.pending += bytes;
    for (;;) {
      this.skipEmptyLines();
      if (this.pending.length === 0) return undefined;
      if (this.needed === 0) {
        const end = this.pending.indexOf('\r\n\r\n', this.searched);
        if (end === -1) {
          if (this.pending.length > MAX_HEAD_BYTES) return 'header part too long';
          this.searched = Math.max(0, this.pending.length - 3);
          return undefined;
        }
        const length = lengthIn(this.pending.slice(0, end + 2));
        if (typeof length === 'string') return length;
        this.needed = end + 4 + length;
      }
      if (this.pending.length < this.needed) return undefined;
      const whole = this.pending.slice(0, this.needed);
      this.pending = this.pending.slice(this.needed);
      this.needed = 0;
      this.searched = 0;
      this.events.message(whole);
    }
  }

  private skipEmptyLines(): void {
    if (this.needed !== 0 || this.searched !== 0) return;
    let at = 0;
    while (this.pending.startsWith('\r\n', at)) {
      const double = this.pending.startsWith('\r\n', at + 2);
      if (double) this.events.ping();
      at += double ? 4 : 2;
    }
    if (at > 0) this.pending = this.pending.slice(at);
  }
}

function lengthIn(head: string): number | string {
  const match = /\r\n(?:content-length|l)[ \t]*:([^\r\n]*)\r\n/i.exec(head);
  // On a stream the length is not optional (RFC 3261 20.14).
  if (match === null) return 'no Content-Length on a stream';
  const text = (match[1] ?? '').trim();
  if (!/^\d{1,10}$/.test(text)) return 'bad Content-Length';
  const length = Number(text);
  return length > MAX_BODY_BYTES ? 'body too long' : length;
}
