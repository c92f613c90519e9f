import { connectDatabase, migrate, type Database } from '@ritmo/database';
import { EventStoreClosedError } from '../errors.ts';
import { encodeEvents } from '../memory.ts';
import type { AppendRequest, AppendResult, EventStore, StoredEvent, Subscription } from '../port.ts';
import { WrongExpectedVersionError } from '../port.ts';
import { pump, type Page } from '../subscription.ts';
import { createWriter } from './writer.ts';

/** LISTEN wakes subscriptions; this is the sweep behind it. */
const POLL_MS = 1_000;
/** Requests of one appendMany that are encoded and queued at a time: memory stays flat for an import of millions. */
const BULK_WINDOW = 4_096;
/** Writers that have not written for this long have no retry under way. */
const FORGET_WRITERS_AFTER = '1 day';

export interface PostgresEventStoreOptions {
  readonly url: string;
  /** Default 4: reads of streams, pages for subscriptions. The writer and the listener have connections of their own. */
  readonly maxReadConnections?: number;
  /** How long appends wait for a database that cannot be reached. Default 30,000. */
  readonly patienceMs?: number;
  readonly log?: (message: string) => void;
}

interface Row {
  readonly position: number | bigint;
  readonly stream_id: string;
  readonly version: number;
  readonly type: string;
  readonly schema: number;
  readonly data: Record<string, unknown>;
  readonly at: number;
}

const COLUMNS = 'position, stream_id, version, type, schema, data, at';
const toEvent = (row: Row): StoredEvent => ({
  position: BigInt(row.position),
  streamId: row.stream_id,
  version: row.version,
  type: row.type,
  schema: row.schema,
  data: row.data,
  at: Number(row.at),
});

/** Creates the store's tables when they are missing, then opens it. */
export async function createPostgresEventStore(options: PostgresEventStoreOptions): Promise<EventStore> {
  const log = options.log ?? (() => undefined);
  const database = connectDatabase({ url: options.url, maxConnections: options.maxReadConnections ?? 4, applicationName: 'ritmo-events', log });
  try {
    await migrate(database, { owner: 'event-store', folder: new URL('../../sql/', import.meta.url) });
    await database.query(`DELETE FROM events.writers WHERE at < now() - interval '${FORGET_WRITERS_AFTER}'`);
    return await open(database, options, log);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function open(database: Database, options: PostgresEventStoreOptions, log: (message: string) => void): Promise<EventStore> {
  const wakers = new Set<() => void>();
  const subscriptions = new Set<Subscription>();
  const wakeAll = (): void => {
    for (const wake of wakers) wake();
  };
  const writer = createWriter({ url: options.url, patienceMs: options.patienceMs ?? 30_000, log, onAppended: wakeAll });
  // Appends of other processes. Our own wake subscriptions without the detour.
  await database.listen('events', wakeAll);
  let closed = false;

  function assertOpen(): void {
    if (closed) throw new EventStoreClosedError();
  }

  function enqueue(request: AppendRequest, lane: 'urgent' | 'bulk'): Promise<AppendResult | WrongExpectedVersionError> {
    const encoded = encodeEvents(request);
    return new Promise((resolve, reject) => writer.add({ request, encoded, settle: resolve, fail: reject }, lane));
  }

  return {
    async append(request) {
      assertOpen();
      const outcome = await enqueue(request, 'urgent');
      if (outcome instanceof WrongExpectedVersionError) throw outcome;
      return outcome;
    },
    async appendMany(requests) {
      assertOpen();
      const outcomes: (AppendResult | WrongExpectedVersionError)[] = [];
      for (let from = 0; from < requests.length; from += BULK_WINDOW) {
        const part = requests.slice(from, from + BULK_WINDOW);
        outcomes.push(...(await Promise.all(part.map((request) => enqueue(request, 'bulk')))));
      }
      return outcomes;
    },
    async readStream(streamId, range) {
      assertOpen();
      const sql = `SELECT ${COLUMNS} FROM events.events WHERE stream_id = $1 AND version >= $2 ORDER BY version`;
      const { rows } = await database.query<Row>(sql, [streamId, range?.fromVersion ?? 0]);
      return rows.map(toEvent);
    },
    async readAll(query) {
      assertOpen();
      return (await readPage(database, query)).events;
    },
    subscribe(subscribeOptions, handler) {
      assertOpen();
      const source = {
        readPage: (query: PageQuery) => readPage(database, query),
        onAppended(wake: () => void) {
          wakers.add(wake);
          return () => void wakers.delete(wake);
        },
        pollMs: POLL_MS,
        log,
      };
      const subscription = pump(source, subscribeOptions, handler);
      subscriptions.add(subscription);
      return {
        stop: () => subscription.stop().finally(() => subscriptions.delete(subscription)),
        get position() {
          return subscription.position;
        },
      };
    },
    async head() {
      assertOpen();
      return readHead(database);
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await writer.close();
      await database.close();
    },
  };
}

interface PageQuery {
  readonly after?: bigint;
  readonly limit: number;
  readonly types?: readonly string[];
}

async function readHead(database: Database): Promise<bigint | undefined> {
  const { rows } = await database.query<{ head: number | bigint | null }>('SELECT max(position) AS head FROM events.events');
  const head = rows[0]?.head ?? null;
  return head === null ? undefined : BigInt(head);
}

async function readPage(database: Database, query: PageQuery): Promise<Page> {
  const after = query.after ?? 0n;
  if (query.types === undefined) {
    const sql = `SELECT ${COLUMNS} FROM events.events WHERE position > $1 ORDER BY position LIMIT $2`;
    const { rows } = await database.query<Row>(sql, [after, query.limit]);
    const events = rows.map(toEvent);
    return { events, scannedTo: events.at(-1)?.position };
  }
  // The head first: what is appended between the two reads is found by the next page.
  const head = await readHead(database);
  if (head === undefined || head <= after) return { events: [], scannedTo: undefined };
  const sql = `SELECT ${COLUMNS} FROM events.events WHERE position > $1 AND position <= $4 AND type = ANY ($3) ORDER BY position LIMIT $2`;
  const { rows } = await database.query<Row>(sql, [after, query.limit, [...query.types], head]);
  const events = rows.map(toEvent);
  return { events, scannedTo: events.length === query.limit ? events.at(-1)?.position : head };
}
