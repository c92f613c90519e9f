/** The ids of the contacts and telephones of a batch: fresh ones, or those that the batch was given when it was sent before. */
import type { ContactToImport, Requests } from '@ritmo/bus';
import type { Database } from '@ritmo/database';

export type TakeIds = (count: number) => Promise<readonly number[]>;

export interface ImportIds {
  readonly contactIds: TakeIds;
  readonly phoneIds: TakeIds;
}

/** One place for every contact of the request and for every telephone of each, taken or not: so a batch that is read anew gets the same. */
export interface BatchIds {
  readonly contactIds: readonly number[];
  readonly phoneIds: readonly number[];
  /** An earlier sending may have written some of its contacts. */
  readonly sentBefore: boolean;
}

type Batch = NonNullable<Requests['dialer.contacts.import']['request']['batch']>;

/** An import that was not finished within this is not taken up again. */
const keptFor = '60 days';

export async function idsOf(database: Database, ids: ImportIds, contacts: readonly ContactToImport[], batch: Batch | undefined): Promise<BatchIds> {
  const fresh = async (): Promise<BatchIds> => ({
    contactIds: await ids.contactIds(contacts.length),
    phoneIds: await ids.phoneIds(phonesIn(contacts)),
    sentBefore: false,
  });
  if (batch === undefined) return fresh();
  const key = [batch.importId, batch.number];
  const known = async (): Promise<BatchIds | undefined> => {
    const { rows } = await database.query<{ contacts: number[]; phones: number[] }>(
      'SELECT contact_ranges AS contacts, phone_ranges AS phones FROM dialer.import_batches WHERE import_id = $1 AND batch = $2',
      key,
    );
    return rows[0] && { contactIds: unfold(rows[0].contacts), phoneIds: unfold(rows[0].phones), sentBefore: true };
  };
  const before = await known();
  if (before) return before;
  const taken = await fresh();
  const { rowCount } = await database.query(
    'INSERT INTO dialer.import_batches (import_id, batch, contact_ranges, phone_ranges) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [...key, fold(taken.contactIds), fold(taken.phoneIds)],
  );
  if (batch.number === 0) await database.query(`DELETE FROM dialer.import_batches WHERE at < now() - interval '${keptFor}'`);
  // The same batch reached another process at the same time: its ids count.
  return rowCount > 0 ? taken : ((await known()) ?? taken);
}

const phonesIn = (contacts: readonly ContactToImport[]): number => contacts.reduce((sum, { phones }) => sum + phones.length, 0);

/** 5 6 7 20 21 → 5 3 20 2 */
export function fold(ids: readonly number[]): number[] {
  const ranges: number[] = [];
  for (const id of ids) {
    const first = ranges.at(-2);
    const count = ranges.at(-1);
    if (first !== undefined && count !== undefined && id === first + count) ranges[ranges.length - 1] = count + 1;
    else ranges.push(id, 1);
  }
  return ranges;
}

export function unfold(ranges: readonly number[]): number[] {
  const ids: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let offset = 0; offset < (ranges[at + 1] ?? 0); offset += 1) ids.push((ranges[at] ?? 0) + offset);
  }
  return ids;
}
