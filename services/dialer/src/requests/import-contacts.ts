import type { ContactToImport, Requests } from '@ritmo/bus';
import { importContact, noContact, onlyDigits, readBrazilianNumber, streams, type Campaign, type ContactId, type ContactPhone, type DomainEvent, type PhoneId } from '@ritmo/domain';
import { WrongExpectedVersionError } from '@ritmo/event-store';
import type { DialerParts } from '../parts.ts';
import { idsOf, type BatchIds, type ImportIds } from './import-ids.ts';

type Import = Requests['dialer.contacts.import'];
type Rejected = Extract<Import['reply'], { ok: true }>['rejected'][number];

/** Contacts appended in one go. */
const appendBatch = 1_000;
const mostParameters = 100;

export async function importContacts({ context }: DialerParts, ids: ImportIds, request: Import['request']): Promise<Import['reply']> {
  const campaign = context.directory.get('campaign', request.campaignId);
  if (!campaign) return { ok: false, code: 'unknown-campaign' };
  const batchIds = await idsOf(context.database, ids, request.contacts, request.batch);
  const rejected: Rejected[] = [];
  const good: ReadContact[] = [];
  let firstPhone = 0;
  for (const [index, contact] of request.contacts.entries()) {
    const reading = readContact(contact, campaign, context.clock.nowMs());
    if ('refused' in reading) rejected.push({ index, place: contact.place ?? null, priority: reading.priority, code: reading.code, reason: reading.refused });
    else good.push({ ...reading, index, firstPhone });
    firstPhone += contact.phones.length;
  }
  const contactIds: ContactId[] = [];
  for (let first = 0; first < good.length; first += appendBatch) {
    const facts = contactFacts(good.slice(first, first + appendBatch), batchIds, request, context.clock.nowMs());
    const results = await context.events.appendMany(
      facts.map((imported) => ({
        streamId: streams.contact(imported.data.contactId),
        expectedVersion: 'none' as const,
        events: [{ type: imported.type, data: imported.data as unknown as Record<string, unknown>, at: imported.at }],
      })),
    );
    for (const [index, result] of results.entries()) {
      const imported = facts[index];
      if (!imported) continue;
      contactIds.push(imported.data.contactId);
      if (!(result instanceof WrongExpectedVersionError)) context.bus.publish('fact.ContactImported', imported);
      // A new id is nobody else's; a stream that is there already means that the sequence went back.
      else if (!batchIds.sentBefore) throw new Error(`contact id ${imported.data.contactId} was handed out twice`, { cause: result });
    }
  }
  return { ok: true, imported: contactIds.length, contactIds, rejected };
}

interface ReadContact extends Checked {
  /** In the request. */
  readonly index: number;
  /** Telephones of the contacts before it. */
  readonly firstPhone: number;
}

interface Checked {
  /** Line or row in the source. */
  readonly place: number | null;
  readonly parameters: readonly string[];
  readonly phones: readonly Omit<ContactPhone, 'phoneId'>[];
}

interface RefusedContact {
  readonly code: Rejected['code'];
  readonly refused: string;
  /** Of the telephone at fault. */
  readonly priority: number | null;
}

const refused = (code: Rejected['code'], reason: string, priority: number | null = null): RefusedContact => ({ code, refused: reason, priority });

/** Numbers keep the digits that the list has. A contact without any number that can be dialed is refused. */
function readContact(contact: ContactToImport, campaign: Campaign, nowMs: number): Checked | RefusedContact {
  if (contact.parameters.length > mostParameters) return refused('parameters-exceeded', `more than ${mostParameters} parameters`);
  const given = contact.phones.filter((phone) => onlyDigits(phone.number) !== '');
  if (given.length === 0) return refused('no-number', 'no telephone number');
  if (given.length > campaign.maxPhones) return refused('phones-exceeded', `${given.length} telephone numbers, the campaign takes ${campaign.maxPhones}`);
  const used = new Set<number>();
  const phones: Omit<ContactPhone, 'phoneId'>[] = [];
  let reason = '';
  let faulty: number | null = null;
  let dialable = 0;
  for (const [index, phone] of given.entries()) {
    const priority = phone.priority ?? contact.phones.indexOf(phone) + 1;
    if (!Number.isInteger(priority) || priority < 1 || priority > 10 || used.has(priority)) return refused('invalid-priority', `priority ${priority} of telephone ${index + 1}`, priority);
    used.add(priority);
    const reading = readBrazilianNumber(phone.areaCode, phone.number, campaign.defaultAreaCode);
    if (reading.ok) dialable += 1;
    else {
      reason ||= `${phone.areaCode} ${phone.number}: ${reading.reason}`;
      faulty ??= priority;
    }
    const digits = onlyDigits(phone.number);
    const inNumber = reading.ok && digits.length > 9;
    phones.push({
      priority,
      areaCode: reading.ok ? reading.areaCode : onlyDigits(phone.areaCode),
      number: inNumber ? reading.number : digits,
      dialNow: phone.dialNow ?? false,
      // A time that has passed is no appointment: it must not carry the phone past its call window.
      dialAt: (phone.dialAt ?? 0) > nowMs ? (phone.dialAt ?? null) : null,
    });
  }
  return dialable === 0 ? refused('invalid-number', `no valid telephone number (${reason})`, faulty) : { place: contact.place ?? null, parameters: contact.parameters, phones };
}

function contactFacts(contacts: readonly ReadContact[], ids: BatchIds, request: Import['request'], atMs: number): DomainEvent<'ContactImported'>[] {
  return contacts.map(({ place, parameters, phones, index, firstPhone }) => {
    const decided = importContact(noContact, {
      atMs,
      contactId: ids.contactIds[index] as ContactId,
      campaignId: request.campaignId,
      parameters,
      phones: phones.map((phone, offset): ContactPhone => ({ phoneId: ids.phoneIds[firstPhone + offset] as PhoneId, ...phone })),
      source: place === null ? request.source : `${request.source}:${place}`,
      by: request.by,
    });
    if (!decided.ok) throw new Error(`a checked contact was refused: ${decided.code}`);
    return decided.facts[0] as DomainEvent<'ContactImported'>;
  });
}

