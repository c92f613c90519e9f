import type { DigestCredentials } from '../port.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, quoted } from '../wire/text.ts';
import { parseAuthorization, verifies } from './digest.ts';
import { FailureLimiter } from './failures.ts';
import { Nonces } from './nonces.ts';

export type AuthVerdict =
  | { readonly kind: 'passed'; readonly user: string }
  | { readonly kind: 'challenge'; readonly headers: string }
  | { readonly kind: 'forbidden' }
  /** Too many wrong passwords from there: silence. */
  | { readonly kind: 'blocked' };

const DEFAULT_NONCE_TTL_MS = 300_000;
/**
 * Phones on libre before 2.0 (baresip 1 and older) register nowhere where any challenge names an algorithm other than MD5: they give up
 * with ENOSYS instead of passing over it (RFC 7616 3.7). They are asked for MD5 only.
 */
const KNOWS_MD5_ONLY = /^baresip v?[01]\./i;

/** Challenges extensions (RFC 3261 22, RFC 7616). The answer to an unknown user is the answer to a wrong password, byte for byte but for the nonce. */
export class Authenticator {
  private readonly realm: string;
  private readonly nonces: Nonces;
  private readonly failures = new FailureLimiter();
  private readonly credentialsOf: (user: string) => DigestCredentials | undefined;
  private readonly now: () => number;

  constructor(realm: string, credentialsOf: (user: string) => DigestCredentials | undefined, nonceTtlMs = DEFAULT_NONCE_TTL_MS, now = Date.now) {
    this.realm = realm;
    this.credentialsOf = credentialsOf;
    this.nonces = new Nonces(nonceTtlMs);
    this.now = now;
  }

  check(message: SipMessage, sourceHost: string, headerName: 'authorization' | 'proxy-authorization'): AuthVerdict {
    const nowMs = this.now();
    if (this.failures.blocked(sourceHost, nowMs)) return { kind: 'blocked' };
    const given = message.lines(headerName).map(parseAuthorization).find((each) => each?.realm === this.realm);
    if (given === undefined) return this.challenge(false, message, headerName, nowMs);
    const nonce = this.nonces.check(given.nonce, nowMs);
    if (nonce === 'forged') return this.challenge(false, message, headerName, nowMs);
    const user = fromBytes(given.username);
    const credentials = this.credentialsOf(user);
    if (!verifies(given, message.method, credentials)) {
      this.failures.failed(sourceHost, nowMs);
      return { kind: 'forbidden' };
    }
    // A right password with an old nonce or a repeated count: ask again, and say that only the nonce was wrong (RFC 7616 3.3 stale).
    if (nonce === 'stale' || !this.nonces.use(given.nonce, given.nc)) return this.challenge(true, message, headerName, nowMs);
    this.failures.succeeded(sourceHost, nowMs);
    return { kind: 'passed', user };
  }

  private challenge(stale: boolean, message: SipMessage, headerName: 'authorization' | 'proxy-authorization', nowMs: number): AuthVerdict {
    const name = headerName === 'authorization' ? 'WWW-Authenticate' : 'Proxy-Authenticate';
    const common = `realm=${quoted(this.realm)}, nonce="${this.nonces.issue(nowMs)}", qop="auth"${stale ? ', stale=true' : ''}`;
    // RFC 8760 2.3 puts the preferred one first. Departure: phones (and SIPp) that know MD5 only read just the first challenge and give
    // up on SHA-256, while those that know both look at all of them. So MD5 stands first.
    const md5 = `${name}: Digest ${common}, algorithm=MD5\r\n`;
    if (KNOWS_MD5_ONLY.test(message.lines('user-agent')[0] ?? '')) return { kind: 'challenge', headers: md5 };
    return { kind: 'challenge', headers: `${md5}${name}: Digest ${common}, algorithm=SHA-256\r\n` };
  }
}
