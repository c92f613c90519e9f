import type { EndReason, SipAddress, SipTransport } from '../port.ts';
import { reasonLine } from '../native/reason.ts';
import { negotiateAsCallee } from '../native/session-timer.ts';
import type { CalleeAnswer } from '../native/session-timer.ts';
import type { Flow } from '../transport/flow.ts';
import { Malformed, parseMessage } from '../wire/message.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { hostPortText } from '../wire/uri.ts';
import type { SrfHeaders, SrfRequest, SrfResponse } from './srf.ts';

/** Our header lines as the client's object. It holds one value per name, so of several the first counts. */
export function headersOf(lines: string): SrfHeaders {
  const headers: SrfHeaders = {};
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim();
    if (name !== '' && headers[name] === undefined) headers[name] = fromBytes(line.slice(colon + 1).trim());
  }
  return headers;
}

export function reasonHeaders(reason: EndReason | undefined): SrfHeaders {
  return headersOf(reasonLine(reason));
}

/** The message as our own parser reads it: authentication and ends are the native engine's code. */
export function readMessage(raw: string | undefined): SipMessage | undefined {
  const message = parseMessage(toBytes(raw ?? ''));
  return message instanceof Malformed ? undefined : message;
}

/** A response that no peer sent: the server's own when nothing came back (408) or nothing could be sent (503). It came from nowhere. */
export function isOwnMaking(response: SrfResponse): boolean {
  return response.meta.source_address === '';
}

function transportOf(protocol: string): SipTransport {
  const lower = protocol.toLowerCase();
  return lower === 'tcp' || lower === 'tls' ? lower : 'udp';
}

export function sourceOf(request: SrfRequest): Flow {
  return { transport: transportOf(request.protocol), host: request.source_address, port: request.source_port };
}

export function proxyUri(address: SipAddress): string {
  return `sip:${hostPortText(address.host, address.port)}${address.transport === 'udp' ? '' : `;transport=${address.transport}`}`;
}

/** The server takes no shorter session, the least that RFC 4028 5 knows. */
export const MIN_SESSION_S = 90;

/** What the server is told to answer to a Session-Expires: it keeps the timer and refreshes by itself (RFC 4028 9). */
export function sessionOf(request: SipMessage): CalleeAnswer {
  return negotiateAsCallee(request, MIN_SESSION_S);
}

export function sessionHeaders(request: SrfRequest): SrfHeaders {
  const message = readMessage(request.msg.raw);
  const session = message === undefined ? undefined : sessionOf(message);
  return session?.kind === 'agreed' ? headersOf(session.headers) : {};
}
