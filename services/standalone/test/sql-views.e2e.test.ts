/**
 * Sections 1.3.1.16 to 1.3.1.39 against the whole system, as integrators use them: what is inserted into a command table is done, and what
 * real calls and real telephones leave is in the views. Words and columns one by one are provoked in services/database and services/projector.
 */
import { connectDatabase, type Database } from '@ritmo/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoCampaignId } from '../src/demo/demo-config.ts';
import { until, WholeSystem } from './whole-system.ts';

const patience = 120_000;
let system: WholeSystem;
/** As the user of integrators. */
let integrator: Database;

type Row = Readonly<Record<string, unknown>>;
const rows = async (sql: string): Promise<readonly Row[]> => (await integrator.query<Row>(sql)).rows;
const row = (sql: string): Promise<Row> => until(sql, async () => (await rows(sql))[0]);
const gone = (sql: string): Promise<boolean> => until(`nothing of: ${sql}`, async () => (await rows(sql)).length === 0);
const timestamp = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/;

beforeAll(async () => {
  system = await WholeSystem.start({
    name: 'sql', agents: 2, mode: 'progressive',
    carrier: { seed: 5, mix: { answerDelayMs: { min: 300, max: 400 }, talkMs: { min: 60_000, max: 60_000 }, hangsUpFirstP: 0 } },
    seed: ({ queues, campaigns }) => ({
      queues: [{ ...queues?.[0], numbers: ['1140040000'], wrapUpS: 0, ringTimeoutS: 1, missedBeforePause: 0, serviceLevelS: 20 }],
      campaigns: [{ ...campaigns?.[0], retries: [] }],
    }),
    phones: { seed: 6, extensions: ['2001', '2002'], answerDelayMs: { min: 300, max: 400 }, talkMs: { min: 4_000, max: 4_500 }, hangsUpP: 1 },
  });
  const { integrationPassword, postgresPort } = system.ritmo.foundations;
  integrator = connectDatabase({ url: `postgres://integracao:${encodeURIComponent(integrationPassword.value)}@127.0.0.1:${postgresPort ?? 0}/totalipdb`, maxConnections: 2 });
  system.closeFirst(() => integrator.close());
  await system.ready(2);
}, patience);

afterAll(() => system.stop(), patience);

test('a status that set_status_ramal gives is shown, and is a pause when it is over', { timeout: patience }, async () => {
  const statusOf2002 = (status: string): Promise<unknown> =>
    row(`SELECT 1 FROM grupo_de_atendimento_usuarios_status WHERE nome_grupo_de_atendimento = 'Vendas' AND ramal = '2002' AND status_usuario = '${status}' AND status_telefone = 'Livre' AND nome_usuario = 'Operador 02'`);
  await statusOf2002('Logado');
  await integrator.query("INSERT INTO set_status_ramal (ramal, id_status) VALUES ('2002', 4)");
  await statusOf2002('Reunião');
  await gone('SELECT 1 FROM set_status_ramal');
  await integrator.query("INSERT INTO set_status_ramal (ramal, id_status) VALUES ('2002', 1)");
  await statusOf2002('Logado');
  expect(await row('SELECT * FROM pausas')).toEqual({ id_usuario: 2, ramal: '2002', id_status: 4, nome_status: 'Reunião', data: expect.stringMatching(timestamp), tempo: expect.any(Number) });
  // The example of the manual, on an installation that has no status 52.
  await integrator.query("INSERT INTO set_status_ramal (ramal,id_status) VALUES ('2002',52);");
  expect(await row('SELECT ramal, message, created_at FROM set_status_ramal WHERE message IS NOT NULL')).toEqual({ ramal: '2002', message: 'STATUS NAO EXISTE', created_at: expect.stringMatching(timestamp) });
});

test('a user of gerenciar_usuarios is a user, in the queues of its model, under the name that it has now', { timeout: patience }, async () => {
  const manage = async (name: string, action: number, words: string): Promise<void> => {
    await integrator.query(`INSERT INTO gerenciar_usuarios (ramal_padrao,ramal,nome,email,celular,senha,acao) VALUES('2001', '77777', '${name}', 'totalip@totalip.com','33553434','1234',${action});`);
    await row(`SELECT 1 FROM gerenciar_usuarios WHERE acao = ${action} AND executado AND mensagem = '${words.replaceAll("'", "''")}' AND atualizado_em >= criado_em - interval '1 second'`);
  };
  await manage('Total IP', 1, "Usuário '77777' criado com sucesso");
  const { id } = await row("SELECT id, nome, email, mobile FROM usuarios WHERE ramal = '77777' AND nome = 'Total IP' AND email = 'totalip@totalip.com' AND mobile = '33553434'");
  await row(`SELECT 1 FROM grupo_de_atendimento_usuarios WHERE usuario_id = ${String(id)} AND grupo_de_atendimento_id = 10`);
  await manage('Total IP 2', 2, "Usuário '77777' atualizado com sucesso.");
  await row(`SELECT 1 FROM grupos_de_atendimento_usuarios_status WHERE ramal = '77777' AND nome_usuario = 'Total IP 2' AND status_usuario = 'Deslogado' AND status_telefone = 'Desconectado'`);
});

test('a call of a campaign that SQL alone imports, changes, blocks, activates and tabulates', { timeout: patience }, async () => {
  const nobody = '11999990003';
  await integrator.query(`INSERT INTO inserir_telefone_black_list(id_black_list, telefone) VALUES(1, '${nobody}');`);
  await row("SELECT 1 FROM inserir_telefone_black_list WHERE mensagem = 'Telefone salvo' AND atualizado_em IS NOT NULL");
  expect(await row('SELECT * FROM telefones_bloqueados')).toEqual({ id: 1, telefone: Number(nobody), descricao: '', grupo_de_bloqueio: 'Geral' });

  await integrator.query(
    `INSERT INTO importar_discador (id_campanha, identificador1, identificador2, ddd1, telefone1) VALUES (${demoCampaignId}, '127846', '0001', '21', '981793134'), (${demoCampaignId}, '400173', '0002', '11', '999990003')`,
  );
  const { id: phoneId } = await row("SELECT id FROM telefones_campanhas WHERE parametro1 = '127846'");
  await integrator.query(`INSERT INTO alterar_cliente(id_campanha, parametro, valor, novo_parametro, novo_valor) VALUES(${demoCampaignId},1,'127846',2,'30')`);
  await row("SELECT 1 FROM alterar_cliente WHERE mensagem = 'CLIENTE ALTERADO'");
  await row("SELECT 1 FROM telefones_campanhas WHERE parametro1 = '127846' AND parametro2 = '30'");

  expect(await rows('SELECT nome, descricao, trunk_id, limite, uso, porcentagem FROM uso_canais')).toEqual([{ nome: 'Operadora Demonstração', descricao: 'SIP', trunk_id: 1, limite: 5, uso: 0, porcentagem: '0%' }]);
  await integrator.query(`INSERT INTO gerenciar_campanhas (campanha_id) VALUES(${demoCampaignId});`);
  await row("SELECT 1 FROM uso_canais WHERE uso = 1 AND porcentagem = '20%'");
  await row(`SELECT 1 FROM telefones_campanhas WHERE telefone = '${nobody}' AND status = 'Bloqueado'`);
  const monthly = await row('SELECT * FROM resultado_discador_mensal WHERE data_hora_fim IS NOT NULL AND status_id = 22');
  const extension = String(monthly['ramal']);
  expect(monthly).toEqual({
    id: expect.any(Number), uniqueid: expect.stringMatching(/^\d{10}\.\d+$/), campaign_customer_phone_number_id: phoneId, identificador1: '127846', identificador2: '30', telefone: '21981793134', status_id: 22,
    status_nome: 'Entregue Sem Tabulação', data_hora_inicio: expect.stringMatching(timestamp), data_hora_fim: expect.stringMatching(timestamp), ramal: expect.stringMatching(/^200[12]$/),
    campanha_nome: 'Vendas Primavera', campanha_id: demoCampaignId, rota: 'Todas', canal: 'Operadora Demonstração', replicado: false,
  });
  expect(String(monthly['data_hora_fim']) > String(monthly['data_hora_inicio'])).toBe(true);
  await row("SELECT 1 FROM uso_canais WHERE uso = 0 AND porcentagem = '0%'");
  expect(system.carrier.stats().calls.map(({ number }) => number)).toEqual(['21981793134']);

  const uniqueid = String(monthly['uniqueid']);
  const log = await row(`SELECT * FROM grupos_de_atendimento_logs WHERE duracao IS NOT NULL AND uniqueid = '${uniqueid}'`);
  expect(log).toEqual({
    id: expect.any(Number), id_grupo_de_atendimento: 10, tempo_em_espera: expect.any(Number), duracao: expect.any(Number), id_campanha: demoCampaignId, id_usuario: Number(extension) - 2000,
    numero_origem: '21981793134', data: expect.stringMatching(timestamp), uniqueid,
  });
  expect(Number(log['duracao'])).toBeGreaterThanOrEqual(3);
  expect(await rows('SELECT nome_grupo_de_atendimento, tempo_nivel_de_servico, atendidas_abaixo, atendidas_acima, desligadas_abaixo, desligadas_acima, total FROM nivel_de_servico')).toEqual([
    { nome_grupo_de_atendimento: 'Vendas', tempo_nivel_de_servico: 20, atendidas_abaixo: 1, atendidas_acima: 0, desligadas_abaixo: 0, desligadas_acima: 0, total: 1 },
  ]);

  const other = extension === '2001' ? '2002' : '2001';
  await integrator.query(
    `INSERT INTO set_status_telefones_campanhas (parametro1, numerodotelefone, id_campanha, id_status, ramal, uniqueid) VALUES ('127846','981793134',${demoCampaignId},1003,'${other}',' ${uniqueid}')`,
  );
  await row(`SELECT 1 FROM resultado_discador_mensal WHERE uniqueid = '${uniqueid}' AND status_id = 1003 AND status_nome = 'Venda' AND ramal = '${extension}'`);
  await gone('SELECT 1 FROM set_status_telefones_campanhas');

  await integrator.query(`INSERT INTO gerenciar_campanhas (campanha_id) VALUES(${demoCampaignId});`);
  await row("SELECT 1 FROM campanhas_logs WHERE descricao = 'Campanha Vendas Primavera desativada pelo banco de dados' AND ramal IS NULL");
  expect((await rows('SELECT descricao FROM campanhas_logs ORDER BY data')).map(({ descricao }) => descricao)).toEqual([
    'Campanha Vendas Primavera criada pelo arquivo de configuração', 'Campanha Vendas Primavera ativada pelo banco de dados', 'Campanha Vendas Primavera desativada pelo banco de dados',
  ]);
  await integrator.query(`INSERT INTO remover_telefone_black_list(telefone) VALUES('${nobody}');`);
  await row("SELECT 1 FROM remover_telefone_black_list WHERE mensagem = 'Telefone removido'");
  await gone('SELECT 1 FROM telefones_bloqueados');
});

test('a caller whom no telephone answers: every ring is told, and the call is lost for its group', { timeout: patience }, async () => {
  system.agents.change({ missP: 1 });
  const calling = system.carrier.call({ host: '127.0.0.1', port: system.ritmo.ports.sip ?? 0, to: '1140040000', from: '11999990001', talkMs: 60_000 });
  const [missed] = await until('two offers that nobody answered', async () => {
    const found = await rows('SELECT * FROM tentativas_nao_atendidas ORDER BY id');
    return found.length >= 2 && found;
  });
  const extension = String(missed?.['ramal']);
  expect(missed).toEqual({
    id: 1, id_usuario: Number(extension) - 2000, ramal: expect.stringMatching(/^200[12]$/), nome_usuario: `Operador 0${extension.slice(-1)}`, id_grupo_atendimento: 10, nome_grupo_atendimento: 'Vendas',
    duracao: expect.any(Number), data: expect.stringMatching(timestamp), uniqueid: expect.stringMatching(/^\d{10}\.\d+$/),
  });
  expect(Number(missed?.['duracao'])).toBeGreaterThanOrEqual(1);
  system.carrier.hangUpAll();
  await calling;
  expect(await row(`SELECT * FROM grupos_de_atendimento_logs WHERE uniqueid = '${String(missed?.['uniqueid'])}'`)).toMatchObject({
    id_grupo_de_atendimento: 10, id_campanha: null, id_usuario: null, numero_origem: '11999990001', duracao: 0, tempo_em_espera: expect.any(Number),
  });
  await row('SELECT 1 FROM nivel_de_servico WHERE desligadas_abaixo + desligadas_acima = 1');
});
