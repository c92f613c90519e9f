import { createHash, timingSafeEqual } from 'node:crypto';
import { params, splitList } from '../wire/scan.ts';
import { quoted, toBytes, unquoted } from '../wire/text.ts';
import { randomHex } from '../wire/ids.ts';
import type { DigestCredentials } from '../port.ts';

/** Digest authentication (RFC 3261 22, RFC 2617, RFC 7616 and RFC 8760 for SHA-256). */
export type DigestAlgorithm = 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly algorithm: DigestAlgorithm;
  /** `auth` when the challenger offers it; undefined is RFC 2069 compatibility (RFC 2617 3.2.2.1). */
  readonly qop: 'auth' | undefined;
  readonly stale: boolean;
}

const ALGORITHMS: Readonly<Record<string, DigestAlgorithm>> = {
  'md5': 'MD5', 'md5-sess': 'MD5-sess', 'sha-256': 'SHA-256', 'sha-256-sess': 'SHA-256-sess',
};

function fields(value: string): Map<string, string> | undefined {
  const match = /^\s*Digest\s+/i.exec(value);
  if (match === null) return undefined;
  const found = new Map<string, string>();
  for (const item of splitList(value.slice(match[0].length))) {
    for (const [name, each] of params(item, 0)) found.set(name, unquoted(each));
  }
  return found;
}

/** A challenge we can meet; undefined for another scheme, an unknown algorithm or qop=auth-int alone. */
export function parseChallenge(value: string): Challenge | undefined {
  const found = fields(value);
  const realm = found?.get('realm');
  const nonce = found?.get('nonce');
  const algorithm = ALGORITHMS[(found?.get('algorithm') ?? 'MD5').toLowerCase()];
  if (found === undefined || realm === undefined || nonce === undefined || algorithm === undefined) return undefined;
  const offered = found.get('qop');
  const tokens = offered?.toLowerCase().split(',').map((each) => each.trim());
  if (tokens !== undefined && !tokens.includes('auth')) return undefined;
  const stale = found.get('stale')?.toLowerCase() === 'true';
  return { realm, nonce, opaque: found.get('opaque'), algorithm, qop: tokens === undefined ? undefined : 'auth', stale };
}

/** Of several challenges the strongest we know (RFC 8760 2.4: the order of the server is its preference; SHA-256 wins here). */
export function chooseChallenge(values: readonly string[]): Challenge | undefined {
  const known = values.map(parseChallenge).filter((each) => each !== undefined);
  return known.find((each) => each.algorithm.startsWith('SHA-256')) ?? known[0];
}

/** Byte strings throughout, credentials included. */
export interface DigestInput {
  readonly credentials: DigestCredentials;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  readonly algorithm: DigestAlgorithm;
  readonly qop: string | undefined;
  readonly cnonce: string;
  /** Eight hex digits. */
  readonly nc: string;
}

export function digestResponse(input: DigestInput): string {
  const kind = input.algorithm.startsWith('SHA-256') ? 'sha256' : 'md5';
  const hash = (text: string): string => createHash(kind).update(text, 'latin1').digest('hex');
  let ha1 = hash(`${input.credentials.username}:${input.realm}:${input.credentials.password}`);
  if (input.algorithm.endsWith('-sess')) ha1 = hash(`${ha1}:${input.nonce}:${input.cnonce}`);
  const ha2 = hash(`${input.method}:${input.uri}`);
  if (input.qop === undefined) return hash(`${ha1}:${input.nonce}:${ha2}`);
  return hash(`${ha1}:${input.nonce}:${input.nc}:${input.cnonce}:${input.qop}:${ha2}`);
}

/** The value of Authorization or Proxy-Authorization. `count` is how often this nonce was used, beginning at 1. */
export function authorization(challenge: Challenge, credentials: DigestCredentials, method: string, uri: string, count: number): string {
  const cnonce = randomHex(8);
  const nc = count.toString(16).padStart(8, '0');
  const { realm, nonce, algorithm, qop } = challenge;
  const response = digestResponse({ credentials, realm, nonce, method, uri, algorithm, qop, cnonce, nc });
  let text =
    `Digest username=${quoted(credentials.username)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}, uri="${uri}", ` +
    `response="${response}", algorithm=${algorithm}`;
  if (challenge.opaque !== undefined) text += `, opaque=${quoted(challenge.opaque)}`;
  if (qop !== undefined) text += `, qop=${qop}, nc=${nc}, cnonce="${cnonce}"`;
  else if (algorithm.endsWith('-sess')) text += `, cnonce="${cnonce}"`;
  return text;
}

export interface Authorization {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly qop: string | undefined;
  readonly cnonce: string;
  readonly nc: string;
}

export function parseAuthorization(value: string): Authorization | undefined {
  const found = fields(value);
  const algorithm = ALGORITHMS[(found?.get('algorithm') ?? 'MD5').toLowerCase()];
  if (found === undefined || algorithm === undefined) return undefined;
  const text = (name: string): string => found.get(name) ?? '';
  const qop = found.get('qop')?.toLowerCase();
  if (text('username') === '' || text('nonce') === '' || text('response') === '') return undefined;
  if (qop !== undefined && (qop !== 'auth' || !/^[0-9a-fA-F]{8}$/.test(text('nc')) || text('cnonce') === '')) return undefined;
  return {
    username: text('username'), realm: text('realm'), nonce: text('nonce'), uri: text('uri'), response: text('response').toLowerCase(),
    algorithm, qop, cnonce: text('cnonce'), nc: text('nc'),
  };
}

/** Constant time, and the same work whether the user is known or not. */
export function verifies(given: Authorization, method: string, credentials: DigestCredentials | undefined): boolean {
  const { realm, nonce, uri, algorithm, qop, cnonce, nc } = given;
  const password = credentials === undefined ? 'no such user' : toBytes(credentials.password);
  const tried = { username: given.username, password };
  const expected = Buffer.from(digestResponse({ credentials: tried, realm, nonce, method, uri, algorithm, qop, cnonce, nc }));
  const actual = Buffer.from(given.response, 'latin1');
  return actual.length === expected.length && timingSafeEqual(actual, expected) && credentials !== undefined;
}
