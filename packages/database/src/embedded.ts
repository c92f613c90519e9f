import { mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { accessRules, type ClientAddress, type ConfinedUser } from './access-rules.ts';
import { locateBinaries } from './binaries.ts';
import {
  findRunningServer,
  initialiseCluster,
  launchServer,
  probePort,
  serverArguments,
  stopServer,
  tryConnect,
  waitUntilReady,
  writeAccessRules,
} from './cluster.ts';
import { SecondInstanceError } from './errors.ts';
import { isAlive, takeInstanceLock } from './instance-lock.ts';
import { assertReachable, findServerAccount, giveTo } from './server-account.ts';

/** The key of the advisory lock that one instance of the product holds. */
const INSTANCE_LOCK_KEY = 7_246_001;
/** After kill -9 the server needs a moment to notice that the old holder's connection is gone. */
const INSTANCE_LOCK_PATIENCE_MS = 3_000;

export interface EmbeddedPostgresOptions {
  /** The cluster's own folder. Beside it lie `<dataDir>.lock` and `<dataDir>.log`. */
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly superuserPassword: string;
  /** Database to create when missing and to name in the connection string. Default postgres. */
  readonly database?: string;
  /** Address to listen on besides loopback. Default none. `*` or `0.0.0.0`: every one. */
  readonly listen?: string;
  /** Who may connect from elsewhere than loopback. The superuser never may. */
  readonly clients?: readonly ClientAddress[];
  /** Users who may connect to one database only, from loopback too. */
  readonly confined?: readonly ConfinedUser[];
  /** Over the defaults below. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log?: (message: string) => void;
  /** Called once when the server goes away without having been stopped. */
  readonly onLost?: (error: Error) => void;
}

export interface EmbeddedPostgres {
  readonly connectionString: string;
  readonly port: number;
  readonly pid: number;
  /** adopted: a server that outlived a killed process was taken over as it ran. */
  readonly origin: 'started' | 'adopted';
  /** Who may connect from elsewhere than loopback from now on. Who is connected stays so. */
  admit(clients: readonly ClientAddress[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Durability stays on. The rest fits one machine that also runs the dialer: many short transactions, a few hundred clients,
 * few checkpoints, and an autovacuum that visits tables with much updating early.
 */
export const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '200',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.9',
  random_page_cost: '1.1',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_naptime: '15s',
  jit: 'off',
  password_encryption: 'scram-sha-256',
  log_min_messages: 'warning',
  timezone: 'UTC',
};

/**
 * Starts, or takes over, the PostgreSQL of this installation.
 * Rejects with SecondInstanceError, PortTakenError, DataFolderUnreachableError, DataFolderOccupiedError, ServerStartError.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  await mkdir(dirname(resolve(options.dataDir)), { recursive: true });
  const dataDir = join(await realpath(dirname(resolve(options.dataDir))), resolve(options.dataDir).split('/').at(-1) ?? '');
  const releaseLock = await takeInstanceLock(`${dataDir}.lock`, dataDir);
  let startedPid: number | undefined;
  try {
    const server = await bringUp({ ...options, dataDir }, log);
    if (server.origin === 'started') startedPid = server.pid;
    const session = await holdInstance(server.adminUrl, dataDir, log);
    await createDatabaseIfMissing(session, options.database ?? 'postgres');
    let stopping = false;
    session.on('error', () => undefined);
    session.on('end', () => {
      if (!stopping) options.onLost?.(new Error(`The PostgreSQL server on ${dataDir} went away.`));
    });
    return {
      connectionString: server.adminUrl.replace(/\/postgres$/, `/${encodeURIComponent(options.database ?? 'postgres')}`),
      port: server.port,
      pid: server.pid,
      origin: server.origin,
      async admit(clients) {
        await writeAccessRules(dataDir, await findServerAccount(), rulesFor({ ...options, clients }, log));
        if (!stopping) process.kill(server.pid, 'SIGHUP');
      },
      async stop() {
        if (stopping) return;
        stopping = true;
        await session.end().catch(() => undefined);
        await stopServer(server.pid);
        await releaseLock();
      },
    };
  } catch (error) {
    if (startedPid !== undefined) await stopServer(startedPid);
    await releaseLock();
    throw error;
  }
}

const rulesFor = ({ clients, confined }: Pick<EmbeddedPostgresOptions, 'clients' | 'confined'>, log: (message: string) => void): readonly string[] =>
  accessRules(clients ?? [], (address) => log(`"${address}" is neither an address nor a range: nobody is let in by it`), confined);

interface RunningServer {
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly origin: 'started' | 'adopted';
}

async function bringUp(options: EmbeddedPostgresOptions, log: (message: string) => void): Promise<RunningServer> {
  const { dataDir } = options;
  const listen = listenAddresses(options.listen);
  const account = await findServerAccount();
  assertReachable(dirname(dataDir), account);
  const binaries = await locateBinaries(account);
  const init = { dataDir, binaries, account, password: options.superuserPassword, durable: options.settings?.['fsync'] !== 'off' };
  if ((await initialiseCluster(init)) === 'created') log(`created a PostgreSQL cluster in ${dataDir}`);
  await giveTo(dataDir, account);
  await writeAccessRules(dataDir, account, rulesFor(options, log));

  const argsFor = (port: number): string[] =>
    serverArguments(dataDir, {
      ...DEFAULT_SETTINGS,
      ...options.settings,
      listen_addresses: listen.join(','),
      port: String(port),
      unix_socket_directories: '',
    });
  const urlFor = (port: number): string => `postgres://postgres:${encodeURIComponent(options.superuserPassword)}@127.0.0.1:${port}/postgres`;

  const survivor = await findRunningServer(dataDir);
  if (survivor !== undefined) {
    const port = options.port === 0 ? await portOf(dataDir) : options.port;
    // Same command line and lets us in: take it over. Anything else: stop that process, by its id, and start afresh.
    if ((await sameCommandLine(dataDir, argsFor(port))) && (await tryConnect(urlFor(port))) === undefined) {
      process.kill(survivor, 'SIGHUP');
      log(`took over the PostgreSQL server ${survivor} that was still running`);
      return { adminUrl: urlFor(port), port, pid: survivor, origin: 'adopted' };
    }
    log(`stopping the PostgreSQL server ${survivor} that was left over`);
    await stopServer(survivor);
  }

  let port = options.port;
  for (const address of listen) port = await probePort(address, port);
  const logFile = `${dataDir}.log`;
  const child = await launchServer({ dataDir, binaries, account, args: argsFor(port), logFile });
  const pid = child.pid ?? -1;
  await waitUntilReady(urlFor(port), dataDir, logFile, () => child.exitCode !== null || child.signalCode !== null || !isAlive(pid));
  return { adminUrl: urlFor(port), port, pid, origin: 'started' };
}

/** Loopback always: it is where we ourselves connect, and the superuser from nowhere else. */
function listenAddresses(listen: string | undefined): readonly string[] {
  if (listen === undefined || listen === '127.0.0.1' || listen === 'localhost') return ['127.0.0.1'];
  if (listen === '*' || listen === '0.0.0.0') return ['0.0.0.0'];
  return ['127.0.0.1', listen];
}

async function portOf(dataDir: string): Promise<number> {
  const lines = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number.parseInt(lines[3] ?? '', 10) || 0;
}

/** postmaster.opts is the command line of the last start, each argument in double quotes. */
async function sameCommandLine(dataDir: string, args: readonly string[]): Promise<boolean> {
  const line = await readFile(join(dataDir, 'postmaster.opts'), 'utf8').catch(() => '');
  return line.trim().endsWith(args.map((arg) => `"${arg}"`).join(' '));
}

/** One session that holds the instance's advisory lock for as long as we run. */
async function holdInstance(url: string, dataDir: string, log: (message: string) => void): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: url, application_name: 'ritmo-instance', keepAlive: true });
  session.on('error', (error) => log(`instance session: ${error.message}`));
  await session.connect();
  const deadline = performance.now() + INSTANCE_LOCK_PATIENCE_MS;
  for (;;) {
    const answer = await session.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [INSTANCE_LOCK_KEY]);
    if (answer.rows[0]?.taken === true) return session;
    if (performance.now() > deadline) {
      await session.end();
      throw new SecondInstanceError(dataDir, undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function createDatabaseIfMissing(session: pg.Client, name: string): Promise<void> {
  const found = await session.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (found.rowCount === 0) await session.query(`CREATE DATABASE ${session.escapeIdentifier(name)}`);
}
