/**
 * Where registered extensions are reached: those that registered here, those of a process before this one, and those that registered at
 * another process. The table is what all of them know; signals only make it quick.
 */
import type { Database } from '@ritmo/database';
import { asExtension, type Extension } from '@ritmo/domain';
import type { Binding, SipTransport } from '@ritmo/sip';
import type { Bus, BusSubscription, Signals } from '@ritmo/bus';
import type { Clock } from '@ritmo/service-kit';
import type { Logger } from 'pino';

export interface Bindings {
  /** Loads what was registered before and tells of it. */
  start(): Promise<void>;
  stop(): Promise<void>;
  of(extension: string): Binding | undefined;
  /** As `of`, and looks it up in the table when it is not known here. */
  find(extension: string): Promise<Binding | undefined>;
  all(): readonly Binding[];
  registered(binding: Binding): void;
  unregistered(user: string, reason: 'expired' | 'requested'): void;
}

const writeDelayMs = 20;

export function createBindings(parts: { readonly database: Database; readonly bus: Bus; readonly clock: Clock; readonly node: string; readonly log: Logger }): Bindings {
  const { database, bus, clock, node, log } = parts;
  const byExtension = new Map<string, Binding>();
  /** Bindings that were not made here: the stack will not tell when they expire. */
  const inherited = new Set<string>();
  let hearing: BusSubscription | undefined;
  const dirty = new Set<string>();
  let writing: NodeJS.Timeout | undefined;
  let sweep: NodeJS.Timeout | undefined;
  let written: Promise<void> = Promise.resolve();

  const tell = (binding: Binding, registered: boolean, reason: 'registered' | 'expired' | 'requested'): void => {
    bus.publish('signal.registration', {
      extension: asExtension(binding.user),
      registered,
      contact: binding.contactUri,
      userAgent: binding.userAgent ?? null,
      reason,
      at: clock.nowMs(),
      place: { node, reachedAt: binding.reachedAt, expiresAt: binding.expiresAt },
    });
  };
  /** Another process's word. */
  const heard = ({ extension, registered, contact, userAgent, place }: Signals['signal.registration']): void => {
    if (!place || place.node === node) return;
    if (registered) {
      const { reachedAt, expiresAt } = place;
      inherit({ user: extension, contactUri: contact, reachedAt, expiresAt, ...(userAgent === null ? {} : { userAgent }) });
    } else if (inherited.delete(extension)) byExtension.delete(extension);
  };
  const inherit = (binding: Binding): void => {
    byExtension.set(binding.user, binding);
    inherited.add(binding.user);
    dirty.delete(binding.user);
  };
  const read = async (extensions: readonly string[] | null): Promise<readonly Binding[]> => {
    const { rows } = await database.query<BindingRow>(
      'SELECT * FROM telephony.bindings WHERE expires_at > $1 AND ($2::text[] IS NULL OR extension = ANY($2))',
      [clock.nowMs(), extensions],
    );
    return rows.map(bindingOf);
  };
  /** Whose time is over here may have registered again elsewhere: only a row that is over too is told of, by whoever takes it out. */
  const sweepInherited = async (): Promise<void> => {
    const due = [...inherited].flatMap((user) => byExtension.get(user) ?? []).filter(({ expiresAt }) => expiresAt <= clock.nowMs());
    if (due.length === 0) return;
    const users = due.map(({ user }) => user);
    const { rows } = await database.query<{ extension: string }>('DELETE FROM telephony.bindings WHERE extension = ANY($1) AND expires_at <= $2 RETURNING extension', [users, clock.nowMs()]);
    const gone = new Set(rows.map(({ extension }) => extension));
    for (const binding of due) {
      if (byExtension.get(binding.user) !== binding) continue;
      byExtension.delete(binding.user);
      inherited.delete(binding.user);
      if (gone.has(binding.user)) tell(binding, false, 'expired');
    }
    for (const binding of await read(users)) if (!byExtension.has(binding.user)) inherit(binding);
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
      hearing = bus.subscribe('signal.registration', heard);
      for (const binding of await read(null)) {
        if (byExtension.has(binding.user)) continue;
        inherit(binding);
        tell(binding, true, 'registered');
      }
      sweep = setInterval(() => {
        sweepInherited().catch((error: unknown) => log.error({ err: error }, 'bindings could not be swept'));
      }, 1_000);
      sweep.unref();
    },
    async stop() {
      hearing?.stop();
      clearInterval(sweep);
      clearTimeout(writing);
      await flush();
    },
    of: (extension) => byExtension.get(extension),
    async find(extension) {
      const known = byExtension.get(extension);
      if (known) return known;
      const [binding] = await read([extension]);
      if (binding && !byExtension.has(extension)) inherit(binding);
      return byExtension.get(extension);
    },
    all: () => [...byExtension.values()],
    registered(binding) {
      byExtension.set(binding.user, binding);
      inherited.delete(binding.user);
      changed(binding.user);
      tell(binding, true, 'registered');
    },
    unregistered(user, reason) {
      const binding = byExtension.get(user);
      // One that has moved to another process since is no longer ours to end.
      if (binding && !inherited.has(user)) forget(binding, reason);
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
