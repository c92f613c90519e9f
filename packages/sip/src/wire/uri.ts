import { params as readParams } from './scan.ts';

/** A SIP or SIPS URI (RFC 3261 19.1), or a tel URI (RFC 3966) with the number as user. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** Unescaped. Empty when the URI has none. */
  readonly user: string;
  /** Lower case; an IPv6 literal without its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ReadonlyMap<string, string>;
  /** What follows `?`, as written. */
  readonly headers: string;
}

const HOST = /^(?:\[[0-9a-fA-F:.%]+\]|[A-Za-z0-9._-]+)$/;

export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'tel') return parseTel(text.slice(colon + 1));
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;
  if (/[\s<>"]/.test(text)) return undefined;
  // The user part may hold ; and ? (RFC 3261 25.1 user-unreserved), so the @ is looked for first; headers hold no bare @.
  const question = text.indexOf('?', Math.max(colon, text.indexOf('@')));
  const headers = question === -1 ? '' : text.slice(question + 1);
  const whole = question === -1 ? text : text.slice(0, question);
  const at = whole.lastIndexOf('@');
  const userInfo = at === -1 ? '' : whole.slice(colon + 1, at);
  const rest = whole.slice(at === -1 ? colon + 1 : at + 1);
  const semicolon = rest.indexOf(';');
  const hostPort = parseHostPort(semicolon === -1 ? rest : rest.slice(0, semicolon));
  if (hostPort === undefined) return undefined;
  const password = userInfo.indexOf(':');
  return {
    scheme,
    user: unescape(password === -1 ? userInfo : userInfo.slice(0, password)),
    host: hostPort.host,
    port: hostPort.port,
    params: semicolon === -1 ? NO_PARAMS : readParams(rest, semicolon),
    headers,
  };
}

const NO_PARAMS: ReadonlyMap<string, string> = new Map();

function parseTel(rest: string): SipUri | undefined {
  const semicolon = rest.indexOf(';');
  const number = semicolon === -1 ? rest : rest.slice(0, semicolon);
  if (!/^\+?[0-9A-Fa-f*#().-]+$/.test(number)) return undefined;
  const found = semicolon === -1 ? NO_PARAMS : readParams(rest, semicolon);
  return { scheme: 'tel', user: number.replace(/[().-]/g, ''), host: '', port: undefined, params: found, headers: '' };
}

/** `host`, `host:port`, `[v6]:port`. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const trimmed = text.trim();
  const closing = trimmed.lastIndexOf(']');
  const colon = trimmed.indexOf(':', closing === -1 ? 0 : closing);
  const host = (colon === -1 ? trimmed : trimmed.slice(0, colon)).trim();
  if (!HOST.test(host)) return undefined;
  let port: number | undefined;
  if (colon !== -1) {
    const digits = trimmed.slice(colon + 1).trim();
    if (!/^\d{1,5}$/.test(digits)) return undefined;
    port = Number(digits);
    if (port > 65_535) return undefined;
  }
  return { host: (host.startsWith('[') ? host.slice(1, -1) : host).toLowerCase(), port };
}

/** Host as it is written in a URI or a Via. */
export function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `host` or `host:port`; 0 is no port. */
export function hostPortText(host: string, port: number): string {
  return port === 0 ? hostText(host) : `${hostText(host)}:${port}`;
}

export function unescape(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** Escapes what may not stand in the user part (RFC 3261 25.1). `#` is not in user-unreserved, so `*#06#` needs it. */
export function escapeUser(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/g, (char) => {
    let escaped = '';
    for (const byte of Buffer.from(char, 'utf8')) escaped += `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
    return escaped;
  });
}
