import type { Database, SqlSession } from '@ritmo/database';

const LOOK_EVERY_MS = 250;
/** A query of an integrator that reads the old views may go on so long. */
const PATIENCE = '10 seconds';

/**
 * Views are made anew under a lock that every reader is in the way of, and that all later readers wait for. An integrator who left a
 * transaction open would hold up a start of the product for as long as it lasts: its session is ended, a query that runs is given time.
 */
export async function withRightOfWay<T>(database: Database, session: SqlSession, work: () => Promise<T>): Promise<T> {
  // Read here: the session may hold the table of the views, which nobody else could read.
  const { rows } = await session.query<Way>('SELECT pg_backend_pid() AS pid, role FROM projector.installed_views');
  const way = rows[0];
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking || way === undefined) return;
    isLooking = true;
    // Where the user is not ours to end, the lock's own time-out decides.
    await endWhoIsInTheWay(database, way).catch(() => undefined);
    isLooking = false;
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

interface Way {
  readonly pid: number;
  /** The integrators' user. */
  readonly role: string;
}

async function endWhoIsInTheWay(database: Database, { pid, role }: Way): Promise<void> {
  await database.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
      WHERE a.pid = ANY (pg_blocking_pids($1)) AND a.usename = $2
        AND (a.state LIKE 'idle in transaction%' OR clock_timestamp() - a.query_start > interval '${PATIENCE}')`,
    [pid, role],
  );
}
