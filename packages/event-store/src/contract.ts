/** What every EventStore must do. An adapter's test hands over a factory and gets the whole suite. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppendRequest, EventStore, EventToAppend, StoredEvent } from './port.ts';
import { WrongExpectedVersionError } from './port.ts';

export interface StoreUnderTest {
  readonly store: EventStore;
  /** Another store on the same data, as another process would have it. Undefined where there is no such thing. */
  readonly another?: () => Promise<EventStore>;
  close(): Promise<void>;
}

const happened = (type: string, n = 0): EventToAppend => ({ type, data: { n }, at: 1_700_000_000_000 + n });
const request = (streamId: string, expectedVersion: AppendRequest['expectedVersion'], ...types: string[]): AppendRequest => ({
  streamId,
  expectedVersion,
  events: types.map((type, n) => happened(type, n)),
});

export function eventStoreContract(name: string, factory: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let under: StoreUnderTest;
    let store: EventStore;
    beforeEach(async () => {
      under = await factory();
      store = under.store;
    });
    afterEach(() => under.close());

    appending(() => store);
    readingAll(() => store);
    subscribing(() => store);
    sharing(
      () => store,
      () => under.another,
    );
  });
}

function appending(store: () => EventStore): void {
  describe('appending', () => {
    it('gives versions from 0 without gaps and growing positions', async () => {
      const first = await store().append(request('a-1', 'none', 'One', 'Two'));
      const second = await store().append(request('a-1', 1, 'Three'));
      expect([first.version, second.version]).toEqual([1, 2]);
      expect(second.position).toBeGreaterThan(first.position);
      const events = await store().readStream('a-1');
      expect(events.map((event) => [event.version, event.type])).toEqual([[0, 'One'], [1, 'Two'], [2, 'Three']]);
      expect(events.at(-1)?.position).toBe(second.position);
    });

    it('gives back what was appended, to the letter', async () => {
      const data = { text: 'Não é "aspas" \\ \n\t\u0001 😀', none: null, deep: { list: [1, 2.5, -3], flag: true }, empty: {} };
      const event = { type: 'Said', schema: 3, data, at: 1_764_000_000_123 };
      await store().append({ streamId: 'letter-é', expectedVersion: 'any', events: [event] });
      const [stored] = await store().readStream('letter-é');
      expect(stored).toMatchObject({ ...event, streamId: 'letter-é', version: 0 });
    });

    it('refuses a wrong expected version and tells the actual one', async () => {
      await store().append(request('b-1', 'none', 'One'));
      const refused = store().append(request('b-1', 'none', 'Again'));
      await expect(refused).rejects.toBeInstanceOf(WrongExpectedVersionError);
      await expect(refused).rejects.toMatchObject({ streamId: 'b-1', expected: 'none', actual: 0 });
      await expect(store().append(request('b-1', 7, 'Ahead'))).rejects.toMatchObject({ expected: 7, actual: 0 });
      await expect(store().append(request('b-2', 0, 'Missing'))).rejects.toMatchObject({ expected: 0, actual: -1 });
      expect(await store().readStream('b-1')).toHaveLength(1);
      expect(await store().readStream('b-2')).toEqual([]);
    });

    it('lets exactly one of many writers with the same expected version win', async () => {
      await store().append(request('race', 'none', 'Begun'));
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => store().append(request('race', 0, `Writer${n}`))));
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
      expect(await store().readStream('race')).toHaveLength(2);
    });

    it('does not let one conflict cost the others that are appended at the same time', async () => {
      await store().append(request('mate-0', 'none', 'Begun'));
      const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => store().append(request(`mate-${n}`, 'none', 'One'))));
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', ...Array.from({ length: 29 }, () => 'fulfilled')]);
    });

    it('does not let one request that cannot be stored cost the others', async () => {
      const poison = { streamId: 'poison', expectedVersion: 'any' as const, events: [{ type: 'Big', data: { n: 1n }, at: 1 }] };
      const outcomes = await Promise.allSettled([
        store().append(request('healthy-1', 'none', 'One')),
        store().append(poison),
        store().append({ streamId: 'empty', expectedVersion: 'any', events: [] }),
        store().append(request('healthy-2', 'none', 'One')),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    });

    it('keeps the order of appends to one stream that were not waited for', async () => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => store().append({ streamId: 'order', expectedVersion: 'any', events: [happened('Step', n)] })));
      expect((await store().readStream('order')).map((event) => event.data['n'])).toEqual(Array.from({ length: 50 }, (_, n) => n));
    });

    it('answers each of many requests by itself, in order', async () => {
      await store().append(request('many-1', 'none', 'One'));
      const requests = [request('many-0', 'none', 'A', 'B'), request('many-1', 'none', 'C'), request('many-2', 'any', 'D'), request('many-0', 1, 'E')];
      const results = await store().appendMany(requests);
      expect(results.map((result) => (result instanceof WrongExpectedVersionError ? 'conflict' : result.version))).toEqual([1, 'conflict', 0, 2]);
      expect((await store().readStream('many-0')).map((event) => event.type)).toEqual(['A', 'B', 'E']);
    });

    it('reads a stream from a version on', async () => {
      await store().append(request('long', 'none', 'A', 'B', 'C', 'D'));
      expect((await store().readStream('long', { fromVersion: 2 })).map((event) => event.type)).toEqual(['C', 'D']);
      expect(await store().readStream('never-was')).toEqual([]);
    });
  });
}

function readingAll(store: () => EventStore): void {
  describe('reading all', () => {
    it('pages through all streams in the order in which they were appended', async () => {
      expect(await store().head()).toBeUndefined();
      for (let n = 0; n < 7; n += 1) await store().append({ streamId: `s-${n % 3}`, expectedVersion: 'any', events: [happened('Step', n)] });
      const seen: StoredEvent[] = [];
      for (;;) {
        const last = seen.at(-1)?.position;
        const page = await store().readAll({ limit: 3, ...(last === undefined ? {} : { after: last }) });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(3);
        seen.push(...page);
      }
      expect(seen.map((event) => event.data['n'])).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(seen.at(-1)?.position).toBe(await store().head());
    });

    it('shows only the types asked for', async () => {
      await store().append(request('t-1', 'none', 'A', 'B', 'C', 'B'));
      const page = await store().readAll({ limit: 10, types: ['B', 'Z'] });
      expect(page.map((event) => [event.type, event.version])).toEqual([['B', 1], ['B', 3]]);
    });
  });
}

function subscribing(store: () => EventStore): void {
  describe('a subscription', () => {
    it('catches up, then hears what comes, each event once and in order', async () => {
      await store().append(request('sub-1', 'none', 'A', 'B', 'C'));
      const heard: string[] = [];
      const subscription = store().subscribe({ batchSize: 2 }, async (events) => {
        expect(events.length).toBeLessThanOrEqual(2);
        heard.push(...events.map((event) => event.type));
      });
      await vi.waitFor(() => expect(heard).toEqual(['A', 'B', 'C']), { timeout: 5_000 });
      const { position } = await store().append(request('sub-2', 'none', 'D', 'E'));
      await vi.waitFor(() => expect(heard).toEqual(['A', 'B', 'C', 'D', 'E']), { timeout: 5_000 });
      await vi.waitFor(() => expect(subscription.position).toBe(position));
      await subscription.stop();
    });

    it('begins after the position that it is given', async () => {
      const { position } = await store().append(request('sub-1', 'none', 'A', 'B'));
      await store().append(request('sub-1', 1, 'C'));
      const heard: string[] = [];
      const subscription = store().subscribe({ after: position }, async (events) => void heard.push(...events.map((event) => event.type)));
      await vi.waitFor(() => expect(heard).toEqual(['C']), { timeout: 5_000 });
      await subscription.stop();
    });

    it('hears only the types asked for, also those that come long after others', async () => {
      const heard: number[] = [];
      const subscription = store().subscribe({ types: ['Rare'], batchSize: 5 }, async (events) => {
        heard.push(...events.map((event) => event.data['n'] as number));
      });
      for (let n = 0; n < 40; n += 1) {
        await store().append({ streamId: 'mix', expectedVersion: 'any', events: [happened(n % 20 === 19 ? 'Rare' : 'Common', n)] });
      }
      await vi.waitFor(() => expect(heard).toEqual([19, 39]), { timeout: 5_000 });
      await subscription.stop();
    });

    it('hands a batch over again until the handler takes it', async () => {
      await store().append(request('again', 'none', 'A'));
      const tries: string[][] = [];
      const subscription = store().subscribe({}, async (events) => {
        tries.push(events.map((event) => event.type));
        if (tries.length < 3) throw new Error('not yet');
      });
      await vi.waitFor(() => expect(tries).toEqual([['A'], ['A'], ['A']]), { timeout: 5_000 });
      await store().append(request('again', 0, 'B'));
      await vi.waitFor(() => expect(tries.at(-1)).toEqual(['B']), { timeout: 5_000 });
      await subscription.stop();
    });

    it('waits for the handler that runs when it is stopped, and calls it no more', async () => {
      await store().append(request('stop', 'none', 'A'));
      let release = (): void => undefined;
      let entered = 0;
      const subscription = store().subscribe({}, async () => {
        entered += 1;
        await new Promise<void>((resolve) => (release = resolve));
      });
      await vi.waitFor(() => expect(entered).toBe(1), { timeout: 5_000 });
      let stopped = false;
      const stopping = subscription.stop().then(() => (stopped = true));
      await store().append(request('stop', 0, 'B'));
      expect(stopped).toBe(false);
      release();
      await stopping;
      expect(entered).toBe(1);
    });

    it('misses nothing and doubles nothing while many writers append', async () => {
      const heard: string[] = [];
      const subscription = store().subscribe({ batchSize: 7 }, async (events) => {
        heard.push(...events.map((event) => `${event.streamId}/${event.version}`));
      });
      await Promise.all(
        Array.from({ length: 10 }, async (_, writer) => {
          for (let n = 0; n < 10; n += 1) await store().append({ streamId: `w-${writer}`, expectedVersion: 'any', events: [happened('Step', n)] });
        }),
      );
      await vi.waitFor(() => expect(heard).toHaveLength(100), { timeout: 10_000 });
      expect(new Set(heard).size).toBe(100);
      for (let writer = 0; writer < 10; writer += 1) {
        const own = heard.filter((label) => label.startsWith(`w-${writer}/`));
        expect(own).toEqual(Array.from({ length: 10 }, (_, n) => `w-${writer}/${n}`));
      }
      await subscription.stop();
    });
  });
}

function sharing(store: () => EventStore, another: () => (() => Promise<EventStore>) | undefined): void {
  describe('two processes', () => {
    it('share streams, conflicts and one order of all events', async (context) => {
      const open = another();
      if (open === undefined) return context.skip('this store lives in one process');
      const other = await open();
      const heard: string[] = [];
      const subscription = other.subscribe({}, async (events) => void heard.push(...events.map((event) => String(event.position))));
      const outcomes = await Promise.allSettled(
        Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? store() : other).append(request(`shared-${n % 20}`, 'none', 'One'))),
      );
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(20);
      await vi.waitFor(() => expect(heard).toHaveLength(20), { timeout: 10_000 });
      const all = await store().readAll({ limit: 100 });
      expect(heard).toEqual(all.map((event) => String(event.position)));
      await subscription.stop();
      await other.close();
    });
  });
}
