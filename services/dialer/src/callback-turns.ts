import type { AgentId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import { countAgentCallbacks } from './work-index.ts';

/** First key of the two-part advisory lock. */
const lockSpace = 7_246_021;

/** Counts an agent's open callbacks and does the work with that number, so that no two at once find room for the last. */
export type CallbackTurns = <T>(agentId: AgentId, work: (open: number) => Promise<T>) => Promise<T>;

/** One at a time in this process, so that at most one connection waits; the lock is for the other processes. */
export function createCallbackTurns({ database }: ServiceContext, indexed: () => Promise<void>): CallbackTurns {
  let turn: Promise<unknown> = Promise.resolve();
  return (agentId, work) => {
    const result = turn.then(() =>
      database.tx(async (session) => {
        await session.query('SELECT pg_advisory_xact_lock($1, $2)', [lockSpace, agentId]);
        await indexed();
        return work(await countAgentCallbacks(database, agentId));
      }),
    );
    turn = result.catch(() => undefined);
    return result;
  };
}
