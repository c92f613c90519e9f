/** Sections 1.3.1.1 to 1.3.1.15 as an integrator works with them: rows in by SQL, calls over SIP, rows out by SQL. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoCampaignId } from '../src/demo/demo-config.ts';
import { until, WholeSystem } from './whole-system.ts';

type Row = Record<string, unknown>;
const patience = 180_000;
const extension = '2001';
let system: WholeSystem;
let integrator: pg.Client;

const rowsOf = async (sql: string): Promise<Row[]> => (await integrator.query<Row>(sql)).rows;
/** Waits until the first row is like this. */
const shows = (sql: string, wanted: Row): Promise<unknown> => {
  let last: Row | undefined;
  return until(`${sql} to be ${JSON.stringify(wanted)}`, async () => {
    last = (await rowsOf(sql))[0];
    return Object.entries(wanted).every(([name, value]) => last?.[name] === value);
  }).catch((error: unknown) => {
    throw new Error(`${sql}: ${JSON.stringify(last)}`, { cause: error });
  });
};
const campaign = (columns: string): string => `SELECT ${columns} FROM campanhas WHERE id = ${demoCampaignId}`;

beforeAll(async () => {
  system = await WholeSystem.start({
    name: 'tables', agents: 1, mode: 'progressive', integrationPassword: 'segredo',
    carrier: { seed: 5, mix: { answerDelayMs: { min: 200, max: 300 }, talkMs: { min: 60_000, max: 60_000 }, hangsUpFirstP: 0 }, rules: [{ lastDigits: '5890', behaviour: 'busy' }] },
    seed: ({ queues, campaigns }) => ({ queues: [{ ...queues?.[0], wrapUpS: 0 }], campaigns: [{ ...campaigns?.[0], active: false, retries: [] }] }),
    phones: { seed: 6, extensions: [extension], answerDelayMs: { min: 100, max: 200 }, talkMs: { min: 1_000, max: 1_500 }, hangsUpP: 1 },
  });
  integrator = new pg.Client({ host: '127.0.0.1', port: system.ritmo.ports.postgres ?? 0, user: 'integracao', password: 'segredo', database: 'totalipdb' });
  // Dates as they are written.
  integrator.setTypeParser(1114, (text: string) => text);
  integrator.setTypeParser(20, Number);
  await integrator.connect();
  system.closeFirst(() => integrator.end());
  await system.ready(1);
}, patience);

afterAll(() => system.stop(), patience);

it('clients come in by importar_discador and inserir_telefone_campanha, and are to be dialed', { timeout: patience }, async () => {
  await integrator.query(
    `INSERT INTO importar_discador(id_campanha,identificador1,identificador2,ddd1,telefone1,ddd2,telefone2,telefone_1_discar_em) VALUES(${demoCampaignId},'Total IP','Total IP','11','80986654','11','80125890','2040-04-24 16:47:46')`,
  );
  await integrator.query(`INSERT INTO importar_discador(id_campanha,identificador1,identificador2,ddd1,telefone1) VALUES(${demoCampaignId},'219.273.058-61','JONATHAN MENDES','11','999884466')`);
  await shows('SELECT count(*) FROM importar_discador WHERE criado_em IS NOT NULL', { count: 2 });
  await integrator.query(`INSERT INTO inserir_telefone_campanha (id_campanha, parametro, valor_parametro, codigo_area, telefone, prioridade) VALUES (${demoCampaignId}, 2, 'JONATHAN MENDES', 11, '33553434', 2);`);
  await shows('SELECT message FROM inserir_telefone_campanha', { message: 'TELEFONE INSERIDO' });
  await shows(campaign('*'), {
    ativa: false, telefones_restantes: 4, numeros_agendados: 1, agendamento_operador: 0, clientes_finalizados: 0, clientes_nao_finalizados: 2, clientes_virgens: 2, retentativas: 0, ligacoes_atendidas: 0,
  });
  const totalIp = { id_campanha: demoCampaignId, identificador1: 'Total IP', identificador2: 'Total IP' };
  expect(await rowsOf('SELECT id_campanha, identificador1, identificador2, telefone, discar_em FROM telefones_nao_trabalhados ORDER BY telefone')).toEqual([
    { ...totalIp, telefone: '1133553434', identificador1: '219.273.058-61', identificador2: 'JONATHAN MENDES', discar_em: null },
    { ...totalIp, telefone: '1180125890', discar_em: null },
    { ...totalIp, telefone: '1180986654', discar_em: '2040-04-24 16:47:46' },
    { ...totalIp, telefone: '11999884466', identificador1: '219.273.058-61', identificador2: 'JONATHAN MENDES', discar_em: null },
  ]);
  expect(await rowsOf("SELECT campanha_id, parametro1, parametro2, telefone, id_status, status, prioridade FROM telefones_campanhas WHERE parametro2 = 'JONATHAN MENDES' ORDER BY prioridade")).toEqual([
    { campanha_id: demoCampaignId, parametro1: '219.273.058-61', parametro2: 'JONATHAN MENDES', telefone: '11999884466', id_status: null, status: null, prioridade: 1 },
    { campanha_id: demoCampaignId, parametro1: '219.273.058-61', parametro2: 'JONATHAN MENDES', telefone: '1133553434', id_status: null, status: null, prioridade: 2 },
  ]);
});

it('a phone goes by excluir_telefone_campanha', { timeout: patience }, async () => {
  await integrator.query("INSERT INTO excluir_telefone_campanha (id_telefone) SELECT id FROM telefones_campanhas WHERE telefone = '1180986654'");
  await shows('SELECT executado, id_campanha FROM excluir_telefone_campanha', { executado: true, id_campanha: null });
  await shows(campaign('telefones_restantes, numeros_agendados'), { telefones_restantes: 3, numeros_agendados: 0 });
  expect(await rowsOf("SELECT id FROM telefones_campanhas WHERE telefone = '1180986654'")).toEqual([]);
});

it('the campaign begins by gerenciar_campanhas, and every call has its result', { timeout: patience }, async () => {
  await integrator.query(`INSERT INTO gerenciar_campanhas (campanha_id) VALUES(${demoCampaignId});`);
  await shows(campaign('ativa'), { ativa: true });
  expect(await rowsOf('SELECT * FROM gerenciar_campanhas')).toEqual([]);
  await shows(campaign('*'), { ligacoes_atendidas: 1, ligacoes_ocupadas: 1, ligacoes_nao_atendidas: 0, entregues_sem_tabulacao: 1, clientes_em_ligacao: 0, clientes_virgens: 0, discando: 0, ligacoes_fila: 0, telefones_restantes: 0 });
  expect(await rowsOf('SELECT identificador1, telefone, id_status, status, discar_em, discar_em_operador FROM resultado_discador ORDER BY telefone')).toEqual([
    { identificador1: 'Total IP', telefone: '1180125890', id_status: 7, status: 'Ocupado', discar_em: null, discar_em_operador: null },
    { identificador1: '219.273.058-61', telefone: '11999884466', id_status: 22, status: 'Entregue Sem Tabulação', discar_em: null, discar_em_operador: null },
  ]);
  expect(await rowsOf('SELECT destino, a.status, ramal, a.id_campanha, uniqueid = codigo_ligacao AS same FROM ligacoes_ativo a LEFT JOIN resultado_discador ON codigo_ligacao = uniqueid ORDER BY destino')).toEqual([
    { destino: '11980125890', status: 'BUSY', ramal: null, id_campanha: demoCampaignId, same: true }, { destino: '11999884466', status: 'ANSWERED', ramal: extension, id_campanha: demoCampaignId, same: true },
  ]);
  // Who was delivered and not tabulated is left in peace: the second number was not dialed.
  expect(await rowsOf('SELECT telefone FROM telefones_nao_trabalhados')).toEqual([{ telefone: '1133553434' }]);
});

it('a callback of the agent shows in the result, the counters and the history', { timeout: patience }, async () => {
  await integrator.query(
    `INSERT INTO set_status_telefones_campanhas (parametro1, numerodotelefone, id_campanha, id_status, ramal, data) VALUES ('219.273.058-61','999884466',${demoCampaignId},1002,'${extension}','2040-01-03 19:00')`,
  );
  await shows(campaign('agendamento_operador, entregues_sem_tabulacao, numeros_agendados'), { agendamento_operador: 1, entregues_sem_tabulacao: 0, numeros_agendados: 0 });
  expect(await rowsOf("SELECT id_status, status, discar_em, discar_em_operador FROM resultado_discador WHERE telefone = '11999884466'")).toEqual([
    { id_status: 1002, status: 'Agendamento Operador', discar_em: null, discar_em_operador: '2040-01-03 19:00:00' },
  ]);
  expect(await rowsOf('SELECT id_campanha, telefone_cliente, identificador1, ramal, historico FROM historicos_campanhas')).toEqual([
    { id_campanha: demoCampaignId, telefone_cliente: '11999884466', identificador1: '219.273.058-61', ramal: extension, historico: 'Agendamento Operador' },
  ]);
});

it('a second entry ends the campaign; its list goes as a whole, its results stay', { timeout: patience }, async () => {
  await integrator.query(`INSERT INTO gerenciar_campanhas (campanha_id) VALUES(${demoCampaignId});`);
  await shows(campaign('ativa'), { ativa: false });
  expect((await rowsOf("SELECT descricao FROM campanhas_logs WHERE descricao LIKE '%ativada%' ORDER BY data")).map(({ descricao }) => descricao)).toEqual([
    'Campanha Vendas Primavera ativada pelo banco de dados', 'Campanha Vendas Primavera desativada pelo banco de dados',
  ]);
  await integrator.query(`INSERT INTO excluir_telefone_campanha (id_campanha) VALUES(${demoCampaignId});`);
  await shows(`SELECT executado FROM excluir_telefone_campanha WHERE id_campanha = ${demoCampaignId}`, { executado: true });
  await shows(campaign('*'), { telefones_restantes: 0, agendamento_operador: 0, clientes_nao_finalizados: 0, clientes_finalizados: 0, ligacoes_atendidas: 1 });
  expect(await rowsOf('SELECT id FROM telefones_campanhas')).toEqual([]);
  expect(await rowsOf('SELECT id FROM telefones_nao_trabalhados')).toEqual([]);
  await shows('SELECT count(*) FROM resultado_discador', { count: 2 });
});

it('the servers are told, by part', { timeout: patience }, async () => {
  await shows("SELECT count(*) > 4 AS parts, bool_and(nome <> '' AND status ~ '^(OK|WARNING - .+|CRITICAL - .+)$') AS told, count(DISTINCT id) = count(*) AS numbered FROM status_servidores", { parts: true, told: true, numbered: true });
  expect(await rowsOf("SELECT status FROM status_servidores WHERE nome LIKE 'SIP TRUNK%'")).toEqual([{ status: 'OK' }]);
});
