/** Limits of time of the integrators' sessions that a client cannot lift. */
import { eventually } from '@ritmo/contract/testing';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { connect, onADatabase } from './database-rig.test-support.ts';

onADatabase({ maxConnections: 3, statementTimeoutMs: 1_500, idleTransactionMs: 60_000, transactionMs: 3_000 });

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
