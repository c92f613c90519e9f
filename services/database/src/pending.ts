import type { Database, SqlSession } from '@ritmo/database';

export interface Claim {
  readonly rowId: number;
  readonly batchId: number;
  readonly attempts: number;
  /** Somebody began it before: it may have taken effect. */
  readonly begunBefore: boolean;
  /** How long ago the last attempt was claimed. */
  readonly lastClaimMsAgo: number;
  /** Head of the event store before the first attempt; null when the store was empty. */
  readonly beganPosition: string | null;
}

/** The class of the advisory locks by which executors show that they live. */
export const executorLockClass = 7_246_010;

/**
 * Claims rows of one batch and marks them as begun, durably, before anything is asked of anybody. A row is free when nobody
 * claimed it, or when the executor that did lives no more.
 */
export async function claim(database: Database, parts: { readonly table: string; readonly executor: number; readonly head: string | null; readonly limit: number }): Promise<readonly Claim[]> {
  const { rows } = await database.query<{ row_id: number; batch_id: number; attempts: number; begun: boolean; ago: number; began_position: string | null }>(
    `WITH living AS (
       SELECT l.objid::bigint AS id FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.classid = ${executorLockClass} AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ), batch AS (
       SELECT batch_id FROM database.pending p
        WHERE p.table_name = $1 AND p.retry_at <= now() AND (p.claimed_by IS NULL OR p.claimed_by NOT IN (SELECT id FROM living))
        ORDER BY batch_id, row_id LIMIT 1
     ), free AS (
       SELECT p.row_id, p.claimed_at FROM database.pending p JOIN batch USING (batch_id)
        WHERE p.table_name = $1 AND p.retry_at <= now() AND (p.claimed_by IS NULL OR p.claimed_by NOT IN (SELECT id FROM living))
        ORDER BY p.row_id LIMIT $4 FOR UPDATE OF p SKIP LOCKED
     ), taken AS (
       UPDATE database.pending p
          SET claimed_by = $2, claimed_at = now(), attempts = p.attempts + 1,
              began_position = CASE WHEN p.attempts = 0 THEN $3 ELSE p.began_position END
         FROM free WHERE p.table_name = $1 AND p.row_id = free.row_id
       RETURNING p.row_id, p.batch_id, p.attempts, p.began_position, free.claimed_at AS before
     )
     SELECT row_id, batch_id, attempts, attempts > 1 AS begun, began_position,
            coalesce(extract(epoch FROM now() - before) * 1000, 0)::float8 AS ago
       FROM taken ORDER BY row_id`,
    [parts.table, parts.executor, parts.head, parts.limit],
  );
  return rows.map((row) => ({
    rowId: row.row_id,
    batchId: row.batch_id,
    attempts: row.attempts,
    begunBefore: row.begun,
    lastClaimMsAgo: row.ago,
    beganPosition: row.began_position,
  }));
}

/** Done with it, in the transaction that writes what came of it. False when it is not ours any more. */
export async function conclude(session: SqlSession, table: string, rowIds: readonly number[], executor: number): Promise<boolean> {
  const { rowCount } = await session.query('DELETE FROM database.pending WHERE table_name = $1 AND row_id = ANY($2::bigint[]) AND claimed_by = $3', [
    table,
    [...rowIds],
    executor,
  ]);
  return rowCount === rowIds.length;
}

/** Gives rows back, to be tried again later. `notBegun`: this attempt does not count. */
export async function release(
  database: Database,
  table: string,
  rowIds: readonly number[],
  executor: number,
  delayMs: number,
  options: { readonly notBegun?: boolean } = {},
): Promise<void> {
  if (rowIds.length === 0) return;
  await database.query(
    `UPDATE database.pending SET claimed_by = NULL, attempts = attempts - CASE WHEN $5 THEN 1 ELSE 0 END, retry_at = now() + $4 * interval '1 millisecond'
      WHERE table_name = $1 AND row_id = ANY($2::bigint[]) AND claimed_by = $3`,
    [table, [...rowIds], executor, delayMs, options.notBegun ?? false],
  );
}
