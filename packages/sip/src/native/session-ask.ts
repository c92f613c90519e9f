import type { SipMessage } from '../wire/message.ts';
import { leastIn, sessionOffer } from './session-timer.ts';

/** The session interval that an INVITE of ours asks for (RFC 4028 7.1), in seconds. 0 asks for none. */
export class SessionAsk {
  private askedS: number;
  private leastS: number;

  constructor(intervalS: number, minS: number) {
    this.askedS = intervalS;
    this.leastS = Math.min(minS, intervalS);
  }

  get intervalS(): number {
    return this.askedS;
  }

  get lines(): string {
    return sessionOffer(this.askedS, this.leastS);
  }

  /** 422: the peer wants a longer one (7.3). False when that is no reason to ask again. */
  raise(response: SipMessage): boolean {
    const least = leastIn(response);
    if (!(least > this.askedS) || this.askedS === 0) return false;
    this.askedS = least;
    this.leastS = least;
    return true;
  }
}
