import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInProcessBus, type Bus } from '@ritmo/bus';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { asCallId, asId, fact, streams, type CallId, type DomainEvent, type EventDataByType } from '@ritmo/domain';
import { createMemoryEventStore, type EventStore } from '@ritmo/event-store';
import { parseWav, WAVE_FORMAT, wavHeader } from '@ritmo/media';
import { createHealthRegistry, createLogger, createMetrics } from '@ritmo/runtime';
import { createDirectoryReader, createJournal, type HealthRegistry, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { createTempDir, waitFor, type TempDir } from '@ritmo/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecorderApp, type RecorderOptions } from './app.ts';

const AT_MS = Date.UTC(2026, 10, 22, 23, 59);
const CALL = asCallId(`${AT_MS / 1000}.77`);
const STEREO = { format: WAVE_FORMAT.alaw, channels: 2, sampleRate: 8000, bitsPerSample: 8 } as const;
const log = createLogger({ level: 'silent', node: 'test' });

let database: TestDatabase;
let events: EventStore;
let bus: Bus;
let dir: TempDir;
let health: HealthRegistry;
let running: ServiceApp[];
let nowMs = AT_MS;
const metrics = createMetrics({ node: 'test', processMetrics: false });

beforeEach(async () => {
  database = await startTestDatabase();
  events = createMemoryEventStore();
  bus = createInProcessBus();
  dir = await createTempDir('ritmo-recorder-');
  health = createHealthRegistry();
  running = [];
  nowMs = AT_MS;
});
afterEach(async () => {
  for (const app of running) await app.stop();
  await bus.close();
  await events.close();
  await database.close();
  await dir.remove();
});

const context = (): ServiceContext => ({
  node: 'test',
  bus,
  events,
  journal: createJournal({ bus, events, log }),
  database: database.database,
  directory: createDirectoryReader({ bus }),
  log,
  metrics,
  health,
  clock: { nowMs: () => nowMs },
  dataDir: dir.path,
});

async function start(options: RecorderOptions = {}): Promise<ServiceApp> {
  const app = createRecorderApp(context(), options);
  await app.start();
  running.push(app);
  return app;
}

async function record(callId: CallId, part: number, more: { samples?: number; headerSays?: number; rested?: boolean; day?: string } = {}): Promise<string> {
  const file = join(dir.path, 'recordings', more.day ?? '2026/11/22', `${callId}-${part}.wav`);
  const data = Buffer.alloc((more.samples ?? 8000) * 2, part);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.concat([wavHeader(STEREO, more.headerSays ?? data.length), data]));
  if (more.rested === true) await utimes(file, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
  return file;
}

async function append(event: DomainEvent): Promise<void> {
  const { callId } = event.data as { callId: CallId };
  await events.append({ streamId: streams.call(callId), expectedVersion: 'any', events: [{ type: event.type, data: event.data as never, at: event.at }] });
}

const closed = (callId: CallId, part: number, file: string) =>
  append(fact('RecordingClosed', AT_MS, { callId, part, file, durationMs: 1000, bytes: 16_058, agentId: asId(5) }));

const interrupted = (callId: CallId) =>
  append(
    fact('CallEnded', AT_MS, { callId, wireOutcome: 'interrupted' } as EventDataByType['CallEnded']),
  );

const storedOf = async (callId: CallId) =>
  (await events.readStream(streams.call(callId))).filter((event) => event.type === 'RecordingStored').map((event) => event.data as EventDataByType['RecordingStored']);
const find = (request: { callId?: CallId; recordingId?: number }) =>
  bus.request('recorder.find', { callId: request.callId ?? null, recordingId: request.recordingId ?? null });
const sha256 = async (file: string) => createHash('sha256').update(await readFile(file)).digest('hex');

describe('the recorder', () => {
  it('keeps a closed part with duration, size, checksum and a number, and tells it', async () => {
    await start();
    const told: unknown[] = [];
    bus.subscribe('fact.RecordingStored', ({ data }) => void told.push(data));
    const first = await record(CALL, 1);
    const second = await record(CALL, 2, { samples: 4000 });
    await closed(CALL, 1, first);
    await closed(CALL, 2, second);
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 2);
    const { parts } = await find({ callId: CALL });
    expect(parts).toEqual([
      { recordingId: expect.any(Number), part: 1, file: first, bytes: 16_058, durationMs: 1000 },
      { recordingId: expect.any(Number), part: 2, file: second, bytes: 8058, durationMs: 500 },
    ]);
    const stored = (await storedOf(CALL)).sort((a, b) => a.part - b.part);
    expect(stored[0]).toEqual({ callId: CALL, part: 1, recordingId: parts[0]?.recordingId, file: first, durationMs: 1000, bytes: 16_058, sha256: await sha256(first), repaired: false });
    expect(told).toHaveLength(2);
    expect((await find({ recordingId: parts[1]?.recordingId ?? 0 })).parts).toEqual([parts[1]]);
    expect((await find({ callId: asCallId('1.1') })).parts).toEqual([]);
    expect((await find({})).parts).toEqual([]);
  });

  it('goes on where it stopped: what was closed meanwhile is kept, what was kept is not kept twice', async () => {
    const app = await start();
    await closed(CALL, 1, await record(CALL, 1));
    await waitFor(async () => (await storedOf(CALL)).length === 1);
    await app.stop();
    await closed(CALL, 2, await record(CALL, 2));
    await start();
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 2);
    expect((await storedOf(CALL)).map(({ part }) => part)).toEqual([1, 2]);
  });

  it('keeps each part once when two processes of it run', async () => {
    await Promise.all([start(), start()]);
    const calls = Array.from({ length: 10 }, (_, i) => asCallId(`${AT_MS / 1000}.${i}`));
    for (const callId of calls) await closed(callId, 1, await record(callId, 1));
    await waitFor(async () => (await Promise.all(calls.map((callId) => find({ callId })))).every(({ parts }) => parts.length === 1));
    await Promise.all(running.splice(0).map((app) => app.stop()));
    for (const callId of calls) expect(await storedOf(callId)).toHaveLength(1);
  });

  it('fills its table from the events when it was lost, with the same numbers', async () => {
    const app = await start();
    await closed(CALL, 1, await record(CALL, 1));
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 1);
    const before = await find({ callId: CALL });
    await app.stop();
    await database.database.query('TRUNCATE recorder.parts, recorder.checkpoint');
    await start();
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 1);
    expect(await find({ callId: CALL })).toEqual(before);
    expect(await storedOf(CALL)).toHaveLength(1);
  });

  it.each(['2026-11-22', '2026/11/23'])('repairs and keeps what an interrupted call left in %s', async (day) => {
    await start();
    const file = await record(CALL, 1, { headerSays: 0, day });
    await record(asCallId(`${AT_MS / 1000}.777`), 1, { day });
    await interrupted(CALL);
    await waitFor(async () => (await storedOf(CALL)).length === 1);
    expect((await storedOf(CALL))[0]).toMatchObject({ file, durationMs: 1000, repaired: true, sha256: await sha256(file) });
    expect(parseWav(await readFile(file)).data).toHaveLength(16_000);
  });

  it('makes rested files playable at its start, and leaves those alone that are being written', async () => {
    const other = asCallId(`${AT_MS / 1000}.78`);
    const cut = await record(CALL, 1, { headerSays: 0, rested: true });
    const busy = await record(other, 1, { headerSays: 0 });
    await writeFile(join(dirname(cut), `${CALL}-9.wav`), '');
    await start();
    await waitFor(async () => (await readFile(cut)).readUInt32LE(54) === 16_000);
    expect((await readFile(busy)).readUInt32LE(54)).toBe(0);
    expect(await storedOf(CALL)).toEqual([]);
  });

  it('says that a file is missing or unreadable, and goes on with the next', async () => {
    await start();
    const empty = join(dir.path, 'recordings', 'empty.wav');
    await writeFile(empty, '');
    await closed(CALL, 1, join(dir.path, 'recordings', 'gone.wav'));
    await closed(CALL, 2, empty);
    await closed(CALL, 3, await record(CALL, 3));
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 1);
    expect((await storedOf(CALL)).map(({ part }) => part)).toEqual([3]);
    for (const result of ['missing', 'unreadable']) {
      await waitFor(async () => new RegExp(`ritmo_recorder_parts_total\\{result="${result}".*\\} [1-9]`).test(await metrics.metrics()), { what: result });
    }
  });

  it('is loud once per worsening when the disk fills up, and quiet when there is room', async () => {
    let free = 10_000;
    const facts: unknown[] = [];
    bus.subscribe('fact.DiskNearlyFull', ({ data }) => void facts.push(data));
    await start({ diskLimits: { warnBelowBytes: 5000, criticalBelowBytes: 1000 }, diskCheckEveryMs: 5, freeBytes: () => Promise.resolve(free) });
    const state = async () => (await health.parts()).find(({ part }) => part === 'recordings')?.health.status;
    expect(await state()).toBe('OK');
    expect(facts).toEqual([]);
    free = 4000;
    await waitFor(() => facts.length === 1);
    free = 500;
    await waitFor(() => facts.length === 2);
    expect(facts).toEqual([{ folder: join(dir.path, 'recordings'), freeBytes: 4000 }, { folder: join(dir.path, 'recordings'), freeBytes: 500 }]);
    await waitFor(async () => (await state()) === 'CRITICAL');
    free = 10_000;
    await waitFor(async () => (await state()) === 'OK');
    expect(facts).toHaveLength(2);
  });

  it('removes files past the retention with a fact each, never one that is being written, and keeps younger ones', async () => {
    const settings = (recordingRetentionDays: number) => ({ kind: 'settings' as const, id: 1, entry: { id: 1, recordingRetentionDays } });
    bus.serve('directory.snapshot', () => ({ position: '0', entries: [settings(0)] }));
    const directory = createDirectoryReader({ bus });
    await directory.start();
    const app = createRecorderApp({ ...context(), directory }, { retentionEveryMs: 20 });
    await app.start();
    running.push(app);
    const old = await record(CALL, 1, { day: '2026/11/20' });
    await closed(CALL, 1, old);
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 1);
    nowMs += 3 * 86_400_000;
    const young = await record(CALL, 2);
    await closed(CALL, 2, young);
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 2);
    // It began as long ago as the old one and nobody has closed it.
    const busy = await record(CALL, 3, { headerSays: 0, day: '2026/11/20' });

    bus.publish('fact.DirectoryEntryPut', fact('DirectoryEntryPut', nowMs, { ...settings(2), by: { kind: 'admin' } }));
    await waitFor(async () => (await find({ callId: CALL })).parts.length === 1);
    const exists = (file: string) => stat(file).then(() => true, () => false);
    await waitFor(async () => (await events.readStream(streams.call(CALL))).some(({ type }) => type === 'RecordingRemoved'));
    expect([await exists(old), await exists(young), await exists(busy)]).toEqual([false, true, true]);
    const removed = (await events.readStream(streams.call(CALL))).filter(({ type }) => type === 'RecordingRemoved');
    expect(removed.map(({ data }) => data)).toEqual([{ callId: CALL, part: 1, recordingId: expect.any(Number) as number, file: `2026/11/20/${CALL}-1.wav`, ageDays: 3 }]);
    await waitFor(async () => (await find({ callId: CALL })).parts[0]?.part === 2);
  });

  it('shows recordings that could not be written in its health, and tells the other processes', async () => {
    await start();
    const state = async () => (await health.parts()).find(({ part }) => part === 'recordings')?.health;
    const told: unknown[] = [];
    bus.subscribe('fact.PartHealthReported', ({ data }) => void told.push(data));
    bus.publish('fact.RecordingFailed', fact('RecordingFailed', AT_MS, { callId: CALL, file: '/x/1.1-1.wav', error: 'ENOSPC' }));
    const detail = '1 recordings could not be written in the last hour, the last one /x/1.1-1.wav: ENOSPC';
    await waitFor(async () => (await state())?.status === 'WARNING');
    expect(await state()).toEqual({ status: 'WARNING', detail });
    await waitFor(() => told.length === 1);
    expect(told).toEqual([{ part: 'recordings', status: 'WARNING', detail }]);
    nowMs += 2 * 3_600_000;
    await waitFor(async () => (await state())?.status === 'OK');
    await waitFor(() => told.length === 2);
  });

  it('watches the real disk', async () => {
    await start();
    const part = (await health.parts()).find((each) => each.part === 'recordings');
    expect(part?.health.detail).toMatch(/^\d+ MiB free for recordings$/);
  });
});
