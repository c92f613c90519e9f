/** What people and integrators do to a contact. */
import { shippedDispositions } from '../dispositions.ts';
import type { Disposition } from '../directory/entries.ts';
import { fact, type Actor, type ContactPhone, type DomainEvent } from '../events.ts';
import type { AgentId, CallId, CampaignId, ContactId, Extension, PhoneId } from '../ids.ts';
import { finishedIfExhausted } from './attempts.ts';
import { evolve } from './evolve.ts';
import { decided, nextDial, phoneOf, refused, type ContactState, type Decided } from './state.ts';

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
  /** Callback time. */
  readonly callbackAt: number | null;
  readonly maxCallbacksPerContact: number;
  /** Open callbacks of this agent, and how many it may have. */
  readonly agentCallbacks: { readonly open: number; readonly most: number };
  readonly by: Actor;
}

export type DispositionRefusal = 'contact-not-found' | 'callbacks-exceeded' | 'not-in-future';

/** Manual 1.2.2.2, 1.2.2.3: a disposition, and with a date the callback that it asks for. */
export function setDisposition(state: ContactState, command: SetDisposition): Decided<DispositionRefusal> {
  if (state.status === 'none' || !phoneOf(state.contact, command.phoneId)) return refused('contact-not-found');
  const { contact } = state;
  const { disposition, callbackAt, atMs } = command;
  const byAgent = disposition.id === shippedDispositions.agentCallback;
  const callback = callbackAt !== null && (byAgent || disposition.reschedules);
  if (callback) {
    if (callbackAt <= atMs) return refused('not-in-future');
    if (contact.callbacks >= command.maxCallbacksPerContact) return refused('callbacks-exceeded', 'of the contact');
    if (byAgent && command.agentCallbacks.open >= command.agentCallbacks.most) return refused('callbacks-exceeded', 'of the agent');
  }
  const ids = { contactId: contact.contactId, campaignId: contact.campaignId, phoneId: command.phoneId };
  const effect = disposition.finishing ? 'finished' : disposition.reschedules && !callback ? 'rescheduled' : 'none';
  const set = fact('DispositionSet', atMs, {
    ...ids, callId: command.callId, dispositionId: disposition.id as typeof shippedDispositions.busy, agentId: command.agentId,
    extension: command.extension, by: command.by, effect: callback ? 'rescheduled' : effect,
  });
  const facts: DomainEvent[] = [set];
  if (callback) {
    facts.push(fact('CallbackScheduled', atMs, { ...ids, at: callbackAt, kind: byAgent ? 'agent' : 'system', agentId: command.agentId, by: command.by }));
  } else if (disposition.finishing && state.status !== 'dialing' && state.status !== 'finished') {
    facts.push(fact('ContactFinished', atMs, { contactId: ids.contactId, campaignId: ids.campaignId, reason: 'disposition', dispositionId: set.data.dispositionId }));
  }
  return decided(...facts);
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

/** Manual 1.1.22: not while the phone is being dialed, in the IVR or in the queue. */
export function excludePhone(
  state: ContactState,
  command: { readonly atMs: number; readonly phoneId: PhoneId; readonly by: Actor },
): Decided<'not-found' | 'intermediate'> {
  if (state.status === 'none') return refused('not-found');
  const phone = phoneOf(state.contact, command.phoneId);
  if (!phone || phone.status === 'excluded') return refused('not-found');
  if (state.status === 'dialing' && state.attempt.phoneId === command.phoneId) return refused('intermediate');
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
  const { contactId, campaignId, agentCallbacks } = state.contact;
  const due = agentCallbacks.filter((callback) => callback.at <= command.atMs);
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

