/** The kept recordings: checks a closed file, gives it its number, says so once, and finds it again. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Requests } from '@ritmo/bus';
import { fact, streams, type CallId, type EventDataByType } from '@ritmo/domain';
import { NotAWavError, repairWav } from '@ritmo/media';
import type { ServiceContext } from '@ritmo/service-kit';
import type { SqlSession } from '@ritmo/database';
import { absoluteName, storedName, type RecordingName } from './file-names.ts';

type Stored = EventDataByType['RecordingStored'];
type Found = Requests['recorder.find']['reply']['parts'];

/** Second key of the advisory locks is a hash of the part. */
const LOCK_CLASS = 7_246_050;

export type KeepResult = 'kept' | 'known' | 'missing' | 'unreadable';

export interface Shelf {
  /** Repairs, checks, numbers and announces a part. Idempotent over processes and crashes. Rejects when database or store fail. */
  keep(recording: RecordingName): Promise<KeepResult>;
  has(callId: CallId, part: number): Promise<boolean>;
  find(by: Requests['recorder.find']['request']): Promise<Found>;
}

export function createShelf(context: ServiceContext, recordingsDir: string): Shelf {
  const { database, events, journal, clock, log } = context;

  const insert = async (session: SqlSession, stored: Stored): Promise<void> => {
    await session.query(
      `INSERT INTO recorder.parts (recording_id, call_id, part, file, bytes, duration_ms, sha256, repaired, stored_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
      [stored.recordingId, stored.callId, stored.part, storedName(recordingsDir, stored.file), stored.bytes, stored.durationMs, stored.sha256, stored.repaired, new Date(clock.nowMs())],
    );
  };

  /** Told before, by a process that died before it wrote the row, or by one whose table was lost. */
  const toldBefore = async (callId: CallId, part: number): Promise<Stored | undefined> => {
    const stream = await events.readStream(streams.call(callId));
    const told = stream.find((event) => event.type === 'RecordingStored' && event.data['part'] === part);
    return told?.data as Stored | undefined;
  };

  const has = async (session: SqlSession, callId: CallId, part: number): Promise<boolean> => {
    const { rowCount } = await session.query('SELECT 1 FROM recorder.parts WHERE call_id = $1 AND part = $2', [callId, part]);
    return rowCount > 0;
  };

  const check = async ({ callId, part, file }: RecordingName): Promise<Omit<Stored, 'recordingId'> | 'missing' | 'unreadable'> => {
    try {
      const { durationMs, bytes, repaired } = await repairWav(file);
      return { callId, part, file, durationMs, bytes, sha256: await sha256Of(file), repaired };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
      if (error instanceof NotAWavError) return 'unreadable';
      throw error;
    }
  };

  return {
    has: (callId, part) => has(database, callId, part),

    keep(recording) {
      const { callId, part } = recording;
      return database.tx(async (session): Promise<KeepResult> => {
        // Another process of this service works on the same part: what it did is found below.
        await session.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, `${callId}-${part}`]);
        if (await has(session, callId, part)) return 'known';
        const told = await toldBefore(callId, part);
        if (told) {
          await insert(session, told);
          return 'known';
        }
        const checked = await check(recording);
        if (typeof checked === 'string') {
          log.error({ callId, part, file: recording.file }, `a recording is ${checked}: it is not kept`);
          return checked;
        }
        const { rows } = await session.query<{ id: number }>(`SELECT nextval('recorder.recording_ids') AS id`);
        const stored: Stored = { ...checked, recordingId: Number(rows[0]?.id) };
        // The event first: it is the truth, the row follows from it.
        await journal.commit(streams.call(callId), 'any', [fact('RecordingStored', clock.nowMs(), stored)]);
        await insert(session, stored);
        return 'kept';
      });
    },

    async find({ callId, recordingId }) {
      const { rows } = await database.query<{ recordingId: number; part: number; file: string; bytes: number; durationMs: number }>(
        `SELECT recording_id AS "recordingId", part, file, bytes, duration_ms AS "durationMs" FROM recorder.parts
         WHERE removed_at IS NULL AND ($1::text IS NULL OR call_id = $1) AND ($2::bigint IS NULL OR recording_id = $2) AND ($1::text IS NOT NULL OR $2::bigint IS NOT NULL)
         ORDER BY part`,
        [callId, recordingId],
      );
      return rows.map((row) => ({ ...row, file: absoluteName(recordingsDir, row.file) }));
    },
  };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
