/** For tests: a dialer with a real PostgreSQL, an in-process bus, a directory of its own making and doubles around it. */
import { createInProcessBus, type Bus } from '@ritmo/bus';
import { migrate, type Database } from '@ritmo/database';
import { startTestDatabase } from '@ritmo/database/testing';
import { directorySchemas, fact, streams, type Campaign, type DirectoryEntry, type DirectoryKind, type DomainEvent } from '@ritmo/domain';
import { createMemoryEventStore, type EventStore } from '@ritmo/event-store';
import { createDirectoryReader, createJournal, type Clock, type HealthRegistry, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { Value } from '@sinclair/typebox/value';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createDialerApp } from '../app.ts';
import type { DialerOptions } from '../options.ts';
import { mortal } from './mortal.ts';

export function entry<K extends DirectoryKind>(kind: K, given: Partial<DirectoryEntry<K>>): DirectoryEntry<K> {
  return Value.Default(directorySchemas[kind], structuredClone(given)) as DirectoryEntry<K>;
}

export const shippedEntries = (campaign: Partial<Campaign> = {}): { kind: DirectoryKind; id: number; entry: Record<string, unknown> }[] => {
  const of = <K extends DirectoryKind>(kind: K, given: Partial<DirectoryEntry<K>>) => ({ kind, id: (given as { id: number }).id, entry: entry(kind, given) as Record<string, unknown> });
  return [
    of('settings', { id: 1 }),
    of('trunk', { id: 1, name: 'first', host: '127.0.0.1', callerIds: ['551140000000'] }),
    of('trunk', { id: 2, name: 'second', host: '127.0.0.1' }),
    of('route', { id: 1, name: 'all', trunks: [1, 2] }),
    of('queue', { id: 1, name: 'sales' }),
    of('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' }),
    of('block-list', { id: 1, name: 'do not call' }),
    of('disposition', { id: 7, name: 'Ocupado' }),
    of('disposition', { id: 22, name: 'Entregue Sem Tabulação' }),
    of('disposition', { id: 100, name: 'Venda', finishing: true, success: true }),
    of('disposition', { id: 101, name: 'Retornar', reschedules: true }),
    of('disposition', { id: 102, name: 'Pessoa errada' }),
    of('disposition', { id: 1002, name: 'Agendamento Operador', reschedules: true }),
    of('campaign', { id: 1, name: 'test', queueId: 1, mode: 'progressive', active: true, blockListIds: [1], maxAttemptsPerDay: 20, ...campaign }),
  ];
};

export interface Rig {
  readonly bus: Bus;
  readonly events: EventStore;
  readonly database: Database;
  readonly context: ServiceContext;
  readonly app: ServiceApp;
  store(streamId: string, facts: readonly DomainEvent[]): void;
  put(kind: DirectoryKind, id: number, changed: Record<string, unknown>): void;
  /** A further dialer on the same data, as after a restart. */
  another(options?: DialerOptions): ServiceApp;
  /** A further dialer that can be killed. */
  mortal(readDelayMs?: number): { readonly app: ServiceApp; kill(): void };
  facts(type?: DomainEvent['type']): Promise<DomainEvent[]>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly campaign?: Partial<Campaign>;
  readonly dialer?: DialerOptions;
  readonly clock?: Clock;
  readonly logLevel?: string;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const prepare = { key: 'dialer', run: async (database: Database) => void (await migrate(database, { owner: 'dialer', folder: new URL('../../sql', import.meta.url) })) };
  const test = await startTestDatabase({ prepare });
  const bus = createInProcessBus();
  const events = createMemoryEventStore();
  const log = pino({ level: options.logLevel ?? 'silent' });
  const clock = options.clock ?? { nowMs: () => Date.now() };
  const entries = new Map(shippedEntries(options.campaign).map((found) => [`${found.kind} ${found.id}`, found]));
  bus.serve('directory.snapshot', () => ({ entries: [...entries.values()], position: '0' }));
  const directory = createDirectoryReader({ bus });
  await directory.start();
  const health: HealthRegistry = { register: () => undefined, parts: () => Promise.resolve([]) };
  const journal = createJournal({ bus, events, log });
  const context: ServiceContext = {
    node: 'test', bus, events, journal, database: test.database, directory, log, metrics: new Registry(), health, clock, dataDir: '/nonexistent',
  };
  const dialerOptions: DialerOptions = { tickMs: 10, reconcileMs: 200, unknownAfterMs: 500, ...options.dialer };
  const apps: ServiceApp[] = [];
  const another = (more: DialerOptions = {}): ServiceApp => {
    const app = createDialerApp({ ...context, metrics: new Registry() }, { ...dialerOptions, ...more });
    apps.push(app);
    return app;
  };
  return {
    bus, events, database: test.database, context,
    app: another(),
    another,
    mortal(readDelayMs = 0) {
      const { context: own, kill } = mortal(context, readDelayMs);
      const app = createDialerApp({ ...own, metrics: new Registry() }, dialerOptions);
      apps.push(app);
      return { app, kill };
    },
    store(streamId, facts) {
      void events.append({ streamId, expectedVersion: 'any', events: facts.map(({ type, data, at }) => ({ type, data: data as unknown as Record<string, unknown>, at })) });
    },
    put(kind, id, changed) {
      const before = entries.get(`${kind} ${id}`)?.entry ?? { id };
      const found = { kind, id, entry: Value.Default(directorySchemas[kind], structuredClone({ ...before, ...changed })) as Record<string, unknown> };
      entries.set(`${kind} ${id}`, found);
      journal.record(streams.directory(kind, id), fact('DirectoryEntryPut', clock.nowMs(), { ...found, by: { kind: 'admin' } }));
    },
    async facts(type) {
      const stored = await events.readAll({ limit: 1_000_000, ...(type === undefined ? {} : { types: [type] }) });
      return stored as unknown as DomainEvent[];
    },
    async close() {
      for (const app of apps) await app.stop().catch(() => undefined);
      directory.stop();
      await journal.flush();
      await bus.close();
      await events.close();
      await test.close();
    },
  };
}

/** Waits for a condition; the message says for what. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Contacts with one mobile each, `numbers` digits apart. */
export const contactsToImport = (count: number, phones = 1, from = 0): { parameters: string[]; phones: { areaCode: string; number: string }[] }[] =>
  Array.from({ length: count }, (_, index) => ({
    parameters: [`client-${from + index}`, `Name ${from + index}`],
    phones: Array.from({ length: phones }, (__, phone) => ({ areaCode: '11', number: `9${String(10_000_000 + (from + index) * 10 + phone)}` })),
  }));
