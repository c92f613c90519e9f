import { randomBytes } from 'node:crypto';
import { createStage, eventually } from '@ritmo/contract/testing';
import { connectDatabase, RoleRightsError, type Database } from '@ritmo/database';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabaseApp } from './app.ts';

/** A PostgreSQL of somebody else's, on which the product's user is no superuser. */
let server: TestDatabase;
let owner: string;
let role: string;
let database: Database | undefined;
const leave: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  server = await startTestDatabase();
  const name = randomBytes(4).toString('hex');
  owner = `dono_${name}`;
  role = `integracao_${name}`;
  leave.push(() => server.close());
});
afterEach(async () => {
  for (const each of leave.splice(0).reverse()) await each();
});

const login = (user: string, password: string): string => {
  const url = new URL(server.url);
  url.username = user;
  url.password = password;
  return url.toString();
};

async function ownDatabase(attributes: string): Promise<Database> {
  const name = new URL(server.url).pathname.slice(1);
  await server.database.query(`CREATE ROLE ${owner} LOGIN ${attributes} PASSWORD 'dono'`);
  await server.database.query(`ALTER DATABASE ${name} OWNER TO ${owner}`);
  database = connectDatabase({ url: login(owner, 'dono') });
  leave.push(async () => {
    await database?.close();
    for (const each of [role, owner]) await server.database.query(`DROP OWNED BY ${each} CASCADE`).catch(() => undefined);
    await server.database.query(`ALTER DATABASE ${name} OWNER TO CURRENT_USER`);
    for (const each of [role, owner]) await server.database.query(`DROP ROLE IF EXISTS ${each}`);
  });
  return database;
}

async function startOn(external: Database): Promise<Awaited<ReturnType<typeof createStage>>> {
  const stage = await createStage({ database: external });
  leave.push(() => stage.close());
  stage.put('settings', { id: 1 });
  stage.put('campaign', { id: 1, name: 'Clientes', queueId: 1 });
  const app = createDatabaseApp(stage.context, { integrationPassword: 'segredo', role, statementTimeoutMs: 1_000 });
  await app.start();
  leave.push(() => app.stop());
  return stage;
}

async function integrator(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: login(role, 'segredo') });
  client.on('error', () => undefined);
  await client.connect();
  leave.push(() => client.end());
  return client;
}

test('an owner with CREATEROLE starts, makes the integrators\' user, limits it and ends its careless queries', async () => {
  const stage = await startOn(await ownDatabase('CREATEROLE'));
  stage.answer('dialer.campaign.set-active', { ok: true, active: true });
  const client = await integrator();
  await client.query('INSERT INTO gerenciar_campanhas (campanha_id) VALUES (1)');
  await eventually(async () => (await client.query('SELECT 1 FROM gerenciar_campanhas')).rowCount === 0);
  const { rows } = await client.query("SELECT current_setting('max_parallel_workers_per_gather') AS workers, current_setting('statement_timeout') AS timeout");
  expect(rows).toEqual([{ workers: '0', timeout: '1s' }]);
  await client.query('SET statement_timeout = 0');
  await expect(client.query('SELECT count(*) FROM generate_series(1, 100000000000) n')).rejects.toThrow(/cancel|terminat/);
});

test('an owner without CREATEROLE is told what an administrator has to run', async () => {
  const external = await ownDatabase('');
  const refused = await startOn(external).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RoleRightsError);
  expect((refused as Error).message).toContain(`CREATE ROLE "${role}" LOGIN PASSWORD`);
  expect((refused as Error).message).toContain(`GRANT "${role}" TO "${owner}";`);
});

test('after an administrator ran it, the same owner starts, and says that password and limits are not ours', async () => {
  const external = await ownDatabase('');
  await server.database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'segredo'`);
  await server.database.query(`GRANT ${role} TO ${owner}`);
  const stage = await startOn(external);
  stage.answer('dialer.campaign.set-active', { ok: true, active: true });
  const client = await integrator();
  await client.query('INSERT INTO gerenciar_campanhas (campanha_id) VALUES (1)');
  await eventually(async () => (await client.query('SELECT 1 FROM gerenciar_campanhas')).rowCount === 0);
  expect(stage.logged.find(({ role: named }) => named === role)).toMatchObject({ advice: [`ALTER ROLE "${role}" LOGIN PASSWORD '…';`] });
  await expect(client.query('SELECT count(*) FROM generate_series(1, 100000000000) n')).rejects.toThrow(/cancel|terminat/);
});
