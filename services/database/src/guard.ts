import type { ServiceContext } from '@ritmo/service-kit';

export interface GuardLimits {
  readonly role: string;
  readonly statementTimeoutMs: number;
  readonly idleTransactionMs: number;
  /** However busy it is: a transaction that stays open keeps the space of every row that changes meanwhile. */
  readonly transactionMs: number;
}

/**
 * A client may SET its own timeouts higher, PostgreSQL cannot forbid it: so what runs over the limits is ended from outside,
 * first the statement, then the connection.
 */
export async function endCareless({ database, log }: ServiceContext, limits: GuardLimits): Promise<void> {
  const { rows } = await database.query<{ pid: number; address: string | null; state: string; seconds: number; ended: boolean }>(
    `SELECT pid, host(client_addr) AS address, state, extract(epoch FROM now() - coalesce(xact_start, query_start))::int AS seconds,
            CASE WHEN state = 'active' AND clock_timestamp() - query_start < $2 * interval '2 milliseconds' AND clock_timestamp() - xact_start < $4 * interval '1 millisecond'
                 THEN pg_cancel_backend(pid) ELSE pg_terminate_backend(pid) END AS ended
       FROM pg_stat_activity
      WHERE usename = $1
        AND ((state = 'active' AND clock_timestamp() - query_start > $2 * interval '1 millisecond')
          OR (state LIKE 'idle in transaction%' AND clock_timestamp() - state_change > $3 * interval '1 millisecond')
          OR clock_timestamp() - xact_start > $4 * interval '1 millisecond')`,
    [limits.role, limits.statementTimeoutMs, limits.idleTransactionMs, limits.transactionMs],
  );
  for (const { pid, address, state, seconds } of rows) log.warn({ caller: address, pid, state, seconds }, "an integrator's query ran over the limit and was ended");
}
