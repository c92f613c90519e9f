import type { Authenticator } from '../auth/authenticator.ts';
import { parseNameAddress } from '../wire/address.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes } from '../wire/text.ts';
import { parseUri } from '../wire/uri.ts';

/** The user part of From, as text; empty where there is none. */
export function fromUserOf(message: SipMessage): string {
  return fromBytes(parseUri(parseNameAddress(message.get('from') ?? '')?.uri ?? '')?.user ?? '');
}

export type CallerVerdict =
  | { readonly kind: 'proved' }
  | { readonly kind: 'refused'; readonly status: 407 | 403; readonly headers: string }
  /** Too many wrong passwords from there: silence. */
  | { readonly kind: 'blocked' };

/**
 * An INVITE of an extension: its password is asked for (RFC 3261 22.3), and From must be the user whose it is. A right password in another's
 * name is refused as a wrong one is.
 */
export function callerOf(authenticator: Authenticator, invite: SipMessage, sourceHost: string): CallerVerdict {
  const auth = authenticator.check(invite, sourceHost, 'proxy-authorization');
  switch (auth.kind) {
    case 'blocked':
      return auth;
    case 'challenge':
      return { kind: 'refused', status: 407, headers: auth.headers };
    case 'forbidden':
      return { kind: 'refused', status: 403, headers: '' };
    case 'passed':
      return auth.user === fromUserOf(invite) ? { kind: 'proved' } : { kind: 'refused', status: 403, headers: '' };
  }
}
