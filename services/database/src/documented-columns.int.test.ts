/** Command tables of 1.3.1.6 to 1.3.1.15.1: columns, types and defaults, and that each column of importar_discador reaches the dialer. */
import type { Requests } from '@ritmo/bus';
import { eventually } from '@ritmo/contract/testing';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { onADatabase, stage } from './database-rig.test-support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const facade = onADatabase({ session: true, settleMs: 0, prepare: (made) => made.put('campaign', { id: 15, name: 'Clientes', queueId: 1, parameters: ['1', '2'], maxPhones: 5 }) });
beforeAll(() => stage.answer('dialer.contacts.import', (request) => ({ ok: true, imported: request.contacts.length, contactIds: [], rejected: [] })));
beforeEach(() => void (stage.asked.length = 0));

/** CAMPOS DA TABELA in its order; ours behind it. */
const documented: Readonly<Record<string, string>> = {
  importar_discador:
    'id_campanha integer, identificador1 text, identificador2 text, ddd1 text, telefone1 text, ddd2 text, telefone2 text, ddd3 text, telefone3 text, ddd4 text, telefone4 text, ddd5 text, telefone5 text, ' +
    [1, 2, 3, 4, 5].map((n) => `telefone_${n}_discar_agora boolean = false, telefone_${n}_discar_em timestamp`).join(', ') +
    ', criado_em timestamp, mensagem text, id bigint',
  excluir_telefone_campanha: 'id bigint, id_telefone integer, id_campanha integer, executado boolean = false, data timestamp = LOCALTIMESTAMP',
  gerenciar_campanhas: 'id bigint, campanha_id integer, data timestamp = LOCALTIMESTAMP',
  inserir_telefone_campanha: 'id bigint, id_campanha integer, parametro integer, valor_parametro text, codigo_area integer, telefone character varying, message text, prioridade integer',
};

test('they have the documented columns in their order, with their types and defaults', async () => {
  const { rows } = await facade.integrator.query<{ name: string; columns: string }>(
    `SELECT attrelid::regclass::text AS name,
            string_agg(attname || ' ' || replace(format_type(atttypid, atttypmod), ' without time zone', '') || coalesce(' = ' || pg_get_expr(d.adbin, d.adrelid), ''), ', ' ORDER BY attnum) AS columns
       FROM pg_attribute LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
      WHERE attrelid::regclass::text = ANY ($1) AND attnum > 0 AND NOT attisdropped GROUP BY 1`,
    [Object.keys(documented)],
  );
  expect(Object.fromEntries(rows.map(({ name, columns }) => [name, columns]))).toEqual(documented);
});

type Contact = Requests['dialer.contacts.import']['request']['contacts'][number];
async function imported(insert: string, name: string): Promise<Contact | undefined> {
  await facade.integrator.query(insert);
  await eventually(async () => (await facade.integrator.query('SELECT 1 FROM importar_discador WHERE identificador1 = $1 AND criado_em IS NOT NULL', [name])).rowCount);
  return stage.asked.flatMap(({ request }) => (request as Requests['dialer.contacts.import']['request']).contacts).find(({ parameters }) => parameters[0] === name);
}

test('importar_discador: every column reaches the dialer', async () => {
  const five = [1, 2, 3, 4, 5];
  const columns = ['id_campanha', 'identificador1', 'identificador2', ...five.flatMap((n) => [`ddd${n}`, `telefone${n}`, `telefone_${n}_discar_agora`, `telefone_${n}_discar_em`])];
  const values = ['15', "'219.273.058-61'", "'Razão Social'", ...five.flatMap((n) => [`'${10 + n}'`, `'98012589${n}'`, String(n % 2 === 1), `'2040-04-24 16:47:0${n}'`])];
  const contact = await imported(`INSERT INTO importar_discador (${columns.join(', ')}) VALUES (${values.join(', ')})`, '219.273.058-61');
  expect(contact?.parameters).toEqual(['219.273.058-61', 'Razão Social']);
  expect(contact?.phones).toEqual(
    five.map((n) => ({ areaCode: String(10 + n), number: `98012589${n}`, priority: n, dialNow: n % 2 === 1, dialAt: Date.parse(`2040-04-24T16:47:0${n}-03:00`) })),
  );
});

test('importar_discador: without names, in the order of the manual; with a gap between telephones; with what SQL computes', async () => {
  const contact = await imported("INSERT INTO importar_discador VALUES (15, 'posicional', 'dois', '11', '33553434', NULL, NULL, '021', '999884466')", 'posicional');
  expect(contact).toMatchObject({ parameters: ['posicional', 'dois'], phones: [{ areaCode: '11', number: '33553434', priority: 1 }, { areaCode: '21', number: '999884466', priority: 3 }] });
  const before = Date.now();
  const computed = await imported(
    "INSERT INTO importar_discador (id_campanha, identificador1, telefone1, telefone_1_discar_agora, telefone_1_discar_em) VALUES (15, 'calculado', '33553434', NULL, localtimestamp + interval '1 hour')",
    'calculado',
  );
  expect(computed?.phones).toMatchObject([{ areaCode: '', dialNow: false }]);
  // To the second, in the time of the installation.
  expect(Math.abs((computed?.phones[0]?.dialAt ?? 0) - before - 3_600_000)).toBeLessThan(60_000);
});

test('importar_discador: a date that is none is told, and imports nothing', async () => {
  await facade.integrator.query("INSERT INTO importar_discador (id_campanha, identificador1, telefone1, telefone_1_discar_em) VALUES (15, 'sem fim', '33553434', 'infinity')");
  const row = await eventually(async () => (await facade.integrator.query("SELECT criado_em, mensagem FROM importar_discador WHERE identificador1 = 'sem fim' AND mensagem IS NOT NULL")).rows[0] as unknown);
  expect(row).toEqual({ criado_em: null, mensagem: 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO' });
  expect(stage.asked).toEqual([]);
});
