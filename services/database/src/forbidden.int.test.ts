/** What integrators may not do, statement by statement; what the catalogue says of their rights is in role.int. */
import { expect, test } from 'vitest';
import { db, onADatabase, role } from './database-rig.test-support.ts';

const facade = onADatabase({ session: true, statementTimeoutMs: 1_500, idleTransactionMs: 1_000 });

test.each([
  'CREATE TABLE public.x (a int)',
  'CREATE TEMP TABLE x (a int)',
  'CREATE SCHEMA x',
  'CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE ROLE x',
  'CREATE DATABASE x',
  'CREATE EXTENSION pg_trgm',
  'DROP TABLE public.importar_discador',
  'TRUNCATE public.importar_discador',
  'UPDATE public.importar_discador SET criado_em = NULL',
  'DELETE FROM public.importar_discador',
  'ALTER TABLE public.importar_discador ADD x int',
  'CREATE TRIGGER t AFTER INSERT ON public.importar_discador EXECUTE FUNCTION database.enqueue()',
  'SELECT * FROM database.pending',
  'INSERT INTO database.pending VALUES (1)',
  "SELECT nextval('database.batch_ids')",
  'SELECT * FROM ritmo.migrations',
  'SELECT * FROM pg_authid',
  'SELECT * FROM pg_shadow',
  "UPDATE pg_catalog.pg_class SET relname = 'x'",
  'SELECT pg_sleep(1)',
  "SELECT pg_sleep_for('1 second')",
  'SELECT lo_create(0)',
  "SELECT lo_from_bytea(0, 'x')",
  "SELECT lo_import('/etc/passwd')",
  'SELECT lo_unlink(1)',
  "COPY importar_discador FROM PROGRAM 'id'",
  "COPY (SELECT 1) TO PROGRAM 'id'",
  "COPY (SELECT 1) TO '/tmp/x'",
  "SELECT pg_read_file('/etc/passwd')",
  "SELECT pg_ls_dir('.')",
  'SELECT pg_advisory_lock(1)',
  'SELECT pg_try_advisory_lock(1)',
  'SELECT pg_terminate_backend(1)',
  'SELECT pg_reload_conf()',
  "SELECT pg_notify('ritmo_commands', '')",
  "SELECT pg_logical_emit_message(false, 'x', 'y')",
  'DO $$ BEGIN NULL; END $$',
  'ALTER SYSTEM SET fsync = off',
  "SET temp_file_limit = '100GB'",
  'SET SESSION AUTHORIZATION postgres',
  'SET ROLE postgres',
  'BEGIN; LOCK TABLE public.importar_discador IN ACCESS EXCLUSIVE MODE',
  'CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION database.enqueue()',
  'CREATE PUBLICATION x',
  "CREATE SUBSCRIPTION x CONNECTION '' PUBLICATION x",
  'CREATE SERVER x FOREIGN DATA WRAPPER y',
  'CHECKPOINT',
])('%s', async (sql) => {
  await expect(facade.integrator.query(sql)).rejects.toThrow(/permission denied|must be|not owned|does not exist|no privilege|only roles/i);
  await facade.integrator.query('ROLLBACK');
});

test('a statement that runs too long is ended, even when the client raised its own limit', async () => {
  await expect(facade.integrator.query('SELECT count(*) FROM generate_series(1, 1000000000)')).rejects.toThrow(/statement timeout/);
  await facade.integrator.query('SET statement_timeout = 0');
  await expect(facade.integrator.query('SELECT count(*) FROM generate_series(1, 10000000000)')).rejects.toThrow(/user request|terminat/);
});

test('connections are limited', async () => {
  const { rows } = await db.database.query<{ rolconnlimit: number; rolconfig: string[] }>('SELECT rolconnlimit, rolconfig FROM pg_roles WHERE rolname = $1', [role]);
  expect(rows[0]?.rolconnlimit).toBe(40);
  expect(rows[0]?.rolconfig).toEqual(expect.arrayContaining(['TimeZone=America/Sao_Paulo', 'statement_timeout=1500ms', 'idle_in_transaction_session_timeout=1000ms']));
});
