import type { IncomingCall } from '../port.ts';
import type { SipMessage } from '../wire/message.ts';
import { params } from '../wire/scan.ts';
import { fromBytes } from '../wire/text.ts';
import type { Core } from './core.ts';
import { parseReplaces } from './refer.ts';

export type Replacement =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'found'; readonly replaces: NonNullable<IncomingCall['replaces']> };

/** The dialog that an INVITE wants to take the place of (RFC 3891 3). Whether its sender may is up to the application. */
export function replacementOf(core: Core, invite: SipMessage): Replacement {
  const values = invite.lines('replaces');
  const [value = ''] = values;
  if (values.length === 0) return { kind: 'none' };
  const named = values.length === 1 ? parseReplaces(value) : undefined;
  if (named === undefined) return { kind: 'refused', status: 400 };
  const owner = core.dialogs.get(named.toTag);
  if (owner?.owns({ callId: named.sipCallId, fromTag: named.fromTag }) !== true) return { kind: 'refused', status: 481 };
  const earlyOnly = params(value, value.indexOf(';')).has('early-only');
  switch (owner.standing) {
    case 'confirmed':
      if (earlyOnly) return { kind: 'refused', status: 486 };
      break;
    case 'early':
      break;
    case 'early-of-peer':
      // Only the side that sent the INVITE may have its early dialog replaced.
      return { kind: 'refused', status: 481 };
    case 'ended':
      return { kind: 'refused', status: 603 };
  }
  return { kind: 'found', replaces: { sipCallId: fromBytes(named.sipCallId), toTag: named.toTag, fromTag: fromBytes(named.fromTag), early: owner.standing === 'early' } };
}
