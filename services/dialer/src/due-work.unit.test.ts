import type { Database } from '@ritmo/database';
import { asId, fact, evolve, noContact, type CampaignId, type ContactId, type PhoneId } from '@ritmo/domain';
import { expect, it } from 'vitest';
import type { ContactBook, KnownContact } from './contact-book.ts';
import { createDueWork } from './due-work.ts';

const campaignId = asId<CampaignId>(1);

function contact(id: number): KnownContact {
  const phone = { phoneId: asId<PhoneId>(id), priority: 1, areaCode: '11', number: '900000001', dialNow: true, dialAt: null };
  const imported = fact('ContactImported', 1_000, { contactId: asId<ContactId>(id), campaignId, parameters: [], phones: [phone], source: 'test', by: { kind: 'system' } });
  return { contactId: asId<ContactId>(id), version: 0, state: evolve(noContact, imported) };
}

/** A database that answers when it is told to. */
function slowDatabase() {
  const asked: ((contacts: readonly KnownContact[]) => void)[] = [];
  const query = () =>
    new Promise((resolve) => {
      asked.push((contacts) => resolve({ rows: contacts.map(({ contactId, version, state }) => ({ contact_id: contactId, campaign_id: campaignId, version, state })), rowCount: contacts.length }));
    });
  const answer = async (contacts: readonly KnownContact[]): Promise<void> => {
    asked.shift()?.(contacts);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { database: { query } as unknown as Database, answer };
}

it('loses nobody when contacts are put back while what is urgent is being read', async () => {
  const { database, answer } = slowDatabase();
  const book = { newest: (known: KnownContact) => known, aheadOfIndex: () => 0 } as unknown as ContactBook;
  const work = createDueWork({ campaignId, database, book, isInFlight: () => false, batchSize: 10 });
  const refilled = work.refill(2_000, undefined);
  work.putBack([contact(1)]);
  await answer([contact(2)]);
  await answer([]);
  await refilled;
  expect([work.take(2_000), work.take(2_000), work.take(2_000)].map((taken) => taken?.contactId)).toEqual([1, 2, undefined]);
});
