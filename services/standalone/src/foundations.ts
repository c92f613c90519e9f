import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInProcessBus, createNatsBus, type Bus } from '@ritmo/bus';
import { connectDatabase, startEmbeddedPostgres, type ClientAddress, type Database, type EmbeddedPostgres } from '@ritmo/database';
import { createKurrentEventStore, createPostgresEventStore, type EventStore } from '@ritmo/event-store';
import { createHealthRegistry, createLogger, createMetrics, openDataFolder, openSecret, UserError, type Secret } from '@ritmo/runtime';
import { createDirectoryReader, createJournal, type Clock, type ServiceContext } from '@ritmo/service-kit';
import type { Logger } from 'pino';
import type { RitmoConfig } from './config.ts';

/** What services stand on, built once a process. */
export interface Foundations {
  /** The context of one service: its log lines carry its name. */
  contextFor(service: string): ServiceContext;
  readonly log: Logger;
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly postgresPort: number | null;
  /** Null: the database is elsewhere. */
  readonly postgresOrigin: 'started' | 'adopted' | null;
  readonly integrationPassword: Secret;
  readonly adminKey: Secret;
  readonly context: ServiceContext;
  /** Stores what was recorded, then lets go of everything, in the opposite order. */
  close(): Promise<void>;
}

export interface FoundationOptions {
  /** Name of this process among others. */
  readonly node: string;
  /** The embedded server went away, or anything else that this process cannot live without. */
  readonly onFatal: (error: Error) => void;
  /** Default: a logger on standard output. */
  readonly log?: Logger;
  /** Connections of the pool that the services share. */
  readonly maxConnections?: number;
  /** What the services call now. Default: the machine's. */
  readonly clock?: Clock;
}

const databaseName = 'totalipdb';
const superuserSecret = 'postgres.password';
const integrationUser = 'integracao';
const folders = ['secrets', 'recordings', 'sounds'] as const;
/** Facts still waiting when a process stops are given this long to become durable. */
const flushLimitMs = 10_000;

export async function layFoundations(config: RitmoConfig, options: FoundationOptions): Promise<Foundations> {
  const log = options.log ?? createLogger({ level: config.logLevel, node: options.node });
  const closing: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) {
      await Promise.resolve()
        .then(step)
        .catch((error: unknown) => log.error({ err: error }, 'closing failed'));
    }
  };
  try {
    const dataDir = await openDataFolder({ folder: config.dataDir, inside: folders, setting: 'RITMO_DATA' });
    const secrets = join(dataDir, 'secrets');
    await chmod(secrets, 0o700);
    const integrationPassword = await openSecret({ folder: secrets, name: 'integracao.password', given: config.integrationPassword });
    const adminKey = await openSecret({ folder: secrets, name: 'admin.key', given: config.adminKey });

    const postgres = config.cluster.databaseUrl === undefined ? await startPostgres(config, dataDir, secrets, log, options.onFatal) : undefined;
    if (postgres) closing.push(() => postgres.stop());
    const databaseUrl = postgres?.connectionString ?? config.cluster.databaseUrl ?? '';
    const say = (part: string) => (message: string) => log.info({ part }, message);

    const database: Database = connectDatabase({ url: databaseUrl, maxConnections: options.maxConnections ?? 20, applicationName: options.node, log: say('database') });
    closing.push(() => database.close());
    const events = await openEventStore(config, databaseUrl, say('events'));
    closing.push(() => events.close());
    const bus = await openBus(config.cluster.natsUrl, say('bus'));
    closing.push(() => bus.close());
    const journal = createJournal({ bus, events, log });
    closing.push(() => Promise.race([journal.flush(), new Promise<void>((resolve) => setTimeout(resolve, flushLimitMs).unref())]));
    const directory = createDirectoryReader({ bus });
    closing.push(() => directory.stop());
    // The list of the file counts until the directory is read, then the one that is configured.
    directory.onChange((kind) => {
      if (kind !== 'settings' || postgres === undefined) return;
      const allowed = directory.get('settings', 1)?.databaseAllow ?? [];
      postgres.admit(integratorsAt(allowed)).catch((error: unknown) => log.error({ err: error }, 'the addresses of integrators could not be changed'));
    });

    const health = createHealthRegistry();
    health.register('PostgreSQL', async () => {
      await database.query('SELECT 1');
      return { status: 'OK', detail: '' };
    });
    health.register('Eventos', () =>
      journal.pending > 10_000 ? { status: 'WARNING', detail: `${journal.pending} facts wait to be stored` } : { status: 'OK', detail: '' },
    );
    const context: ServiceContext = {
      node: options.node,
      bus,
      events,
      journal,
      database,
      directory,
      log,
      metrics: createMetrics({ node: options.node }),
      health,
      clock: options.clock ?? { nowMs: () => Date.now() },
      dataDir,
    };
    return {
      context,
      contextFor: (service) => ({ ...context, log: log.child({ service }) }),
      log,
      dataDir,
      databaseUrl,
      postgresPort: postgres?.port ?? null,
      postgresOrigin: postgres?.origin ?? null,
      integrationPassword,
      adminKey,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const integratorsAt = (addresses: readonly string[]): readonly ClientAddress[] => addresses.map((address) => ({ address, user: integrationUser, database: databaseName }));

async function startPostgres(
  config: RitmoConfig,
  dataDir: string,
  secrets: string,
  log: Logger,
  onFatal: (error: Error) => void,
): Promise<EmbeddedPostgres> {
  const superuser = await openSecret({ folder: secrets, name: superuserSecret });
  const allowed = (config.seed['settings'] as { databaseAllow?: readonly string[] } | undefined)?.databaseAllow ?? [];
  return startEmbeddedPostgres({
    dataDir: join(dataDir, 'postgres'),
    port: config.postgresPort,
    listen: config.listen,
    superuserPassword: superuser.value,
    database: databaseName,
    clients: integratorsAt(allowed),
    confined: [{ user: integrationUser, database: databaseName }],
    log: (message) => log.info({ part: 'postgres' }, message),
    onLost: onFatal,
  });
}

/** Events are kept in the database unless another store is named. */
export async function openEventStore(config: RitmoConfig, databaseUrl: string, log: (message: string) => void): Promise<EventStore> {
  if (config.cluster.eventStoreUrl !== undefined) return createKurrentEventStore({ url: config.cluster.eventStoreUrl, log });
  return createPostgresEventStore({ url: databaseUrl, log });
}

/** The database of an installation that runs, for commands beside it. */
export async function locateDatabase(config: RitmoConfig): Promise<string> {
  if (config.cluster.databaseUrl !== undefined) return config.cluster.databaseUrl;
  const file = join(config.dataDir, 'secrets', superuserSecret);
  const password = await readFile(file, 'utf8').catch(() => {
    throw new UserError(`there is no installation in ${config.dataDir}: set RITMO_DATA to its data folder`);
  });
  const host = config.listen === '0.0.0.0' || config.listen === '*' ? '127.0.0.1' : config.listen;
  return `postgres://postgres:${encodeURIComponent(password.trim())}@${host}:${config.postgresPort}/${databaseName}`;
}

async function openBus(natsUrl: string | undefined, log: (message: string) => void): Promise<Bus> {
  if (natsUrl === undefined) return createInProcessBus({ log, freeze: false });
  try {
    return await createNatsBus({ url: natsUrl, log });
  } catch (error) {
    throw new UserError(`NATS does not answer at ${natsUrl} (${error instanceof Error ? error.message : String(error)}): start it, or set NATS_URL`);
  }
}
