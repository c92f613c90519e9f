/**
 * Durable events a second on the embedded PostgreSQL, beside one INSERT per append in the same run.
 *   npm run bench:events -- --json --seconds 3
 * Each store gets a cluster with fsync on. Events are 330 bytes of JSON; every append checks its expected version.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connectDatabase, createThrowawayFolder, startEmbeddedPostgres, type Database } from '@ritmo/database';
import { benchFlags } from '@ritmo/testing';
import { createPostgresEventStore, type EventStore, type EventToAppend } from '../src/index.ts';

const flags = benchFlags('Durable events a second on the embedded PostgreSQL, beside one INSERT per append in the same run.', { seconds: [3, 'seconds of each measurement'] });
const DURATION_MS = flags.seconds * 1_000;
const EVENT_BYTES = 330;
const TARGET_EVENTS_PER_SECOND = 15_000;

interface Result {
  readonly store: 'group commit' | 'insert per append';
  readonly inFlight: number;
  readonly eventsPerAppend: number;
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Append = (stream: string, version: number, events: readonly EventToAppend[]) => Promise<unknown>;

function sampleEvent(n: number): EventToAppend {
  const data = { callId: `1764000000.${n}`, contactId: n, campaignId: 7, phoneId: n * 2, outcome: 'no-answer', filler: '' };
  return { type: 'AttemptEnded', at: 1_764_000_000_000 + n, data: { ...data, filler: 'x'.repeat(EVENT_BYTES - JSON.stringify(data).length) } };
}

const percentile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

async function measure(store: Result['store'], inFlight: number, eventsPerAppend: number, append: Append): Promise<Result> {
  const latencies: number[] = [];
  let stored = 0;
  const run = Math.random().toString(36).slice(2);
  const begun = performance.now();
  const lane = async (index: number): Promise<void> => {
    for (let n = 0; performance.now() - begun < DURATION_MS; n += 1) {
      // Ten appends to a stream, then the next one: about what a contact or a call gets.
      const stream = `bench-${run}-${index}-${Math.floor(n / 10)}`;
      const events = Array.from({ length: eventsPerAppend }, (_, i) => sampleEvent(n * eventsPerAppend + i));
      const from = performance.now();
      await append(stream, (n % 10) * eventsPerAppend - 1, events);
      latencies.push(performance.now() - from);
      stored += eventsPerAppend;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, index) => lane(index)));
  const seconds = (performance.now() - begun) / 1_000;
  latencies.sort((a, b) => a - b);
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    store,
    inFlight,
    eventsPerAppend,
    eventsPerSecond: Math.round(stored / seconds),
    p50Ms: round(percentile(latencies, 0.5)),
    p99Ms: round(percentile(latencies, 0.99)),
  };
}

async function prepareInserts(database: Database): Promise<void> {
  await database.query(
    `CREATE TABLE plain (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id text NOT NULL, version int NOT NULL,
       type text NOT NULL, schema smallint NOT NULL, data json NOT NULL, at bigint NOT NULL, UNIQUE (stream_id, version))`,
  );
}

/** One autocommitted INSERT per append over a pool; the unique index is the check of the version. */
function insertPerAppend(database: Database): Append {
  return (stream, version, events) =>
    database.query(
      `INSERT INTO plain (stream_id, version, type, schema, data, at)
       SELECT $1, $2 + e.ord, e.type, 1, e.data::json, e.at FROM unnest($3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY AS e (type, data, at, ord)`,
      [stream, version, events.map((e) => e.type), events.map((e) => JSON.stringify(e.data)), events.map((e) => e.at)],
    );
}

async function measureImport(store: EventStore): Promise<number> {
  const count = 50_000;
  const requests = Array.from({ length: count }, (_, n) => ({ streamId: `contact-${n}`, expectedVersion: 'none' as const, events: [sampleEvent(n)] }));
  const from = performance.now();
  await store.appendMany(requests);
  return Math.round((count / (performance.now() - from)) * 1_000);
}

async function main(): Promise<void> {
  const folder = await createThrowawayFolder('ritmo-bench-events-');
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'pg'), port: 0, superuserPassword: 'bench', database: 'bench' });
  const store = await createPostgresEventStore({ url: server.connectionString });
  const database = connectDatabase({ url: server.connectionString, maxConnections: 64 });
  const grouped: Append = (streamId, version, events) => store.append({ streamId, expectedVersion: version < 0 ? 'none' : version, events });
  try {
    await prepareInserts(database);
    const single = insertPerAppend(database);
    await measure('group commit', 16, 1, grouped);
    const results: Result[] = [];
    for (const [inFlight, size] of [[1, 1], [16, 1], [64, 1], [16, 10]] as const) {
      results.push(await measure('group commit', inFlight, size, grouped), await measure('insert per append', inFlight, size, single));
    }
    const importEventsPerSecond = await measureImport(store);
    const at64 = results.find((result) => result.store === 'group commit' && result.inFlight === 64)?.eventsPerSecond ?? 0;
    const report = { ok: at64 >= TARGET_EVENTS_PER_SECOND, target: TARGET_EVENTS_PER_SECOND, eventsPerSecondAt64: at64, importEventsPerSecond, results };
    if (flags.json) console.log(JSON.stringify(report));
    else {
      console.table(results);
      console.log(`import (appendMany): ${importEventsPerSecond} events/s`);
      console.log(`${at64} events/s with 64 in flight; the target is ${TARGET_EVENTS_PER_SECOND}: ${report.ok ? 'met' : 'NOT met'}`);
    }
    process.exitCode = report.ok ? 0 : 1;
  } finally {
    await store.close();
    await database.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
