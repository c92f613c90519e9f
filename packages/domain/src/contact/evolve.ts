import type { DomainEvent } from '../events.ts';
import type { PhoneId } from '../ids.ts';
import { firstWaiting, newPhone, openAgentCallbacks, type AgentCallback, type Contact, type ContactState, type PhoneState, type PlannedDial } from './state.ts';

/** Facts of a contact's stream. */
export type ContactFact = DomainEvent<
  | 'ContactImported' | 'PhoneAdded' | 'PhoneExcluded' | 'ContactParameterChanged' | 'ContactNoteAdded' | 'AttemptStarted' | 'AttemptEnded' | 'AttemptWithdrawn'
  | 'PhoneSkipped' | 'DispositionSet' | 'CallbackScheduled' | 'AgentCallbackDue' | 'PreviewOffered' | 'PreviewAnswered' | 'ContactFinished'
>;

export const contactFactTypes: readonly ContactFact['type'][] = [
  'ContactImported', 'PhoneAdded', 'PhoneExcluded', 'ContactParameterChanged', 'ContactNoteAdded', 'AttemptStarted', 'AttemptEnded', 'AttemptWithdrawn',
  'PhoneSkipped', 'DispositionSet', 'CallbackScheduled', 'AgentCallbackDue', 'PreviewOffered', 'PreviewAnswered', 'ContactFinished',
];

const twoDaysMs = 172_800_000;
const mostRecentAttempts = 64;
/** A disposition that reschedules without saying when. */
export const rescheduleAfterMs = 3_600_000;
/** A preview that an agent declined. */
export const declinedPreviewAfterMs = 600_000;

const isContactFact = (fact: DomainEvent): fact is ContactFact => (contactFactTypes as readonly string[]).includes(fact.type);

export function evolve(state: ContactState, event: DomainEvent): ContactState {
  if (!isContactFact(event)) return state;
  if (event.type === 'ContactImported') return imported(event);
  if (state.status === 'none') return state;
  const { contact } = state;
  switch (event.type) {
    case 'PhoneAdded':
      return phoneAdded(state, event);
    case 'PhoneExcluded':
      return withContact(state, withoutPhone(contact, event.data.phoneId, event.at));
    case 'ContactParameterChanged':
      return withContact(state, { ...contact, parameters: withParameter(contact.parameters, event.data.index, event.data.value) });
    case 'ContactNoteAdded':
      return state;
    case 'AttemptStarted':
      return attemptStarted(contact, event);
    case 'AttemptEnded':
      return attemptEnded(state, event);
    case 'AttemptWithdrawn':
      return attemptWithdrawn(state, event);
    case 'PhoneSkipped':
      return { status: 'open', contact: skipped(contact, event) };
    case 'DispositionSet':
      return dispositionSet(state, event);
    case 'CallbackScheduled':
      return callbackScheduled(state, event);
    case 'AgentCallbackDue': {
      const isIt = (callback: AgentCallback): boolean => callback.phoneId === event.data.phoneId && callback.at === event.data.at;
      const agentCallbacks = contact.agentCallbacks.map((callback): AgentCallback => (isIt(callback) ? { ...callback, announced: true } : callback));
      // It stays: from here on the contact is its agent's, and the strategy does not go on by itself.
      return withContact(state, { ...contact, agentCallbacks });
    }
    case 'PreviewOffered':
      return { status: 'offered', contact, offer: { phoneId: event.data.phoneId, agentId: event.data.agentId, at: event.at } };
    case 'PreviewAnswered':
      return { status: 'open', contact: event.data.accepted ? contact : postponed(contact, event.data.phoneId, event.at + declinedPreviewAfterMs) };
    case 'ContactFinished':
      return { status: 'finished', contact: { ...contact, plan: null, scheduled: [], agentCallbacks: [] }, reason: event.data.reason, dispositionId: event.data.dispositionId, at: event.at };
  }
}

function withContact(state: Exclude<ContactState, { status: 'none' }>, contact: Contact): ContactState {
  return { ...state, contact };
}

function imported({ data, at }: DomainEvent<'ContactImported'>): ContactState {
  const scheduled: PlannedDial[] = [];
  for (const phone of data.phones) {
    if (phone.dialNow) scheduled.push({ phoneId: phone.phoneId, at, reason: 'dial-now', failedTrunkIds: [] });
    else if (phone.dialAt !== null) scheduled.push({ phoneId: phone.phoneId, at: phone.dialAt, reason: 'callback', failedTrunkIds: [] });
  }
  const phones = data.phones.map(newPhone);
  const first = firstWaiting(phones.filter((phone) => !scheduled.some((dial) => dial.phoneId === phone.phoneId)));
  return {
    status: 'open',
    contact: {
      contactId: data.contactId, campaignId: data.campaignId, parameters: data.parameters, phones,
      plan: first ? { phoneId: first.phoneId, at, reason: 'fresh', failedTrunkIds: [] } : null,
      scheduled, agentCallbacks: [], callbacks: 0, attempts: 0, recentAttemptsAt: [], last: null,
    },
  };
}

function phoneAdded(state: Exclude<ContactState, { status: 'none' }>, { data, at }: DomainEvent<'PhoneAdded'>): ContactState {
  const phones = [...state.contact.phones, newPhone(data.phone)];
  const { plan, last } = state.contact;
  const fresh: PlannedDial = { phoneId: data.phone.phoneId, at, reason: 'fresh', failedTrunkIds: [] };
  // A contact that ran out of phones goes on with the new one; one that a disposition ended does not.
  if (state.status === 'finished') {
    if (state.reason === 'disposition') return withContact(state, { ...state.contact, phones });
    return { status: 'open', contact: { ...state.contact, phones, plan: fresh } };
  }
  const idle = plan === null && state.status === 'open' && last?.awaitsDisposition !== true;
  return withContact(state, { ...state.contact, phones, plan: idle ? fresh : plan });
}

function withoutPhone(contact: Contact, phoneId: PhoneId, at: number): Contact {
  const phones = contact.phones.map((phone): PhoneState => (phone.phoneId === phoneId ? { ...phone, status: 'excluded' } : phone));
  const scheduled = contact.scheduled.filter((dial) => dial.phoneId !== phoneId);
  const agentCallbacks = contact.agentCallbacks.filter((callback) => callback.phoneId !== phoneId);
  const plan = contact.plan?.phoneId === phoneId ? planFirst(phones, at) : contact.plan;
  return { ...contact, phones, scheduled, agentCallbacks, plan };
}

function planFirst(phones: readonly PhoneState[], at: number): PlannedDial | null {
  const next = firstWaiting(phones);
  return next ? { phoneId: next.phoneId, at, reason: next.attempts > 0 ? 'retry' : 'fresh', failedTrunkIds: [] } : null;
}

function withParameter(parameters: readonly string[], index: number, value: string): readonly string[] {
  const changed = [...parameters];
  while (changed.length < index) changed.push('');
  changed[index - 1] = value;
  return changed;
}

function attemptStarted(contact: Contact, { data, at }: DomainEvent<'AttemptStarted'>): ContactState {
  const planned = [...contact.scheduled, ...(contact.plan ? [contact.plan] : [])].find((dial) => dial.phoneId === data.phoneId);
  const again = data.reason === 'failover';
  const taken = contact.scheduled.filter((dial) => dial.phoneId === data.phoneId && dial.at <= at);
  return {
    status: 'dialing',
    contact: {
      ...contact,
      phones: contact.phones.map((phone) => (phone.phoneId === data.phoneId ? { ...phone, attempts: phone.attempts + 1 } : phone)),
      scheduled: contact.scheduled.filter((dial) => !taken.includes(dial)),
      attempts: again ? contact.attempts : contact.attempts + 1,
      // Another trunk for the same try is not another attempt in the eyes of the person called.
      recentAttemptsAt: again
        ? contact.recentAttemptsAt
        : [...contact.recentAttemptsAt.filter((earlier) => earlier > at - twoDaysMs), at].slice(-mostRecentAttempts),
    },
    attempt: {
      callId: data.callId, phoneId: data.phoneId, trunkId: data.trunkId, startedAt: at,
      failedTrunkIds: again ? (planned?.failedTrunkIds ?? []) : [],
      ...(taken.length === 0 ? {} : { taken }),
      dispositionId: null, agentId: data.agentId, effect: 'none',
    },
  };
}

/** As if it had not begun, only later. What was said of the contact meanwhile stays said. */
function attemptWithdrawn(state: Exclude<ContactState, { status: 'none' }>, { data, at }: DomainEvent<'AttemptWithdrawn'>): ContactState {
  if (state.status !== 'dialing' || state.attempt.callId !== data.callId) return state;
  const { contact, attempt } = state;
  const replaced = contact.scheduled.some((dial) => dial.phoneId === data.phoneId);
  const again = attempt.failedTrunkIds.length > 0;
  const restored: Contact = {
    ...contact,
    phones: contact.phones.map((phone) => (phone.phoneId === data.phoneId ? { ...phone, attempts: data.before.phoneAttempts } : phone)),
    scheduled: replaced ? contact.scheduled : [...contact.scheduled, ...(attempt.taken ?? [])],
    attempts: data.before.attempts,
    recentAttemptsAt: again ? contact.recentAttemptsAt : contact.recentAttemptsAt.toSpliced(contact.recentAttemptsAt.lastIndexOf(attempt.startedAt), 1),
    plan: attempt.effect === 'rescheduled' ? { phoneId: data.phoneId, at: at + rescheduleAfterMs, reason: 'retry', failedTrunkIds: [] } : contact.plan,
  };
  return { status: 'open', contact: postponed(restored, data.phoneId, data.retryAt) };
}

function attemptEnded(state: Exclude<ContactState, { status: 'none' }>, { data, at }: DomainEvent<'AttemptEnded'>): ContactState {
  const { contact } = state;
  const attempt = state.status === 'dialing' ? state.attempt : null;
  const stays = data.next.kind === 'retry-phone' || data.next.kind === 'failover';
  const phones = contact.phones.map((phone): PhoneState => {
    if (phone.phoneId !== data.phoneId) return phone;
    const status = phone.status === 'excluded' || stays ? phone.status : 'done';
    return { ...phone, status, dispositionId: data.dispositionId, tries: { ...phone.tries, [data.outcome]: (phone.tries[data.outcome] ?? 0) + 1 } };
  });
  const last = { callId: data.callId, phoneId: data.phoneId, dispositionId: data.dispositionId, awaitsDisposition: data.outcome === 'delivered' && attempt?.dispositionId === null };
  // A conversation is what "call now" asked for: the contact's other phones are not rung on top of it.
  const scheduled = data.outcome === 'delivered' ? contact.scheduled.filter((dial) => dial.reason !== 'dial-now') : contact.scheduled;
  return { status: 'open', contact: { ...contact, phones, scheduled, last, plan: planAfter(data, phones, at, attempt) } };
}

function planAfter(
  { next, phoneId }: DomainEvent<'AttemptEnded'>['data'],
  phones: readonly PhoneState[],
  at: number,
  attempt: { readonly trunkId: PlannedDial['failedTrunkIds'][number]; readonly failedTrunkIds: PlannedDial['failedTrunkIds'] } | null,
): PlannedDial | null {
  switch (next.kind) {
    case 'retry-phone':
      return { phoneId: next.phoneId, at: next.at, reason: 'retry', failedTrunkIds: [] };
    case 'next-phone': {
      const phone = phones.find((candidate) => candidate.phoneId === next.phoneId);
      return { phoneId: next.phoneId, at: next.at, reason: (phone?.attempts ?? 0) > 0 ? 'retry' : 'fresh', failedTrunkIds: [] };
    }
    case 'failover':
      return { phoneId, at, reason: 'failover', failedTrunkIds: attempt ? [...attempt.failedTrunkIds, attempt.trunkId] : [] };
    case 'exhausted':
    case 'finished':
      return null;
  }
}

function skipped(contact: Contact, { data, at }: DomainEvent<'PhoneSkipped'>): Contact {
  if (data.retryAt !== null) return postponed(contact, data.phoneId, data.retryAt);
  const phones = contact.phones.map((phone): PhoneState =>
    phone.phoneId === data.phoneId && phone.status === 'waiting' ? { ...phone, status: 'done' } : phone,
  );
  const scheduled = contact.scheduled.filter((dial) => dial.phoneId !== data.phoneId);
  // A scheduled phone that may not be called gives way to the strategy, as an unsuccessful one does (manual 1.2.2.3).
  const plan = contact.plan !== null && contact.plan.phoneId !== data.phoneId ? contact.plan : planFirst(phones, at);
  return { ...contact, phones, scheduled, plan };
}

function postponed(contact: Contact, phoneId: PhoneId, at: number): Contact {
  const later = (dial: PlannedDial): PlannedDial => (dial.phoneId === phoneId && dial.at < at ? { ...dial, at } : dial);
  return { ...contact, plan: contact.plan && later(contact.plan), scheduled: contact.scheduled.map(later) };
}

function dispositionSet(state: Exclude<ContactState, { status: 'none' }>, { data, at }: DomainEvent<'DispositionSet'>): ContactState {
  const phones = state.contact.phones.map((phone) => (phone.phoneId === data.phoneId ? { ...phone, dispositionId: data.dispositionId } : phone));
  // Who was reminded has said what came of it.
  const agentCallbacks = openAgentCallbacks(state.contact);
  if (state.status === 'dialing' && state.attempt.phoneId === data.phoneId) {
    return {
      ...state,
      contact: { ...state.contact, phones, agentCallbacks },
      attempt: { ...state.attempt, dispositionId: data.dispositionId, agentId: data.agentId ?? state.attempt.agentId, effect: data.effect },
    };
  }
  if (state.status === 'dialing' && data.effect === 'finished') {
    // A contact ends with all of its phones, the one that is in a call when that call is over.
    return { ...state, contact: { ...state.contact, phones, agentCallbacks }, attempt: { ...state.attempt, effect: 'finished', finishedBy: data.dispositionId } };
  }
  let { plan, last } = state.contact;
  const answersLast = last !== null && last.phoneId === data.phoneId && (data.callId === null || data.callId === last.callId);
  if (answersLast && last) {
    if (last.awaitsDisposition && plan !== null && plan.at > at) plan = { ...plan, at };
    last = { ...last, dispositionId: data.dispositionId, awaitsDisposition: false };
  }
  if (data.effect === 'rescheduled' && (state.status === 'open' || state.status === 'finished')) {
    // Wanted by a person, as a callback is: it opens what the strategy had closed. With a date, CallbackScheduled comes next.
    plan = { phoneId: data.phoneId, at: at + rescheduleAfterMs, reason: 'retry', failedTrunkIds: [] };
    return { status: 'open', contact: { ...state.contact, phones, agentCallbacks, plan, last } };
  }
  return withContact(state, { ...state.contact, phones, agentCallbacks, plan, last });
}

function callbackScheduled(state: Exclude<ContactState, { status: 'none' }>, { data }: DomainEvent<'CallbackScheduled'>): ContactState {
  const { contact } = state;
  // The last appointment of a phone is the one that holds, whoever was to keep the one before.
  const scheduled = contact.scheduled.filter((dial) => dial.phoneId !== data.phoneId);
  const agentCallbacks = contact.agentCallbacks.filter((callback) => callback.phoneId !== data.phoneId);
  const changed: Contact = {
    ...contact,
    callbacks: contact.callbacks + 1,
    scheduled: data.kind === 'system' ? [...scheduled, { phoneId: data.phoneId, at: data.at, reason: 'callback', failedTrunkIds: [] }] : scheduled,
    agentCallbacks: data.kind === 'agent' ? [...agentCallbacks, { phoneId: data.phoneId, at: data.at, agentId: data.agentId }] : agentCallbacks,
  };
  // A callback is wanted by a person: it opens what the strategy had closed.
  return state.status === 'finished' ? { status: 'open', contact: changed } : withContact(state, changed);
}
