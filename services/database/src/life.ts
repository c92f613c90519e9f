import type { Database, SqlSession } from '@ritmo/database';
import { executorLockClass } from './pending.ts';

export interface Life {
  readonly number: number;
  end(): Promise<void>;
}

const beatEveryMs = 2_000;

/**
 * Takes a number and holds an advisory lock on it for as long as its connection lives. PostgreSQL lets go of it the moment the
 * process dies, so that what it had claimed is free at once, without waiting for a lease to run out.
 */
export function comeAlive(database: Database, onLost: (error: unknown) => void): Promise<Life> {
  return new Promise((resolve, reject) => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((done) => (finish = done));
    let alive = false;
    const session = database.session(async (connection) => {
      const { rows } = await connection.query<{ number: number }>("SELECT nextval('database.executor_ids')::int AS number");
      const number = rows[0]?.number ?? 0;
      await connection.query('SELECT pg_advisory_lock($1, $2)', [executorLockClass, number]);
      alive = true;
      resolve({
        number,
        end: () => {
          finish();
          return session;
        },
      });
      await beat(connection, finished);
      await connection.query('SELECT pg_advisory_unlock($1, $2)', [executorLockClass, number]);
    }).catch((error: unknown) => {
      if (alive) onLost(error);
      else reject(error as Error);
    });
  });
}

/** A connection that broke is noticed, so that another number is taken. */
async function beat(connection: SqlSession, finished: Promise<void>): Promise<void> {
  let over = false;
  void finished.then(() => (over = true));
  while (!over) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([finished, new Promise((resolve) => (timer = setTimeout(resolve, beatEveryMs)))]);
    clearTimeout(timer);
    if (!over) await connection.query('SELECT 1');
  }
}
