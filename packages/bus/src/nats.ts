import { connect, createInbox } from '@nats-io/transport-node';
import { codeOf, hand, messageOf } from './handlers.ts';
import { createOutbox, decodePayload, encodePayload } from './nats-outbox.ts';
import { createPresence, type Presence } from './nats-presence.ts';
import { createRequester } from './nats-requests.ts';
import type { PublishedMessage, Requests, RequestSubject } from './messages.ts';
import type {
  Bus,
  BusSubscription,
  HeardMessage,
  HeardSubject,
  PublishedSubject,
  RequestHandler,
  RequestOptions,
  ServeOptions,
  SubscribeBusOptions,
} from './port.ts';
import { BusClosedError, DEFAULT_REQUEST_TIMEOUT_MS } from './port.ts';

const SERVE_GROUP = 'serve';
/** An owner that has not decided by then tells the requester that it is at it. */
const SEEN_AFTER_MS = 20;
const RECONNECT_WAIT_MS = 250;

export interface NatsBusOptions {
  /** `nats://host:port`, several with commas. User and password may be in it. */
  readonly url: string;
  /** First part of every subject; keeps installations on one server apart. Default ritmo. */
  readonly prefix?: string;
  /** What may wait for a reconnection; beyond it messages are dropped and counted in the log. Default 16 MiB. */
  readonly maxPendingBytes?: number;
  readonly log?: (message: string) => void;
}

/** The bus of several processes. Rejects when no server can be reached at first; later it reconnects for ever. */
export async function createNatsBus(options: NatsBusOptions): Promise<Bus> {
  const log = options.log ?? (() => undefined);
  const prefix = options.prefix ?? 'ritmo';
  const connection = await connect({
    servers: options.url.split(',').map((server) => server.trim()),
    name: prefix,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    pingInterval: 20_000,
  });
  const outbox = createOutbox(connection, options.maxPendingBytes ?? 16 * 1024 * 1024, log);
  const inbox = createInbox();
  const requester = createRequester({ connection, inbox, publish: outbox, serversOf: (subject) => presence.serversOf(subject) });
  // The last part of an inbox is unique, and a subject's token.
  const presence: Presence = createPresence({ connection, prefix, id: inbox.slice(inbox.lastIndexOf('.') + 1), publish: outbox, changed: () => requester.review() });
  let closed = false;

  function assertOpen(): void {
    if (closed) throw new BusClosedError();
  }

  return {
    publish<S extends PublishedSubject>(subject: S, message: PublishedMessage<S>): void {
      assertOpen();
      outbox(`${prefix}.${subject}`, encodePayload(message));
    },

    subscribe<S extends HeardSubject>(
      subject: S,
      handler: (message: HeardMessage<S>) => void | Promise<void>,
      subscribeOptions?: SubscribeBusOptions,
    ): BusSubscription {
      assertOpen();
      const subscription = connection.subscribe(`${prefix}.${subject}`, {
        ...(subscribeOptions?.group === undefined ? {} : { queue: subscribeOptions.group }),
        callback(error, message) {
          if (error !== null) log(`hearing ${subject}: ${messageOf(error)}`);
          else hand(subject, () => handler(decodePayload(message.data) as HeardMessage<S>), undefined, log);
        },
      });
      return { stop: () => subscription.unsubscribe() };
    },

    async request<S extends RequestSubject>(subject: S, message: Requests[S]['request'], requestOptions?: RequestOptions) {
      assertOpen();
      const timeoutMs = requestOptions?.timeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
      return (await requester.request(`${prefix}.${subject}`, subject, encodePayload(message), timeoutMs)) as Requests[S]['reply'];
    },

    serve<S extends RequestSubject>(subject: S, handler: RequestHandler<S>, serveOptions?: ServeOptions): BusSubscription {
      assertOpen();
      const scope = serveOptions?.scope ?? 'any';
      const subscription = connection.subscribe(`${prefix}.${subject}`, {
        ...(scope === 'any' ? { queue: SERVE_GROUP } : {}),
        callback(error, message) {
          if (error !== null) return log(`serving ${subject}: ${messageOf(error)}`);
          if (message.reply === undefined) return;
          const run = async (): Promise<unknown> => handler(decodePayload(message.data) as Requests[S]['request']);
          answer(message.reply, run, scope).catch((failure: unknown) => log(`serving ${subject}: ${messageOf(failure)}`));
        },
      });
      const leave = scope === 'any' ? undefined : presence.serves(subject);
      return {
        stop() {
          subscription.unsubscribe();
          leave?.();
        },
      };
    },

    async flush() {
      if (!closed) await connection.flush();
    },

    async close() {
      if (closed) return;
      closed = true;
      presence.close();
      requester.close();
      await connection.flush().catch(() => undefined);
      await connection.close();
    },
  };

  /** Answers go to `<reply>.<kind>.<process>`; nats-requests.ts has the kinds. */
  async function answer(reply: string, run: () => Promise<unknown>, scope: 'any' | 'owner' | 'every'): Promise<void> {
    const tell = (kind: string, payload: unknown): void => {
      if (!closed) outbox(`${reply}.${kind}.${presence.id}`, encodePayload(payload));
    };
    const seenTimer = scope === 'any' ? undefined : setTimeout(() => tell('seen', null), SEEN_AFTER_MS);
    try {
      const result = await run();
      if (scope === 'owner' && result === undefined) tell('declined', null);
      else tell(scope === 'every' ? 'part' : 'ok', result ?? null);
    } catch (error) {
      tell(scope === 'any' ? 'failed' : 'owner-failed', { message: messageOf(error), code: codeOf(error) ?? null });
    } finally {
      clearTimeout(seenTimer);
    }
  }
}
