import type { Database, SqlSession } from '@ritmo/database';
import type { StoredEvent } from '@ritmo/event-store';
import { applyEvents } from './apply.ts';
import { loadKnownDirectory, type KnownDirectory } from './known-directory.ts';
import { BATCH_LOCK_KEY, LIVE_SCHEMA } from './schema.ts';

/** An event that fails alone this often, with a database that answers, will never be applied. */
const MAX_FAILURES = 3;

export interface Checkpoint {
  readonly position: bigint | undefined;
  /** When the last event applied happened, ms since the epoch. */
  readonly at: number | undefined;
  readonly generation: string;
}

export async function readCheckpoint(session: SqlSession, schema: string): Promise<Checkpoint> {
  const { rows } = await session.query<{ position: string | null; at: number | null; generation: string }>(
    `SELECT position, at, generation FROM ${schema}.checkpoint`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`${schema}.checkpoint is empty`);
  return { position: row.position === null ? undefined : BigInt(row.position), at: row.at ?? undefined, generation: row.generation };
}

export async function moveCheckpoint(session: SqlSession, schema: string, last: StoredEvent): Promise<void> {
  await session.query(`UPDATE ${schema}.checkpoint SET position = $1, at = $2`, [last.position, Math.trunc(last.at)]);
}

export interface Projection {
  /** Applies what is not yet applied, with the checkpoint, or nothing. */
  handle(events: readonly StoredEvent[]): Promise<void>;
}

export interface ProjectionOptions {
  readonly database: Database;
  /** An event was left out; it is in views.rejected_events. */
  readonly onRejected: (event: StoredEvent, error: unknown) => void;
  readonly onApplied: (events: number) => void;
}

/** The live tables' only writer. What it remembers between batches is checked against the checkpoint's generation and position. */
export function createProjection(options: ProjectionOptions): Projection {
  const { database } = options;
  let remembered: { readonly directory: KnownDirectory; readonly generation: string; readonly position: bigint | undefined } | undefined;

  async function apply(events: readonly StoredEvent[]): Promise<void> {
    try {
      await database.tx(async (session) => {
        // Rows and checkpoint are lost or kept together, and what is lost comes again from the events: no need to wait for the disk.
        await session.query(`SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock(${BATCH_LOCK_KEY})`);
        const checkpoint = await readCheckpoint(session, LIVE_SCHEMA);
        const fresh = events.filter((event) => checkpoint.position === undefined || event.position > checkpoint.position);
        const last = fresh.at(-1);
        if (last === undefined) return;
        const isCurrent = remembered?.generation === checkpoint.generation && remembered.position === checkpoint.position;
        const directory = isCurrent && remembered !== undefined ? remembered.directory : await loadKnownDirectory(session, LIVE_SCHEMA);
        await applyEvents(session, LIVE_SCHEMA, directory, fresh);
        await moveCheckpoint(session, LIVE_SCHEMA, last);
        remembered = { directory, generation: checkpoint.generation, position: last.position };
        options.onApplied(fresh.length);
      });
    } catch (error) {
      // The rules may have changed what is remembered before they failed.
      remembered = undefined;
      throw error;
    }
  }

  async function applyAlone(event: StoredEvent): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await apply([event]);
      } catch (error) {
        // Rejects when the database is away: then it is not the event's fault, and the whole batch comes again.
        await database.query('SELECT 1');
        if (failures < MAX_FAILURES) continue;
        await reject(event, error);
        return;
      }
    }
  }

  async function reject(event: StoredEvent, error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    await database.tx(async (session) => {
      await session.query('SELECT pg_advisory_xact_lock($1)', [BATCH_LOCK_KEY]);
      await session.query(`INSERT INTO ${LIVE_SCHEMA}.rejected_events (position, type, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
        event.position,
        event.type,
        reason,
      ]);
      await moveCheckpoint(session, LIVE_SCHEMA, event);
    });
    options.onRejected(event, error);
  }

  return {
    async handle(events) {
      try {
        await apply(events);
      } catch {
        // One of them is bad, or the database is away. Each alone: a bad one costs only itself.
        for (const event of events) await applyAlone(event);
      }
    },
  };
}
