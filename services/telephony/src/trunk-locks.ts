/** A trunk is owned by one process: its limits can only be held by one ledger. Session locks of PostgreSQL. */
import type { Database, SqlSession } from '@ritmo/database';
import type { TrunkId } from '@ritmo/domain';
import type { Logger } from 'pino';

export interface TrunkLocks {
  /** True when this process owns the trunk from now on. */
  take(trunkId: TrunkId): Promise<boolean>;
  release(trunkId: TrunkId): Promise<void>;
  /** Processes that hold or may take trunks, this one included, and the trunks that somebody owns. */
  census(): Promise<{ readonly processes: number; readonly owned: ReadonlySet<TrunkId> }>;
  close(): Promise<void>;
}

/** First half of the advisory key, so that our locks meet nobody else's. */
const lockClass = 7_246_030;
/** No trunk's id: every process shares it, and is counted by that. */
const presence = 0;
const checkEveryMs = 2_000;

/** `lost` is called when the connection that held the locks is gone: every trunk may be owned by another process now. */
export function createTrunkLocks(parts: { readonly database: Database; readonly log: Logger; readonly lost: () => void }): TrunkLocks {
  const { database, log } = parts;
  let connection: Promise<SqlSession> | undefined;
  let letGo: (() => void) | undefined;
  let released: Promise<void> = Promise.resolve();
  let closed = false;
  let check: NodeJS.Timeout | undefined;

  const connect = (): Promise<SqlSession> => {
    connection ??= new Promise<SqlSession>((resolve, reject) => {
      released = database
        .session(async (session) => {
          let broken = false;
          const ended = new Promise<void>((end) => (letGo = end));
          check = setInterval(() => {
            session.query('SELECT 1').catch(() => {
              broken = true;
              letGo?.();
            });
          }, checkEveryMs);
          check.unref();
          await session.query('SELECT pg_advisory_lock_shared($1, $2)', [lockClass, presence]);
          resolve(session);
          await ended;
          clearInterval(check);
          if (broken) throw new Error('the connection that holds the trunks is gone');
          await session.query('SELECT pg_advisory_unlock_all()');
        })
        .catch((error: unknown) => {
          clearInterval(check);
          connection = undefined;
          reject(error as Error);
          if (closed) return;
          log.error({ err: error }, 'the locks of the trunks are lost');
          parts.lost();
        });
    });
    return connection;
  };

  return {
    async take(trunkId) {
      const session = await connect();
      const { rows } = await session.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [lockClass, trunkId]);
      return rows[0]?.taken === true;
    },
    async release(trunkId) {
      const session = await connect();
      await session.query('SELECT pg_advisory_unlock($1, $2)', [lockClass, trunkId]);
    },
    async census() {
      const session = await connect();
      // objsubid 2: a key of two integers.
      const { rows } = await session.query<{ objid: number | bigint; holders: number | bigint }>(
        `SELECT objid, count(*) AS holders FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objsubid = 2 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY objid`,
        [lockClass],
      );
      const held = new Map(rows.map(({ objid, holders }) => [Number(objid), Number(holders)]));
      const processes = Math.max(1, held.get(presence) ?? 1);
      held.delete(presence);
      return { processes, owned: new Set([...held.keys()].map((id) => id as TrunkId)) };
    },
    async close() {
      closed = true;
      letGo?.();
      await released;
      connection = undefined;
    },
  };
}
