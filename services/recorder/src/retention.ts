/** Removes recordings whose time has come. Only parts that were closed, checked and kept are looked at: a file that is being written is none of them. */
import { rm, rmdir } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fact, streams, type CallId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import { absoluteName } from './file-names.ts';

interface Due {
  readonly recordingId: number;
  readonly callId: CallId;
  readonly part: number;
  readonly file: string;
  readonly storedAt: Date;
}

/** First key of the advisory lock: one process removes at a time. */
const LOCK_KEY = 7_246_051;
const PAGE = 200;
const DAY_MS = 86_400_000;

/** Answers how many were removed. `days` 0: none. */
export async function removeExpired(context: ServiceContext, recordingsDir: string, days: number, isStopping: () => boolean): Promise<number> {
  if (days <= 0) return 0;
  const { database, clock } = context;
  let removed = 0;
  while (!isStopping()) {
    const page = await database.tx(async (session) => {
      const { rows: locks } = await session.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS taken', [LOCK_KEY]);
      if (locks[0]?.taken !== true) return 0;
      const { rows } = await session.query<Due>(
        `SELECT recording_id AS "recordingId", call_id AS "callId", part, file, stored_at AS "storedAt" FROM recorder.parts
          WHERE removed_at IS NULL AND stored_at < $1 ORDER BY stored_at LIMIT ${PAGE}`,
        [new Date(clock.nowMs() - days * DAY_MS)],
      );
      for (const due of rows) await removeOne(context, recordingsDir, due);
      await session.query('UPDATE recorder.parts SET removed_at = $2 WHERE recording_id = ANY($1::bigint[])', [rows.map(({ recordingId }) => recordingId), new Date(clock.nowMs())]);
      return rows.length;
    });
    removed += page;
    if (page < PAGE) break;
  }
  return removed;
}

/** The file, then the fact, then the row: whatever is cut between them is done again, and a file that is gone already is no trouble. */
async function removeOne({ journal, clock }: ServiceContext, recordingsDir: string, { recordingId, callId, part, file, storedAt }: Due): Promise<void> {
  const path = absoluteName(recordingsDir, file);
  await rm(path, { force: true });
  await removeEmptyFolders(recordingsDir, dirname(path));
  const ageDays = Math.floor((clock.nowMs() - storedAt.getTime()) / DAY_MS);
  await journal.commit(streams.call(callId), 'any', [fact('RecordingRemoved', clock.nowMs(), { callId, part, recordingId, file, ageDays })]);
}

/** Of the day, the month and the year. */
async function removeEmptyFolders(recordingsDir: string, folder: string): Promise<void> {
  const inside = relative(recordingsDir, folder);
  if (inside === '' || inside.startsWith('..')) return;
  try {
    await rmdir(folder);
  } catch {
    return;
  }
  await removeEmptyFolders(recordingsDir, dirname(folder));
}
