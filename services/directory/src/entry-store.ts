import type { Database, SqlSession } from '@ritmo/database';
import { streams, type DirectoryKind } from '@ritmo/domain';
import type { EventStore, StoredEvent } from '@ritmo/event-store';

/** One configured thing as its stream left it. `entry` is null when it was removed; `version` -1 when its stream has no event. */
export interface KnownEntry {
  readonly kind: DirectoryKind;
  readonly id: number;
  readonly version: number;
  readonly entry: Readonly<Record<string, unknown>> | null;
}

const pageSize = 1_000;
const readsAtOnce = 16;
const eventTypes = ['DirectoryEntryPut', 'DirectoryEntryRemoved'] as const;

/** The table of entries and the streams behind it. */
export interface EntryStore {
  /** Everything configured, with what the table missed read from the streams. */
  load(): Promise<readonly KnownEntry[]>;
  /** The entry as its stream is now. */
  refresh(known: KnownEntry): Promise<KnownEntry>;
  /** Announces entries whose event is about to be appended, so that a start after a crash looks at their streams. */
  announce(keys: readonly { kind: DirectoryKind; id: number }[]): Promise<void>;
  save(entries: readonly KnownEntry[]): Promise<void>;
  /** An id that was never used for this kind. */
  allocateId(kind: DirectoryKind, above: number): Promise<number>;
}

export function createEntryStore(parts: { readonly database: Database; readonly events: EventStore }): EntryStore {
  const { database, events } = parts;

  const refresh = async (known: KnownEntry): Promise<KnownEntry> => {
    const news = await events.readStream(streams.directory(known.kind, known.id), { fromVersion: known.version + 1 });
    return news.reduce(evolve, known);
  };

  return {
    refresh,
    async load() {
      const { rows } = await database.query<KnownEntry>('SELECT kind, id, version, entry FROM directory.entries');
      if (rows.length === 0) {
        const entries = await readFromTheBeginning(events);
        await upsert(database, entries);
        return entries;
      }
      const entries = await inParallel(rows, refresh);
      await upsert(database, entries.filter((entry, index) => entry.version !== rows[index]?.version));
      return entries;
    },
    async announce(keys) {
      await database.query(
        `INSERT INTO directory.entries (kind, id, version, entry)
         SELECT kind, id, -1, NULL FROM jsonb_to_recordset($1::jsonb) AS new (kind text, id integer) ON CONFLICT DO NOTHING`,
        [JSON.stringify(keys)],
      );
    },
    save: (entries) => upsert(database, entries),
    async allocateId(kind, above) {
      const { rows } = await database.query<{ last: number }>(
        `INSERT INTO directory.last_ids (kind, last) VALUES ($1, $2 + 1)
         ON CONFLICT (kind) DO UPDATE SET last = greatest(last_ids.last, $2) + 1 RETURNING last`,
        [kind, above],
      );
      const id = rows[0]?.last;
      if (id === undefined) throw new Error(`no id could be had for a ${kind}`);
      return id;
    },
  };
}

/** A slower process must not write an older version over a newer one. */
async function upsert(session: SqlSession, entries: readonly KnownEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await session.query(
    `INSERT INTO directory.entries (kind, id, version, entry)
     SELECT kind, id, version, entry FROM jsonb_to_recordset($1::jsonb) AS new (kind text, id integer, version integer, entry jsonb)
     ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, entry = excluded.entry WHERE entries.version < excluded.version`,
    [JSON.stringify(entries.map(({ kind, id, version, entry }) => ({ kind, id, version, entry })))],
  );
}

async function readFromTheBeginning(events: EventStore): Promise<readonly KnownEntry[]> {
  const byStream = new Map<string, KnownEntry>();
  let after: bigint | undefined;
  for (;;) {
    const page = await events.readAll({ ...(after === undefined ? {} : { after }), limit: pageSize, types: eventTypes });
    for (const event of page) {
      const { kind, id } = event.data as { kind: DirectoryKind; id: number };
      byStream.set(event.streamId, evolve(byStream.get(event.streamId) ?? { kind, id, version: -1, entry: null }, event));
      after = event.position;
    }
    if (page.length < pageSize) return [...byStream.values()];
  }
}

function evolve(known: KnownEntry, event: StoredEvent): KnownEntry {
  const entry = event.type === 'DirectoryEntryPut' ? (event.data['entry'] as KnownEntry['entry']) : null;
  return { ...known, version: event.version, entry };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += readsAtOnce) {
    results.push(...(await Promise.all(items.slice(start, start + readsAtOnce).map(work))));
  }
  return results;
}
