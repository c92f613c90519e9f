/** The decision that takes an attempt back whose INVITE never left. */
import { fact, type EventDataByType } from '../events.ts';
import type { CallId } from '../ids.ts';
import { finishedIfExhausted } from './attempts.ts';
import { evolve } from './evolve.ts';
import { decided, phoneOf, refused, type ContactState, type Decided } from './state.ts';

export type WithdrawReason = EventDataByType['AttemptWithdrawn']['reason'];

/** How long the phone rests: telephony, or the trunk, is in trouble at this moment. */
export const withdrawnRetryMs = 1_000;

export interface WithdrawAttempt {
  readonly atMs: number;
  readonly callId: CallId;
  readonly reason: WithdrawReason;
}

/** Only for refusals that are certain: with the slightest doubt the attempt ends as interrupted instead. */
export function withdrawAttempt(state: ContactState, { atMs, callId, reason }: WithdrawAttempt): Decided<'not-dialing'> {
  if (state.status !== 'dialing' || state.attempt.callId !== callId) return refused('not-dialing', state.status);
  const { contact, attempt } = state;
  const { contactId, campaignId, last } = contact;
  const { phoneId, dispositionId } = attempt;
  const phone = phoneOf(contact, phoneId);
  const withdrawn = fact('AttemptWithdrawn', atMs, {
    callId, contactId, campaignId, phoneId, reason,
    retryAt: atMs + withdrawnRetryMs,
    before: {
      // Another trunk for the same try was never counted as another attempt of the contact.
      attempts: contact.attempts - (attempt.failedTrunkIds.length > 0 ? 0 : 1),
      phoneAttempts: (phone?.attempts ?? 1) - 1,
      dispositionId: phone?.dispositionId ?? null,
      dialAt: attempt.taken?.find((dial) => dial.reason === 'callback')?.at ?? null,
      lastCallId: last?.phoneId === phoneId ? last.callId : null,
    },
  });
  if (attempt.effect === 'finished') return decided(withdrawn, fact('ContactFinished', atMs, { contactId, campaignId, reason: 'disposition', dispositionId }));
  return decided(withdrawn, ...finishedIfExhausted(evolve(state, withdrawn), atMs));
}
