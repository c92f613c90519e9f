import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { decodePayload, type Outbox } from './nats-outbox.ts';
import { BusClosedError, NoResponderError, RemoteError, RequestTimeoutError } from './port.ts';

/**
 * How long owners have to show up. A requester cannot know how many processes hear an owner request; each of them either
 * decides within 20 ms or says that it is at it, so after this long all that will ever answer have been counted.
 */
const OWNERS_WINDOW_MS = 150;

interface Pending {
  readonly subject: string;
  /** Owners that said `seen` and have not decided. */
  open: number;
  failure: Error | undefined;
  windowTimer: NodeJS.Timeout | undefined;
  windowPassed: boolean;
  settle(how: { readonly reply: unknown } | { readonly error: Error }): void;
}

export interface Requester {
  request(wireSubject: string, subject: string, payload: Uint8Array, timeoutMs: number): Promise<unknown>;
  close(): void;
}

/**
 * All requests of a connection share one inbox. Answers come to `<inbox>.<id>.<kind>`:
 * ok, failed (the one server of an `any` request), declined, owner-failed, seen, and the last two with `-late` after a `seen`.
 * NATS itself answers on `<inbox>.<id>` with status 503 when nobody listens.
 */
export function createRequester(connection: NatsConnection, inbox: string, publish: Outbox): Requester {
  const pending = new Map<string, Pending>();
  let lastId = 0;
  const subscription = connection.subscribe(`${inbox}.>`, {
    callback(error, message) {
      if (error === null) receive(message);
    },
  });

  function receive(message: Msg): void {
    const [id = '', kind = ''] = message.subject.slice(inbox.length + 1).split('.');
    const entry = pending.get(id);
    if (entry === undefined) return;
    if (kind === '') return entry.settle({ error: new NoResponderError(entry.subject) });
    if (kind.startsWith('ok')) return entry.settle({ reply: decodePayload(message.data) });
    if (kind === 'failed') return entry.settle({ error: remoteError(entry.subject, message) });
    hearOwner(entry, kind, message);
  }

  function hearOwner(entry: Pending, kind: string, message: Msg): void {
    entry.windowTimer ??= setTimeout(() => {
      entry.windowPassed = true;
      concludeOwners(entry);
    }, OWNERS_WINDOW_MS);
    if (kind === 'seen') entry.open += 1;
    else if (kind.endsWith('-late')) entry.open -= 1;
    if (kind.startsWith('owner-failed')) entry.failure ??= remoteError(entry.subject, message);
    concludeOwners(entry);
  }

  return {
    request(wireSubject, subject, payload, timeoutMs) {
      return new Promise((resolve, reject) => {
        const id = String((lastId += 1));
        const timer = setTimeout(() => entry.settle({ error: new RequestTimeoutError(subject, timeoutMs) }), timeoutMs);
        const entry: Pending = {
          subject,
          open: 0,
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
    close() {
      for (const entry of [...pending.values()]) entry.settle({ error: new BusClosedError() });
      subscription.unsubscribe();
    },
  };
}

function concludeOwners(entry: Pending): void {
  if (entry.windowPassed && entry.open <= 0) entry.settle({ error: entry.failure ?? new NoResponderError(entry.subject) });
}

function remoteError(subject: string, message: Msg): RemoteError {
  const failure = decodePayload(message.data) as { message: string; code: string | null };
  return new RemoteError(subject, failure.message, failure.code ?? undefined);
}
