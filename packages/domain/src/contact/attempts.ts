/** Decisions that begin, refuse and end attempts. */
import { shippedDispositions, type AttemptOutcome } from '../dispositions.ts';
import type { Campaign, CallWindow } from '../directory/entries.ts';
import { fact, type DomainEvent, type EventDataByType, type NextStep } from '../events.ts';
import type { AgentId, CallId, DispositionId, TrunkId } from '../ids.ts';
import { readBrazilianNumber, type BrazilianNumber } from '../numbers.ts';
import type { Way } from '../routes.ts';
import { isOpen, nextOpeningMs, startOfDayMs, startOfNextDayMs, zonesOf } from '../windows.ts';
import { decided, isScheduled, nextDial, phoneOf, refused, type Contact, type ContactState, type Decided, type OpenAttempt, type PhoneState, type PlannedDial } from './state.ts';
import { evolve, rescheduleAfterMs } from './evolve.ts';
import { nextPhone, nextStep } from './strategy.ts';

type SkipRule = EventDataByType['PhoneSkipped']['rule'];

/** The campaign's rules as they stand now. */
export interface DialRules {
  readonly campaign: Campaign;
  readonly window: CallWindow | undefined;
  /** Zone in which a day of `maxAttemptsPerDay` begins and ends. */
  readonly dayZone: string;
}

export interface StartAttempt {
  readonly atMs: number;
  readonly rules: DialRules;
  /** From the block lists, asked at this very moment. `unknown`: could not be asked, so the answer is no. */
  readonly blocked: 'no' | 'unknown' | { readonly blockListId: number };
  readonly callId: CallId;
  readonly way: Way | undefined;
  readonly dialString: string;
  readonly callerId: string;
  /** Preview: the agent who asked for the call. */
  readonly agentId: AgentId | null;
}

export type DialCheck =
  | { readonly ok: true; readonly dial: PlannedDial; readonly phone: PhoneState; readonly number: BrazilianNumber }
  | { readonly ok: false; readonly dial: PlannedDial; readonly rule: SkipRule; readonly detail: string; readonly retryAt: number | null };

/** How long a phone waits when the block lists could not be asked. */
const checkFailedRetryMs = 30_000;
/** How long a phone waits for a route that carries it. */
const noRouteRetryMs = 300_000;

/**
 * May this be dialed now? Scheduled calls go ahead of the campaign's window and limits (manual 1.3.1.7), never ahead of a
 * block list. Block lists are the caller's part: they live in a database.
 */
export function checkDial(contact: Contact, dial: PlannedDial, atMs: number, rules: DialRules): DialCheck {
  const no = (rule: SkipRule, detail: string, retryAt: number | null): DialCheck => ({ ok: false, dial, rule, detail, retryAt });
  const phone = phoneOf(contact, dial.phoneId);
  if (!phone || phone.status === 'excluded') return no('excluded', 'the phone was excluded', null);
  const number = readBrazilianNumber(phone.areaCode, phone.number, rules.campaign.defaultAreaCode);
  if (!number.ok) return no('invalid-number', number.reason, null);
  if (!isScheduled(dial)) {
    const { window, campaign } = rules;
    if (window) {
      const zones = zonesOf(number.areaCode, number.number, window.timeZones);
      if (!isOpen(window, zones, atMs)) return no('window', `outside ${window.name} in ${zones.join(' and ')}`, nextOpeningMs(window, zones, atMs));
    }
    if (dial.reason !== 'failover') {
      const dayStart = startOfDayMs(rules.dayZone, atMs);
      const today = contact.recentAttemptsAt.filter((at) => at >= dayStart).length;
      if (today >= campaign.maxAttemptsPerDay) {
        return no('attempts-per-day', `${today} attempts today, ${campaign.maxAttemptsPerDay} allowed`, startOfNextDayMs(rules.dayZone, atMs));
      }
    }
  }
  return { ok: true, dial, phone, number };
}

export type StartRefusal = 'not-open' | 'not-due';

/** `AttemptStarted`, or `PhoneSkipped` with the rule that refused. */
export function startAttempt(state: ContactState, command: StartAttempt): Decided<StartRefusal> {
  if (state.status !== 'open') return refused('not-open', state.status);
  const { contact } = state;
  const dial = nextDial(state);
  if (!dial || dial.at > command.atMs) return refused('not-due');
  const check = checkDial(contact, dial, command.atMs, command.rules);
  if (!check.ok) return skip(state, dial, check.rule, check.detail, check.retryAt, command.atMs);
  if (command.blocked === 'unknown') {
    return skip(state, dial, 'check-failed', 'the block lists could not be asked', command.atMs + checkFailedRetryMs, command.atMs);
  }
  if (command.blocked !== 'no') return skip(state, dial, 'blocked', `block list ${command.blocked.blockListId}`, null, command.atMs);
  if (!command.way) return skip(state, dial, 'no-route', `no route carries ${check.number.areaCode} ${check.number.number}`, command.atMs + noRouteRetryMs, command.atMs);
  return decided(
    fact('AttemptStarted', command.atMs, {
      callId: command.callId,
      contactId: contact.contactId,
      campaignId: contact.campaignId,
      phoneId: dial.phoneId,
      areaCode: check.phone.areaCode === '' ? check.number.areaCode : check.phone.areaCode,
      number: check.phone.number,
      dialString: command.dialString,
      trunkId: command.way.trunkId,
      routeId: command.way.routeId,
      callerId: command.callerId,
      reason: command.agentId === null ? dial.reason : 'preview',
      agentId: command.agentId,
    }),
  );
}

function skip(state: ContactState & { status: 'open' }, dial: PlannedDial, rule: SkipRule, detail: string, retryAt: number | null, atMs: number): Decided<never> {
  const { contactId, campaignId } = state.contact;
  const skipped = fact('PhoneSkipped', atMs, { contactId, campaignId, phoneId: dial.phoneId, rule, detail, retryAt });
  return decided(skipped, ...finishedIfExhausted(evolve(state, skipped), atMs));
}

/** The fact that ends a contact for which nothing is left to do. */
export function finishedIfExhausted(state: ContactState, atMs: number): readonly DomainEvent[] {
  if (state.status !== 'open') return [];
  const { contact } = state;
  if (contact.plan !== null || contact.scheduled.length > 0 || contact.agentCallbacks.length > 0) return [];
  const reason = contact.phones.every((phone) => phone.status === 'excluded') ? 'excluded' : 'exhausted';
  return [fact('ContactFinished', atMs, { contactId: contact.contactId, campaignId: contact.campaignId, reason, dispositionId: contact.last?.dispositionId ?? null })];
}

export interface EndAttempt {
  readonly atMs: number;
  readonly callId: CallId;
  readonly outcome: AttemptOutcome;
  readonly agentId: AgentId | null;
  readonly sipCode: number | null;
  readonly q850: number | null;
  readonly ringMs: number;
  readonly billMs: number;
  readonly campaign: Pick<Campaign, 'retries' | 'maxAttempts'>;
  readonly failoverTrunkId: TrunkId | null;
  /** Whether a disposition ends the contact: the directory's mark. */
  readonly isFinishing: (dispositionId: DispositionId) => boolean;
  /** After a delivered call without a disposition the next phone waits this long for one. */
  readonly dispositionWaitMs: number;
}

/** The disposition of each outcome. Of a delivered call: the agent's, else Entregue Sem Tabulação. */
export function dispositionOf(outcome: AttemptOutcome): DispositionId {
  switch (outcome) {
    case 'delivered':
      return shippedDispositions.deliveredWithoutDisposition;
    case 'abandoned':
      return shippedDispositions.abandoned;
    case 'machine':
      return shippedDispositions.answeringMachine;
    case 'busy':
      return shippedDispositions.busy;
    case 'no-answer':
    case 'rejected':
      return shippedDispositions.noAnswer;
    case 'invalid-number':
      return shippedDispositions.invalidNumber;
    case 'trunk-failure':
      return shippedDispositions.routeUnavailable;
    case 'cancelled':
    case 'interrupted':
      return shippedDispositions.cancelled;
  }
}

export function endAttempt(state: ContactState, command: EndAttempt): Decided<'not-dialing'> {
  if (state.status !== 'dialing' || state.attempt.callId !== command.callId) return refused('not-dialing', state.status);
  const { contact, attempt } = state;
  const dispositionId = attempt.dispositionId ?? dispositionOf(command.outcome);
  const finishing = attempt.effect === 'finished' || (attempt.dispositionId === null && command.isFinishing(dispositionId));
  const ended = fact('AttemptEnded', command.atMs, {
    callId: command.callId,
    contactId: contact.contactId,
    campaignId: contact.campaignId,
    phoneId: attempt.phoneId,
    outcome: command.outcome,
    dispositionId,
    agentId: command.agentId ?? attempt.agentId,
    sipCode: command.sipCode,
    q850: command.q850,
    ringMs: command.ringMs,
    billMs: command.billMs,
    next: finishing ? { kind: 'finished' } : stepAfter(contact, attempt, command),
  });
  if (finishing) {
    const { contactId, campaignId } = contact;
    return decided(ended, fact('ContactFinished', command.atMs, { contactId, campaignId, reason: 'disposition', dispositionId: attempt.finishedBy ?? dispositionId }));
  }
  return decided(ended, ...finishedIfExhausted(evolve(state, ended), command.atMs));
}

function stepAfter(contact: Contact, { phoneId, dispositionId, effect }: OpenAttempt, command: EndAttempt): NextStep {
  const callback = contact.scheduled.length > 0 || contact.agentCallbacks.length > 0;
  if (effect === 'rescheduled' && !callback) return { kind: 'retry-phone', phoneId, at: command.atMs + rescheduleAfterMs };
  const agentSpoke = dispositionId !== null;
  if (command.outcome === 'delivered') {
    if (contact.attempts >= command.campaign.maxAttempts) return { kind: 'exhausted' };
    return nextPhone(contact, phoneId, command.atMs + (agentSpoke ? 0 : command.dispositionWaitMs));
  }
  return nextStep({
    contact,
    phoneId,
    outcome: command.outcome,
    atMs: command.atMs,
    retries: command.campaign.retries,
    maxAttempts: command.campaign.maxAttempts,
    failoverTrunkId: command.failoverTrunkId,
  });
}
