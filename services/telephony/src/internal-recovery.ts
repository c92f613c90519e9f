/** Calls between extensions that a dead process left: no trunk's owner ends them, so the next process that starts does. */
import type { Database } from '@ritmo/database';
import { noTrunk, type CallId } from '@ritmo/domain';
import type { Recovery } from './recovery.ts';

/**
 * Takes them over in one statement, so that of two processes that start at once each call has one. A process is dead when it has no session
 * at the database; what bears our own name is of the one before us.
 */
export async function recoverInternalCalls({ database, node }: { readonly database: Database; readonly node: string }, recovery: Recovery): Promise<void> {
  const { rows } = await database.query<{ call_id: CallId }>(
    `UPDATE telephony.open_calls SET node = $1
      WHERE trunk_id = $2 AND (node = $1 OR node NOT IN (SELECT application_name FROM pg_stat_activity WHERE application_name IS NOT NULL))
      RETURNING call_id`,
    [node, noTrunk],
  );
  if (rows.length === 0) return;
  const ours = new Set(rows.map(({ call_id }) => call_id));
  const uncounted = { addOrphan: () => undefined, freeCall: () => true };
  await recovery.recover({ id: noTrunk, ledger: uncounted }, (callId) => !ours.has(callId));
}
