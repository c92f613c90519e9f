import { params } from './scan.ts';
import { parseHostPort } from './uri.ts';

/** One Via value (RFC 3261 20.42, rport of RFC 3581). */
export interface Via {
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly branch: string;
  /** `rport` is there, with or without a value. */
  readonly wantsRport: boolean;
}

export const MAGIC_COOKIE = 'z9hG4bK';

export function parseVia(value: string): Via | undefined {
  const semicolon = value.indexOf(';');
  const head = semicolon === -1 ? value : value.slice(0, semicolon);
  const protocol = /^\s*SIP\s*\/\s*2\.0\s*\/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+(.+)$/i.exec(head);
  if (protocol === null) return undefined;
  const hostPort = parseHostPort(protocol[2] ?? '');
  if (hostPort === undefined) return undefined;
  const found = semicolon === -1 ? undefined : params(value, semicolon);
  return {
    transport: (protocol[1] ?? '').toUpperCase(),
    host: hostPort.host,
    port: hostPort.port,
    branch: found?.get('branch') ?? '',
    wantsRport: found?.has('rport') ?? false,
  };
}

/** Only the branch, for matching a response to its transaction. */
export function branchOf(value: string): string {
  const exact = value.indexOf(';branch=');
  if (exact === -1) return parseVia(value)?.branch ?? '';
  let end = exact + 8;
  for (; end < value.length; end++) {
    const code = value.charCodeAt(end);
    if (code === 59 || code === 44 || code === 32 || code === 9) break;
  }
  return value.slice(exact + 8, end);
}
