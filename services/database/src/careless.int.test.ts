/** Limits of time of the integrators' sessions that a client cannot lift. */
import { createStage, eventually, type Stage } from '@ritmo/contract/testing';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import type { ServiceApp } from '@ritmo/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabaseApp } from './app.ts';

let db: TestDatabase;
let stage: Stage;
let app: ServiceApp;
const role = `integracao_l${process.pid}`;

async function connect(): Promise<pg.Client> {
  const url = new URL(db.url);
  url.username = role;
  url.password = 'segredo';
  const session = new pg.Client({ connectionString: url.toString() });
  session.on('error', () => undefined);
  await session.connect();
  return session;
}

beforeAll(async () => {
  db = await startTestDatabase();
  stage = await createStage({ database: db.database });
  stage.put('settings', { id: 1 });
  app = createDatabaseApp(stage.context, { integrationPassword: 'segredo', role, maxConnections: 3, statementTimeoutMs: 1_500, idleTransactionMs: 60_000, transactionMs: 3_000 });
  await app.start();
});
afterAll(async () => {
  await app.stop();
  await stage.close();
  await db.database.query(`DROP OWNED BY ${role}`);
  await db.database.query(`DROP ROLE ${role}`);
  await db.close();
});

test('a transaction that is kept open and busy is ended', async () => {
  const session = await connect();
  const ended = new Promise((resolve) => session.once('end', resolve));
  await session.query('BEGIN');
  await session.query("SET transaction_timeout = 0; SET idle_in_transaction_session_timeout = 0");
  const poke = async (): Promise<void> => {
    for (;;) await session.query('SELECT count(*) FROM importar_discador');
  };
  await expect(poke()).rejects.toThrow(/terminat|Connection/);
  await ended;
});

test('what a cursor WITH HOLD holds is computed at the COMMIT, which no statement_timeout ends: the guard or the limit of transactions does', async () => {
  const session = await connect();
  await session.query('DECLARE kept CURSOR WITH HOLD FOR SELECT n FROM generate_series(1, 10) n');
  expect((await session.query('FETCH 2 FROM kept')).rows).toEqual([{ n: 1 }, { n: 2 }]);
  await expect(session.query('DECLARE endless CURSOR WITH HOLD FOR SELECT n FROM generate_series(1, 10000000000) n')).rejects.toThrow(/timeout|user request|temp_file_limit|terminat/);
  await session.end().catch(() => undefined);
});

test('one session more than there may be is refused, and has room when one has gone', async () => {
  const sessions = [await connect(), await connect(), await connect()];
  await expect(connect()).rejects.toThrow(/too many connections for role/);
  await sessions[0]?.end();
  let admitted: pg.Client | undefined;
  await eventually(async () => (admitted = await connect().catch(() => undefined)));
  for (const session of [...sessions.slice(1), admitted]) await session?.end();
});
