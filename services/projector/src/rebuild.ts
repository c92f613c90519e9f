import type { Database, SqlSession } from '@ritmo/database';
import type { EventStore, StoredEvent } from '@ritmo/event-store';
import { applyEvents, projectedTypes } from './apply.ts';
import { loadKnownDirectory, type KnownDirectory } from './known-directory.ts';
import { moveCheckpoint, readCheckpoint } from './projection.ts';
import { withRightOfWay } from './right-of-way.ts';
import { BATCH_LOCK_KEY, createTables, installViews, LIVE_SCHEMA } from './schema.ts';

const FRESH_SCHEMA = 'views_rebuild';
const OLD_SCHEMA = 'views_old';
const REBUILD_LOCK_KEY = 7_246_021;
const PAGE_SIZE = 5_000;
/** How long the swap waits for integrators' queries that still read the old tables; the projection waits with it. */
const SWAP_LOCK_TIMEOUT = '30s';

export interface TableComparison {
  readonly table: string;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  readonly same: boolean;
}

export interface RebuildReport {
  readonly events: number;
  /** Position up to which both were compared; undefined when nothing had been projected. */
  readonly position: bigint | undefined;
  /** True when every table came out the same. Undefined when the tables before were made by another version. */
  readonly same: boolean | undefined;
  readonly tables: readonly TableComparison[];
}

export interface RebuildOptions {
  readonly database: Database;
  readonly events: EventStore;
  readonly log?: (message: string) => void;
}

/**
 * Makes the tables behind the views anew from the events, beside the live ones, which go on meanwhile. At the end, with the
 * projection held for a moment, both are compared at the same position and the new ones take the old ones' place.
 */
export async function rebuildViews(options: RebuildOptions): Promise<RebuildReport> {
  const log = options.log ?? (() => undefined);
  const replay = createReplay(options);
  // The lock's session; the work itself runs in transactions of the pool.
  return options.database.session(async (session) => {
    await session.query('SELECT pg_advisory_lock($1)', [REBUILD_LOCK_KEY]);
    try {
      await options.database.tx(async (tx) => {
        await tx.query(`DROP SCHEMA IF EXISTS ${FRESH_SCHEMA} CASCADE`);
        await createTables(tx, FRESH_SCHEMA);
      });
      while ((await options.database.tx((tx) => replay.page(tx, undefined))) === PAGE_SIZE) log(`${replay.count()} events replayed`);
      const report = await options.database.tx((tx) => swap(options.database, tx, replay));
      log(`${report.events} events replayed; the views are rebuilt`);
      return report;
    } finally {
      await session.query('SELECT pg_advisory_unlock($1)', [REBUILD_LOCK_KEY]);
    }
  });
}

interface Replay {
  /** Applies the next page, up to a position. Answers how many events it had. */
  page(session: SqlSession, upTo: bigint | undefined): Promise<number>;
  count(): number;
}

function createReplay({ events }: RebuildOptions): Replay {
  let directory: KnownDirectory | undefined;
  let after: bigint | undefined;
  let count = 0;
  return {
    async page(session, upTo) {
      await session.query('SET LOCAL synchronous_commit = off');
      directory ??= await loadKnownDirectory(session, FRESH_SCHEMA);
      const read = await events.readAll({ limit: PAGE_SIZE, types: projectedTypes, ...(after === undefined ? {} : { after }) });
      const page = upTo === undefined ? read : read.filter((event) => event.position <= upTo);
      const last: StoredEvent | undefined = page.at(-1);
      if (last === undefined) return 0;
      await applyEvents(session, FRESH_SCHEMA, directory, page);
      await moveCheckpoint(session, FRESH_SCHEMA, last);
      after = last.position;
      count += page.length;
      return page.length;
    },
    count: () => count,
  };
}

async function swap(database: Database, session: SqlSession, replay: Replay): Promise<RebuildReport> {
  await session.query('SELECT pg_advisory_xact_lock($1)', [BATCH_LOCK_KEY]);
  const live = await readCheckpoint(session, LIVE_SCHEMA);
  const fresh = await readCheckpoint(session, FRESH_SCHEMA);
  // The live tables may be behind: then the new ones already have more, and there is nothing to compare.
  const isBehind = (fresh.position ?? -1n) > (live.position ?? -1n);
  if (!isBehind) while ((await replay.page(session, live.position ?? -1n)) > 0);
  const sameVersion = await sameProjection(session);
  const tables = sameVersion && !isBehind ? await compareTables(session) : [];
  await session.query(`SET LOCAL lock_timeout = '${SWAP_LOCK_TIMEOUT}'`);
  await withRightOfWay(database, session, async () => {
    await session.query(`ALTER SCHEMA ${LIVE_SCHEMA} RENAME TO ${OLD_SCHEMA}`);
    await session.query(`ALTER SCHEMA ${FRESH_SCHEMA} RENAME TO ${LIVE_SCHEMA}`);
    await installViews(session);
    await session.query(`DROP SCHEMA ${OLD_SCHEMA} CASCADE`);
  });
  return {
    events: replay.count(),
    position: live.position,
    same: tables.length === 0 ? undefined : tables.every((table) => table.same),
    tables,
  };
}

async function sameProjection(session: SqlSession): Promise<boolean> {
  const { rows } = await session.query<{ same: boolean }>(
    `SELECT a.projection = b.projection AS same FROM ${LIVE_SCHEMA}.checkpoint a, ${FRESH_SCHEMA}.checkpoint b`,
  );
  return rows[0]?.same === true;
}

/** A sum of the rows' hashes does not depend on their order, and needs no sorting of millions of rows. */
async function fingerprint(session: SqlSession, schema: string, table: string): Promise<{ readonly rows: number; readonly hash: string }> {
  const { rows } = await session.query<{ rows: number; hash: string }>(
    `SELECT count(*) AS rows, COALESCE(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS hash FROM ${schema}.${table} AS t`,
  );
  return rows[0] ?? { rows: 0, hash: '' };
}

async function compareTables(session: SqlSession): Promise<readonly TableComparison[]> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename <> 'checkpoint' ORDER BY 1`,
    [LIVE_SCHEMA],
  );
  const comparisons: TableComparison[] = [];
  for (const { name } of rows) {
    const before = await fingerprint(session, LIVE_SCHEMA, name);
    const after = await fingerprint(session, FRESH_SCHEMA, name);
    comparisons.push({ table: name, rowsBefore: before.rows, rowsAfter: after.rows, same: before.rows === after.rows && before.hash === after.hash });
  }
  return comparisons;
}
