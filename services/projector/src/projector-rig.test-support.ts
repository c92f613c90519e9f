/** For tests: a projector on a database and a memory event store of its own, fed fact by fact. */
import { createInProcessBus } from '@ritmo/bus';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { createMemoryEventStore, type EventStore } from '@ritmo/event-store';
import type { ServiceContext } from '@ritmo/service-kit';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach } from 'vitest';
import { createProjectorApp, type ProjectorApp } from './app.ts';
import { createLocalTime } from './local-time.ts';
import { appendFacts, sampleDirectory, type StreamedFact } from './sample-facts.ts';
import { prepareSchema } from './schema.ts';

export let test: TestDatabase;
export let events: EventStore;
export let app: ProjectorApp;
/** The tables and views are made once for all tests of a run. */
export const prepared = { prepare: { key: 'projector', run: async (database: TestDatabase['database']) => void (await prepareSchema(database)) } };

export function contextOn(database: TestDatabase['database'], store: EventStore): ServiceContext {
  return {
    node: 'test',
    bus: createInProcessBus(),
    events: store,
    database,
    log: pino({ level: 'silent' }),
    metrics: new Registry(),
    health: { register: () => undefined, parts: async () => [] },
    clock: { nowMs: () => Date.now() },
    dataDir: '/nonexistent',
    // The projector reads neither: it knows configuration from events and writes none.
    journal: undefined as never,
    directory: undefined as never,
  };
}

/** Appends facts and waits until the views show them. */
export async function stored(...facts: readonly StreamedFact[]): Promise<void> {
  await appendFacts(events, facts);
  await app.caughtUp();
}

export const rowsOf = async (sql: string): Promise<readonly Record<string, unknown>[]> => (await test.database.query(sql)).rows;
export const rowOf = async (sql: string): Promise<Record<string, unknown> | undefined> => (await rowsOf(sql))[0];

/** A moment as a column of the views shows it. */
export const localText = (ms: number): string => createLocalTime('America/Sao_Paulo').timestamp(ms).replace(/\.?0+$/, '');

/** A fresh projector, with the sample's directory, for each test of the file. */
export function onAProjector(): void {
  beforeEach(async () => {
    test = await startTestDatabase(prepared);
    events = createMemoryEventStore();
    app = createProjectorApp(contextOn(test.database, events));
    await app.start();
    await appendFacts(events, sampleDirectory());
  });
  afterEach(async () => {
    await app.stop();
    await events.close();
    await test.close();
  });
}
