import type { DigestCredentials } from '../port.ts';
import type { SipMessage } from '../wire/message.ts';
import { ChallengeMeeter } from './retry-auth.ts';
import { SessionAsk } from './session-ask.ts';

/** What a peer asks for before it takes an INVITE of ours: credentials (RFC 3261 22.2, 22.3), a longer session (RFC 4028 7.3). */
export class Demands {
  readonly session: SessionAsk;
  meeter: ChallengeMeeter | undefined;
  /** The header line that met the last challenge. */
  authLine = '';

  constructor(intervalS: number, minS: number) {
    this.session = new SessionAsk(intervalS, minS);
  }

  get lines(): string {
    return this.session.lines + this.authLine;
  }

  /** True: sent again with these lines it may be taken (8.1.3.5). */
  meets(refusal: SipMessage, credentials: DigestCredentials | undefined, uri: string): boolean {
    if (refusal.status === 422) return this.session.raise(refusal);
    if (refusal.status !== 401 && refusal.status !== 407) return false;
    if (credentials !== undefined) this.meeter ??= new ChallengeMeeter(credentials);
    const line = this.meeter?.meet(refusal, 'INVITE', uri);
    if (line === undefined) return false;
    this.authLine = line;
    return true;
  }
}
