import { EventStoreClosedError, InvalidAppendError } from './errors.ts';
import type { AppendRequest, AppendResult, EventStore, EventToAppend, StoredEvent, Subscription } from './port.ts';
import { WrongExpectedVersionError } from './port.ts';
import { pump, type Page } from './subscription.ts';

/** A store for tests and simulations. Keeps what it is given as the others do: as JSON. */
export function createMemoryEventStore(options: { readonly log?: (message: string) => void } = {}): EventStore {
  const all: StoredEvent[] = [];
  const streams = new Map<string, StoredEvent[]>();
  const wakers = new Set<() => void>();
  const subscriptions = new Set<Subscription>();
  let closed = false;

  function assertOpen(): void {
    if (closed) throw new EventStoreClosedError();
  }

  function appendNow(request: AppendRequest): AppendResult {
    const encoded = encodeEvents(request);
    const stream = streams.get(request.streamId) ?? [];
    const actual = stream.length - 1;
    const expected = request.expectedVersion === 'none' ? -1 : request.expectedVersion;
    if (expected !== 'any' && expected !== actual) {
      throw new WrongExpectedVersionError(request.streamId, request.expectedVersion, actual);
    }
    for (const [index, event] of request.events.entries()) {
      const stored: StoredEvent = {
        position: BigInt(all.length + 1),
        streamId: request.streamId,
        version: stream.length,
        type: event.type,
        schema: event.schema ?? 1,
        data: JSON.parse(encoded[index] ?? '{}') as Record<string, unknown>,
        at: event.at,
      };
      stream.push(stored);
      all.push(stored);
    }
    streams.set(request.streamId, stream);
    for (const wake of wakers) wake();
    return { version: stream.length - 1, position: BigInt(all.length) };
  }

  function readPage(query: { readonly after?: bigint; readonly limit: number; readonly types?: readonly string[] }): Page {
    // Positions run from 1 without gaps here, so a position is an index.
    const types = query.types === undefined ? undefined : new Set(query.types);
    const events: StoredEvent[] = [];
    let index = Number(query.after ?? 0n);
    for (; index < all.length && events.length < query.limit; index += 1) {
      const event = all[index];
      if (event !== undefined && (types === undefined || types.has(event.type))) events.push(event);
    }
    return { events, scannedTo: index === 0 ? undefined : BigInt(index) };
  }

  return {
    async append(request) {
      assertOpen();
      return appendNow(request);
    },
    async appendMany(requests) {
      assertOpen();
      return requests.map((request) => {
        try {
          return appendNow(request);
        } catch (error) {
          if (error instanceof WrongExpectedVersionError) return error;
          throw error;
        }
      });
    },
    async readStream(streamId, range) {
      assertOpen();
      return (streams.get(streamId) ?? []).slice(range?.fromVersion ?? 0);
    },
    async readAll(query) {
      assertOpen();
      return readPage(query).events;
    },
    subscribe(subscribeOptions, handler) {
      assertOpen();
      const source = {
        readPage: async (query: Parameters<typeof readPage>[0]) => readPage(query),
        onAppended(wake: () => void) {
          wakers.add(wake);
          return () => void wakers.delete(wake);
        },
        pollMs: 60_000,
        log: options.log ?? (() => undefined),
      };
      const subscription = pump(source, subscribeOptions, handler);
      subscriptions.add(subscription);
      return subscription;
    },
    async head() {
      assertOpen();
      return all.at(-1)?.position;
    },
    async close() {
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
    },
  };
}

/** The events' data as JSON text. Rejects what no store could keep, before anything is stored. */
export function encodeEvents(request: AppendRequest): string[] {
  if (request.events.length === 0) throw new InvalidAppendError(request.streamId, 'nothing to append');
  return request.events.map((event) => encodeData(request.streamId, event));
}

function encodeData(streamId: string, event: EventToAppend): string {
  try {
    return JSON.stringify(event.data);
  } catch (error) {
    throw new InvalidAppendError(streamId, `the data of ${event.type} is not JSON`, error);
  }
}
