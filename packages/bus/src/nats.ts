import { connect, createInbox } from '@nats-io/transport-node';
import { DEFAULT_REQUEST_TIMEOUT_MS, codeOf } from './in-process.ts';
import { createOutbox, decodePayload, encodePayload } from './nats-outbox.ts';
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
import { BusClosedError } from './port.ts';

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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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
  const requester = createRequester(connection, createInbox(), outbox);
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
      const report = (error: unknown): void => log(`a handler of ${subject} failed: ${messageOf(error)}`);
      const subscription = connection.subscribe(`${prefix}.${subject}`, {
        ...(subscribeOptions?.group === undefined ? {} : { queue: subscribeOptions.group }),
        callback(error, message) {
          if (error !== null) return report(error);
          try {
            const result = handler(decodePayload(message.data) as HeardMessage<S>);
            if (result instanceof Promise) result.catch(report);
          } catch (failure) {
            report(failure);
          }
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
      const isOwnerScope = serveOptions?.scope === 'owner';
      const subscription = connection.subscribe(`${prefix}.${subject}`, {
        ...(isOwnerScope ? {} : { queue: SERVE_GROUP }),
        callback(error, message) {
          if (error !== null) return log(`serving ${subject}: ${messageOf(error)}`);
          if (message.reply === undefined) return;
          const run = async (): Promise<unknown> => handler(decodePayload(message.data) as Requests[S]['request']);
          answer(message.reply, run, isOwnerScope).catch((failure: unknown) => log(`serving ${subject}: ${messageOf(failure)}`));
        },
      });
      return { stop: () => subscription.unsubscribe() };
    },

    async flush() {
      if (!closed) await connection.flush();
    },

    async close() {
      if (closed) return;
      closed = true;
      requester.close();
      await connection.flush().catch(() => undefined);
      await connection.close();
    },
  };

  /** Answers go to `<reply>.<kind>`; nats-requests.ts has the kinds. */
  async function answer(reply: string, run: () => Promise<unknown>, isOwnerScope: boolean): Promise<void> {
    let wasSeen = false;
    const seenTimer = isOwnerScope
      ? setTimeout(() => {
          wasSeen = true;
          outbox(`${reply}.seen`, encodePayload(null));
        }, SEEN_AFTER_MS)
      : undefined;
    let kind: string;
    let payload: Uint8Array;
    try {
      const result = await run();
      kind = result === undefined && isOwnerScope ? 'declined' : 'ok';
      payload = encodePayload(result ?? null);
    } catch (error) {
      kind = isOwnerScope ? 'owner-failed' : 'failed';
      payload = encodePayload({ message: messageOf(error), code: codeOf(error) ?? null });
    }
    clearTimeout(seenTimer);
    if (!closed) outbox(`${reply}.${kind}${wasSeen ? '-late' : ''}`, payload);
  }
}
