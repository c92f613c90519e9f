/** What must come of a message: handed on, known as a response, answered with a status, or dropped without a word. */
export type Expected = 'accepted' | 'response' | 'dropped' | number;

export interface Torture {
  readonly name: string;
  /** Of RFC 4475. */
  readonly section: string;
  readonly expect: Expected;
  readonly why: string;
  /** Byte string. */
  readonly wire: string;
}

export const SDP = 'v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n';

/** Lines joined by CRLF; the last one is the body, whose length stands for `{length}`. */
export function message(...lines: readonly string[]): string {
  return lines.join('\r\n').replace('{length}', String((lines.at(-1) ?? '').length));
}
