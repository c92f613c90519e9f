/** Tests only: telephony on real sockets and a real PostgreSQL, with a directory that the test writes. */
import { createInProcessBus, type Bus, type Requests } from '@ritmo/bus';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import {
  asCallId, asExtension, asId, asLegId, directorySchemas, fact, streams,
  type AgentId, type CallId, type DirectoryEntry, type DirectoryKind, type DomainEvent, type EventDataByType, type EventType, type QueueId, type RouteId, type TrunkId,
} from '@ritmo/domain';
import { createMemoryEventStore, type EventStore } from '@ritmo/event-store';
import { createNativeMediaEngine } from '@ritmo/media';
import { createDirectoryReader, createJournal, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { createNativeSipStack } from '@ritmo/sip';
import { createTempDir, freeUdpPortRange, waitFor, type TempDir } from '@ritmo/testing';
import { Value } from '@sinclair/typebox/value';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createTelephonyApp, type TelephonyApp, type TelephonyOptions } from '../app.ts';

export const nothing = { calls: 0, channels: 0, dialogs: 0, mediaSessions: 0, mediaLegs: 0 } as const;

export interface RigOptions {
  readonly telephony?: Partial<TelephonyOptions>;
  readonly database?: TestDatabase;
  readonly events?: EventStore;
  readonly t1Ms?: number;
  readonly logLevel?: string;
  /** Default a free one. */
  readonly sipPort?: number;
}

type Entries = Map<string, { kind: DirectoryKind; id: number; entry: Record<string, unknown> }>;

export class Rig {
  readonly bus: Bus;
  readonly events: EventStore;
  readonly context: ServiceContext;
  readonly telephony: TelephonyApp;
  readonly facts: DomainEvent[] = [];
  readonly legs: { legId: string; state: string; reason?: string; by?: string }[] = [];
  readonly #entries: Entries;
  readonly #parts: { readonly db: TestDatabase; readonly ownsDb: boolean; readonly dir: TempDir; readonly more: ServiceApp[] };
  #lastCall = 0;

  private constructor(parts: { context: ServiceContext; telephony: TelephonyApp; entries: Entries; db: TestDatabase; ownsDb: boolean; dir: TempDir }) {
    this.context = parts.context;
    this.bus = parts.context.bus;
    this.events = parts.context.events;
    this.telephony = parts.telephony;
    this.#entries = parts.entries;
    this.#parts = { db: parts.db, ownsDb: parts.ownsDb, dir: parts.dir, more: [] };
    this.bus.subscribe('fact.*', (event) => void this.facts.push(event as DomainEvent));
    this.bus.subscribe('signal.leg', ({ legId, state, reason, by }) => void this.legs.push({ legId, state, ...(reason ? { reason } : {}), ...(by ? { by } : {}) }));
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const db = options.database ?? (await startTestDatabase());
    const dir = await createTempDir('ritmo-telephony-');
    const bus = createInProcessBus();
    const events = options.events ?? createMemoryEventStore();
    const log = pino({ level: options.logLevel ?? 'silent' });
    const entries: Entries = new Map();
    bus.serve('directory.snapshot', () => ({ entries: [...entries.values()], position: '0' }));
    const directory = createDirectoryReader({ bus });
    await directory.start();
    const journal = createJournal({ bus, events, log });
    const context: ServiceContext = {
      node: `test-${Math.random().toString(36).slice(2, 7)}`, bus, events, journal, directory, log,
      database: db.database,
      metrics: new Registry(),
      health: { register: () => undefined, parts: () => Promise.resolve([]) },
      clock: { nowMs: () => Date.now() },
      dataDir: dir.path,
    };
    const portRange = await freeUdpPortRange(200);
    const telephony = createTelephonyApp(context, {
      sip: (handlers) =>
        createNativeSipStack({ host: '127.0.0.1', port: options.sipPort ?? 0, transports: ['udp', 'tcp'], realm: 'ritmo.test', userAgent: 'Ritmo', t1Ms: options.t1Ms ?? 500, handlers }),
      media: () => createNativeMediaEngine({ host: '127.0.0.1', portRange, codecs: ['PCMA', 'PCMU'] }),
      sipDomain: 'ritmo.test',
      rateMarginMs: 0,
      ...options.telephony,
    });
    return new Rig({ context, telephony, entries, db, ownsDb: options.database === undefined, dir });
  }

  get port(): number {
    return this.telephony.address?.port ?? 0;
  }

  also(app: ServiceApp): void {
    this.#parts.more.push(app);
  }

  put<K extends DirectoryKind>(kind: K, given: Partial<DirectoryEntry<K>> & { id: number }): void {
    const entry = Value.Default(directorySchemas[kind], structuredClone(given)) as Record<string, unknown>;
    const found = { kind, id: given.id, entry };
    this.#entries.set(`${kind} ${given.id}`, found);
    this.context.journal.record(streams.directory(kind, given.id), fact('DirectoryEntryPut', Date.now(), { ...found, by: { kind: 'admin' } }));
  }

  of<T extends EventType>(type: T, callId?: CallId): EventDataByType[T][] {
    return this.facts.filter((event) => event.type === type && (callId === undefined || (event.data as { callId?: string }).callId === callId)).map((event) => event.data as EventDataByType[T]);
  }

  async fact<T extends EventType>(type: T, callId?: CallId): Promise<EventDataByType[T]> {
    return waitFor(() => this.of(type, callId)[0], { what: `${type} of ${callId ?? 'any call'}`, timeoutMs: 8_000 });
  }

  /** A slot that comes when there is room. */
  async slot(trunkId = 1): Promise<string> {
    return waitFor(async () => (await this.bus.request('telephony.reserve', { trunkId: asId<TrunkId>(trunkId), count: 1 })).slots[0], { what: 'a slot' });
  }

  async originate(number: string, over: Partial<Requests['telephony.originate']['request']> = {}): Promise<CallId> {
    this.#lastCall += 1;
    const callId = asCallId(`1700000000.${this.#lastCall}`);
    const reply = await this.bus.request('telephony.originate', {
      slot: over.slot ?? (await this.slot()),
      callId, campaignId: asId(7), contactId: asId(70), phoneId: asId(700), queueId: asId<QueueId>(1),
      dialString: number, trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1), callerId: '1140000000', ringTimeoutMs: 20_000, record: true,
      ...over,
    });
    if (!reply.ok) throw new Error(`originate refused: ${reply.code}`);
    return over.callId ?? callId;
  }

  offer(callId: CallId, leg = 1, over: Partial<Requests['telephony.offer']['request']> = {}): Promise<Requests['telephony.offer']['reply']> {
    return this.bus.request('telephony.offer', {
      callId, legId: asLegId(`${callId}/${leg}`), agentId: asId<AgentId>(1), extension: asExtension('1001'), ringTimeoutMs: 10_000, autoAnswer: false,
      callerNumber: '11988887777', callerName: 'Campaign', headers: { 'X-Ritmo-Call-Id': callId }, record: true,
      ...over,
    });
  }

  /** Nothing is held any more: no call, channel, dialog or media. */
  async quiet(): Promise<void> {
    await waitFor(() => JSON.stringify(this.telephony.occupied()) === JSON.stringify(nothing), {
      what: 'everything to be free',
      timeoutMs: 8_000,
    }).catch((error: unknown) => {
      throw new Error(`still occupied: ${JSON.stringify(this.telephony.occupied())}`, { cause: error });
    });
  }

  async stop(graceMs = 0): Promise<void> {
    for (const app of this.#parts.more) await app.stop();
    await this.telephony.stop({ graceMs });
    this.context.directory.stop();
    await this.context.journal.flush();
    await this.bus.close();
    if (this.#parts.ownsDb) await this.#parts.db.close();
    await this.#parts.dir.remove();
  }
}
