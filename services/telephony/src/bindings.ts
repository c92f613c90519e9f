/** Where registered extensions are reached: what the stack says, and what a process before this one knew. */
import type { Database } from '@ritmo/database';
import { asExtension, type Extension } from '@ritmo/domain';
import type { Binding, SipTransport } from '@ritmo/sip';
import type { Bus } from '@ritmo/bus';
import type { Clock } from '@ritmo/service-kit';
import type { Logger } from 'pino';

export interface Bindings {
  /** Loads what was registered before and tells of it. */
  start(): Promise<void>;
  stop(): Promise<void>;
  of(extension: string): Binding | undefined;
  all(): readonly Binding[];
  registered(binding: Binding): void;
  unregistered(user: string, reason: 'expired' | 'requested'): void;
}

const writeDelayMs = 20;

export function createBindings(parts: { readonly database: Database; readonly bus: Bus; readonly clock: Clock; readonly log: Logger }): Bindings {
  const { database, bus, clock, log } = parts;
  const byExtension = new Map<string, Binding>();
  /** Bindings of a process before: the stack will not tell when they expire. */
  const inherited = new Set<string>();
  const dirty = new Set<string>();
  let writing: NodeJS.Timeout | undefined;
  let sweep: NodeJS.Timeout | undefined;
  let written: Promise<void> = Promise.resolve();

  const tell = (binding: Pick<Binding, 'user' | 'contactUri' | 'userAgent'>, registered: boolean, reason: 'registered' | 'expired' | 'requested'): void => {
    bus.publish('signal.registration', {
      extension: asExtension(binding.user),
      registered,
      contact: binding.contactUri,
      userAgent: binding.userAgent ?? null,
      reason,
      at: clock.nowMs(),
    });
  };
  const write = async (): Promise<void> => {
    writing = undefined;
    const users = [...dirty];
    dirty.clear();
    const kept = users.flatMap((user) => byExtension.get(user) ?? []);
    const gone = users.filter((user) => !byExtension.has(user));
    if (gone.length > 0) await database.query('DELETE FROM telephony.bindings WHERE extension = ANY($1)', [gone]);
    if (kept.length === 0) return;
    await database.query(
      `INSERT INTO telephony.bindings
       SELECT * FROM jsonb_to_recordset($1::jsonb)
         AS r(extension text, contact_uri text, host text, port integer, transport text, expires_at bigint, user_agent text)
       ON CONFLICT (extension) DO UPDATE SET contact_uri = EXCLUDED.contact_uri, host = EXCLUDED.host, port = EXCLUDED.port,
         transport = EXCLUDED.transport, expires_at = EXCLUDED.expires_at, user_agent = EXCLUDED.user_agent`,
      [JSON.stringify(kept.map(rowOf))],
    );
  };
  const flush = (): Promise<void> => {
    written = written.then(write).catch((error: unknown) => log.error({ err: error }, 'bindings could not be written'));
    return written;
  };
  const changed = (user: string): void => {
    dirty.add(user);
    writing ??= setTimeout(() => void flush(), writeDelayMs);
  };
  const forget = (binding: Binding, reason: 'expired' | 'requested'): void => {
    byExtension.delete(binding.user);
    inherited.delete(binding.user);
    changed(binding.user);
    tell(binding, false, reason);
  };

  return {
    async start() {
      const { rows } = await database.query<BindingRow>('SELECT * FROM telephony.bindings WHERE expires_at > $1', [clock.nowMs()]);
      for (const row of rows) {
        if (byExtension.has(row.extension)) continue;
        const binding = bindingOf(row);
        byExtension.set(binding.user, binding);
        inherited.add(binding.user);
        tell(binding, true, 'registered');
      }
      sweep = setInterval(() => {
        for (const user of inherited) {
          const binding = byExtension.get(user);
          if (binding && binding.expiresAt <= clock.nowMs()) forget(binding, 'expired');
        }
      }, 1_000);
      sweep.unref();
    },
    async stop() {
      clearInterval(sweep);
      clearTimeout(writing);
      await flush();
    },
    of: (extension) => byExtension.get(extension),
    all: () => [...byExtension.values()],
    registered(binding) {
      byExtension.set(binding.user, binding);
      inherited.delete(binding.user);
      changed(binding.user);
      tell(binding, true, 'registered');
    },
    unregistered(user, reason) {
      const binding = byExtension.get(user);
      if (binding) forget(binding, reason);
    },
  };
}

interface BindingRow {
  readonly extension: Extension;
  readonly contact_uri: string;
  readonly host: string;
  readonly port: number;
  readonly transport: SipTransport;
  readonly expires_at: number | bigint;
  readonly user_agent: string | null;
}

const bindingOf = (row: BindingRow): Binding => ({
  user: row.extension,
  contactUri: row.contact_uri,
  reachedAt: { host: row.host, port: row.port, transport: row.transport },
  expiresAt: Number(row.expires_at),
  ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
});

const rowOf = (binding: Binding): Readonly<Record<string, unknown>> => ({
  extension: binding.user,
  contact_uri: binding.contactUri,
  host: binding.reachedAt.host,
  port: binding.reachedAt.port,
  transport: binding.reachedAt.transport,
  expires_at: Math.round(binding.expiresAt),
  user_agent: binding.userAgent ?? null,
});
