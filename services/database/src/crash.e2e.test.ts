/** Exactly once, with a real process that is killed: every row inserted is imported, none twice. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const rows = 4_000;
let folder: string;
let child: ChildProcess | undefined;
const ports: number[] = [];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function start(): Promise<void> {
  const [http, read, write, sip, postgres] = ports.map(String);
  const started = spawn(process.execPath, ['--import', 'tsx', 'services/standalone/src/cli/main.ts', 'start'], {
    cwd: root,
    env: {
      ...process.env,
      RITMO_CONFIG: join(folder, 'ritmo.yaml'),
      RITMO_DATA: join(folder, 'data'),
      RITMO_HTTP_PORT: http,
      RITMO_SOCKET_READ_PORT: read,
      RITMO_SOCKET_WRITE_PORT: write,
      RITMO_SIP_PORT: sip,
      RITMO_PG_PORT: postgres,
      RITMO_RTP_PORTS: '39200-39299',
      RITMO_INTEGRATION_PASSWORD: 'senha-de-teste',
      RITMO_LOG_LEVEL: 'warn',
    },
  });
  child = started;
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('ritmo is ready')) resolve();
    };
    started.stdout.on('data', hear);
    started.stderr.on('data', hear);
    started.on('exit', () => reject(new Error(`it did not start: ${output.slice(-2_000)}`)));
  });
}

/** Its PostgreSQL lives on until the next start adopts it. */
async function kill(): Promise<void> {
  const gone = new Promise((resolve) => child?.once('exit', resolve));
  child?.kill('SIGKILL');
  await gone;
}

const connect = async (database = 'totalipdb'): Promise<pg.Client> => {
  const client = new pg.Client({ host: '127.0.0.1', port: ports[4] ?? 0, user: 'integracao', password: 'senha-de-teste', database });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'once-'));
  await chmod(folder, 0o755);
  await writeFile(
    join(folder, 'ritmo.yaml'),
    `trunks: [{ id: 1, name: Operadora, host: 127.0.0.1, port: 5999 }]
routes: [{ id: 1, name: Geral, trunks: [1] }]
queues: [{ id: 1, name: vendas }]
campaigns: [{ id: 15, name: Clientes, queueId: 1 }, { id: 16, name: Vazia, queueId: 1 }]
`,
  );
  for (let index = 0; index < 5; index += 1) ports.push(await freePort());
  await start();
}, 90_000);
afterAll(async () => {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test('every row is imported once, however often the process is killed while it imports', { timeout: 180_000 }, async () => {
  for (const [round, untilKilledMs] of [60, 250].entries()) {
    const client = await connect();
    await client.query(
      `INSERT INTO importar_discador (id_campanha, identificador1, ddd1, telefone1)
       SELECT 15, '${round}-' || n, '11', (930000000 + n)::text FROM generate_series(1, ${rows}) n`,
    );
    // The moment is what this is about: somewhere within the import.
    await new Promise((resolve) => setTimeout(resolve, untilKilledMs));
    await kill();
    await client.end().catch(() => undefined);
    await start();
  }
  const client = await connect();
  const count = async (sql: string): Promise<number> => Number((await client.query<{ n: string }>(sql)).rows[0]?.n);
  const deadline = performance.now() + 60_000;
  for (;;) {
    const open = await count('SELECT count(*) AS n FROM importar_discador WHERE criado_em IS NULL');
    const shown = await count('SELECT count(*) AS n FROM telefones_campanhas');
    if ((open === 0 && shown >= 2 * rows) || performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(await count('SELECT count(*) AS n FROM importar_discador WHERE criado_em IS NULL')).toBe(0);
  expect(await count('SELECT count(*) AS n FROM telefones_campanhas')).toBe(2 * rows);
  expect(await count('SELECT count(DISTINCT parametro1) AS n FROM telefones_campanhas')).toBe(2 * rows);
  await client.end();
});

test('every toggle of a campaign is carried out once, in order, however often the process is killed meanwhile', { timeout: 180_000 }, async () => {
  const toggles = 150;
  const rounds = [40, 150];
  for (const untilKilledMs of rounds) {
    const client = await connect();
    await client.query('INSERT INTO gerenciar_campanhas (campanha_id) SELECT 16 FROM generate_series(1, $1)', [toggles]);
    await new Promise((resolve) => setTimeout(resolve, untilKilledMs));
    await kill();
    await client.end().catch(() => undefined);
    await start();
  }
  const client = await connect();
  const changes = async (): Promise<string[]> =>
    (await client.query<{ what: string }>("SELECT split_part(descricao, ' ', 3) AS what FROM campanhas_logs WHERE descricao LIKE 'Campanha Vazia %ativada pelo banco de dados' ORDER BY data")).rows.map(({ what }) => what);
  const deadline = performance.now() + 90_000;
  while ((await client.query('SELECT 1 FROM gerenciar_campanhas')).rowCount !== 0 || (await changes()).length < rounds.length * toggles) {
    if (performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const told = await changes();
  expect(told).toHaveLength(rounds.length * toggles);
  expect(told.filter((what) => what === 'ativada')).toHaveLength(toggles);
  expect((await client.query('SELECT ativa FROM campanhas WHERE id = 16')).rows).toEqual([{ ativa: false }]);
  await client.end();
});

test('in the whole product its user reads the views, inserts into the command tables and gets nowhere else', async () => {
  const client = await connect();
  const { rows: rights } = await client.query<{ right: string; on: number }>(
    `SELECT c.relkind::text || ' ' || p.name AS right, count(*)::int AS on
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']) AS p (name)
      WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND has_table_privilege(c.oid, p.name)
      GROUP BY 1 ORDER BY 1`,
  );
  expect(rights).toEqual([{ right: 'r INSERT', on: 10 }, { right: 'r SELECT', on: 10 }, { right: 'v SELECT', on: 33 }]);
  const { rows: schemas } = await client.query("SELECT nspname AS name FROM pg_namespace WHERE has_schema_privilege(oid, 'USAGE') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'");
  expect(schemas).toEqual([{ name: 'public' }]);
  await client.end();
  for (const other of ['postgres', 'template1']) await expect(connect(other)).rejects.toThrow(/pg_hba\.conf rejects connection/);
});
