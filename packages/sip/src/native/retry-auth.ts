import { authorization, chooseChallenge } from '../auth/digest.ts';
import type { DigestCredentials } from '../port.ts';
import type { SipMessage } from '../wire/message.ts';
import { toBytes } from '../wire/text.ts';

/** Rounds of challenge and answer before a request counts as refused: one, and one more when the nonce was only stale. */
const MAX_ROUNDS = 2;

/** Meets the challenges of one request, or of one dialog (RFC 3261 22.2, 22.3). */
export class ChallengeMeeter {
  private readonly credentials: DigestCredentials;
  private rounds = 0;
  private nonce = '';
  private count = 0;

  constructor(credentials: DigestCredentials) {
    this.credentials = { username: toBytes(credentials.username), password: toBytes(credentials.password) };
  }

  /** The header line that satisfies a 401 or 407, or undefined when trying again is pointless. */
  meet(response: SipMessage, method: string, uri: string): string | undefined {
    const proxy = response.status === 407;
    const challenge = chooseChallenge(response.lines(proxy ? 'proxy-authenticate' : 'www-authenticate'));
    if (challenge === undefined || this.rounds >= MAX_ROUNDS || (this.rounds > 0 && !challenge.stale)) return undefined;
    this.rounds++;
    this.count = challenge.nonce === this.nonce ? this.count + 1 : 1;
    this.nonce = challenge.nonce;
    const value = authorization(challenge, this.credentials, method, uri, this.count);
    return `${proxy ? 'Proxy-Authorization' : 'Authorization'}: ${value}\r\n`;
  }

  /** A new request begins: it may be challenged anew. */
  reset(): void {
    this.rounds = 0;
  }
}
