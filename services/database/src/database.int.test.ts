import type { Requests } from '@ritmo/bus';
import { eventually } from '@ritmo/contract/testing';
import { asId, fact, streams, type CampaignId, type ContactId } from '@ritmo/domain';
import { getPriority } from 'node:os';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { beforeEach, expect, test } from 'vitest';
import { describeCommandTables } from './catalogue.ts';
import { courtesyNice } from './courtesy.ts';
import { db, onADatabase, stage } from './database-rig.test-support.ts';

const facade = onADatabase({
  session: true,
  password: "it's secret", settleMs: 0, statementTimeoutMs: 60_000, idleTransactionMs: 1_000,
  prepare: (made) => made.put('campaign', { id: 15, name: 'Clientes', queueId: 1, parameters: ['1', '2', '3', '4'] }),
});
beforeEach(() => void (stage.asked.length = 0));

type Import = Requests['dialer.contacts.import'];
const takeAll = (request: Import['request']): Import['reply'] => ({ ok: true, imported: request.contacts.length, contactIds: [], rejected: [] });
const imports = (): Import['request'][] => stage.asked.filter(({ subject }) => subject === 'dialer.contacts.import').map(({ request }) => request as Import['request']);

test('the example of importar_discador is imported, with its date in local time', async () => {
  stage.answer('dialer.contacts.import', takeAll);
  await facade.integrator.query(
    "INSERT INTO importar_discador(id_campanha,identificador1,identificador2,ddd1,telefone1,ddd2,telefone2,telefone_1_discar_em) VALUES(15,'Total IP','Total IP','11','80986654','11','80125890','2012-04-24 16:47:46')",
  );
  await eventually(async () => (await facade.integrator.query('SELECT 1 FROM importar_discador WHERE criado_em IS NOT NULL')).rowCount);
  expect(imports()).toMatchObject([
    {
      campaignId: 15,
      source: 'importar_discador',
      contacts: [
        {
          parameters: ['Total IP', 'Total IP'],
          phones: [
            { areaCode: '11', number: '80986654', priority: 1, dialNow: false, dialAt: Date.parse('2012-04-24T16:47:46-03:00') },
            { areaCode: '11', number: '80125890', priority: 2, dialNow: false, dialAt: null },
          ],
        },
      ],
    },
  ]);
  const { rows } = await facade.integrator.query('SELECT * FROM importar_discador');
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ mensagem: null, telefone_1_discar_agora: false });
});

test('an INSERT that is rolled back is never executed', async () => {
  await facade.integrator.query('BEGIN');
  await facade.integrator.query("INSERT INTO importar_discador(id_campanha,telefone1) VALUES(15,'33553434')");
  await facade.integrator.query('ROLLBACK');
  await facade.integrator.query("INSERT INTO importar_discador(id_campanha,identificador1,telefone1) VALUES(15,'after','33553434')");
  await eventually(() => imports().length > 0);
  expect(imports().flatMap(({ contacts }) => contacts.map(({ parameters }) => parameters[0]))).toEqual(['after']);
});

test('ten thousand rows of one INSERT are one batch, taken in order', async () => {
  await facade.integrator.query(
    "INSERT INTO importar_discador(id_campanha,identificador1,ddd1,telefone1) SELECT 15, 'batch ' || n, '11', (930000000 + n)::text FROM generate_series(1, 10000) n",
  );
  await eventually(async () => (await facade.integrator.query("SELECT 1 FROM importar_discador WHERE identificador1 LIKE 'batch%' AND criado_em IS NULL")).rowCount === 0);
  const names = imports().flatMap(({ contacts }) => contacts.map(({ parameters }) => parameters[0]));
  expect(names).toEqual(Array.from({ length: 10_000 }, (_, index) => `batch ${index + 1}`));
  expect(new Set(imports().map(({ by }) => by.id)).size).toBe(1);
});

test('long rows of one INSERT are parted into requests that a broker takes; one that is too long is refused', async () => {
  stage.answer('dialer.contacts.import', takeAll);
  await facade.integrator.query("INSERT INTO importar_discador(id_campanha,identificador1,identificador2,telefone1) SELECT 15, 'long ' || n, repeat('é', 10000), (930000000 + n)::text FROM generate_series(1, 120) n");
  await eventually(async () => (await facade.integrator.query("SELECT 1 FROM importar_discador WHERE identificador1 LIKE 'long%' AND criado_em IS NULL")).rowCount === 0);
  expect(imports().length).toBeGreaterThan(1);
  expect(Math.max(...imports().map((request) => JSON.stringify(request).length))).toBeLessThan(520_000);
  expect(imports().flatMap(({ contacts }) => contacts.map(({ parameters }) => parameters[0]))).toEqual(Array.from({ length: 120 }, (_, index) => `long ${index + 1}`));
  await expect(facade.integrator.query("INSERT INTO importar_discador(id_campanha,identificador1,telefone1) VALUES (15, repeat('x', 70000), '33553434')")).rejects.toThrow(/linha longa demais/);
});

test('a row that cannot be imported tells why and costs the others nothing', async () => {
  stage.answer('dialer.contacts.import', (request) => ({
    ok: true,
    imported: request.contacts.length - 1,
    contactIds: [],
    rejected: [{ index: 0, place: request.contacts[0]?.place ?? null, code: 'invalid-number', reason: '11 1: too short' }],
  }));
  await facade.integrator.query(
    "INSERT INTO importar_discador(id_campanha,identificador1,telefone1) VALUES (15,'bad','1'), (15,'good','33553434'), (99,'nowhere','33553434'), (15,'empty',NULL)",
  );
  const rows = await eventually(async () => {
    const found = await facade.integrator.query("SELECT identificador1 AS name, criado_em IS NOT NULL AS imported, mensagem FROM importar_discador WHERE identificador1 IN ('bad','good','nowhere','empty') ORDER BY id");
    return found.rows.every(({ imported, mensagem }) => imported || mensagem !== null) && found.rows;
  });
  expect(rows).toEqual([
    { name: 'bad', imported: false, mensagem: 'NUMERO DE TELEFONE INVALIDO' },
    { name: 'good', imported: true, mensagem: null },
    { name: 'nowhere', imported: false, mensagem: 'CAMPANHA NAO ENCONTRADA' },
    { name: 'empty', imported: false, mensagem: 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO' },
  ]);
});

test('a row whose import took effect before the process died is not imported again', async () => {
  await facade.replaced(async () => {
    await facade.integrator.query("INSERT INTO importar_discador(id_campanha,identificador1,telefone1) VALUES (15,'took effect','33553434'), (15,'did not','33553435')");
    const { rows } = await db.database.query<{ id: number }>("SELECT id FROM importar_discador WHERE identificador1 = 'took effect'");
    // As a process leaves it that was killed after the request and before the row was marked: claimed by an executor that is gone.
    await db.database.query("UPDATE database.pending SET attempts = 1, claimed_by = 2000000000, claimed_at = now() - interval '1 minute'");
    const imported = fact('ContactImported', 0, {
      contactId: asId<ContactId>(1),
      campaignId: asId<CampaignId>(15),
      parameters: ['took effect'],
      phones: [],
      source: `importar_discador:${rows[0]?.id}`,
      by: { kind: 'sql' },
    });
    await stage.context.events.append({ streamId: streams.contact(asId<ContactId>(1)), expectedVersion: 'any', events: [{ type: imported.type, data: imported.data as never, at: 0 }] });
    stage.answer('dialer.contacts.import', takeAll);
  });
  await eventually(async () => (await facade.integrator.query("SELECT 1 FROM importar_discador WHERE identificador1 IN ('took effect', 'did not') AND criado_em IS NOT NULL")).rowCount === 2);
  expect(imports().flatMap(({ contacts }) => contacts.map(({ parameters }) => parameters[0]))).toEqual(['did not']);
});

test('what the system fills is its own, whatever a tool that writes every column puts there, and in the time of the installation', async () => {
  stage.answer('dialer.blocklist.add', { ok: true });
  stage.answer('dialer.phone.exclude', { ok: true, excluded: 1 });
  // As a driver does that tells its own zone when it connects.
  await facade.integrator.query("SET TimeZone = 'Asia/Tokyo'");
  await facade.integrator.query(
    `INSERT INTO inserir_telefone_black_list (id, id_black_list, telefone, mensagem, criado_em, atualizado_em) VALUES (NULL, 1, '33553434', 'Telefone salvo', NULL, '1999-01-01');
     INSERT INTO excluir_telefone_campanha (id, id_telefone, id_campanha, executado, data) VALUES (NULL, 1234, NULL, NULL, NULL);
     INSERT INTO excluir_telefone_campanha (id_telefone, executado) VALUES (1235, true);
     INSERT INTO importar_discador (id_campanha, identificador1, criado_em) VALUES (99, 'nowhere else', '1999-01-01')`,
  );
  await eventually(async () => (await db.database.query('SELECT 1 FROM database.pending')).rowCount === 0);
  await facade.integrator.query('RESET TimeZone');
  const fresh = "BETWEEN timezone('America/Sao_Paulo', now()) - interval '1 minute' AND timezone('America/Sao_Paulo', now())";
  expect((await facade.integrator.query(`SELECT mensagem, criado_em ${fresh} AS created, atualizado_em ${fresh} AS changed FROM inserir_telefone_black_list`)).rows).toEqual([{ mensagem: 'Telefone salvo', created: true, changed: true }]);
  expect((await facade.integrator.query(`SELECT id_telefone, executado, data ${fresh} AS at FROM excluir_telefone_campanha ORDER BY 1`)).rows).toEqual([
    { id_telefone: 1234, executado: true, at: true }, { id_telefone: 1235, executado: true, at: true },
  ]);
  expect(stage.asked.filter(({ subject }) => subject === 'dialer.phone.exclude')).toHaveLength(2);
  expect((await facade.integrator.query("SELECT criado_em, mensagem FROM importar_discador WHERE identificador1 = 'nowhere else'")).rows).toEqual([{ criado_em: null, mensagem: 'CAMPANHA NAO ENCONTRADA' }]);
  await expect(facade.integrator.query("INSERT INTO set_status_ramal (id, ramal) VALUES (9223372036854775807, '40018')")).rejects.toThrow(/id: de 1 a/);
});

test('rows that come by COPY are carried out like those of an INSERT', async () => {
  stage.answer('dialer.blocklist.remove', { ok: true, removed: 1 });
  const source = new PassThrough();
  const copied = pipeline(source, facade.integrator.query(copyFrom("COPY remover_telefone_black_list (telefone) FROM STDIN")));
  source.end('33553434\n33553435\n');
  await copied;
  await eventually(async () => (await facade.integrator.query("SELECT 1 FROM remover_telefone_black_list WHERE mensagem = 'Telefone removido'")).rowCount === 2);
});

test('a session of an integrator gives way to those of the product', async () => {
  const pidOf = async (client: { query(text: string): Promise<{ rows: readonly unknown[] }> }): Promise<number> =>
    ((await client.query('SELECT pg_backend_pid() AS pid')).rows[0] as { pid: number }).pid;
  const pid = await pidOf(facade.integrator);
  await eventually(() => getPriority(pid) === courtesyNice);
  expect(getPriority(await pidOf(db.database))).toBeLessThan(courtesyNice);
});

test('docs/tabelas-de-comando.md is what the catalogue says, and every column has a meaning', async () => {
  const page = await describeCommandTables(db.database);
  expect(page.match(/^## /gm)).toHaveLength(10);
  expect(page).not.toMatch(/\|\s*\|\s*$/m);
  await expect(page).toMatchFileSnapshot('../../../docs/tabelas-de-comando.md');
});
