import { commaOutside } from './scan.ts';
import type { SipMessage } from './message.ts';

/** What a request needs besides our own Via. Byte strings; `headers` are whole lines, each ended by CRLF. */
export interface RequestDraft {
  readonly method: string;
  readonly uri: string;
  readonly branch: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly routes: readonly string[];
  readonly headers: string;
  readonly body: string;
  /** Via of another process, where an INVITE of its must be met (RFC 3261 9.1). Default our own. */
  readonly via?: string;
}

/** `sentBy` is `SIP/2.0/UDP host:port`, made once per transport. */
export function writeRequest(draft: RequestDraft, sentBy: string): string {
  const routes = draft.routes.length === 0 ? '' : `Route: ${draft.routes.join(', ')}\r\n`;
  return (
    `${draft.method} ${draft.uri} SIP/2.0\r\nVia: ${draft.via ?? sentBy};branch=${draft.branch};rport\r\n${routes}Max-Forwards: 70\r\n` +
    `From: ${draft.from}\r\nTo: ${draft.to}\r\nCall-ID: ${draft.callId}\r\nCSeq: ${draft.cseq} ${draft.method}\r\n` +
    `${draft.headers}Content-Length: ${draft.body.length}\r\n\r\n${draft.body}`
  );
}

/** The lines every response to a request shares (RFC 3261 8.2.6.2), made once per transaction so that the request can be let go. */
export interface ReplyHead {
  readonly vias: string;
  readonly from: string;
  readonly to: string;
  readonly hasToTag: boolean;
  readonly callId: string;
  readonly cseq: string;
}

export function replyHead(request: SipMessage, sourceHost: string, sourcePort: number): ReplyHead {
  return {
    vias: annotatedVias(request, sourceHost, sourcePort),
    from: request.get('from') ?? '',
    to: request.get('to') ?? '',
    hasToTag: request.toTag !== '',
    callId: request.callId,
    cseq: request.get('cseq') ?? '',
  };
}

/** RFC 3261 18.2.1 received, RFC 3581 4 rport. */
function annotatedVias(request: SipMessage, sourceHost: string, sourcePort: number): string {
  const lines = request.lines('via');
  const first = lines[0] ?? '';
  const comma = commaOutside(first);
  let top = comma === -1 ? first : first.slice(0, comma);
  const rest = comma === -1 ? '' : first.slice(comma);
  const via = request.topVia;
  if (via !== undefined) {
    if (via.wantsRport) top = top.replace(/;\s*rport(\s*=\s*\d*)?(?=\s*(;|$))/i, `;rport=${sourcePort}`);
    if (via.wantsRport || via.host !== sourceHost) top = `${top.replace(/;\s*received\s*=[^;]*/i, '')};received=${sourceHost}`;
  }
  let text = `Via: ${top}${rest}\r\n`;
  for (let at = 1; at < lines.length; at++) text += `Via: ${lines[at] ?? ''}\r\n`;
  return text;
}

/** `headers` are whole lines, each ended by CRLF. `toTag` is added unless To has one already. */
export function writeResponse(head: ReplyHead, status: number, reason: string, toTag: string, headers: string, body: string): string {
  const tag = head.hasToTag || toTag === '' ? '' : `;tag=${toTag}`;
  return (
    `SIP/2.0 ${status} ${reason}\r\n${head.vias}From: ${head.from}\r\nTo: ${head.to}${tag}\r\nCall-ID: ${head.callId}\r\n` +
    `CSeq: ${head.cseq}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying', 180: 'Ringing', 181: 'Call Is Being Forwarded', 182: 'Queued', 183: 'Session Progress', 200: 'OK', 202: 'Accepted',
  302: 'Moved Temporarily', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed',
  406: 'Not Acceptable', 407: 'Proxy Authentication Required', 408: 'Request Timeout', 410: 'Gone', 413: 'Request Entity Too Large',
  415: 'Unsupported Media Type', 416: 'Unsupported URI Scheme', 420: 'Bad Extension', 421: 'Extension Required',
  422: 'Session Interval Too Small', 423: 'Interval Too Brief', 480: 'Temporarily Unavailable', 481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected', 483: 'Too Many Hops', 484: 'Address Incomplete', 486: 'Busy Here', 487: 'Request Terminated',
  488: 'Not Acceptable Here', 489: 'Bad Event', 491: 'Request Pending', 500: 'Server Internal Error', 501: 'Not Implemented',
  503: 'Service Unavailable', 504: 'Server Time-out', 505: 'Version Not Supported', 513: 'Message Too Large', 600: 'Busy Everywhere',
  603: 'Decline', 604: 'Does Not Exist Anywhere', 606: 'Not Acceptable',
};

export function reasonPhrase(status: number): string {
  return REASONS[status] ?? 'Unknown';
}
