/**
 * Recordings and their parts. Follows the events of telephony from a checkpoint, so that no closed part is missed, and takes up
 * what a crash left behind: the files of calls that were interrupted.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BusSubscription } from '@ritmo/bus';
import { migrate } from '@ritmo/database';
import { fact, streams, type EventDataByType } from '@ritmo/domain';
import type { StoredEvent, Subscription } from '@ritmo/event-store';
import { NotAWavError, repairWav } from '@ritmo/media';
import { tellHealth, type PartHealth, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { atMost } from './at-most.ts';
import { DEFAULT_DISK_LIMITS, DiskWatch, freeBytesOf, type DiskLimits } from './disk-watch.ts';
import { allFiles, filesOfCall, type RecordingName } from './file-names.ts';
import { RecordingFailures, worseOf } from './failures.ts';
import { createRecorderMetrics } from './metrics.ts';
import { removeExpired } from './retention.ts';
import { createShelf, type Shelf } from './shelf.ts';

export interface RecorderOptions {
  /** Default `<dataDir>/recordings`. */
  readonly recordingsDir?: string;
  /** Files checked at once. Default 2. */
  readonly concurrency?: number;
  readonly diskLimits?: Partial<DiskLimits>;
  /** Default 30 000. */
  readonly diskCheckEveryMs?: number;
  /** How often recordings past their retention are looked for. Default an hour; also shortly after the setting changed. */
  readonly retentionEveryMs?: number;
  /** For tests. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** A running recording is written every second: one that rested this long is closed, or its process is dead. */
const RESTED_MS = 10_000;
const BATCH_SIZE = 100;
const RETENTION_EVERY_MS = 3_600_000;

export function createRecorderApp(context: ServiceContext, options: RecorderOptions = {}): ServiceApp {
  const { bus, database, directory, events, journal, clock } = context;
  const log = context.log.child({ service: 'recorder' });
  const recordingsDir = options.recordingsDir ?? join(context.dataDir, 'recordings');
  const concurrency = options.concurrency ?? 2;
  const metrics = createRecorderMetrics(context.metrics);
  const shelf = createShelf({ ...context, log }, recordingsDir);
  const serving: BusSubscription[] = [];
  let following: Subscription | undefined;
  let sweeping: Promise<void> = Promise.resolve();
  let isStopping = false;
  const failures = new RecordingFailures();
  const timers: NodeJS.Timeout[] = [];
  let unfollow: () => void = () => undefined;
  let stopTelling: () => void = () => undefined;

  const disk = new DiskWatch({
    folder: recordingsDir,
    limits: { ...DEFAULT_DISK_LIMITS, ...options.diskLimits },
    everyMs: options.diskCheckEveryMs ?? 30_000,
    freeBytes: options.freeBytes ?? freeBytesOf,
    worse: (level, freeBytes) => {
      log.error({ folder: recordingsDir, freeBytes, level }, 'the disk of the recordings is nearly full; calls go on, recordings will be lost');
      journal.record(streams.system, fact('DiskNearlyFull', clock.nowMs(), { folder: recordingsDir, freeBytes }));
    },
    better: (level, freeBytes) => log.info({ folder: recordingsDir, freeBytes, level }, 'the disk of the recordings has room again'),
  });

  const keep = async (recording: RecordingName): Promise<void> => metrics.counted(await shelf.keep(recording));

  const follow = async (batch: readonly StoredEvent[]): Promise<void> => {
    const recordings: RecordingName[] = [];
    for (const event of batch) recordings.push(...(await recordingsOf(event, recordingsDir)));
    await atMost(concurrency, recordings, keep);
    const last = batch.at(-1);
    if (last) await saveCheckpoint(last.position);
  };

  const saveCheckpoint = async (position: bigint): Promise<void> => {
    // Every process follows everything, so the furthest of them is right for all.
    await database.query(
      `INSERT INTO recorder.checkpoint (position) VALUES ($1)
       ON CONFLICT (one) DO UPDATE SET position = greatest(recorder.checkpoint.position, EXCLUDED.position)`,
      [position],
    );
  };

  const readCheckpoint = async (): Promise<{ after?: bigint }> => {
    const { rows } = await database.query<{ position: string }>('SELECT position::text FROM recorder.checkpoint');
    return rows[0] ? { after: BigInt(rows[0].position) } : {};
  };

  const healthNow = (): PartHealth => worseOf(disk.health, failures.health(clock.nowMs()));
  const expire = async (): Promise<void> => {
    const days = directory.get('settings', 1)?.recordingRetentionDays ?? 0;
    const removed = await removeExpired({ ...context, log }, recordingsDir, days, () => isStopping);
    if (removed > 0) log.info({ removed, days }, 'recordings past their retention were removed');
  };
  /** One after the other. */
  const expireSoon = (): void => {
    expiring = expiring.then(expire).catch((error: unknown) => log.error({ err: error }, 'recordings past their retention cannot be removed'));
  };
  let expiring: Promise<void> = Promise.resolve();
  const every = (ms: number, work: () => void): void => {
    timers.push(setInterval(work, ms).unref());
  };

  return {
    name: 'recorder',
    async start() {
      await migrate(database, { owner: 'recorder', folder: new URL('../sql', import.meta.url) });
      await mkdir(recordingsDir, { recursive: true });
      await disk.start();
      metrics.setFreeBytes(() => disk.freeBytes);
      const teller = tellHealth(context, 'recordings', healthNow);
      stopTelling = teller.stop;
      serving.push(
        bus.subscribe('fact.RecordingFailed', ({ at, data }) => {
          failures.add(at, data.file, data.error);
          metrics.failed();
          teller.look();
        }),
      );
      every(options.retentionEveryMs ?? RETENTION_EVERY_MS, expireSoon);
      unfollow = directory.onChange((kind) => {
        if (kind === 'settings') expireSoon();
      });
      expireSoon();
      serving.push(bus.serve('recorder.find', async (request) => ({ parts: await shelf.find(request) })));
      following = events.subscribe({ ...(await readCheckpoint()), batchSize: BATCH_SIZE, types: ['RecordingClosed', 'CallEnded'] }, follow);
      sweeping = sweep({ recordingsDir, shelf, isStopping: () => isStopping, nowMs: () => Date.now() /* the clock that file times are of */ }).then(
        (repaired) => {
          if (repaired > 0) log.warn({ files: repaired }, 'recordings cut by a crash were made playable');
        },
        (error: unknown) => log.error({ err: error }, 'the search for recordings cut by a crash failed'),
      );
    },
    async stop() {
      isStopping = true;
      disk.stop();
      for (const timer of timers.splice(0)) clearInterval(timer);
      unfollow();
      stopTelling();
      for (const subscription of serving.splice(0)) subscription.stop();
      await following?.stop();
      following = undefined;
      await sweeping;
      await expiring;
      await journal.flush();
    },
  };
}

/** What an event says about files: the part that was closed, or whatever a call that was interrupted left behind. */
async function recordingsOf(event: StoredEvent, recordingsDir: string): Promise<readonly RecordingName[]> {
  if (event.type === 'RecordingClosed') {
    const { callId, part, file } = event.data as unknown as EventDataByType['RecordingClosed'];
    return [{ callId, part, file }];
  }
  const { callId, wireOutcome } = event.data as unknown as EventDataByType['CallEnded'];
  return wireOutcome === 'interrupted' ? filesOfCall(recordingsDir, callId) : [];
}

/**
 * Makes files playable that nobody writes any more and that are not kept yet. Keeping them waits for the event that ends their call:
 * only telephony knows that a call is over.
 */
async function sweep(parts: { readonly recordingsDir: string; readonly shelf: Shelf; readonly isStopping: () => boolean; readonly nowMs: () => number }): Promise<number> {
  let repaired = 0;
  for await (const { callId, part, file } of allFiles(parts.recordingsDir)) {
    if (parts.isStopping()) break;
    try {
      const { mtimeMs } = await stat(file);
      if (parts.nowMs() - mtimeMs < RESTED_MS || (await parts.shelf.has(callId, part))) continue;
      if ((await repairWav(file)).repaired) repaired += 1;
    } catch (error) {
      // Removed meanwhile, or cut before its header was written: there is nothing in it.
      if (!(error instanceof NotAWavError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return repaired;
}
