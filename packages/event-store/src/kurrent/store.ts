import { randomUUID } from 'node:crypto';
import {
  BACKWARDS,
  CancelledError,
  DeadlineExceededError,
  END,
  eventTypeFilter,
  jsonEvent,
  KurrentDBClient,
  NO_STREAM,
  NotLeaderError,
  START,
  StreamNotFoundError,
  UnavailableError,
  WrongExpectedVersionError as ForeignWrongExpectedVersionError,
  type AllStreamRecordedEvent,
  type EventType,
  type JSONType,
  type RecordedEvent,
} from '@kurrent/kurrentdb-client';
import { EventStoreClosedError, EventStoreUnavailableError } from '../errors.ts';
import { encodeEvents } from '../memory.ts';
import type { AppendRequest, AppendResult, EventStore, StoredEvent, Subscription } from '../port.ts';
import { WrongExpectedVersionError } from '../port.ts';
import { pump, type Page } from '../subscription.ts';
import { createInFlight } from './in-flight.ts';
import type { KurrentEventStoreOptions } from './options.ts';
import { createWakeUps } from './wake-ups.ts';

const POLL_MS = 1_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2_000;

/** What our envelope has and KurrentDB's does not. */
type Metadata = { readonly schema: number; readonly at: number };

interface PageQuery {
  readonly after?: bigint;
  readonly limit: number;
  readonly types?: readonly string[];
}

function toEvent(event: RecordedEvent<EventType> | AllStreamRecordedEvent): StoredEvent {
  const metadata = (event.metadata ?? {}) as Partial<Metadata>;
  return {
    position: event.position?.commit ?? 0n,
    streamId: event.streamId,
    version: Number(event.revision),
    type: event.type,
    schema: metadata.schema ?? 1,
    data: event.data as Record<string, unknown>,
    at: metadata.at ?? event.created.getTime(),
  };
}

const escapeForRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Events of the server itself begin with $. */
const filterFor = (types: readonly string[] | undefined) =>
  eventTypeFilter({ regex: types === undefined ? '^[^$].*' : `^(${types.map(escapeForRegex).join('|')})$`, checkpointInterval: 1_000 });

/** Opens a store on a KurrentDB (EventStoreDB) server or cluster. Its reads and appends reconnect by themselves. */
export function openKurrentEventStore(options: KurrentEventStoreOptions): EventStore {
  const log = options.log ?? (() => undefined);
  const client = KurrentDBClient.connectionString(options.url);
  const inFlight = createInFlight(options.maxInFlight ?? 32);
  const wakeUps = createWakeUps(() => client.subscribeToAll({ fromPosition: END, filter: filterFor(undefined) }), log);
  const subscriptions = new Set<Subscription>();
  let closed = false;

  function assertOpen(): void {
    if (closed) throw new EventStoreClosedError();
  }

  async function append(request: AppendRequest): Promise<AppendResult> {
    const encoded = encodeEvents(request);
    // The ids stay over retries: the server knows an append that it has already stored.
    const events = request.events.map((event, index) =>
      jsonEvent({
        id: randomUUID(),
        type: event.type,
        data: JSON.parse(encoded[index] ?? '{}') as JSONType,
        metadata: { schema: event.schema ?? 1, at: event.at },
      }),
    );
    return inFlight.run(request.streamId, () => appendUntilAnswered(client, request, events, options.patienceMs ?? 30_000, log));
  }

  return {
    async append(request) {
      assertOpen();
      return append(request);
    },
    async appendMany(requests) {
      assertOpen();
      return Promise.all(
        requests.map((request) =>
          append(request).catch((error: unknown) => {
            if (error instanceof WrongExpectedVersionError) return error;
            throw error;
          }),
        ),
      );
    },
    async readStream(streamId, range) {
      assertOpen();
      const events: StoredEvent[] = [];
      try {
        for await (const { event } of client.readStream(streamId, { fromRevision: BigInt(range?.fromVersion ?? 0) })) {
          if (event !== undefined) events.push(toEvent(event));
        }
      } catch (error) {
        if (error instanceof StreamNotFoundError) return [];
        throw toOurError(error);
      }
      return events;
    },
    async readAll(query) {
      assertOpen();
      return (await readPage(client, query)).events;
    },
    subscribe(subscribeOptions, handler) {
      assertOpen();
      const source = { readPage: (query: PageQuery) => readPage(client, query), onAppended: wakeUps.add, pollMs: POLL_MS, log };
      const subscription = pump(source, subscribeOptions, handler);
      subscriptions.add(subscription);
      return subscription;
    },
    async head() {
      assertOpen();
      return readHead(client);
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await inFlight.idle();
      await wakeUps.close();
      await client.dispose();
    },
  };
}

const isTransient = (error: unknown): boolean =>
  error instanceof UnavailableError ||
  error instanceof CancelledError ||
  error instanceof DeadlineExceededError ||
  error instanceof NotLeaderError;

function toOurError(error: unknown): Error {
  if (isTransient(error)) return new EventStoreUnavailableError(error instanceof Error ? error.message : String(error), error);
  return error instanceof Error ? error : new Error(String(error));
}

async function appendUntilAnswered(
  client: KurrentDBClient,
  request: AppendRequest,
  events: ReturnType<typeof jsonEvent>[],
  patienceMs: number,
  log: (message: string) => void,
): Promise<AppendResult> {
  const { streamId, expectedVersion } = request;
  const streamState = expectedVersion === 'any' ? 'any' : expectedVersion === 'none' ? NO_STREAM : BigInt(expectedVersion);
  const deadline = performance.now() + patienceMs;
  for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
    try {
      const result = await client.appendToStream(streamId, events, { streamState });
      return { version: Number(result.nextExpectedRevision), position: result.position?.commit ?? 0n };
    } catch (error) {
      if (error instanceof ForeignWrongExpectedVersionError) {
        const actual = typeof error.actualState === 'bigint' ? Number(error.actualState) : -1;
        throw new WrongExpectedVersionError(streamId, expectedVersion, actual);
      }
      if (!isTransient(error) || performance.now() > deadline) throw toOurError(error);
      log(`appending to ${streamId}: ${error instanceof Error ? error.message : String(error)}; again in ${retryMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

async function readHead(client: KurrentDBClient): Promise<bigint | undefined> {
  try {
    for await (const { event } of client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1, filter: filterFor(undefined) })) {
      if (event !== undefined) return toEvent(event).position;
    }
    return undefined;
  } catch (error) {
    throw toOurError(error);
  }
}

async function readPage(client: KurrentDBClient, query: PageQuery): Promise<Page> {
  const { after } = query;
  const head = await readHead(client);
  if (head === undefined || (after !== undefined && head <= after)) return { events: [], scannedTo: undefined };
  const events: StoredEvent[] = [];
  try {
    // The server begins with the event at the position: it is asked for one more, and that one is left out.
    const fromPosition = after === undefined ? START : { commit: after, prepare: after };
    for await (const { event } of client.readAll({ fromPosition, maxCount: query.limit + 1, filter: filterFor(query.types) })) {
      if (event === undefined) continue;
      const stored = toEvent(event);
      if ((after === undefined || stored.position > after) && events.length < query.limit) events.push(stored);
    }
  } catch (error) {
    throw toOurError(error);
  }
  const last = events.at(-1)?.position;
  return { events, scannedTo: events.length === query.limit || (last !== undefined && last > head) ? last : head };
}
