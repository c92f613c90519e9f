/**
 * The EventStore port. Adapters: memory, PostgreSQL (group commit), KurrentDB. One contract suite passes on all.
 * Events are JSON; what they mean is the domain's business.
 */

/** What an appender hands over. */
export interface EventToAppend {
  readonly type: string;
  /** Version of the event's schema. Default 1. Old ones are upcast by the reader's domain. */
  readonly schema?: number;
  readonly data: Readonly<Record<string, unknown>>;
  /** When the fact happened, ms since the epoch, by the clock of the service that saw it. */
  readonly at: number;
}

export interface StoredEvent {
  /** Place in the order of all events. Grows, never re-used, may have gaps. */
  readonly position: bigint;
  readonly streamId: string;
  /** Place in its stream, from 0, without gaps. */
  readonly version: number;
  readonly type: string;
  readonly schema: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: number;
}

/** `any`: no check. `none`: the stream must not exist. A number: the version of its last event. */
export type ExpectedVersion = 'any' | 'none' | number;

export interface AppendRequest {
  readonly streamId: string;
  readonly expectedVersion: ExpectedVersion;
  readonly events: readonly EventToAppend[];
}

export interface AppendResult {
  /** Version of the last event appended. */
  readonly version: number;
  readonly position: bigint;
}

export interface SubscribeOptions {
  /** Position after which to begin; undefined begins at the first event. */
  readonly after?: bigint;
  /** Most events in one call of the handler. Default 500. */
  readonly batchSize?: number;
  /** Only these types, when given. */
  readonly types?: readonly string[];
  /**
   * Least time between two reads once it has caught up. The first event after a quiet moment is read at once; under load a
   * reader runs at its own pace and gets more at a time. Default 20.
   */
  readonly paceMs?: number;
}

export interface Subscription {
  /** Resolves when the handler that runs has ended; it is not called again. */
  stop(): Promise<void>;
  /** Position of the last event handed over and handled. */
  readonly position: bigint | undefined;
}

export interface EventStore {
  /** Durable when it resolves. Rejects with WrongExpectedVersionError; nothing of the request is stored then. */
  append(request: AppendRequest): Promise<AppendResult>;
  /** Many streams at once, for imports. Not atomic across streams; each request succeeds or conflicts by itself, in order. */
  appendMany(requests: readonly AppendRequest[]): Promise<readonly (AppendResult | WrongExpectedVersionError)[]>;
  /** Oldest first. A stream that does not exist is empty. */
  readStream(streamId: string, options?: { readonly fromVersion?: number }): Promise<readonly StoredEvent[]>;
  /** All events after a position in order, in pages. Never shows a later event while an earlier one is still in flight. */
  readAll(options: { readonly after?: bigint; readonly limit: number; readonly types?: readonly string[] }): Promise<readonly StoredEvent[]>;
  /** Catch-up, then live. A batch is handed over again until the handler resolves; a handler that rejects is retried with back-off. */
  subscribe(options: SubscribeOptions, handler: (events: readonly StoredEvent[]) => Promise<void>): Subscription;
  /** Position of the last event stored; undefined when there is none. */
  head(): Promise<bigint | undefined>;
  close(): Promise<void>;
}

export class WrongExpectedVersionError extends Error {
  readonly streamId: string;
  readonly expected: ExpectedVersion;
  /** -1 when the stream does not exist. */
  readonly actual: number;
  constructor(streamId: string, expected: ExpectedVersion, actual: number) {
    super(`stream ${streamId}: expected version ${expected}, found ${actual < 0 ? 'no stream' : actual}`);
    this.name = 'WrongExpectedVersionError';
    this.streamId = streamId;
    this.expected = expected;
    this.actual = actual;
  }
}
