import type { SqlSession } from '@ritmo/database';
import type { CampaignId, DirectoryEntry, DirectoryKind } from '@ritmo/domain';
import { contactShares, phoneShares, resultShares, type PhoneShares } from './counters.ts';
import type { KnownDirectory } from './known-directory.ts';
import { campaignCounters, type AppendedRows, type AppendedTable, type CampaignCounter, type CounterShares } from './rows.ts';
import { createTableBuffer, type TableBuffer, type TableShape } from './table-buffer.ts';
import { appendedColumns, changingTables } from './tables.ts';

type Buffers = { readonly [T in keyof typeof changingTables]: (typeof changingTables)[T] extends TableShape<infer Row> ? TableBuffer<Row> : never };

/** What the rules of one batch of events read and write. */
export interface Batch extends Buffers {
  /** A configured thing as it is at this event. */
  entry<K extends DirectoryKind>(kind: K, id: number): DirectoryEntry<K> | undefined;
  readonly directoryNow: KnownDirectory;
  /** Local time of the installation. */
  timestamp(atMs: number): string;
  halfHour(atMs: number): { readonly day: string; readonly halfHour: number };
  /** Next id of a table, in the order of events. */
  nextId(table: string): number;
  append<T extends AppendedTable>(table: T, row: AppendedRows[T]): void;
  setActive(campaignId: CampaignId, active: boolean): void;
  /** Reads what the rules said that they will look at. */
  load(): Promise<void>;
  flush(): Promise<void>;
}

export async function openBatch(session: SqlSession, schema: string, directory: KnownDirectory): Promise<Batch> {
  const buffers = Object.fromEntries(
    Object.entries(changingTables).map(([name, shape]) => [name, createTableBuffer(shape as TableShape<never>)]),
  ) as unknown as Buffers;
  const { rows } = await session.query<{ name: string; last: number }>(`SELECT name, last FROM ${schema}.counters`);
  const ids = new Map(rows.map((row) => [row.name, Number(row.last)]));
  const usedIds = new Set<string>();
  const appended = new Map<AppendedTable, unknown[][]>();
  const activity = new Map<number, boolean>();

  function nextId(table: string): number {
    const id = (ids.get(table) ?? 0) + 1;
    ids.set(table, id);
    usedIds.add(table);
    return id;
  }

  return {
    ...buffers,
    directoryNow: directory,
    entry: (kind, id) => directory.get(kind, id),
    timestamp: (atMs) => directory.localTime().timestamp(atMs),
    halfHour: (atMs) => directory.localTime().halfHour(atMs),
    nextId,
    append(table, row) {
      const list = appended.get(table) ?? [];
      appended.set(table, list);
      list.push([nextId(table), ...appendedColumns[table].map((column) => (row as Record<string, unknown>)[column])]);
    },
    setActive: (campaignId, active) => void activity.set(campaignId, active),
    async load() {
      for (const buffer of Object.values(buffers)) await buffer.load(session, schema);
    },
    async flush() {
      addPhonesToContacts(buffers);
      await moveCampaignCounters(session, schema, buffers, activity);
      for (const buffer of Object.values(buffers)) await buffer.flush(session, schema);
      for (const [table, list] of appended) {
        await session.copyIn({ table: `${schema}.${table}`, columns: ['id', ...appendedColumns[table]] }, list);
      }
      await session.query(
        `INSERT INTO ${schema}.counters (name, last) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (name) DO UPDATE SET last = EXCLUDED.last`,
        [[...usedIds], [...usedIds].map((name) => ids.get(name) ?? 0)],
      );
    },
  };
}

/** Phones first: what they change in their contacts is part of what the contacts change in their campaigns. */
function addPhonesToContacts(buffers: Buffers): void {
  const moves = new Map<number, PhoneShares>();
  for (const { before, after } of buffers.phones.changes()) {
    const contactId = (after ?? before)?.contact_id;
    if (contactId === undefined) continue;
    const was = phoneShares(before);
    const is = phoneShares(after);
    const move = moves.get(contactId);
    moves.set(contactId, {
      phones_listed: (move?.phones_listed ?? 0) + is.phones_listed - was.phones_listed,
      phones_pending: (move?.phones_pending ?? 0) + is.phones_pending - was.phones_pending,
      phones_retry: (move?.phones_retry ?? 0) + is.phones_retry - was.phones_retry,
      phones_scheduled: (move?.phones_scheduled ?? 0) + is.phones_scheduled - was.phones_scheduled,
      phones_operator: (move?.phones_operator ?? 0) + is.phones_operator - was.phones_operator,
      phones_untabulated: (move?.phones_untabulated ?? 0) + is.phones_untabulated - was.phones_untabulated,
    });
  }
  for (const [contactId, move] of moves) {
    const contact = buffers.contacts.get(contactId);
    if (contact === undefined) continue;
    buffers.contacts.put({
      ...contact,
      phones_listed: contact.phones_listed + move.phones_listed,
      phones_pending: contact.phones_pending + move.phones_pending,
      phones_retry: contact.phones_retry + move.phones_retry,
      phones_scheduled: contact.phones_scheduled + move.phones_scheduled,
      phones_operator: contact.phones_operator + move.phones_operator,
      phones_untabulated: contact.phones_untabulated + move.phones_untabulated,
    });
  }
}

async function moveCampaignCounters(session: SqlSession, schema: string, buffers: Buffers, activity: ReadonlyMap<number, boolean>): Promise<void> {
  const moves = new Map<number, Map<CampaignCounter, number>>();
  const add = (campaignId: number, shares: CounterShares, sign: 1 | -1): void => {
    const move = moves.get(campaignId) ?? new Map<CampaignCounter, number>();
    moves.set(campaignId, move);
    for (const [counter, share] of Object.entries(shares) as [CampaignCounter, number][]) {
      move.set(counter, (move.get(counter) ?? 0) + sign * share);
    }
  };
  for (const { before, after } of buffers.contacts.changes()) {
    if (before !== undefined) add(before.campaign_id, contactShares(before), -1);
    if (after !== undefined) add(after.campaign_id, contactShares(after), 1);
  }
  for (const { before, after } of buffers.results.changes()) {
    if (before !== undefined) add(before.campaign_id, resultShares(before), -1);
    if (after !== undefined) add(after.campaign_id, resultShares(after), 1);
  }
  for (const campaignId of activity.keys()) add(campaignId, {}, 1);
  if (moves.size === 0) return;
  const rows = [...moves].map(([campaignId, move]) => ({
    campaign_id: campaignId,
    active: activity.get(campaignId) ?? null,
    ...Object.fromEntries(campaignCounters.map((counter) => [counter, move.get(counter) ?? 0])),
  }));
  await session.query(
    `INSERT INTO ${schema}.campaigns AS t (campaign_id, active, ${campaignCounters.join(', ')})
     SELECT campaign_id, active, ${campaignCounters.join(', ')}
       FROM json_to_recordset($1::json) AS s (campaign_id integer, active boolean, ${campaignCounters.map((c) => `${c} bigint`).join(', ')})
     ON CONFLICT (campaign_id) DO UPDATE SET active = COALESCE(EXCLUDED.active, t.active),
       ${campaignCounters.map((c) => `${c} = t.${c} + EXCLUDED.${c}`).join(', ')}`,
    [JSON.stringify(rows)],
  );
}
