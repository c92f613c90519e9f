/** For tests only: one real PostgreSQL for a whole test run, a fresh database per call. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import pg from 'pg';
import { locateBinaries } from './binaries.ts';
import { initialiseCluster, launchServer, probePort, serverArguments, waitUntilReady } from './cluster.ts';
import { connectDatabase } from './connect.ts';
import { DEFAULT_SETTINGS } from './embedded.ts';
import { endWithProcess } from './ephemeral.ts';
import type { Database } from './port.ts';
import { assertReachable, findServerAccount } from './server-account.ts';

const WAIT_FOR_SERVER_MS = 60_000;
const TEMPLATE_LOCK_KEY = 7_246_003;

export interface TestDatabase {
  /** As superuser, to a database of its own. */
  readonly url: string;
  readonly database: Database;
  /** Drops the database. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Prepared once per run and key, then cloned: migrations and seeds that many tests share. */
  readonly prepare?: { readonly key: string; readonly run: (database: Database) => Promise<void> };
}

/** A fresh database on the run's server. The server starts at the first call and ends with the test run. */
export async function startTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const adminUrl = await sharedServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = options.prepare === undefined ? 'template0' : await preparedTemplate(adminUrl, options.prepare);
  await asAdmin(adminUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = adminUrl.replace(/\/postgres$/, `/${name}`);
  const database = connectDatabase({ url, maxConnections: 10, applicationName: 'test' });
  return {
    url,
    database,
    async close() {
      await database.close();
      await asAdmin(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function asAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function preparedTemplate(adminUrl: string, prepare: NonNullable<TestDatabaseOptions['prepare']>): Promise<string> {
  const name = `template_${createHash('sha256').update(prepare.key).digest('hex').slice(0, 16)}`;
  await asAdmin(adminUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK_KEY]);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount !== 0) return;
    await client.query(`CREATE DATABASE ${name}_draft TEMPLATE template0`);
    const database = connectDatabase({ url: adminUrl.replace(/\/postgres$/, `/${name}_draft`) });
    try {
      await prepare.run(database);
      await database.close();
      await client.query(`ALTER DATABASE ${name}_draft RENAME TO ${name}`);
    } catch (error) {
      await database.close();
      await client.query(`DROP DATABASE ${name}_draft WITH (FORCE)`);
      throw error;
    }
  });
  return name;
}

let server: Promise<string> | undefined;

/** vitest runs each file in a process of its own; all of one run share the server of the run's main process. */
function sharedServer(): Promise<string> {
  server ??= findOrStart(process.send !== undefined && isMainThread ? process.ppid : process.pid);
  return server;
}

async function findOrStart(ownerPid: number): Promise<string> {
  const folder = join(tmpdir(), `ritmo-test-postgres-${process.getuid?.() ?? 0}-${ownerPid}`);
  const announcement = join(folder, 'url');
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return waitForAnnouncement(announcement);
  }
  await chmod(folder, 0o755);
  endWithProcess(folder, ownerPid);
  const url = await startServer(folder);
  await writeFile(`${announcement}.new`, url, { mode: 0o600 });
  await rename(`${announcement}.new`, announcement);
  return url;
}

async function waitForAnnouncement(file: string): Promise<string> {
  const deadline = performance.now() + WAIT_FOR_SERVER_MS;
  for (;;) {
    const url = await readFile(file, 'utf8').catch(() => '');
    if (url !== '') return url;
    if (performance.now() > deadline) throw new Error(`the test server announced in ${file} did not start`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function startServer(folder: string): Promise<string> {
  const account = await findServerAccount();
  assertReachable(folder, account);
  const binaries = await locateBinaries(account);
  const dataDir = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  await initialiseCluster({ dataDir, binaries, account, password, durable: false });
  const port = await probePort('127.0.0.1', 0);
  const args = serverArguments(dataDir, {
    ...DEFAULT_SETTINGS,
    // Only a loss of power tells the difference, and these data do not outlive the run.
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '64MB',
    max_wal_size: '512MB',
    min_wal_size: '32MB',
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
  });
  const logFile = join(folder, 'server.log');
  const child = await launchServer({ dataDir, binaries, account, args, logFile });
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  await waitUntilReady(url, dataDir, logFile, () => child.exitCode !== null);
  return url;
}
