import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freeTcpPort, freeUdpPortRange, waitFor } from '@ritmo/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const commandLine = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const example = fileURLToPath(new URL('../../../infra/ritmo.example.yaml', import.meta.url));
const list = fileURLToPath(new URL('../../mailing/examples/clientes-500.txt', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const patience = 120_000;

let folder: string;
let env: NodeJS.ProcessEnv;
let ports: { http: number; postgres: number };
const started: Running[] = [];

interface Running {
  readonly child: ChildProcess;
  out(): string;
  readonly code: Promise<number | null>;
}

function ritmo(args: readonly string[], over: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, ['--import', loader, commandLine, ...args], { env: { ...env, ...over }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (text += data.toString()));
  const running: Running = { child, out: () => text, code: new Promise((resolve) => child.once('exit', resolve)) };
  started.push(running);
  return running;
}

const isReady = (running: Running): Promise<true> =>
  waitFor(() => {
    if (running.child.exitCode !== null) throw new Error(running.out());
    return running.out().includes('ritmo is ready') as true;
  }, { timeoutMs: patience, everyMs: 50, what: 'the ready line' });

async function told(args: readonly string[], over: NodeJS.ProcessEnv = {}): Promise<{ readonly code: number | null; readonly out: string }> {
  const running = ritmo(args, over);
  const code = await running.code;
  return { code, out: running.out() };
}

async function asIntegrator<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const password = (await readFile(join(folder, 'data/secrets/integracao.password'), 'utf8')).trim();
  const client = new pg.Client({ host: '127.0.0.1', port: ports.postgres, user: 'integracao', password, database: 'totalipdb' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritmo-start-'));
  await chmod(folder, 0o755);
  ports = { http: await freeTcpPort(), postgres: await freeTcpPort() };
  const [low, high] = await freeUdpPortRange(100);
  env = {
    ...process.env,
    RITMO_DATA: join(folder, 'data'),
    RITMO_CONFIG: example,
    RITMO_HTTP_PORT: String(ports.http),
    RITMO_PG_PORT: String(ports.postgres),
    RITMO_SOCKET_READ_PORT: '0',
    RITMO_SOCKET_WRITE_PORT: '0',
    RITMO_SIP_PORT: '0',
    RITMO_RTP_PORTS: `${low}-${high}`,
  };
}, patience);

afterAll(async () => {
  for (const { child, code } of started) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await code;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}, patience);

describe('ritmo start', () => {
  let first: Running;

  it('says in one line that it is ready, and where', { timeout: patience }, async () => {
    first = ritmo(['start']);
    await isReady(first);
    expect(first.out()).toMatch(new RegExp(`ritmo is ready on 127\\.0\\.0\\.1: HTTP ${ports.http}, sockets \\d+ \\(read\\) and \\d+ \\(write\\), SIP \\d+ \\(UDP and TCP\\), PostgreSQL ${ports.postgres}; data in `));
  });

  it('keeps the secrets it made for its own account only and says where they are', async () => {
    expect((await stat(join(folder, 'data/secrets/admin.key'))).mode & 0o777).toBe(0o600);
    await waitFor(() => first.out().includes(join(folder, 'data/secrets/integracao.password')), { what: 'the place of the password' });
  });

  it('lets the integrators in with that password, to the views and nothing behind them', { timeout: patience }, async () => {
    await asIntegrator(async (client) => {
      expect((await client.query('SELECT id FROM campanhas')).rows).toEqual([{ id: 100 }]);
      await expect(client.query('SELECT * FROM directory.entries')).rejects.toThrow(/permission denied/);
    });
  });

  // These three and the many commands below start a process each: side by side, for two cores.
  it.concurrent('refuses a second instance on the same data', { timeout: patience }, async () => {
    const { code, out } = await told(['start']);
    expect(code).toBe(1);
    expect(out).toMatch(/ritmo: Another instance \(process \d+\) already works on .*\. Stop it first, or give this one a data folder of its own\./);
  });

  it.concurrent('names the setting of a port that is taken', { timeout: patience }, async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const other = { RITMO_DATA: join(folder, 'other'), RITMO_PG_PORT: '0' };
    const { code, out } = await told(['start'], { ...other, RITMO_HTTP_PORT: String(port) });
    taken.close();
    expect(code).toBe(1);
    expect(out).toContain(`ritmo: port ${port} on 127.0.0.1 is in use by another program: stop it, or set RITMO_HTTP_PORT to another port`);
  });

  it.concurrent('says what stands in the way of its data folder', { timeout: patience }, async () => {
    const { code, out } = await told(['start'], { RITMO_DATA: join(example, 'data') });
    expect(code).toBe(1);
    expect(out).toMatch(/ritmo: the data folder .* cannot be used: something on the way to it is not a folder\. Put it right, or choose another with RITMO_DATA\./);
  });

  it('is worked by the ritmo command, which finds the key and the address in the data folder', { timeout: patience }, async () => {
    const imported = await told(['import', '100', list, '--json']);
    expect(JSON.parse(imported.out)).toMatchObject({ lines: 500, imported: 500, rejected: 0 });
    expect((await told(['campaign', 'activate', '100'])).out).toBe('campaign 100 is active\n');
    expect((await told(['campaign', 'deactivate', '100'])).out).toBe('campaign 100 is inactive\n');
    const [why, whyNobody, agents, agentsElsewhere, trunks, calls] = await Promise.all([
      told(['why', '85900000001']), told(['why', '11911112222']), told(['agents', '--json']), told(['agents'], { RITMO_HTTP_PORT: '9' }), told(['trunks']), told(['calls']),
    ]);
    expect(why.out).toContain('the campaign is not active (rule: campaign-inactive)');
    expect(whyNobody.code).toBe(3);
    expect(JSON.parse(agents.out)).toHaveLength(3);
    expect(agentsElsewhere.code).toBe(0);
    expect(trunks.out).toContain('Operadora A');
    expect(calls.out).toBe('(none)\n');
  });

  it('refuses the command a wrong key', { timeout: patience }, async () => {
    const { code, out } = await told(['agents', '--key', 'wrong']);
    expect(code).toBe(1);
    expect(out).toContain('the admin key was refused');
  });

  it('comes back after kill -9 with everything, on the PostgreSQL that lived on', { timeout: patience }, async () => {
    first.child.kill('SIGKILL');
    await first.code;
    first = ritmo(['start']);
    await isReady(first);
    expect(first.out()).toMatch(/took over the PostgreSQL server/);
    await asIntegrator(async (client) => {
      const { rows } = await client.query<{ contacts: string }>('SELECT count(DISTINCT parametro1) AS contacts FROM telefones_campanhas');
      expect(Number(rows[0]?.contacts)).toBe(500);
    });
  });

  it('rebuilds the views to the same while it runs', { timeout: patience }, async () => {
    const { code, out } = await told(['rebuild-views']);
    expect(out).toContain('the views came out the same');
    expect(code).toBe(0);
  });

  it('stops cleanly on SIGTERM and takes PostgreSQL with it', { timeout: patience }, async () => {
    first.child.kill('SIGTERM');
    expect(await first.code).toBe(0);
    await expect(asIntegrator(() => Promise.resolve())).rejects.toThrow(/ECONNREFUSED/);
  });

  it('tells a command that nothing runs', { timeout: patience }, async () => {
    const { code, out } = await told(['calls']);
    expect(code).toBe(1);
    expect(out).toMatch(/no installation answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\): is it running\?/);
  });
});
