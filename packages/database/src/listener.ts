import pg from 'pg';
import type { Listening } from './port.ts';

const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 5_000;

type Handler = (payload: string | undefined) => void;

interface ListenerOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly log: (message: string) => void;
}

/**
 * One connection that listens on all channels of its owner. It comes back by itself after the server went away, and then
 * tells every handler `undefined`: something may have been missed.
 */
export function createListener(options: ListenerOptions): {
  listen(channel: string, handler: Handler): Promise<Listening>;
  close(): Promise<void>;
} {
  const handlers = new Map<string, Set<Handler>>();
  let client: pg.Client | undefined;
  let connecting: Promise<pg.Client> | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let retryMs = RECONNECT_FIRST_MS;
  let closed = false;

  function tell(handler: Handler, payload: string | undefined): void {
    try {
      handler(payload);
    } catch (error) {
      options.log(`notification handler: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    });
    fresh.on('error', (error) => options.log(`listening connection: ${error.message}`));
    await fresh.connect();
    fresh.on('notification', (message) => {
      for (const handler of handlers.get(message.channel) ?? []) tell(handler, message.payload ?? '');
    });
    fresh.on('end', () => {
      if (client !== fresh) return;
      client = undefined;
      scheduleReconnect();
    });
    for (const channel of handlers.keys()) await fresh.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    client = fresh;
    retryMs = RECONNECT_FIRST_MS;
    return fresh;
  }

  function ensureConnected(): Promise<pg.Client> {
    if (client !== undefined) return Promise.resolve(client);
    connecting ??= connect().finally(() => (connecting = undefined));
    return connecting;
  }

  function scheduleReconnect(): void {
    if (closed || retryTimer !== undefined || handlers.size === 0) return;
    retryTimer = setTimeout(() => {
      retryTimer = undefined;
      ensureConnected().then(
        () => {
          for (const set of handlers.values()) for (const handler of set) tell(handler, undefined);
        },
        () => scheduleReconnect(),
      );
    }, retryMs);
    retryMs = Math.min(retryMs * 2, RECONNECT_MAX_MS);
  }

  return {
    async listen(channel, handler) {
      const set = handlers.get(channel) ?? new Set<Handler>();
      handlers.set(channel, set);
      set.add(handler);
      const connection = await ensureConnected();
      // Again for a channel that is listened on already: harmless, and true after a reconnection in between.
      await connection.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      tell(handler, undefined);
      return {
        async stop() {
          set.delete(handler);
          if (set.size > 0 || handlers.get(channel) !== set) return;
          handlers.delete(channel);
          await client?.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
        },
      };
    },
    async close() {
      closed = true;
      clearTimeout(retryTimer);
      const last = client ?? (await connecting?.catch(() => undefined));
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
