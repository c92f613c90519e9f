import type { ContactToImport, Requests } from '@ritmo/bus';
import { importContact, noContact, onlyDigits, readBrazilianNumber, streams, type Campaign, type ContactId, type ContactPhone, type DomainEvent, type PhoneId } from '@ritmo/domain';
import { WrongExpectedVersionError } from '@ritmo/event-store';
import type { DialerParts } from '../parts.ts';

type Import = Requests['dialer.contacts.import'];
export type TakeIds = (count: number) => Promise<readonly number[]>;

/** Contacts appended in one go. */
const appendBatch = 1_000;
const mostParameters = 100;

export interface ImportIds {
  readonly contactIds: TakeIds;
  readonly phoneIds: TakeIds;
}

export async function importContacts({ context }: DialerParts, ids: ImportIds, request: Import['request']): Promise<Import['reply']> {
  const campaign = context.directory.get('campaign', request.campaignId);
  if (!campaign) return { ok: false, code: 'unknown-campaign' };
  const rejected: { index: number; place: number | null; reason: string }[] = [];
  const contactIds: ContactId[] = [];
  for (let first = 0; first < request.contacts.length; first += appendBatch) {
    const chunk = request.contacts.slice(first, first + appendBatch);
    const read = chunk.map((contact) => readContact(contact, campaign, context.clock.nowMs()));
    for (const [index, reading] of read.entries()) {
      if (typeof reading === 'string') rejected.push({ index: first + index, place: chunk[index]?.place ?? null, reason: reading });
    }
    const good = read.filter((reading) => typeof reading !== 'string');
    const facts = await contactFacts(good, ids, request, context.clock.nowMs());
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
      // A new id is nobody else's; a stream that is there already means that the sequence went back.
      if (result instanceof WrongExpectedVersionError) throw new Error(`contact id ${imported.data.contactId} was handed out twice`, { cause: result });
      contactIds.push(imported.data.contactId);
      context.bus.publish('fact.ContactImported', imported);
    }
  }
  return { ok: true, imported: contactIds.length, contactIds, rejected };
}

interface ReadContact {
  /** Line or row in the source. */
  readonly place: number | null;
  readonly parameters: readonly string[];
  readonly phones: readonly Omit<ContactPhone, 'phoneId'>[];
}

/** Numbers keep the digits that the list has. A contact without any number that can be dialed is refused. */
function readContact(contact: ContactToImport, campaign: Campaign, nowMs: number): ReadContact | string {
  if (contact.parameters.length > mostParameters) return `more than ${mostParameters} parameters`;
  const given = contact.phones.filter((phone) => onlyDigits(phone.number) !== '');
  if (given.length === 0) return 'no telephone number';
  if (given.length > campaign.maxPhones) return `${given.length} telephone numbers, the campaign takes ${campaign.maxPhones}`;
  const used = new Set<number>();
  const phones: Omit<ContactPhone, 'phoneId'>[] = [];
  let reason = '';
  let dialable = 0;
  for (const [index, phone] of given.entries()) {
    const priority = phone.priority ?? contact.phones.indexOf(phone) + 1;
    if (!Number.isInteger(priority) || priority < 1 || priority > 10 || used.has(priority)) return `priority ${priority} of telephone ${index + 1}`;
    used.add(priority);
    const reading = readBrazilianNumber(phone.areaCode, phone.number, campaign.defaultAreaCode);
    if (reading.ok) dialable += 1;
    else reason ||= `${phone.areaCode} ${phone.number}: ${reading.reason}`;
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
  return dialable === 0 ? `no valid telephone number (${reason})` : { place: contact.place ?? null, parameters: contact.parameters, phones };
}

async function contactFacts(contacts: readonly ReadContact[], ids: ImportIds, request: Import['request'], atMs: number): Promise<DomainEvent<'ContactImported'>[]> {
  const contactIds = await ids.contactIds(contacts.length);
  const phoneIds = await ids.phoneIds(contacts.reduce((sum, contact) => sum + contact.phones.length, 0));
  let nextPhone = 0;
  return contacts.map(({ place, parameters, phones }, index) => {
    const decided = importContact(noContact, {
      atMs,
      contactId: contactIds[index] as ContactId,
      campaignId: request.campaignId,
      parameters,
      phones: phones.map((phone): ContactPhone => ({ phoneId: phoneIds[nextPhone++] as PhoneId, ...phone })),
      source: place === null ? request.source : `${request.source}:${place}`,
      by: request.by,
    });
    if (!decided.ok) throw new Error(`a checked contact was refused: ${decided.code}`);
    return decided.facts[0] as DomainEvent<'ContactImported'>;
  });
}

