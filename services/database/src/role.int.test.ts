/** What the integrators' user may do: what rulings on 1.3 grant, and nothing else. */
import { readFile } from 'node:fs/promises';
import { eventually } from '@ritmo/contract/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, db, onADatabase, role, stage } from './database-rig.test-support.ts';

let client: pg.Client;
onADatabase({ sessionMemoryMb: 256 });
beforeAll(async () => {
  client = await connect();
});
afterAll(() => client.end());

const commandTables = [
  'alterar_cliente', 'excluir_telefone_campanha', 'gerenciar_campanhas', 'gerenciar_usuarios', 'importar_discador', 'inserir_telefone_black_list',
  'inserir_telefone_campanha', 'remover_telefone_black_list', 'set_status_ramal', 'set_status_telefones_campanhas',
];
const allowed = async (sql: string): Promise<string[]> => (await client.query<{ it: string }>(sql)).rows.map(({ it }) => it);

describe('what the catalogue grants', () => {
  test('SELECT and INSERT on the command tables, and no other right on any table, column or sequence', async () => {
    expect(
      await allowed(
        `SELECT n.nspname || '.' || c.relname || ' ' || p.name AS it
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']) AS p (name)
          WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, p.name)
            AND (n.nspname NOT IN ('pg_catalog', 'information_schema') OR p.name <> 'SELECT') ORDER BY 1`,
      ),
      // UPDATE of that one is SET.
    ).toEqual(['pg_catalog.pg_settings UPDATE', ...commandTables.flatMap((table) => [`public.${table} INSERT`, `public.${table} SELECT`])]);
    expect(
      await allowed(
        `SELECT n.nspname || '.' || c.relname || ' ' || p.name AS it
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'REFERENCES']) AS p (name)
          WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND has_any_column_privilege(c.oid, p.name) AND NOT has_table_privilege(c.oid, p.name)`,
      ),
    ).toEqual([]);
    expect(
      await allowed(
        `SELECT c.relname || ' ' || p.name AS it FROM pg_class c CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p (name)
          WHERE c.relkind = 'S' AND has_sequence_privilege(c.oid, p.name)`,
      ),
    ).toEqual([]);
  });

  test('USAGE of the public schema, CONNECT to its database, and no schema, language, server, role or setting besides', async () => {
    expect(await allowed(`SELECT n.nspname || ' ' || p.name AS it FROM pg_namespace n CROSS JOIN unnest(ARRAY['CREATE', 'USAGE']) AS p (name) WHERE has_schema_privilege(n.oid, p.name) ORDER BY 1`)).toEqual([
      'information_schema USAGE', 'pg_catalog USAGE', 'public USAGE',
    ]);
    expect(
      await allowed(`SELECT p.name AS it FROM unnest(ARRAY['CREATE', 'CONNECT', 'TEMPORARY']) AS p (name) WHERE has_database_privilege(current_database(), p.name)`),
    ).toEqual(['CONNECT']);
    expect(await allowed(`SELECT lanname AS it FROM pg_language WHERE lanpltrusted AND has_language_privilege(oid, 'USAGE')`)).toEqual(['sql']);
    expect(await allowed(`SELECT spcname AS it FROM pg_tablespace WHERE has_tablespace_privilege(oid, 'CREATE')`)).toEqual([]);
    expect(await allowed('SELECT fdwname AS it FROM pg_foreign_data_wrapper UNION ALL SELECT srvname FROM pg_foreign_server')).toEqual([]);
    expect(await allowed(`SELECT rolname AS it FROM pg_roles WHERE pg_has_role(oid, 'MEMBER') AND rolname <> current_user`)).toEqual([]);
    expect(await allowed(`SELECT name AS it FROM pg_settings WHERE context IN ('superuser', 'postmaster', 'sighup', 'internal') AND has_parameter_privilege(name, 'SET')`)).toEqual([]);
    expect((await client.query('SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS any FROM pg_roles WHERE rolname = current_user')).rows).toEqual([{ any: false }]);
  });

  test('functions of PostgreSQL itself only, and of those that do something none that waits, locks, signals, writes or reads files', async () => {
    expect(
      await allowed(
        `SELECT p.oid::regprocedure::text AS it FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')`,
      ),
    ).toEqual([]);
    const volatile = await allowed(
      `SELECT DISTINCT p.proname::text AS it FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype AND p.prorettype::regtype::text NOT LIKE '%handler' AND NOT 'internal'::regtype = ANY (p.proargtypes)
          AND p.proname !~ '^(binary_upgrade_|pg_stat_get_|pg_get_|has_)' AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1`,
    );
    expect(volatile).toEqual(harmless);
    expect(await allowed(`SELECT proname::text AS it FROM pg_proc WHERE prosecdef AND has_function_privilege(oid, 'EXECUTE') AND has_schema_privilege(pronamespace, 'USAGE')`)).toEqual([]);
  });
});

/** Volatile in PostgreSQL's books and open to everybody: clocks, chance, sizes, positions, and what checks the right of its caller itself (nextval, pg_nextoid). */
const harmless: readonly string[] = `
  amvalidate array_sample array_shuffle clock_timestamp current_query currtid2 currval gen_random_uuid lastval nextval pg_available_wal_summaries
  pg_blocking_pids pg_collation_actual_version pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system pg_current_wal_flush_lsn
  pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_collation_actual_version pg_database_size pg_extension_config_dump pg_indexes_size
  pg_is_in_recovery pg_is_wal_replay_paused pg_isolation_test_session_is_blocked pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn
  pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status pg_nextoid pg_notification_queue_usage pg_partition_ancestors pg_partition_tree
  pg_prepared_xact pg_relation_size pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_stat_clear_snapshot pg_stat_force_next_flush
  pg_stop_making_pinned_objects pg_table_size pg_tablespace_size pg_total_relation_size pg_wal_summary_contents pg_xact_commit_timestamp
  pg_xact_commit_timestamp_origin pg_xact_status plpgsql_validator random random_normal set_config setseed setval timeofday ts_rewrite txid_status
  uuidv4 uuidv7
`.trim().split(/\s+/);

describe('what it tries in vain', () => {
  test.each([
    // Temporary and lasting objects by other names.
    'CREATE TEMP VIEW x AS SELECT 1',
    'CREATE TEMP SEQUENCE x',
    'SELECT 1 AS a INTO TEMP x',
    'CREATE TEMP TABLE x AS SELECT 1',
    'CREATE VIEW x AS SELECT 1',
    'CREATE MATERIALIZED VIEW x AS SELECT 1',
    'CREATE TYPE x AS (a int)',
    'CREATE DOMAIN x AS int',
    'CREATE AGGREGATE x (int) (SFUNC = int4pl, STYPE = int)',
    'CREATE COLLATION x FROM "C"',
    'CREATE STATISTICS x ON id, ramal FROM set_status_ramal',
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    'CREATE RULE x AS ON INSERT TO importar_discador DO ALSO SELECT 1',
    'CREATE POLICY x ON importar_discador',
    'CREATE INDEX ON importar_discador (id)',
    "CREATE TABLESPACE x LOCATION '/tmp'",
    'CREATE USER MAPPING FOR CURRENT_USER SERVER x',
    // Rows that are there already.
    'SELECT * FROM importar_discador FOR UPDATE',
    'SELECT * FROM importar_discador FOR KEY SHARE',
    'INSERT INTO importar_discador (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET criado_em = NULL',
    'MERGE INTO importar_discador t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE',
    'WITH gone AS (DELETE FROM gerenciar_campanhas RETURNING id) SELECT * FROM gone',
    'BEGIN; LOCK TABLE importar_discador IN SHARE MODE',
    // Its own rights, and those of others.
    `ALTER ROLE ${role} SUPERUSER`,
    `ALTER ROLE ${role} CONNECTION LIMIT -1`,
    `ALTER ROLE ${role} VALID UNTIL 'infinity'`,
    `ALTER ROLE ${role} SET temp_file_limit = -1`,
    `ALTER ROLE ${role} RENAME TO x`,
    'ALTER ROLE ALL SET work_mem = 1024',
    'GRANT pg_read_all_data TO CURRENT_USER',
    'GRANT pg_signal_backend TO CURRENT_USER',
    'REASSIGN OWNED BY postgres TO CURRENT_USER',
    'DROP OWNED BY postgres',
    'ALTER TABLE importar_discador OWNER TO CURRENT_USER',
    'ALTER TABLE importar_discador DISABLE TRIGGER ALL',
    'COMMENT ON TABLE importar_discador IS NULL',
    'SET session_replication_role = replica',
    "SELECT set_config('session_replication_role', 'replica', false)",
    'SET track_activities = off',
    'SET log_statement = none',
    'SET allow_system_table_mods = on',
    "SET local_preload_libraries = 'x'; LOAD 'auto_explain'",
    "LOAD '/tmp/x.so'",
    // The catalogue.
    "INSERT INTO pg_proc (oid) VALUES (1)",
    'DELETE FROM pg_depend',
    'UPDATE pg_settings SET setting = 1',
    'SELECT rolpassword FROM pg_authid',
    'SELECT * FROM pg_hba_file_rules',
    'SELECT * FROM pg_largeobject',
    'SELECT * FROM pg_statistic',
    // Large objects, files, programs.
    'SELECT lo_creat(-1)',
    "SELECT lo_put(1, 0, 'x')",
    'SELECT lo_open(1, 131072)',
    'SELECT loread(0, 1)',
    "SELECT lowrite(0, 'x')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_stat_file('PG_VERSION')",
    'SELECT * FROM pg_ls_waldir()',
    "COPY gerenciar_campanhas TO '/tmp/x'",
    "COPY gerenciar_campanhas FROM '/etc/passwd'",
    "COPY gerenciar_campanhas TO PROGRAM 'cat'",
    // Waiting, locks, signals, others' attention.
    "SELECT pg_sleep_until(now() + interval '1 second')",
    'SELECT pg_advisory_xact_lock(1)',
    'SELECT pg_advisory_lock_shared(7246011)',
    'SELECT pg_try_advisory_xact_lock_shared(1, 2)',
    'SELECT pg_advisory_unlock_all()',
    'SELECT pg_cancel_backend(pg_backend_pid())',
    'SELECT pg_export_snapshot()',
    'SELECT pg_stat_reset()',
    'SELECT pg_switch_wal()',
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_create_physical_replication_slot('x')",
    "SELECT pg_create_logical_replication_slot('x', 'test_decoding')",
    "SELECT pg_replication_origin_create('x')",
    'SELECT pg_log_backend_memory_contexts(pg_backend_pid())',
    "BEGIN; PREPARE TRANSACTION 'x'",
    // SQL in a string, code.
    "SELECT query_to_xml('SELECT 1', true, false, '')",
    "SELECT table_to_xml('importar_discador', true, false, '')",
    "SELECT database_to_xml(true, false, '')",
    "SELECT dblink('', 'SELECT 1')",
    'CREATE EXTENSION dblink',
    'CREATE LANGUAGE plperl',
    'DO LANGUAGE plpgsql $$ BEGIN END $$',
    'SELECT database.enqueue()',
    'SELECT database.own_columns()',
    "SET search_path = database, public; SELECT * FROM pending",
    // Upkeep of the server.
    'CLUSTER importar_discador',
    'REINDEX TABLE importar_discador',
    'REINDEX SYSTEM',
    'ALTER DATABASE postgres SET work_mem = 1024',
    'DROP DATABASE postgres',
    'ALTER SYSTEM RESET ALL',
  ])('%s', async (sql) => {
    await expect(client.query(sql)).rejects.toThrow(/permission denied|must be|not owned|does not exist|no privilege|only roles|not allowed|cannot|prepared transactions are disabled|not available/i);
    await client.query('ROLLBACK');
    await client.query('RESET ALL');
  });
});

describe('what PostgreSQL lets every user do, and what comes of it', () => {
  const rightsNow = (): Promise<string[]> => allowed(`SELECT c.relname::text AS it FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND has_table_privilege(c.oid, 'INSERT') ORDER BY 1`);

  test('it cannot give its rights away, nor throw them away for the others', async () => {
    const acl = "SELECT relacl::text AS it FROM pg_class WHERE relname = 'importar_discador'";
    const before = await allowed(acl);
    await client.query('GRANT SELECT ON importar_discador TO PUBLIC').catch(() => undefined);
    await client.query('DROP OWNED BY CURRENT_USER').catch(() => undefined);
    await client.query('REVOKE ALL ON importar_discador FROM CURRENT_USER').catch(() => undefined);
    expect(await allowed(acl)).toEqual(before);
    expect(await rightsNow()).toEqual(commandTables);
    const again = await connect();
    await again.query('SELECT * FROM importar_discador');
    await again.end();
  });

  test('its settings and its password are as they were again, soon after it altered them for all', async () => {
    await client.query(`ALTER ROLE ${role} SET statement_timeout = 0`);
    await client.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
    await client.query(`ALTER ROLE ${role} IN DATABASE ${new URL(db.url).pathname.slice(1)} SET work_mem = '1GB'`);
    await client.query(`ALTER ROLE ${role} PASSWORD 'tomado'`);
    await eventually(async () => {
      const session = await connect().catch(() => undefined);
      if (session === undefined) return false;
      const { rows } = await session.query(
        "SELECT current_setting('statement_timeout') AS statement, current_setting('work_mem') AS memory, current_setting('default_transaction_read_only') AS read_only, current_setting('TimeZone') AS zone",
      );
      await session.end();
      return JSON.stringify(rows[0]) === JSON.stringify({ statement: '1min', memory: '4MB', read_only: 'off', zone: 'America/Sao_Paulo' });
    }, 20_000);
    await expect(connect({ password: 'tomado' })).rejects.toThrow(/password authentication failed/);
    expect(stage.logged.filter(({ role: named, changed }) => named === role && changed !== undefined).flatMap(({ changed }) => changed as string[])).toEqual(expect.arrayContaining(['settings', 'password']));
  });

  test('LISTEN and NOTIFY, which no REVOKE takes away, tell it nothing but names and make nobody do anything', async () => {
    const heard: string[] = [];
    const listener = await connect();
    listener.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload ?? ''}`));
    await listener.query('LISTEN ritmo_commands');
    stage.answer('acd.agent.set-status', { ok: true });
    stage.asked.length = 0;
    for (const payload of ['set_status_ramal', 'pg_class', "x'; DROP TABLE importar_discador; --", '']) await client.query(`NOTIFY ritmo_commands, '${payload.replaceAll("'", "''")}'`);
    await client.query("INSERT INTO set_status_ramal (ramal, id_status) VALUES ('40018', 52)");
    await eventually(async () => (await client.query('SELECT 1 FROM set_status_ramal')).rowCount === 0);
    await listener.end();
    expect(stage.asked.map(({ subject }) => subject)).toEqual(['acd.agent.set-status']);
    expect(heard).toContain('ritmo_commands set_status_ramal');
    expect(heard.every((each) => !each.includes('40018'))).toBe(true);
  });

  test('VACUUM and ANALYZE pass over what is not its own', async () => {
    const warnings: string[] = [];
    const session = await connect();
    session.on('notice', ({ message }) => void (message !== undefined && warnings.push(message)));
    await session.query('VACUUM importar_discador');
    await session.query('ANALYZE importar_discador');
    await session.end();
    expect(warnings).toEqual([expect.stringMatching(/permission denied to vacuum/), expect.stringMatching(/permission denied to analyze/)]);
  });

  test('prepared statements do what an INSERT or SELECT may, no more', async () => {
    await client.query('PREPARE all_of_them AS SELECT * FROM importar_discador');
    await client.query('EXECUTE all_of_them');
    await expect(client.query('PREPARE other AS SELECT * FROM database.pending')).rejects.toThrow(/permission denied/);
    await client.query('DISCARD ALL');
  });
});

describe('what would hurt the others (limits of time: careless.int.test.ts)', () => {
  const limitsOf = async (pid: number): Promise<string> => readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');

  test('a query that wants more memory than its session may have fails alone', async (context) => {
    const session = await connect();
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const limited = await eventually(async () => (await limitsOf(rows[0]?.pid ?? 0)).includes(String(256 * 1_048_576)), 5_000).catch(() => false);
    if (limited === false) {
      await session.end();
      context.skip('prlimit is missing, or the server is not on this machine');
    }
    await session.query("SET work_mem = '2GB'");
    await expect(session.query("SELECT cardinality(array_agg(repeat('x', 1000000) || n)) FROM generate_series(1, 500) n")).rejects.toThrow(/out of memory/);
    // The session lives, and so do the others.
    expect((await session.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await session.end();
  });
});
