/** For tests of the facades only: a real bus, a real (memory) event store, and answers given by the test for other services. */
import { createInProcessBus, type Bus, type Requests, type RequestSubject } from '@ritmo/bus';
import type { Database } from '@ritmo/database';
import { directorySchemas, fact, type DirectoryKind } from '@ritmo/domain';
import { createMemoryEventStore } from '@ritmo/event-store';
import { createHealthRegistry, createMetrics } from '@ritmo/runtime';
import { createDirectoryReader, createJournal, type ServiceContext } from '@ritmo/service-kit';
import { Value } from '@sinclair/typebox/value';
import { tmpdir } from 'node:os';
import pino, { type Logger } from 'pino';

type Answer<S extends RequestSubject> = (request: Requests[S]['request']) => Requests[S]['reply'] | Promise<Requests[S]['reply']>;

export interface Stage {
  readonly context: ServiceContext;
  readonly bus: Bus;
  /** What was asked of other services, in order. */
  readonly asked: { readonly subject: RequestSubject; readonly request: unknown }[];
  /** Lines of the log, parsed. */
  readonly logged: Readonly<Record<string, unknown>>[];
  /** How another service answers from now on. */
  answer<S extends RequestSubject>(subject: S, reply: Requests[S]['reply'] | Answer<S>): void;
  /** Puts a configured thing, its defaults filled in. */
  put(kind: DirectoryKind, entry: Readonly<Record<string, unknown>> & { readonly id: number }): void;
  remove(kind: DirectoryKind, id: number): void;
  setNow(atMs: number | undefined): void;
  close(): Promise<void>;
}

const noDatabase = new Proxy({} as Database, {
  get: (_target, name) => {
    throw new Error(`this test has no database (${String(name)})`);
  },
});

export async function createStage(options: { readonly database?: Database; readonly dataDir?: string; readonly log?: Logger } = {}): Promise<Stage> {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const log = options.log ?? pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) });
  const bus = createInProcessBus({ log: (message) => log.error(message) });
  const events = createMemoryEventStore();
  const directory = createDirectoryReader({ bus });
  const entries = new Map<string, { kind: DirectoryKind; id: number; entry: Record<string, unknown> }>();
  const asked: { subject: RequestSubject; request: unknown }[] = [];
  const answers = new Map<RequestSubject, (request: never) => unknown>();
  let now: number | undefined;
  const by = { kind: 'system' } as const;

  const put: Stage['put'] = (kind, entry) => {
    const whole = Value.Default(directorySchemas[kind], structuredClone(entry)) as Record<string, unknown>;
    entries.set(`${kind}/${entry.id}`, { kind, id: entry.id, entry: whole });
    bus.publish('fact.DirectoryEntryPut', fact('DirectoryEntryPut', 0, { kind, id: entry.id, entry: whole, by }));
  };
  const answer: Stage['answer'] = (subject, reply) => {
    const known = answers.has(subject);
    answers.set(subject, (typeof reply === 'function' ? reply : () => reply) as (request: never) => unknown);
    if (known) return;
    bus.serve(subject, ((request: never) => {
      asked.push({ subject, request });
      return answers.get(subject)?.(request);
    }) as never);
  };

  answer('directory.snapshot', () => ({ entries: [...entries.values()], position: '0' }));
  answer('directory.put', (request) => {
    const id = request.id ?? Math.max(0, ...[...entries.values()].filter(({ kind }) => kind === request.kind).map(({ id: used }) => used)) + 1;
    put(request.kind, { ...request.entry, id });
    return { ok: true, id };
  });
  answer('acd.agents', { agents: [] });
  answer('telephony.calls', { node: 'test', calls: [] });
  answer('telephony.trunks', { trunks: [] });

  await directory.start();
  const context: ServiceContext = {
    node: 'test',
    bus,
    events,
    journal: createJournal({ bus, events, log }),
    database: options.database ?? noDatabase,
    directory,
    log,
    metrics: createMetrics({ node: 'test' }),
    health: createHealthRegistry({ keepMs: 0 }),
    clock: { nowMs: () => now ?? Date.now() },
    dataDir: options.dataDir ?? tmpdir(),
  };
  return {
    context,
    bus,
    asked,
    logged,
    answer,
    put,
    remove(kind, id) {
      entries.delete(`${kind}/${id}`);
      bus.publish('fact.DirectoryEntryRemoved', fact('DirectoryEntryRemoved', 0, { kind, id, by }));
    },
    setNow: (atMs) => void (now = atMs),
    async close() {
      directory.stop();
      await bus.close();
      await events.close();
    },
  };
}

/** Waits for what must come true soon. */
export async function eventually<T>(look: () => T | Promise<T>, limitMs = 10_000): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`it did not come true within ${limitMs} ms: ${look.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
