/** What both benches of this room run: telephony and the acd over one bus, one PostgreSQL and one native SIP stack, in this process. */
import { fork, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createInProcessBus, type Bus } from '@ritmo/bus';
import { createThrowawayFolder } from '@ritmo/database';
import { startTestDatabase } from '@ritmo/database/testing';
import { asId, directorySchemas, type DirectoryKind, type TrunkId } from '@ritmo/domain';
import { createPostgresEventStore } from '@ritmo/event-store';
import { createNativeMediaEngine, type MediaEngine } from '@ritmo/media';
import { createCallIdAllocator, createDirectoryReader, createJournal, type ServiceContext } from '@ritmo/service-kit';
import { createNativeSipStack } from '@ritmo/sip';
import { createTelephonyApp } from '@ritmo/svc-telephony';
import { Value } from '@sinclair/typebox/value';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createAcdApp } from '../src/app.ts';

export interface ProductOptions {
  readonly agents: number;
  readonly carrierPort: number;
  readonly record: boolean;
}

export interface BenchedProduct {
  readonly context: ServiceContext;
  readonly media: MediaEngine;
  readonly port: number;
  /** Counted from the facts on the bus. */
  readonly seen: { recorded: number; delivered: number; missed: number; abandoned: number };
  /** Calls placed and refused, and why telephony had no place for a call at a moment. */
  readonly placing: { placed: number; refused: number; readonly noPlace: Record<string, number> };
  /** As the dialer does: reserves places on the trunk and orders that many calls at most. */
  place(count: number): Promise<void>;
  occupied(): Record<string, number>;
  /** Until no call is left, or the time is over. */
  settled(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

const trunkId = asId<TrunkId>(1);
const clock = { nowMs: () => Date.now() };

export async function startProduct({ agents, carrierPort, record }: ProductOptions): Promise<BenchedProduct> {
  const db = await startTestDatabase();
  const folder = await createThrowawayFolder('ritmo-bench-acd-');
  const log = pino({ level: 'error' });
  const bus = createInProcessBus({ freeze: false });
  const events = await createPostgresEventStore({ url: db.url });
  const entries = entriesFor(agents, carrierPort, record);
  bus.serve('directory.snapshot', () => ({ entries, position: '0' }));
  const directory = createDirectoryReader({ bus });
  await directory.start();
  const journal = createJournal({ bus, events, log });
  const context: ServiceContext = {
    node: 'bench', bus, events, journal, directory, log, clock,
    database: db.database,
    metrics: new Registry(),
    health: { register: () => undefined, parts: () => Promise.resolve([]) },
    dataDir: folder,
  };
  const media = createNativeMediaEngine({ host: '127.0.0.1', portRange: [16_384, 32_766], codecs: ['PCMA'] });
  const telephony = createTelephonyApp(context, {
    sip: (handlers) => createNativeSipStack({ host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'Ritmo', handlers }),
    media: () => media,
    sipDomain: '127.0.0.1',
  });
  const acd = createAcdApp(context);
  await telephony.start();
  await acd.start();
  const callIds = createCallIdAllocator({ database: db.database, clock });
  const placing = { placed: 0, refused: 0, noPlace: {} as Record<string, number> };
  return {
    context, media, placing,
    port: telephony.address?.port ?? 0,
    seen: countFacts(bus),
    async place(count) {
      const { slots, detail } = await bus.request('telephony.reserve', { trunkId, count });
      if (slots.length < count) placing.noPlace[detail] = (placing.noPlace[detail] ?? 0) + count - slots.length;
      for (const slot of slots) {
        const number = String(11_900_000_000 + placing.placed);
        placing.placed += 1;
        const reply = await bus.request('telephony.originate', {
          slot, callId: await callIds.next(), campaignId: asId(1), contactId: asId(placing.placed), phoneId: asId(placing.placed), queueId: asId(1),
          dialString: number, trunkId, routeId: asId(1), callerId: '1140000000', ringTimeoutMs: 60_000, record,
        });
        if (!reply.ok) placing.refused += 1;
      }
    },
    occupied: () => ({ ...telephony.occupied() }),
    async settled(withinMs) {
      for (const deadline = performance.now() + withinMs; telephony.occupied().calls > 0 && performance.now() < deadline; ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      await acd.stop({ graceMs: 0 });
      await telephony.stop({ graceMs: 0 });
      directory.stop();
      await journal.flush();
      await bus.close();
      await events.close();
      await db.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function entriesFor(agents: number, carrierPort: number, record: boolean): { kind: DirectoryKind; id: number; entry: Record<string, unknown> }[] {
  const entry = (kind: DirectoryKind, given: { id: number }) => ({ kind, id: given.id, entry: Value.Default(directorySchemas[kind], given) as Record<string, unknown> });
  const people = Array.from({ length: agents }, (_, index) => ({ id: index + 1, name: `Agent ${index + 1}`, extension: String(20_000 + index), password: 'secret' }));
  return [
    entry('settings', { id: 1 }),
    entry('user-status', { id: 1, ...{ name: 'Logado', pause: false } }),
    entry('user-status', { id: 2, ...{ name: 'Deslogado' } }),
    entry('trunk', { id: 1, ...{ name: 'carrier', host: '127.0.0.1', port: carrierPort, channels: 8_000, callsPerSecond: 4_000, optionsIntervalS: 0 } }),
    entry('queue', { id: 1, ...{ name: 'Queue', members: people.map(({ id }) => ({ agentId: id, priority: 1, skill: 1 })) } }),
    entry('campaign', { id: 1, ...{ name: 'Campaign', queueId: 1, record } }),
    ...people.map((person) => entry('agent', person)),
  ];
}

function countFacts(bus: Bus): BenchedProduct['seen'] {
  const seen = { recorded: 0, delivered: 0, missed: 0, abandoned: 0 };
  bus.subscribe('fact.RecordingClosed', () => void (seen.recorded += 1));
  bus.subscribe('fact.CallDelivered', () => void (seen.delivered += 1));
  bus.subscribe('fact.OfferMissed', () => void (seen.missed += 1));
  bus.subscribe('fact.CallAbandoned', () => void (seen.abandoned += 1));
  return seen;
}

export interface FarEnd<Message extends { readonly kind: string }> {
  readonly child: ChildProcess;
  hear<K extends Message['kind']>(kind: K): Promise<Extract<Message, { readonly kind: K }>>;
}

/** The carrier and the phones as a process of their own, so that what is measured at them does not share our loop. */
export function forkFarEnd<Message extends { readonly kind: string }>(file: string): FarEnd<Message> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  return {
    child,
    hear: (kind) =>
      new Promise((resolve) => {
        const listener = (message: Message): void => {
          if (message.kind !== kind) return;
          child.off('message', listener);
          resolve(message as Extract<Message, { readonly kind: typeof kind }>);
        };
        child.on('message', listener);
      }),
  };
}

export interface Spread {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

/** Of durations in ms. */
export function spread(list: readonly number[]): Spread {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), count: sorted.length };
}

export function printSpreads(rows: Readonly<Record<string, Spread>>): void {
  const line = (name: string, cells: readonly (string | number)[]): string => `${name.padEnd(46)} ${cells.map((cell) => String(cell).padStart(8)).join('')}`;
  console.log(`${line('', ['p50', 'p90', 'p99', 'max'])}   ms`);
  for (const [name, { p50, p90, p99, max, count }] of Object.entries(rows)) console.log(`${line(name, [p50, p90, p99, max])}   (${count})`);
}
