import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '@ritmo/database';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { eventStoreContract } from '../contract.ts';
import type { EventStore } from '../port.ts';
import { createPostgresEventStore } from './store.ts';

eventStoreContract('the PostgreSQL event store', async () => {
  const test = await startTestDatabase();
  const store = await createPostgresEventStore({ url: test.url });
  return {
    store,
    another: () => createPostgresEventStore({ url: test.url }),
    async close() {
      await store.close();
      await test.close();
    },
  };
});

describe('the PostgreSQL event store when its connections are cut', () => {
  let test: TestDatabase;
  let store: EventStore;
  beforeAll(async () => {
    test = await startTestDatabase();
    store = await createPostgresEventStore({ url: test.url });
  });
  afterAll(async () => {
    await store.close();
    await test.close();
  });

  it('stores each append once and in order', async () => {
    const killer = connectDatabase({ url: test.url, maxConnections: 1, applicationName: 'killer' });
    let cutting = true;
    const cuts = (async () => {
      let count = 0;
      while (cutting) {
        const { rowCount } = await killer.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ritmo-events-writer' AND datname = current_database()",
        );
        count += rowCount;
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      return count;
    })();
    await Promise.all(
      Array.from({ length: 8 }, async (_, stream) => {
        for (let n = 0; n < 60; n += 1) {
          await store.append({ streamId: `cut-${stream}`, expectedVersion: n === 0 ? 'none' : n - 1, events: [{ type: 'Step', data: { n }, at: n }] });
        }
      }),
    );
    cutting = false;
    expect(await cuts).toBeGreaterThan(0);
    await killer.close();
    for (let stream = 0; stream < 8; stream += 1) {
      const events = await store.readStream(`cut-${stream}`);
      expect(events.map((event) => event.data['n'])).toEqual(Array.from({ length: 60 }, (_, n) => n));
    }
  });

  it('hands over pages in which nothing is missing while several processes append', async () => {
    const others = await Promise.all([1, 2].map(() => createPostgresEventStore({ url: test.url })));
    const after = (await store.head()) ?? 0n;
    const seen: string[] = [];
    let writing = true;
    const reading = (async () => {
      let position = after;
      for (;;) {
        const last = !writing;
        const page = await store.readAll({ after: position, limit: 50 });
        seen.push(...page.map((event) => `${event.streamId}/${event.version}`));
        position = page.at(-1)?.position ?? position;
        if (last && page.length === 0) return;
      }
    })();
    await Promise.all(
      others.map((other, process) =>
        Promise.all(
          Array.from({ length: 400 }, (_, n) =>
            other.append({ streamId: `p${process}-${n % 40}`, expectedVersion: 'any', events: [{ type: 'Step', data: {}, at: n }] }),
          ),
        ),
      ),
    );
    writing = false;
    await reading;
    expect(seen).toHaveLength(800);
    expect(new Set(seen).size).toBe(800);
    await Promise.all(others.map((other) => other.close()));
  });
});
