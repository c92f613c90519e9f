/** What one row adds to the counters above it. A batch moves a counter by the shares after it less the shares before it. */
import { shippedDispositions } from '@ritmo/domain';
import type { ContactRow, CounterShares, PhoneRow, ResultRow } from './rows.ts';

export type PhoneShares = Pick<ContactRow, 'phones_listed' | 'phones_pending' | 'phones_retry' | 'phones_scheduled' | 'phones_operator' | 'phones_untabulated'>;

const one = (condition: boolean): number => (condition ? 1 : 0);
const noPhone: PhoneShares = { phones_listed: 0, phones_pending: 0, phones_retry: 0, phones_scheduled: 0, phones_operator: 0, phones_untabulated: 0 };

/** A phone's share in its contact. An excluded phone has none. */
export function phoneShares(phone: PhoneRow | undefined): PhoneShares {
  if (phone === undefined || phone.state === 'excluded') return noPhone;
  return {
    phones_listed: 1,
    phones_pending: one(phone.state === 'fresh' || phone.state === 'retry'),
    // One that waits for its callback is counted as such.
    phones_retry: one(phone.state === 'retry' && phone.dial_at === null),
    phones_scheduled: one(phone.dial_at !== null),
    phones_operator: one(phone.operator_at !== null),
    phones_untabulated: one(phone.status_id === shippedDispositions.deliveredWithoutDisposition),
  };
}

/** A contact's share in its campaign. One whose list was excluded has none. */
export function contactShares(contact: ContactRow | undefined): CounterShares {
  if (contact === undefined || contact.finished === 'excluded' || contact.phones_listed === 0) return {};
  const isOpen = contact.finished === null;
  // It waits for its agent's word: nothing of it is dialed by itself but what is appointed.
  const rests = contact.awaits_agent || contact.phones_untabulated > 0 || contact.phones_operator > 0;
  return {
    finished: one(contact.finished === 'disposition'),
    open: one(contact.finished !== 'disposition'),
    untouched: one(!contact.dialed),
    untabulated: one(contact.phones_untabulated > 0),
    remaining: !isOpen ? 0 : rests ? contact.phones_scheduled : contact.phones_pending,
    retries: isOpen && !rests ? contact.phones_retry : 0,
    scheduled: isOpen ? contact.phones_scheduled : 0,
    operator: isOpen ? contact.phones_operator : 0,
  };
}

/** An attempt's share in its campaign. */
export function resultShares(result: ResultRow | undefined): CounterShares {
  if (result === undefined) return {};
  return {
    dialing: one(result.phase === 'dialing'),
    in_ivr: one(result.phase === 'ivr'),
    queued: one(result.phase === 'queue'),
    talking: one(result.phase === 'talking'),
    answered: one(result.answered),
    // Both are shown as Não Atende.
    no_answer: one(result.outcome === 'no-answer' || result.outcome === 'rejected'),
    busy: one(result.outcome === 'busy'),
  };
}
