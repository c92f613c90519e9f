/** What people and integrators do to a contact. */
import { shippedDispositions } from '../dispositions.ts';
import type { Disposition } from '../directory/entries.ts';
import { fact, type Actor, type ContactPhone } from '../events.ts';
import type { AgentId, CallId, CampaignId, ContactId, Extension, PhoneId } from '../ids.ts';
import { finishedIfExhausted } from './attempts.ts';
import { evolve } from './evolve.ts';
import { decided, nextDial, openAgentCallbacks, phoneOf, refused, type Contact, type ContactState, type Decided, type Refused } from './state.ts';

export interface ImportContact {
  readonly atMs: number;
  readonly contactId: ContactId;
  readonly campaignId: CampaignId;
  readonly parameters: readonly string[];
  readonly phones: readonly ContactPhone[];
  readonly source: string;
  readonly by: Actor;
}

export function importContact(state: ContactState, command: ImportContact): Decided<'exists' | 'no-phones'> {
  if (state.status !== 'none') return refused('exists');
  if (command.phones.length === 0) return refused('no-phones');
  const { atMs, ...data } = command;
  return decided(fact('ContactImported', atMs, data));
}

export interface SetDisposition {
  readonly atMs: number;
  readonly phoneId: PhoneId;
  readonly disposition: Disposition;
  readonly callId: CallId | null;
  readonly agentId: AgentId | null;
  readonly extension: Extension | null;
  /** The date that came with it: of the callback when the disposition asks for one, else of the history entry. */
  readonly dateAt: number | null;
  readonly maxCallbacksPerContact: number;
  /** Open callbacks of this agent, and how many it may have. */
  readonly agentCallbacks: { readonly open: number; readonly most: number };
  readonly by: Actor;
}

export type DispositionRefusal = 'contact-not-found' | 'callbacks-exceeded' | 'not-in-future';

/** Manual 1.2.2.2, 1.2.2.3: a disposition, with the callback that it asks for or the date of its history entry. */
export function setDisposition(state: ContactState, command: SetDisposition): Decided<DispositionRefusal> {
  if (state.status === 'none' || !phoneOf(state.contact, command.phoneId)) return refused('contact-not-found');
  const { disposition, atMs } = command;
  const byAgent = disposition.id === shippedDispositions.agentCallback;
  // An agent's callback without a date is one for now, and so not for the future: nobody would be reminded of it.
  const callbackAt = byAgent ? (command.dateAt ?? atMs) : disposition.reschedules ? command.dateAt : null;
  const refusal = callbackAt === null ? null : refuseCallback(state.contact, callbackAt, byAgent, command);
  if (refusal) return refusal;
  const effect = byAgent ? 'none' : callbackAt !== null ? 'rescheduled' : disposition.finishing ? 'finished' : disposition.reschedules ? 'rescheduled' : 'none';
  const ids = { contactId: state.contact.contactId, campaignId: state.contact.campaignId, phoneId: command.phoneId };
  const set = fact('DispositionSet', atMs, {
    ...ids, callId: command.callId, dispositionId: disposition.id as typeof shippedDispositions.busy, agentId: command.agentId,
    extension: command.extension, by: command.by, effect,
    ...(callbackAt === null && command.dateAt !== null ? { historyAt: command.dateAt } : {}),
  });
  if (callbackAt !== null) {
    return decided(set, fact('CallbackScheduled', atMs, { ...ids, at: callbackAt, kind: byAgent ? 'agent' : 'system', agentId: command.agentId, by: command.by }));
  }
  if (effect === 'finished' && state.status !== 'dialing' && state.status !== 'finished') {
    return decided(set, fact('ContactFinished', atMs, { contactId: ids.contactId, campaignId: ids.campaignId, reason: 'disposition', dispositionId: set.data.dispositionId }));
  }
  // Of a contact that only waited for its agent's word nothing may be left to do.
  const waited = state.contact.agentCallbacks.length > 0;
  return decided(set, ...(waited ? finishedIfExhausted(evolve(state, set), atMs) : []));
}

function refuseCallback(contact: Contact, callbackAt: number, byAgent: boolean, { atMs, phoneId, agentId, maxCallbacksPerContact, agentCallbacks }: SetDisposition): Refused<DispositionRefusal> | null {
  if (callbackAt <= atMs) return refused('not-in-future');
  if (contact.callbacks >= maxCallbacksPerContact) return refused('callbacks-exceeded', 'of the contact');
  // One that only gets another time is not one more.
  const moved = openAgentCallbacks(contact).filter((callback) => callback.phoneId === phoneId && callback.agentId === agentId).length;
  if (byAgent && agentCallbacks.open - moved >= agentCallbacks.most) return refused('callbacks-exceeded', 'of the agent');
  return null;
}

export function addPhone(
  state: ContactState,
  command: { readonly atMs: number; readonly phone: ContactPhone; readonly maxPhones: number; readonly by: Actor },
): Decided<'contact-not-found' | 'priority-taken' | 'priority-over-limit' | 'phones-exceeded'> {
  if (state.status === 'none') return refused('contact-not-found');
  const { phones, contactId, campaignId } = state.contact;
  const present = phones.filter((phone) => phone.status !== 'excluded');
  if (command.phone.priority > command.maxPhones || command.phone.priority < 1) return refused('priority-over-limit');
  if (present.some((phone) => phone.priority === command.phone.priority)) return refused('priority-taken');
  if (present.length >= command.maxPhones) return refused('phones-exceeded');
  return decided(fact('PhoneAdded', command.atMs, { contactId, campaignId, phone: command.phone, by: command.by }));
}

/** Manual 1.3.1.9: not while the phone is being dialed, in the IVR or in the queue. Who talks with an agent is none of these. */
export function excludePhone(
  state: ContactState,
  command: {
    readonly atMs: number;
    readonly phoneId: PhoneId;
    /** The call of this phone that an agent talks in. */
    readonly deliveredCallId?: CallId | null;
    readonly by: Actor;
  },
): Decided<'not-found' | 'intermediate'> {
  if (state.status === 'none') return refused('not-found');
  const phone = phoneOf(state.contact, command.phoneId);
  if (!phone || phone.status === 'excluded') return refused('not-found');
  if (state.status === 'dialing' && state.attempt.phoneId === command.phoneId && state.attempt.callId !== command.deliveredCallId) return refused('intermediate');
  if (state.status === 'offered' && state.offer.phoneId === command.phoneId) return refused('intermediate');
  const { contactId, campaignId } = state.contact;
  const excluded = fact('PhoneExcluded', command.atMs, { contactId, campaignId, phoneId: command.phoneId, by: command.by });
  return decided(excluded, ...finishedIfExhausted(evolve(state, excluded), command.atMs));
}

export function changeParameter(
  state: ContactState,
  command: { readonly atMs: number; readonly index: number; readonly value: string; readonly by: Actor },
): Decided<'contact-not-found'> {
  if (state.status === 'none') return refused('contact-not-found');
  const { contactId, campaignId } = state.contact;
  return decided(fact('ContactParameterChanged', command.atMs, { contactId, campaignId, index: command.index, value: command.value, by: command.by }));
}

export function addNote(
  state: ContactState,
  command: { readonly atMs: number; readonly phoneId: PhoneId | null; readonly extension: Extension; readonly text: string },
): Decided<'contact-not-found'> {
  if (state.status === 'none') return refused('contact-not-found');
  const { contactId, campaignId } = state.contact;
  const { atMs, ...note } = command;
  return decided(fact('ContactNoteAdded', atMs, { contactId, campaignId, ...note }));
}

/** Every agent's callback whose minute has come, once. */
export function announceAgentCallbacks(state: ContactState, command: { readonly atMs: number }): Decided<'none-due'> {
  if (state.status === 'none') return refused('none-due');
  const { contactId, campaignId } = state.contact;
  const due = openAgentCallbacks(state.contact).filter((callback) => callback.at <= command.atMs);
  if (due.length === 0) return refused('none-due');
  return decided(...due.map((callback) => fact('AgentCallbackDue', command.atMs, { contactId, campaignId, ...callback })));
}

export function offerPreview(state: ContactState, command: { readonly atMs: number; readonly agentId: AgentId }): Decided<'not-open' | 'not-due'> {
  if (state.status !== 'open') return refused('not-open');
  const dial = nextDial(state);
  if (!dial || dial.at > command.atMs) return refused('not-due');
  const { contactId, campaignId } = state.contact;
  return decided(fact('PreviewOffered', command.atMs, { contactId, campaignId, phoneId: dial.phoneId, agentId: command.agentId }));
}

export function answerPreview(state: ContactState, command: { readonly atMs: number; readonly agentId: AgentId; readonly accepted: boolean }): Decided<'not-offered'> {
  if (state.status !== 'offered' || state.offer.agentId !== command.agentId) return refused('not-offered');
  const { contactId, campaignId } = state.contact;
  return decided(fact('PreviewAnswered', command.atMs, { contactId, campaignId, phoneId: state.offer.phoneId, agentId: command.agentId, accepted: command.accepted }));
}

