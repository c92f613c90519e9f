import { createInProcessBus, type Bus } from '@ritmo/bus';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { streams, type Actor, type DirectoryKind } from '@ritmo/domain';
import { createMemoryEventStore, type EventStore } from '@ritmo/event-store';
import { createHealthRegistry, createLogger, createMetrics } from '@ritmo/runtime';
import { createDirectoryReader, createJournal, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryApp, type DirectoryOptions } from './app.ts';

const by: Actor = { kind: 'admin', id: 'test' };
const log = createLogger({ level: 'silent', node: 'test' });

let database: TestDatabase;
let events: EventStore;
let bus: Bus;
let running: ServiceApp[];

beforeEach(async () => {
  database = await startTestDatabase();
  events = createMemoryEventStore();
  bus = createInProcessBus();
  running = [];
});
afterEach(async () => {
  for (const app of running) await app.stop();
  await bus.close();
  await events.close();
  await database.close();
});

const context = (onBus: Bus = bus): ServiceContext => ({
  node: 'test',
  bus: onBus,
  events,
  journal: createJournal({ bus: onBus, events, log }),
  database: database.database,
  directory: createDirectoryReader({ bus: onBus }),
  log,
  metrics: createMetrics({ node: 'test', processMetrics: false }),
  health: createHealthRegistry(),
  clock: { nowMs: () => 1_700_000_000_000 },
  dataDir: '/nonexistent',
});

const start = async (options: DirectoryOptions = {}, onBus: Bus = bus): Promise<ServiceApp> => {
  const app = createDirectoryApp(context(onBus), options);
  await app.start();
  running.push(app);
  return app;
};
const put = (kind: DirectoryKind, id: number | null, entry: Record<string, unknown>, mustBeNew = false) =>
  bus.request('directory.put', { kind, id, entry, mustBeNew, by });
const all = async (kind: DirectoryKind) => (await bus.request('directory.snapshot', {})).entries.filter((entry) => entry.kind === kind);

const seed = {
  trunks: [{ id: 1, name: 'carrier', host: '127.0.0.1' }],
  routes: [{ id: 1, name: 'all', trunks: [1] }],
  queues: [{ id: 10, name: 'sales' }],
  campaigns: [{ id: 100, name: 'spring', queueId: 10 }],
};

describe('the directory', () => {
  it('seeds an empty installation with what ships and what the file says, defaults filled in', async () => {
    await start({ seed, seedName: 'ritmo.yaml' });
    expect((await all('trunk')).map(({ entry }) => entry)).toMatchObject([{ id: 1, name: 'carrier', port: 5060, channels: 30 }]);
    expect((await all('disposition')).map(({ id }) => id)).toEqual(expect.arrayContaining([3, 7, 8, 9, 11, 12, 13, 1002]));
    expect((await all('user-status')).length).toBe(7);
    expect((await all('settings'))[0]?.entry).toMatchObject({ id: 1, timeZone: 'America/Sao_Paulo' });
  });

  it('does not seed a second time', async () => {
    const first = await start({ seed });
    await bus.request('directory.remove', { kind: 'campaign', id: 100, by });
    await first.stop();
    await start({ seed });
    expect(await all('campaign')).toEqual([]);
  });

  it('finishes a seeding that was cut short', async () => {
    await events.append({
      streamId: streams.directory('trunk', 1),
      expectedVersion: 'none',
      events: [{ type: 'DirectoryEntryPut', at: 1, data: { kind: 'trunk', id: 1, entry: { id: 1, name: 'half', host: 'h' }, by } }],
    });
    await start({ seed });
    expect((await all('trunk'))[0]?.entry['name']).toBe('half');
    expect((await all('campaign')).length).toBe(1);
  });

  it('gives ids that were never used', async () => {
    await start({ seed });
    const made = await put('campaign', null, { name: 'summer', queueId: 10 });
    expect(made).toEqual({ ok: true, id: 101 });
    await bus.request('directory.remove', { kind: 'campaign', id: 101, by });
    expect(await put('campaign', null, { name: 'autumn', queueId: 10 })).toEqual({ ok: true, id: 102 });
    expect(await put('disposition', null, { name: 'Venda' })).toEqual({ ok: true, id: 1003 });
  });

  it('tells its followers of each change', async () => {
    await start({ seed });
    const reader = createDirectoryReader({ bus });
    await reader.start();
    await put('campaign', 100, { name: 'renamed', queueId: 10 });
    await expect.poll(() => reader.get('campaign', 100)?.name).toBe('renamed');
    await bus.request('directory.remove', { kind: 'campaign', id: 100, by });
    await expect.poll(() => reader.get('campaign', 100)).toBeUndefined();
    reader.stop();
  });

  it('refuses what its schema refuses, and says where', async () => {
    await start({ seed });
    expect(await put('trunk', null, { name: 'x', host: 'h', port: 99999, chanels: 3 })).toMatchObject({
      ok: false,
      code: 'invalid',
      detail: expect.stringMatching(/did you mean channels\?.*port: must be <= 65535|port: must be <= 65535.*did you mean channels\?/) as string,
    });
  });

  it('refuses a reference to nothing', async () => {
    await start({ seed });
    expect(await put('campaign', null, { name: 'x', queueId: 77 })).toEqual({ ok: false, code: 'invalid', detail: 'queueId: there is no queue 77' });
    expect(await put('route', null, { name: 'x', trunks: [1, 5] })).toEqual({ ok: false, code: 'invalid', detail: 'trunks[1]: there is no trunk 5' });
  });

  it('refuses an extension that is taken', async () => {
    await start({ seed });
    await put('agent', 1, { name: 'Ana', extension: '1001', password: 'secret' });
    expect(await put('agent', 2, { name: 'Bia', extension: '1001', password: 'secret' })).toMatchObject({ code: 'invalid', detail: 'extension: extension 1001 belongs to agent 1' });
    expect(await put('agent', 1, { name: 'Ana Maria', extension: '1001', password: 'secret' })).toEqual({ ok: true, id: 1 });
  });

  it('keeps what is in use and what ships', async () => {
    await start({ seed });
    expect(await bus.request('directory.remove', { kind: 'queue', id: 10, by })).toEqual({ ok: false, code: 'in-use', detail: 'used by campaign 100' });
    expect(await bus.request('directory.remove', { kind: 'disposition', id: 7, by })).toMatchObject({ ok: false, code: 'in-use' });
    expect(await bus.request('directory.remove', { kind: 'queue', id: 99, by })).toMatchObject({ ok: false, code: 'not-found' });
  });

  it('does not overwrite where a new entry is asked for', async () => {
    await start({ seed });
    expect(await put('queue', 10, { name: 'other' }, true)).toMatchObject({ ok: false, code: 'exists' });
  });

  it('lets one of two writers of the same entry win and tells the other', async () => {
    const otherBus = createInProcessBus();
    await start({ seed });
    await start({ seed }, otherBus);
    const entry = (name: string) => ({ name, queueId: 10 });
    await put('campaign', 100, entry('from here'));
    const late = { kind: 'campaign' as const, id: 100, entry: entry('from there'), by };
    expect(await otherBus.request('directory.put', late)).toMatchObject({ ok: false, code: 'conflict' });
    expect(await otherBus.request('directory.put', late)).toEqual({ ok: true, id: 100 });
    await running[1]?.stop();
    await otherBus.close();
  });

  it('finds everything again after its table was lost', async () => {
    const first = await start({ seed });
    await put('campaign', 100, { name: 'renamed', queueId: 10 });
    await first.stop();
    await database.database.query('DELETE FROM directory.entries');
    await start({ seed });
    expect((await all('campaign'))[0]?.entry['name']).toBe('renamed');
  });

  it('finds a change whose row was not written before the process died', async () => {
    const first = await start({ seed });
    await put('campaign', 100, { name: 'renamed', queueId: 10 });
    await first.stop();
    await database.database.query(`UPDATE directory.entries SET version = 0, entry = jsonb_set(entry, '{name}', '"spring"') WHERE kind = 'campaign'`);
    await start({ seed });
    expect((await all('campaign'))[0]?.entry['name']).toBe('renamed');
  });
});
