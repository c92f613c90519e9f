import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventStoreContract } from '../contract.ts';
import { createKurrentEventStore } from './create.ts';
import { startWireDouble } from './wire-double.ts';

eventStoreContract('the KurrentDB event store, over a double of its wire', async () => {
  const server = await startWireDouble();
  const store = await createKurrentEventStore({ url: server.url });
  return {
    store,
    another: async () => createKurrentEventStore({ url: server.url }),
    async close() {
      await store.close();
      await server.stop();
    },
  };
});

describe('appends to KurrentDB', () => {
  it('are never more at once than the limit, and all arrive', async () => {
    const server = await startWireDouble();
    const store = await createKurrentEventStore({ url: server.url, maxInFlight: 5 });
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => store.append({ streamId: `s-${n}`, expectedVersion: 'none', events: [{ type: 'One', data: {}, at: n }] })),
    );
    expect(server.appendsInFlight.most).toBeGreaterThan(1);
    expect(server.appendsInFlight.most).toBeLessThanOrEqual(5);
    expect(await store.readAll({ limit: 200 })).toHaveLength(100);
    await store.close();
    await server.stop();
  });

  it('are stored once when the answer is lost with the connection', async () => {
    const server = await startWireDouble();
    const store = await createKurrentEventStore({ url: server.url });
    server.loseAnswers(1);
    const result = await store.append({ streamId: 'once', expectedVersion: 'none', events: [{ type: 'One', data: {}, at: 1 }] });
    expect(result.version).toBe(0);
    expect(await store.readStream('once')).toHaveLength(1);
    await store.close();
    await server.stop();
  });
});

const serverUrl = process.env['KURRENTDB_URL'];
if (serverUrl === undefined) console.warn('skipped: the event store contract on a real KurrentDB (set KURRENTDB_URL)');

describe.skipIf(serverUrl === undefined)('a real KurrentDB', () => {
  it('keeps, orders and refuses as the double does', async () => {
    // The contract wants an empty store; here only what does not depend on that.
    const store = await createKurrentEventStore({ url: serverUrl ?? '' });
    const streamId = `ritmo-test-${randomUUID()}`;
    const first = await store.append({ streamId, expectedVersion: 'none', events: [{ type: 'One', data: { text: 'é' }, at: 1 }] });
    await expect(store.append({ streamId, expectedVersion: 'none', events: [{ type: 'One', data: {}, at: 1 }] })).rejects.toMatchObject({ actual: 0 });
    const second = await store.append({ streamId, expectedVersion: 0, events: [{ type: 'Two', data: {}, at: 2 }] });
    expect(second.position).toBeGreaterThan(first.position);
    expect((await store.readStream(streamId)).map((event) => event.type)).toEqual(['One', 'Two']);
    expect((await store.readAll({ after: first.position, limit: 100 })).some((event) => event.streamId === streamId && event.type === 'Two')).toBe(true);
    await store.close();
  });
});
