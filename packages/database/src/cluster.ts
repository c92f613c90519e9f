import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import pg from 'pg';
import type { Binaries } from './binaries.ts';
import { DataFolderOccupiedError, PortTakenError, ServerStartError } from './errors.ts';
import { isAlive } from './instance-lock.ts';
import { giveTo, type ServerAccount } from './server-account.ts';

/** Crash recovery after a hard stop may replay up to max_wal_size of log; this is its limit. */
const READY_TIMEOUT_MS = 300_000;
const READY_POLL_MS = 20;
const LOG_LIMIT_BYTES = 5_000_000;

export interface InitOptions {
  readonly dataDir: string;
  readonly binaries: Binaries;
  readonly account: ServerAccount;
  readonly password: string;
  /** False skips the final fsync of initdb; for throw-away clusters. */
  readonly durable: boolean;
}

/** Creates the cluster, unless there is one. It is made beside its place and renamed, so a crash leaves no half cluster. */
export async function initialiseCluster(options: InitOptions): Promise<'created' | 'found'> {
  const { dataDir, account } = options;
  if (existsSync(join(dataDir, 'PG_VERSION'))) return 'found';
  if (existsSync(dataDir) && (await readdir(dataDir)).length > 0) throw new DataFolderOccupiedError(dataDir);
  const draft = `${dataDir}.new`;
  const passwordFile = `${dataDir}.password`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await giveTo(draft, account);
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  await giveTo(passwordFile, account);
  try {
    await runInitdb(options, draft, passwordFile);
    await rm(dataDir, { recursive: true, force: true });
    await rename(draft, dataDir);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
  return 'created';
}

function runInitdb(options: InitOptions, folder: string, passwordFile: string): Promise<void> {
  const flags = [
    `--pgdata=${folder}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The built-in provider sorts the same on every machine and needs no locale installed and no ICU.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(options.durable ? [] : ['--no-sync']),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(options.binaries.initdb, flags, { ...options.account.ids, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => reject(new ServerStartError(options.dataDir, `initdb: ${error.message}`, '')));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new ServerStartError(options.dataDir, `initdb ended with code ${code}`, output.slice(-2_000)));
    });
  });
}

/** Command-line settings, in a fixed order so that two starts can be compared. */
export function serverArguments(dataDir: string, settings: Readonly<Record<string, string>>): string[] {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['-D', dataDir, ...sorted.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

export interface LaunchOptions {
  readonly dataDir: string;
  readonly binaries: Binaries;
  readonly account: ServerAccount;
  readonly args: readonly string[];
  /** The server's own log. A file and not a pipe, so that the server outlives the process that started it. */
  readonly logFile: string;
}

/** Starts the server in a process group of its own: Ctrl-C on the terminal must reach us first, not the server. */
export async function launchServer(options: LaunchOptions): Promise<ChildProcess> {
  const size = (await stat(options.logFile).catch(() => undefined))?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) await rename(options.logFile, `${options.logFile}.1`);
  const log = await open(options.logFile, 'a', 0o600);
  try {
    const child = spawn(options.binaries.postgres, [...options.args], {
      ...options.account.ids,
      cwd: '/',
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new ServerStartError(options.dataDir, error.message, '')));
    });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** Waits until a client is let in. Rejects at once when the server has ended, with what it logged. */
export async function waitUntilReady(url: string, dataDir: string, logFile: string, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const failure = await tryConnect(url);
    if (failure === undefined) return;
    // 28P01: wrong password. 3D000: no such database. Neither gets better by waiting.
    if (failure.code === '28P01') throw new ServerStartError(dataDir, 'the stored password is not accepted', '');
    if (hasEnded()) throw new ServerStartError(dataDir, 'the server ended', await tailOf(logFile));
    if (performance.now() > deadline) throw new ServerStartError(dataDir, failure.message, await tailOf(logFile));
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}

export async function tryConnect(url: string): Promise<{ readonly code: string | undefined; readonly message: string } | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return { code: (error as { code?: string }).code, message: (error as Error).message };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function tailOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-8).join('\n');
}

/** The process that postmaster.pid names, when it lives and is a PostgreSQL server on exactly this folder. */
export async function findRunningServer(dataDir: string): Promise<number | undefined> {
  const lines = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (!isAlive(pid)) {
    await forgetUnreaped(dataDir, pid);
    return undefined;
  }
  try {
    // The server's working folder is its data folder.
    const [cwd, binary] = await Promise.all([readlink(`/proc/${pid}/cwd`), readlink(`/proc/${pid}/exe`)]);
    if (cwd === dataDir && basename(binary).startsWith('postgres')) return pid;
    // Another process was given that id. The server would refuse to start over the file, so it goes.
    await rm(join(dataDir, 'postmaster.pid'), { force: true });
    return undefined;
  } catch {
    return existsSync('/proc/self') ? undefined : pid;
  }
}

/** How long the sessions of a killed server may take to notice and end. */
const ORPHANED_SESSIONS_MS = 10_000;

/**
 * A killed server that nobody has reaped yet still has its process id, so the next one would take it for running and refuse to
 * start over its file. Its sessions may outlive it for a moment: the file goes when none is left on this folder.
 */
async function forgetUnreaped(dataDir: string, pid: number): Promise<void> {
  try {
    process.kill(pid, 0);
  } catch {
    // Gone for good: the server sees that by itself.
    return;
  }
  const deadline = performance.now() + ORPHANED_SESSIONS_MS;
  while ((await anyProcessIn(dataDir)) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  if (!(await anyProcessIn(dataDir))) await rm(join(dataDir, 'postmaster.pid'), { force: true });
}

async function anyProcessIn(folder: string): Promise<boolean> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => '')));
  return folders.includes(folder);
}

/** Ends a server by its process id: fast shutdown first, then immediate (the log is replayed at the next start). */
export async function stopServer(pid: number): Promise<void> {
  for (const [signal, patienceMs] of [['SIGINT', 30_000], ['SIGQUIT', 10_000], ['SIGKILL', 5_000]] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (!isAlive(pid)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Writes who may connect from where. Every way in asks for a scram password. */
export async function writeAccessRules(dataDir: string, account: ServerAccount, rules: readonly string[]): Promise<void> {
  const file = join(dataDir, 'pg_hba.conf');
  const lines = ['# Written at every start. TYPE DATABASE USER ADDRESS METHOD', ...rules, ''];
  await writeFile(file, lines.join('\n'));
  await giveTo(file, account);
  await chmod(file, 0o600);
}

/** Rejects with PortTakenError when nobody could listen there; answers the port, chosen by the system for 0. */
export function probePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTakenError(host, port) : error),
    );
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const chosen = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(chosen));
    });
  });
}
