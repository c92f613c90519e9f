/** Contacts by their parameters. The first two are columns of the contact, the others rows of their own. */
import type { SqlSession } from '@ritmo/database';
import type { CampaignId, ContactId, DomainEvent } from '@ritmo/domain';
import { contactColumns, fromRow, type ContactRow, type IndexedContact } from './work-index.ts';

interface Parameter {
  readonly contactId: ContactId;
  readonly campaignId: CampaignId;
  /** 3 for Parâmetro 3. */
  readonly index: number;
  readonly value: string;
}

const firstOwnRow = 3;

/** Collects what a batch of events says of them: first values, and values changed. */
export function createParameterChanges() {
  const imported: Parameter[] = [];
  const changed = new Map<string, Parameter>();
  return {
    imported,
    changed,
    hear(fact: DomainEvent): void {
      if (fact.type === 'ContactImported') {
        const { contactId, campaignId, parameters } = fact.data;
        for (let index = firstOwnRow; index <= parameters.length; index += 1) {
          const value = parameters[index - 1] ?? '';
          if (value !== '') imported.push({ contactId, campaignId, index, value });
        }
      } else if (fact.type === 'ContactParameterChanged' && fact.data.index >= firstOwnRow) {
        const { contactId, campaignId, index, value } = fact.data;
        changed.set(`${contactId} ${index}`, { contactId, campaignId, index, value });
      }
    },
  };
}

export async function writeParameters(session: SqlSession, { imported, changed }: ReturnType<typeof createParameterChanges>): Promise<void> {
  if (imported.length > 0) {
    const rows = imported.map(({ contactId, campaignId, index, value }) => [contactId, campaignId, index, value]);
    await session.copyIn({ table: 'dialer.parameters', columns: ['contact_id', 'campaign_id', 'index', 'value'] }, rows);
  }
  if (changed.size === 0) return;
  const rows = [...changed.values()];
  await session.query(
    `INSERT INTO dialer.parameters (contact_id, campaign_id, index, value) SELECT * FROM unnest($1::int[], $2::int[], $3::smallint[], $4::text[])
     ON CONFLICT (contact_id, index) DO UPDATE SET value = EXCLUDED.value`,
    [rows.map((row) => row.contactId), rows.map((row) => row.campaignId), rows.map((row) => row.index), rows.map((row) => row.value)],
  );
}

/** As much of a value as the index holds. */
const begins = (column: string): string => `left(${column}, 200) = left($1, 200) AND ${column} = $1`;

/** `index` is 1 for Parâmetro 1. Newest first. */
export async function findByParameter(database: SqlSession, campaignId: number, index: number, value: string, limit = 100): Promise<readonly IndexedContact[]> {
  const where =
    index < firstOwnRow
      ? `${begins(`parameter${index === 1 ? 1 : 2}`)} AND campaign_id = $2`
      : `contact_id IN (SELECT contact_id FROM dialer.parameters WHERE ${begins('value')} AND index = ${Math.trunc(index)} AND campaign_id = $2 ORDER BY contact_id DESC LIMIT $3)`;
  const { rows } = await database.query<ContactRow>(`SELECT ${contactColumns} FROM dialer.contacts WHERE ${where} ORDER BY contact_id DESC LIMIT $3`, [value, campaignId, limit]);
  return rows.map(fromRow);
}
