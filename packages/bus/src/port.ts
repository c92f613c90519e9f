/**
 * The Bus port. Adapters: in-process and NATS; one contract suite passes on both.
 * Messages are plain JSON data. Order is kept per publisher and subject. Delivery is at most once: what must not be
 * lost is an event, and those who need it reconcile with the event store.
 */
import type { DomainEvent } from '@ritmo/domain';
import type { PublishedMessage, Requests, RequestSubject, SignalSubject, FactSubject } from './messages.ts';

export type PublishedSubject = SignalSubject | FactSubject;
/** What a subscriber may ask for. `fact.*` is every fact. */
export type HeardSubject = PublishedSubject | 'fact.*';
export type HeardMessage<S extends HeardSubject> = S extends 'fact.*' ? DomainEvent : PublishedMessage<S>;

export interface BusSubscription {
  stop(): void;
}

export interface SubscribeBusOptions {
  /** One process of the group gets each message. Without it every subscriber does. */
  readonly group?: string;
}

export type RequestHandler<S extends RequestSubject> = (
  request: Requests[S]['request'],
) => Promise<Requests[S]['reply'] | undefined> | Requests[S]['reply'] | undefined;

export interface ServeOptions {
  /**
   * `any` (default): one process of the service answers. `owner`: every process hears it; a handler that returns undefined declines,
   * and the first that answers wins; when all decline the requester gets what request-rules.ts says. `every`: every process
   * answers for what is its own, and the requester gets the union; a process that is known and does not answer makes the request fail.
   */
  readonly scope?: 'any' | 'owner' | 'every';
}

export const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;

export interface RequestOptions {
  /** Default 5 000. */
  readonly timeoutMs?: number;
}

export interface Bus {
  publish<S extends PublishedSubject>(subject: S, message: PublishedMessage<S>): void;
  /** `fact.*` hears every fact. A handler that throws is logged and costs nobody else anything. */
  subscribe<S extends HeardSubject>(
    subject: S,
    handler: (message: HeardMessage<S>) => void | Promise<void>,
    options?: SubscribeBusOptions,
  ): BusSubscription;
  /** Rejects with NoResponderError, RequestTimeoutError or RemoteError (the handler failed). */
  request<S extends RequestSubject>(subject: S, message: Requests[S]['request'], options?: RequestOptions): Promise<Requests[S]['reply']>;
  serve<S extends RequestSubject>(subject: S, handler: RequestHandler<S>, options?: ServeOptions): BusSubscription;
  /** Resolves when what was published has left. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export class NoResponderError extends Error {
  readonly subject: string;
  constructor(subject: string) {
    super(`nobody serves ${subject}`);
    this.name = 'NoResponderError';
    this.subject = subject;
  }
}

export class RequestTimeoutError extends Error {
  readonly subject: string;
  readonly timeoutMs: number;
  constructor(subject: string, timeoutMs: number) {
    super(`${subject} did not answer within ${timeoutMs} ms`);
    this.name = 'RequestTimeoutError';
    this.subject = subject;
    this.timeoutMs = timeoutMs;
  }
}

/** The handler of a request failed at the other end. */
export class RemoteError extends Error {
  readonly subject: string;
  /** `code` of the handler's error, when it had one. */
  readonly code: string | undefined;
  constructor(subject: string, message: string, code?: string) {
    super(`${subject} failed: ${message}`);
    this.name = 'RemoteError';
    this.subject = subject;
    this.code = code;
  }
}

export class BusClosedError extends Error {
  constructor() {
    super('The bus is closed.');
    this.name = 'BusClosedError';
  }
}
