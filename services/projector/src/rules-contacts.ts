/** What the facts of a contact's stream do to its rows. The stream begins with ContactImported; what comes before it is ignored. */
import { shippedDispositions, type DomainEvent, type EventDataByType, type NextStep, type PhoneId } from '@ritmo/domain';
import type { Batch } from './batch.ts';
import type { ContactRow, PhoneRow, ResultRow } from './rows.ts';

type Data<T extends keyof EventDataByType> = Readonly<EventDataByType[T]>;

const noShares = { phones_listed: 0, phones_pending: 0, phones_retry: 0, phones_scheduled: 0, phones_operator: 0, phones_untabulated: 0 };

function changeContact(batch: Batch, contactId: number, change: (contact: ContactRow) => Partial<ContactRow>): void {
  const contact = batch.contacts.get(contactId);
  if (contact !== undefined) batch.contacts.put({ ...contact, ...change(contact) });
}

function changePhone(batch: Batch, phoneId: number, change: (phone: PhoneRow) => Partial<PhoneRow>): void {
  const phone = batch.phones.get(phoneId);
  if (phone !== undefined) batch.phones.put({ ...phone, ...change(phone) });
}

/** A person's wish opens what the strategy, or a disposition, had closed. What was appointed before that end is not any more. */
function reopen(batch: Batch, contactId: number): void {
  if ((batch.contacts.get(contactId)?.finished ?? null) === null) return;
  changeContact(batch, contactId, () => ({ finished: null }));
  for (const phone of [...batch.phones.rows()]) {
    if (phone.contact_id === contactId && (phone.dial_at !== null || phone.operator_at !== null)) batch.phones.put({ ...phone, dial_at: null, operator_at: null });
  }
}

/** Contacts that these facts may open again: `reopen` looks at all of their phones. */
export const maybeReopened = (events: readonly DomainEvent[]): readonly number[] =>
  events.flatMap((event) =>
    event.type === 'CallbackScheduled' || event.type === 'PhoneAdded' || (event.type === 'DispositionSet' && event.data.effect === 'rescheduled') ? [event.data.contactId] : [],
  );

function changeResult(batch: Batch, callId: string | null, change: (result: ResultRow) => Partial<ResultRow>): void {
  const result = callId === null ? undefined : batch.results.get(callId);
  if (result !== undefined) batch.results.put({ ...result, ...change(result) });
}

export function contactImported(batch: Batch, data: Data<'ContactImported'>, at: number): void {
  if (batch.contacts.get(data.contactId) !== undefined) return;
  const importedAt = batch.timestamp(at);
  batch.contacts.put({
    contact_id: data.contactId,
    campaign_id: data.campaignId,
    parameters: data.parameters,
    imported_at: importedAt,
    dialed: false,
    finished: null,
    awaits_agent: false,
    ...noShares,
  });
  for (const phone of data.phones) addPhone(batch, data, phone, importedAt);
}

function addPhone(
  batch: Batch,
  owner: { readonly contactId: number; readonly campaignId: number },
  phone: Data<'PhoneAdded'>['phone'],
  importedAt: string,
): void {
  batch.phones.put({
    phone_id: phone.phoneId,
    contact_id: owner.contactId,
    campaign_id: owner.campaignId,
    phone: phone.areaCode + phone.number,
    priority: phone.priority,
    imported_at: importedAt,
    state: 'fresh',
    status_id: null,
    dial_at: phone.dialAt === null ? null : batch.timestamp(phone.dialAt),
    operator_at: null,
    last_call_id: null,
  });
}

export function phoneAdded(batch: Batch, data: Data<'PhoneAdded'>, at: number): void {
  if (batch.phones.get(data.phone.phoneId) !== undefined) return;
  // A contact that had run out of phones goes on with the new one; one that a disposition ended does not.
  if (batch.contacts.get(data.contactId)?.finished !== 'disposition') reopen(batch, data.contactId);
  addPhone(batch, data, data.phone, batch.timestamp(at));
}

export function phoneExcluded(batch: Batch, data: Data<'PhoneExcluded'>): void {
  changePhone(batch, data.phoneId, () => ({ state: 'excluded', dial_at: null, operator_at: null }));
}

export function parameterChanged(batch: Batch, data: Data<'ContactParameterChanged'>): void {
  changeContact(batch, data.contactId, (contact) => {
    const parameters = [...contact.parameters];
    while (parameters.length < data.index) parameters.push('');
    parameters[data.index - 1] = data.value;
    return { parameters };
  });
}

export function noteAdded(batch: Batch, data: Data<'ContactNoteAdded'>, at: number): void {
  const phone = data.phoneId === null ? undefined : batch.phones.get(data.phoneId);
  batch.append('notes', {
    campaign_id: data.campaignId,
    contact_id: data.contactId,
    phone: phone?.phone ?? null,
    extension: data.extension,
    at: batch.timestamp(at),
    text: data.text,
  });
}

export function attemptStarted(batch: Batch, data: Data<'AttemptStarted'>, at: number): void {
  if (batch.results.get(data.callId) !== undefined) return;
  const startedAt = batch.timestamp(at);
  batch.results.put({
    call_id: data.callId,
    id: batch.nextId('results'),
    campaign_id: data.campaignId,
    contact_id: data.contactId,
    phone_id: data.phoneId,
    phone: data.areaCode + data.number,
    trunk_id: data.trunkId,
    route_id: data.routeId,
    status_id: shippedDispositions.dialing,
    marked_at: startedAt,
    tabulated: false,
    started_at: startedAt,
    ended_at: null,
    phase: 'dialing',
    answered: false,
    outcome: null,
    agent_id: data.agentId,
    extension: null,
    bill_ms: 0,
    dial_at: null,
    operator_at: null,
  });
  changePhone(batch, data.phoneId, (phone) => ({
    // Until its end says what comes next.
    state: phone.state === 'excluded' ? 'excluded' : 'worked',
    status_id: shippedDispositions.dialing,
    dial_at: null,
    last_call_id: data.callId,
  }));
  changeContact(batch, data.contactId, () => ({ dialed: true }));
}

export function attemptEnded(batch: Batch, data: Data<'AttemptEnded'>, at: number): void {
  const tabulated = batch.results.get(data.callId)?.tabulated === true;
  const markedAt = batch.timestamp(at);
  changeResult(batch, data.callId, (result) => ({
    ...(tabulated ? {} : { status_id: data.dispositionId, marked_at: markedAt }),
    phase: 'ended',
    ended_at: result.ended_at ?? markedAt,
    outcome: data.outcome,
    answered: result.answered || data.outcome === 'delivered' || data.outcome === 'abandoned' || data.outcome === 'machine',
    agent_id: data.agentId ?? result.agent_id,
    bill_ms: data.billMs,
  }));
  if (!tabulated) changePhone(batch, data.phoneId, () => ({ status_id: data.dispositionId }));
  planNext(batch, data.next);
}

/** No INVITE, no row: the phone shows again what it showed before. */
export function attemptWithdrawn(batch: Batch, data: Data<'AttemptWithdrawn'>): void {
  const { before } = data;
  batch.results.remove(data.callId);
  changePhone(batch, data.phoneId, (phone) => ({
    state: phone.state === 'excluded' ? 'excluded' : before.phoneAttempts === 0 && before.dispositionId === null ? 'fresh' : 'retry',
    status_id: before.dispositionId,
    dial_at: phone.dial_at ?? (before.dialAt === null ? null : batch.timestamp(before.dialAt)),
    last_call_id: before.lastCallId,
  }));
  changeContact(batch, data.contactId, () => ({ dialed: before.attempts > 0 }));
}

/** The phone that the strategy takes next is still to be dialed; all others keep what they are. */
function planNext(batch: Batch, next: NextStep): void {
  switch (next.kind) {
    case 'retry-phone':
    case 'failover':
      return awaitRetry(batch, next.phoneId);
    case 'next-phone':
      return awaitRetry(batch, next.phoneId);
    case 'exhausted':
    case 'finished':
      return;
  }
}

function awaitRetry(batch: Batch, phoneId: PhoneId): void {
  changePhone(batch, phoneId, (phone) => (phone.state === 'worked' ? { state: 'retry' } : {}));
}

export function phoneSkipped(batch: Batch, data: Data<'PhoneSkipped'>): void {
  if (data.retryAt !== null) return;
  const status =
    data.rule === 'blocked'
      ? shippedDispositions.blocked
      : data.rule === 'invalid-number'
        ? shippedDispositions.invalidNumber
        : data.rule === 'no-route'
          ? shippedDispositions.routeUnavailable
          : null;
  changePhone(batch, data.phoneId, (phone) => ({
    ...(status === null ? {} : { status_id: status }),
    // Never dialed, so it stays among the phones that were not worked, but nothing remains to be done; a retry is not coming any more.
    state: phone.state === 'retry' ? 'worked' : phone.state === 'fresh' ? 'refused' : phone.state,
    dial_at: null,
  }));
}

export function dispositionSet(batch: Batch, data: Data<'DispositionSet'>, at: number): void {
  // 1.2.2.2: who names a date says when the history entry is of.
  const markedAt = batch.timestamp(data.historyAt ?? at);
  const callId = data.callId ?? batch.phones.get(data.phoneId)?.last_call_id ?? null;
  changeResult(batch, callId, () => ({
    status_id: data.dispositionId,
    marked_at: markedAt,
    tabulated: true,
    // Not its agent: who says what a call was need not have answered it (1.3.1.34 RAMAL).
  }));
  changePhone(batch, data.phoneId, () => ({ status_id: data.dispositionId }));
  changeContact(batch, data.contactId, () => ({ awaits_agent: false }));
  if (data.effect === 'rescheduled' && !isDialing(batch, data.phoneId)) {
    reopen(batch, data.contactId);
    changePhone(batch, data.phoneId, dialAgain);
  }
  noteDisposition(batch, data, at);
}

/** Its attempt has not ended: the end says what comes next. */
function isDialing(batch: Batch, phoneId: number): boolean {
  const callId = batch.phones.get(phoneId)?.last_call_id ?? null;
  const result = callId === null ? undefined : batch.results.get(callId);
  return result !== undefined && result.outcome === null;
}

const dialAgain = (phone: PhoneRow): Partial<PhoneRow> =>
  phone.state === 'worked' ? { state: 'retry' } : phone.state === 'refused' ? { state: 'fresh' } : {};

/** A status that is saved is an entry in the client's history too, with the date that was named (1.2.2.2, 1.2.2.7). */
function noteDisposition(batch: Batch, data: Data<'DispositionSet'>, at: number): void {
  if (data.extension === null) return;
  batch.append('notes', {
    campaign_id: data.campaignId,
    contact_id: data.contactId,
    phone: batch.phones.get(data.phoneId)?.phone ?? null,
    extension: data.extension,
    at: batch.timestamp(data.historyAt ?? at),
    text: batch.entry('disposition', data.dispositionId)?.name ?? String(data.dispositionId),
  });
}

/** The last appointment of a phone is the one that holds, whoever was to keep the one before. */
export function callbackScheduled(batch: Batch, data: Data<'CallbackScheduled'>): void {
  const when = batch.timestamp(data.at);
  const appointment = data.kind === 'system' ? { dial_at: when, operator_at: null } : { dial_at: null, operator_at: when };
  reopen(batch, data.contactId);
  changePhone(batch, data.phoneId, (phone) => {
    // Only a callback kept it to be dialed, and that is its agent's now.
    const wasOnlyCallback = data.kind === 'agent' && phone.state === 'retry' && phone.dial_at !== null;
    return { ...appointment, ...(data.kind === 'system' ? dialAgain(phone) : wasOnlyCallback ? { state: 'worked' as const } : {}) };
  });
  changeResult(batch, batch.phones.get(data.phoneId)?.last_call_id ?? null, () => appointment);
}

export function agentCallbackDue(batch: Batch, data: Data<'AgentCallbackDue'>): void {
  changePhone(batch, data.phoneId, () => ({ operator_at: null }));
  changeContact(batch, data.contactId, () => ({ awaits_agent: true }));
}

export function contactFinished(batch: Batch, data: Data<'ContactFinished'>): void {
  changeContact(batch, data.contactId, () => ({ finished: data.reason, awaits_agent: false }));
}
