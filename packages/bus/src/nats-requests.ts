import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { decodePayload, type Outbox } from './nats-outbox.ts';
import { BusClosedError, NoResponderError, RemoteError, RequestTimeoutError } from './port.ts';
import { replyWhenDeclined, unionOf } from './request-rules.ts';

/** How long owners have to show up while none is known yet; each of them decides within 20 ms or says that it is at it. */
const OWNERS_WINDOW_MS = 150;

interface Pending {
  readonly subject: string;
  /** Processes that said `seen`, and those that have decided. */
  readonly seen: Set<string>;
  readonly decided: Set<string>;
  /** Replies of a request that all answer. */
  readonly parts: unknown[];
  failure: Error | undefined;
  windowTimer: NodeJS.Timeout | undefined;
  windowPassed: boolean;
  settle(how: { readonly reply: unknown } | { readonly error: Error }): void;
}

export interface RequesterParts {
  readonly connection: NatsConnection;
  readonly inbox: string;
  readonly publish: Outbox;
  /** Processes known to hear requests of a subject that several hear. */
  readonly serversOf: (subject: string) => readonly string[];
}

export interface Requester {
  request(wireSubject: string, subject: string, payload: Uint8Array, timeoutMs: number): Promise<unknown>;
  /** A process came or is gone: what waits for it is judged anew. */
  review(): void;
  close(): void;
}

/**
 * All requests of a connection share one inbox. Answers come to `<inbox>.<id>.<kind>.<process>`: ok and failed (that settles it); part,
 * declined, owner-failed (the word of one of several); seen (it is at it). NATS itself answers on `<inbox>.<id>` with status 503 when
 * nobody listens.
 */
export function createRequester({ connection, inbox, publish, serversOf }: RequesterParts): Requester {
  const pending = new Map<string, Pending>();
  let lastId = 0;
  const subscription = connection.subscribe(`${inbox}.>`, {
    callback(error, message) {
      if (error === null) receive(message);
    },
  });

  function receive(message: Msg): void {
    const [id = '', kind = '', server = ''] = message.subject.slice(inbox.length + 1).split('.');
    const entry = pending.get(id);
    if (entry === undefined) return;
    if (kind === '') return entry.settle({ error: new NoResponderError(entry.subject) });
    if (kind === 'ok') return entry.settle({ reply: decodePayload(message.data) });
    if (kind === 'failed') return entry.settle({ error: remoteError(entry.subject, message) });
    entry.windowTimer ??= setTimeout(() => {
      entry.windowPassed = true;
      conclude(entry);
    }, OWNERS_WINDOW_MS);
    if (kind === 'seen') entry.seen.add(server);
    else {
      entry.decided.add(server);
      if (kind === 'part') entry.parts.push(decodePayload(message.data));
      if (kind === 'owner-failed') entry.failure ??= remoteError(entry.subject, message);
    }
    conclude(entry);
  }

  /** Everybody who is known to have heard it has decided. */
  function conclude(entry: Pending): void {
    const known = serversOf(entry.subject);
    const complete = known.length > 0 ? entry.decided.size > 0 : entry.windowPassed;
    if (!complete || [...known, ...entry.seen].some((server) => !entry.decided.has(server))) return;
    if (entry.failure !== undefined) return entry.settle({ error: entry.failure });
    const union = unionOf(entry.subject);
    if (union !== undefined && entry.parts.length > 0) return entry.settle({ reply: union(entry.parts) });
    const reply = replyWhenDeclined(entry.subject);
    entry.settle(reply === undefined ? { error: new NoResponderError(entry.subject) } : { reply });
  }

  return {
    request(wireSubject, subject, payload, timeoutMs) {
      return new Promise((resolve, reject) => {
        const id = String((lastId += 1));
        const timer = setTimeout(() => entry.settle({ error: new RequestTimeoutError(subject, timeoutMs) }), timeoutMs);
        const entry: Pending = {
          subject,
          seen: new Set(),
          decided: new Set(),
          parts: [],
          failure: undefined,
          windowTimer: undefined,
          windowPassed: false,
          settle(how) {
            clearTimeout(timer);
            clearTimeout(entry.windowTimer);
            pending.delete(id);
            if ('reply' in how) resolve(how.reply);
            else reject(how.error);
          },
        };
        pending.set(id, entry);
        try {
          publish(wireSubject, payload, `${inbox}.${id}`);
        } catch (error) {
          entry.settle({ error: error as Error });
        }
      });
    },
    review() {
      for (const entry of [...pending.values()]) if (entry.decided.size + entry.seen.size > 0) conclude(entry);
    },
    close() {
      for (const entry of [...pending.values()]) entry.settle({ error: new BusClosedError() });
      subscription.unsubscribe();
    },
  };
}

function remoteError(subject: string, message: Msg): RemoteError {
  const failure = decodePayload(message.data) as { message: string; code: string | null };
  return new RemoteError(subject, failure.message, failure.code ?? undefined);
}
