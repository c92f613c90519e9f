import { execFile, spawn } from 'node:child_process';
import { createServer, Socket } from 'node:net';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase } from './connect.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded.ts';
import { DataFolderOccupiedError, DataFolderUnreachableError, PortTakenError, SecondInstanceError, ServerStartError } from './errors.ts';
import { isAlive } from './instance-lock.ts';

let root: string;
let running: EmbeddedPostgres[];

const start = async (more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> => {
  const server = await startEmbeddedPostgres({
    dataDir: join(root, 'pg'),
    port: 0,
    superuserPassword: 'se:cr/et',
    // fsync is on unless it is turned off by name; only a loss of power could tell the difference here.
    settings: { shared_buffers: '32MB', fsync: 'off' },
    ...more,
  });
  running.push(server);
  return server;
};

async function ask(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const database = connectDatabase({ url, maxConnections: 1 });
  try {
    return (await database.query(sql)).rows;
  } finally {
    await database.close();
  }
}

/** Starts the same cluster in another process and kills that process, so that only the server is left. */
async function leaveServerBehind(options: { port: number; settings?: Record<string, string> }): Promise<number> {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(join(import.meta.dirname, 'embedded.ts'))};
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(join(root, 'pg'))}, port: ${options.port},
      superuserPassword: 'se:cr/et', settings: ${JSON.stringify(options.settings ?? { shared_buffers: '32MB', fsync: 'off' })} });
    console.log(server.pid);
    setInterval(() => undefined, 1000);`;
  const file = join(root, 'holder.mts');
  await writeFile(file, program);
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname });
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(Number.parseInt(chunk.toString(), 10)));
    child.once('exit', (code) => reject(new Error(`the holder ended with ${code}`)));
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.removeAllListeners('exit');
  child.once('exit', () => undefined);
  child.kill('SIGKILL');
  await Promise.race([gone, new Promise((resolve) => child.once('close', resolve))]);
  return pid;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** One initdb for the whole file; each test works on a copy of a cluster that was stopped cleanly. */
let template: string;
beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), 'ritmo-embedded-template-'));
  await chmod(template, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: join(template, 'pg'), port: 0, superuserPassword: 'se:cr/et', settings: { fsync: 'off' } });
  await server.stop();
});
afterAll(() => rm(template, { recursive: true, force: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ritmo-embedded-'));
  await chmod(root, 0o755);
  await promisify(execFile)('cp', ['-a', join(template, 'pg'), join(root, 'pg')]);
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  await rm(root, { recursive: true, force: true });
});

describe('the embedded server', () => {
  it('keeps its data over a clean stop, with durability on', async () => {
    const options = { dataDir: join(root, 'new', 'pg'), database: 'totalipdb', settings: { shared_buffers: '32MB' } };
    const first = await start(options);
    await ask(first.connectionString, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start(options);
    expect(second.origin).toBe('started');
    expect(await ask(second.connectionString, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    const select = "SELECT string_agg(setting, ' ' ORDER BY name) AS s FROM pg_settings WHERE name IN ('fsync','synchronous_commit','unix_socket_directories','listen_addresses')";
    expect(await ask(second.connectionString, select)).toEqual([{ s: 'on 127.0.0.1 on ' }]);
  });

  it('asks for the password, also on loopback', async () => {
    const server = await start();
    const url = server.connectionString.replace(encodeURIComponent('se:cr/et'), 'wrong');
    await expect(ask(url, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });
});

/** Connects from a loopback address of choice, as a client on another machine has an address of its own. */
async function askFrom(localAddress: string, url: string): Promise<void> {
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (options: object) => Socket;
  socket.connect = ((port: number, host: string) => connect({ port, host, localAddress })) as Socket['connect'];
  const client = new pg.Client({ connectionString: url, stream: () => socket });
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe('clients from elsewhere', () => {
  it('are let in by their rule and user only, the superuser from loopback alone', async () => {
    const server = await start({ database: 'totalipdb', listen: '0.0.0.0', clients: [{ address: '127.0.0.2/32', user: 'integracao', database: 'totalipdb' }] });
    await ask(server.connectionString, "CREATE ROLE integracao LOGIN PASSWORD 'segredo'");
    const integrator = server.connectionString.replace(/\/\/[^@]+@/, '//integracao:segredo@');
    await askFrom('127.0.0.2', integrator);
    await expect(askFrom('127.0.0.3', integrator)).rejects.toMatchObject({ code: '28000' });
    await expect(askFrom('127.0.0.2', server.connectionString)).rejects.toMatchObject({ code: '28000' });
  });

  it('are let in and shut out while the server runs', async () => {
    const server = await start({ database: 'totalipdb', listen: '0.0.0.0' });
    await ask(server.connectionString, "CREATE ROLE integracao LOGIN PASSWORD 'segredo'");
    const integrator = server.connectionString.replace(/\/\/[^@]+@/, '//integracao:segredo@');
    const letIn = (): Promise<boolean> => askFrom('127.0.0.3', integrator).then(() => true, () => false);
    expect(await letIn()).toBe(false);
    await server.admit([{ address: '127.0.0.3', user: 'integracao', database: 'totalipdb' }]);
    await expect.poll(letIn, { timeout: 20_000 }).toBe(true);
    await server.admit([]);
    await expect.poll(letIn, { timeout: 20_000 }).toBe(false);
  });
});

describe('after kill -9 of its process', () => {
  it('takes over the server that is still running', async () => {
    const port = await freePort();
    const left = await leaveServerBehind({ port });
    const server = await start({ port });
    expect(server).toMatchObject({ origin: 'adopted', pid: left });
    expect(await ask(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(isAlive(left)).toBe(false);
  });

  it('stops the left-over server first when it runs with other settings', async () => {
    const port = await freePort();
    const left = await leaveServerBehind({ port, settings: { shared_buffers: '48MB' } });
    const server = await start({ port });
    expect(server.origin).toBe('started');
    expect(isAlive(left)).toBe(false);
  });

  it('starts again after the server was killed as well, and has all that was committed', async () => {
    const first = await start();
    await ask(first.connectionString, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    const second = await start();
    expect(await ask(second.connectionString, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('is not misled by a postmaster.pid whose number now belongs to another process', async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(root, 'pg', 'postmaster.pid'), `${process.pid}\n${join(root, 'pg')}\n1\n1\n\n127.0.0.1\n0 0\nready\n`);
    expect((await start()).origin).toBe('started');
    expect(isAlive(process.pid)).toBe(true);
  });
});

describe('a start that cannot work', () => {
  it('names the port that is taken, and leaves nothing behind', async () => {
    const taken = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    await expect(start({ port })).rejects.toMatchObject({ name: PortTakenError.name, port });
    await new Promise((resolve) => taken.close(resolve));
    expect((await start({ port })).origin).toBe('started');
  });

  it('names the process that already works on the folder', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ name: SecondInstanceError.name, pid: process.pid });
  });

  it('is stopped by the advisory lock when the lock file is lost', async () => {
    const server = await start();
    await rm(join(root, 'pg.lock'));
    await expect(start({ port: server.port })).rejects.toBeInstanceOf(SecondInstanceError);
    expect(isAlive(server.pid)).toBe(true);
  });

  it('names the folder that the server’s account may not enter', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root lends the server another account');
    const closed = join(root, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const failing = start({ dataDir: join(closed, 'deep', 'pg') });
    await expect(failing).rejects.toMatchObject({ name: DataFolderUnreachableError.name, folder: closed });
    await expect(failing).rejects.toThrow('chmod o+x');
  });

  it('does not touch a folder that holds something else', async () => {
    await mkdir(join(root, 'other'));
    await writeFile(join(root, 'other', 'thesis.txt'), 'precious');
    await expect(start({ dataDir: join(root, 'other') })).rejects.toBeInstanceOf(DataFolderOccupiedError);
  });

  it('shows what the server logged', async () => {
    await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({
      name: ServerStartError.name,
      logTail: expect.stringContaining('shared_buffers'),
    });
  });
});
