/** The retry strategy: what follows an attempt, by its outcome. */
import type { Campaign } from '../directory/entries.ts';
import type { AttemptOutcome } from '../dispositions.ts';
import type { NextStep } from '../events.ts';
import type { PhoneId, TrunkId } from '../ids.ts';
import { firstWaiting, phoneOf, type Contact } from './state.ts';

export type RetryRule = Campaign['retries'][number];
type RetriedOutcome = RetryRule['outcome'];

const minuteMs = 60_000;

/** Where a campaign says nothing. A person who met silence is left in peace for a while. */
function shippedRule(outcome: RetriedOutcome): RetryRule {
  const nextPhoneAfterMinutes = outcome === 'abandoned' ? 30 : 0;
  return { outcome, samePhoneTries: 0, afterMinutes: 30, then: 'next-phone', nextPhoneAfterMinutes };
}

export function ruleFor(retries: readonly RetryRule[], outcome: RetriedOutcome): RetryRule {
  return retries.find((rule) => rule.outcome === outcome) ?? shippedRule(outcome);
}

export interface StrategyInput {
  readonly contact: Contact;
  readonly phoneId: PhoneId;
  readonly outcome: Exclude<AttemptOutcome, 'delivered'>;
  readonly atMs: number;
  readonly retries: readonly RetryRule[];
  /** Attempts per contact in all. */
  readonly maxAttempts: number;
  /** Another trunk that carries this number, when the one tried failed. */
  readonly failoverTrunkId: TrunkId | null;
}

/**
 * Same phone again while its tries for this outcome last, then the next waiting phone by priority, then exhausted. A phone
 * that was excluded meanwhile is not tried again.
 */
export function nextStep(input: StrategyInput): NextStep {
  const { contact, phoneId, outcome, atMs } = input;
  const phone = phoneOf(contact, phoneId);
  if (outcome === 'trunk-failure' && input.failoverTrunkId !== null && phone?.status !== 'excluded') {
    return { kind: 'failover', phoneId, trunkId: input.failoverTrunkId };
  }
  if (contact.attempts >= input.maxAttempts) return { kind: 'exhausted' };
  const rule = ruleFor(input.retries, outcome);
  const before = phone?.tries[outcome] ?? 0;
  if (phone && phone.status !== 'excluded' && before < rule.samePhoneTries) {
    return { kind: 'retry-phone', phoneId, at: atMs + rule.afterMinutes * minuteMs };
  }
  if (rule.then === 'give-up') return { kind: 'exhausted' };
  return nextPhone(contact, phoneId, atMs + rule.nextPhoneAfterMinutes * minuteMs);
}

export function nextPhone(contact: Contact, phoneId: PhoneId, atMs: number): NextStep {
  const next = firstWaiting(contact.phones, phoneId);
  return next ? { kind: 'next-phone', phoneId: next.phoneId, at: atMs } : { kind: 'exhausted' };
}
