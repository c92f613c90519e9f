import type { Database } from '@ritmo/database';
import { makeCallId, type CallId } from '@ritmo/domain';
import type { Clock } from './context.ts';

/** Hands out call ids that no other process, and no later start, ever hands out again. */
export interface CallIdAllocator {
  /** Resolves at once while the block lasts; the next block is fetched ahead. */
  next(): Promise<CallId>;
  /** As many ids at once, for a batch of attempts. */
  take(count: number): Promise<readonly CallId[]>;
}

/** Sequence numbers a process takes from the database at a time. What a process leaves unused is lost, not re-used. */
const blockSize = 1_000;
/** Below this the next block is fetched in the background. */
const refillBelow = 250;
const setupLockKey = 7_246_010;

/**
 * Ids are `<unix seconds>.<sequence>`. The sequence alone makes them unique: the seconds are what integrators expect to see.
 * The first call creates the sequence when it is not there.
 */
export function createCallIdAllocator(parts: { readonly database: Database; readonly clock: Clock }): CallIdAllocator {
  const { database, clock } = parts;
  let prepared: Promise<void> | undefined;
  let free: { next: number; readonly end: number }[] = [];
  let fetching: Promise<void> | undefined;

  const prepare = (): Promise<void> => {
    prepared ??= database
      .tx(async (session) => {
        // Two processes that start together would both find nothing and both create it.
        await session.query('SELECT pg_advisory_xact_lock($1)', [setupLockKey]);
        await session.query('CREATE SCHEMA IF NOT EXISTS directory');
        await session.query(`CREATE SEQUENCE IF NOT EXISTS directory.call_ids AS bigint INCREMENT BY ${blockSize}`);
      })
      .catch((error: unknown) => {
        prepared = undefined;
        throw error;
      });
    return prepared;
  };
  const fetchBlock = (): Promise<void> => {
    fetching ??= (async () => {
      await prepare();
      const { rows } = await database.query<{ first: number }>(`SELECT nextval('directory.call_ids') AS first`);
      const first = rows[0]?.first;
      if (first === undefined) throw new Error('the sequence of call ids gave no number');
      free.push({ next: first, end: first + blockSize });
    })().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };
  const left = (): number => free.reduce((sum, block) => sum + block.end - block.next, 0);
  const takeOne = (): CallId | undefined => {
    const block = free[0];
    if (!block) return undefined;
    const id = makeCallId(clock.nowMs(), block.next);
    block.next += 1;
    if (block.next >= block.end) free = free.slice(1);
    return id;
  };
  const next = async (): Promise<CallId> => {
    for (;;) {
      const id = takeOne();
      if (id !== undefined) {
        // A failed fetch ahead is tried again by whoever finds the block empty, and that one hears of it.
        if (left() < refillBelow) fetchBlock().catch(() => undefined);
        return id;
      }
      await fetchBlock();
    }
  };
  return {
    next,
    async take(count) {
      const ids: CallId[] = [];
      while (ids.length < count) ids.push(await next());
      return ids;
    },
  };
}
