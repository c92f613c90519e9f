/** Sections 1.3.1.16 to 1.3.1.39 but for queues: each view's whole rows, by the manual's meaning of each column. Command tables are services/database's. */
import { asCallId, asExtension, asId, asLegId, fact, streams, type BlockListId, type CallId, type ContactId, type DispositionId, type DomainEvent, type PhoneId } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { app, localText, onAProjector, rowOf, rowsOf, stored, test } from './projector-rig.test-support.ts';
import { agent, attempt, campaign, importedContact, put, queue, SAMPLE_START_MS, seededChance, type StreamedFact } from './sample-facts.ts';

onAProjector();

const by = { kind: 'system' } as const;
const at = SAMPLE_START_MS;
const onCall = (callId: CallId, of: DomainEvent): StreamedFact => ({ streamId: streams.call(callId), fact: of });
const removed = (kind: 'campaign' | 'disposition' | 'route' | 'trunk' | 'queue' | 'user-status' | 'block-list' | 'agent', id: number): StreamedFact => ({
  streamId: streams.directory(kind, id),
  fact: fact('DirectoryEntryRemoved', at, { kind, id, by }),
});

describe('what is configured', () => {
  it('is listed by code and name (1.3.1.16, 1.3.1.19, 1.3.1.23, 1.3.1.37, 1.3.1.39)', async () => {
    await stored();
    expect(await rowsOf('SELECT * FROM status_discador WHERE id IN (7, 1002, 2001) ORDER BY id')).toEqual([
      { id: 7, nome: 'Ocupado' }, { id: 1002, nome: 'Agendamento Operador' }, { id: 2001, nome: 'Venda' },
    ]);
    expect(await rowsOf('SELECT * FROM grupos')).toEqual([{ id_grupo: 1, nome: 'Atendimento' }]);
    expect(await rowsOf('SELECT * FROM grupos_de_atendimento ORDER BY id')).toEqual([{ id: 1, nome: 'Fila 1' }, { id: 2, nome: 'Fila 2' }]);
    expect(await rowsOf('SELECT * FROM black_list WHERE id_black_list = 1')).toEqual([{ id_black_list: 1, nome: 'Lista de Bloqueio' }]);
    expect(await rowsOf('SELECT * FROM rotas ORDER BY id')).toEqual([{ id: 1, nome_rota: 'Rota 1', status_rota: true }, { id: 2, nome_rota: 'Rota 2', status_rota: false }]);
    expect(await rowsOf("SELECT id FROM rotas WHERE status_rota='t'")).toEqual([{ id: 1 }]);
  });

  it('leaves the lists when it is removed, and keeps its name in what happened before', async () => {
    const callId = asCallId('1795352400.1');
    const names = { contactId: asId<ContactId>(1), campaignId: campaign(3), phoneId: asId<PhoneId>(10) };
    const now = Date.now() - 60_000;
    const facts = attempt(names, 1, now, 'busy', { kind: 'exhausted' }, { ...seededChance(1), below: () => 0, percent: () => false });
    const block = (blockListId: number): StreamedFact => ({
      streamId: streams.blockList(asId<BlockListId>(blockListId)),
      fact: fact('NumberBlocked', at, { blockListId: asId<BlockListId>(blockListId), number: '1133553434', description: 'Pediu', by }),
    });
    await stored(put('block-list', 2, { name: 'Outra', group: 'Vendas' }), importedContact(1, 3, 1, now), ...facts, block(1), block(2));
    const delivered = fact('CallDelivered', at, { callId, legId: asLegId(`${callId}/1`), queueId: queue(2), campaignId: null, agentId: agent(4), extension: asExtension('4004'), waitMs: 5_000 });
    await stored(onCall(callId, delivered), ...(['campaign', 'disposition', 'route', 'trunk', 'queue', 'block-list'] as const).map((kind) => removed(kind, { campaign: 3, disposition: 7, route: 1, trunk: 1, queue: 2, 'block-list': 2 }[kind])));
    expect(await rowOf('SELECT campanha_nome, status_nome, rota, canal FROM resultado_discador_mensal')).toEqual({ campanha_nome: 'Campanha 3', status_nome: 'Ocupado', rota: 'Rota 1', canal: 'Tronco 1' });
    expect(await rowOf('SELECT id_grupo_de_atendimento, nome_grupo_de_atendimento FROM nivel_de_servico')).toEqual({ id_grupo_de_atendimento: 2, nome_grupo_de_atendimento: 'Fila 2' });
    const lists = ['SELECT id FROM campanhas', 'SELECT id FROM status_discador WHERE id = 7', 'SELECT id FROM rotas', 'SELECT trunk_id FROM uso_canais', 'SELECT id FROM grupos_de_atendimento', 'SELECT id_black_list FROM black_list'];
    expect(await Promise.all(lists.map(async (sql) => (await rowsOf(`${sql} ORDER BY 1`)).map((row) => Object.values(row)[0])))).toEqual([[1, 2], [], [2], [2], [1], [1]]);
    expect(await rowsOf('SELECT telefone FROM grupo_de_atendimento_telefones')).toEqual([{ telefone: '1130000001' }]);
    expect(await rowsOf('SELECT grupo_de_bloqueio FROM telefones_bloqueados')).toEqual([{ grupo_de_bloqueio: 'Geral' }]);
    expect(JSON.stringify((await rowsOf('SELECT entry FROM views.directory WHERE removed ORDER BY key')).map((row) => row['entry']))).not.toContain('members');
    // Configured anew, it is listed anew.
    await stored(put('queue', 2, { name: 'Fila nova', members: [], numbers: [] }));
    expect(await rowsOf('SELECT * FROM grupos_de_atendimento ORDER BY id')).toEqual([{ id: 1, nome: 'Fila 1' }, { id: 2, nome: 'Fila nova' }]);
    expect((await app.rebuildViews()).same).toBe(true);
  });
});

describe('the monthly result (1.3.1.34)', () => {
  const names = { contactId: asId<ContactId>(1), campaignId: campaign(1), phoneId: asId<PhoneId>(10) };
  const now = Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000;
  const callId = `${now / 1_000}.1`;

  it('names route, channel and the extension that answered, from the beginning to the end of the call', async () => {
    const facts = attempt(names, 1, now, 'delivered', { kind: 'exhausted' }, { ...seededChance(1), below: (n) => n - 1, percent: () => false });
    const upToDelivery = facts.findIndex(({ fact: { type } }) => type === 'CallDelivered') + 1;
    await stored(importedContact(1, 1, 1, now), ...facts.slice(0, upToDelivery));
    const row = {
      id: 1, uniqueid: callId, campaign_customer_phone_number_id: 10, identificador1: 'CPF1', identificador2: 'Cliente 1', telefone: '11910000010', status_id: 3, status_nome: 'Entregue ao Operador',
      data_hora_inicio: localText(now), data_hora_fim: null, ramal: '4004', campanha_nome: 'Campanha 1', campanha_id: 1, rota: 'Rota 2', canal: 'Tronco 2', replicado: false,
    };
    expect(await rowsOf('SELECT * FROM resultado_discador_mensal')).toEqual([row]);
    await stored(...facts.slice(upToDelivery));
    const endedAt = facts.find(({ fact: { type } }) => type === 'CallEnded')?.fact.at ?? 0;
    expect(await rowsOf('SELECT * FROM resultado_discador_mensal')).toEqual([{ ...row, status_id: 22, status_nome: 'Entregue Sem Tabulação', data_hora_fim: localText(endedAt) }]);
  });

  it('has no extension where nobody answered, whoever said what it was', async () => {
    const tabulated = fact('DispositionSet', now + 90_000, { ...names, callId: asCallId(callId), dispositionId: asId<DispositionId>(2001), agentId: agent(2), extension: asExtension('4002'), by, effect: 'none' });
    await stored(importedContact(1, 1, 1, now), ...attempt(names, 1, now, 'no-answer', { kind: 'exhausted' }, { ...seededChance(1), percent: () => false }), { streamId: 'contact-1', fact: tabulated });
    expect(await rowOf('SELECT status_nome, ramal FROM resultado_discador_mensal')).toEqual({ status_nome: 'Venda', ramal: null });
  });

  it('keeps 35 days', async () => {
    const dayMs = 86_400_000;
    const old = attempt(names, 1, now - 36 * dayMs, 'busy', { kind: 'retry-phone', phoneId: names.phoneId, at: now }, seededChance(1));
    const young = attempt(names, 2, now - 34 * dayMs, 'busy', { kind: 'exhausted' }, seededChance(1));
    await stored(importedContact(1, 1, 1, now - 40 * dayMs), ...old, ...young);
    expect(await rowsOf('SELECT id FROM resultado_discador_mensal')).toEqual([{ id: 2 }]);
    expect(await rowsOf('SELECT id FROM resultado_discador ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });
});

describe('what agents, lists and campaigns left behind', () => {
  it('pauses: who, which, since when and how long; neither logged in nor logged out is one (1.3.1.20)', async () => {
    const changed = (id: number, statusId: number, previous: number | null, previousMs: number): StreamedFact => ({
      streamId: streams.agent(agent(id)),
      fact: fact('AgentStatusChanged', at, { agentId: agent(id), extension: asExtension(`400${id}`), statusId: asId(statusId), previousStatusId: previous === null ? null : asId(previous), previousMs, by, reason: 'requested' }),
    });
    await stored(changed(1, 1, null, 0), changed(2, 4, 1, 5_000), changed(3, 1, 2, 9_000), changed(4, 7, 4, 600_400));
    expect(await rowsOf('SELECT * FROM pausas')).toEqual([{ id_usuario: 4, ramal: '4004', id_status: 4, nome_status: 'Reunião', data: localText(at - 600_400), tempo: 600 }]);
  });

  it('blocked telephones with their observation and group, while they are blocked (1.3.1.31)', async () => {
    const listId = asId<BlockListId>(1);
    const list = (of: DomainEvent): StreamedFact => ({ streamId: streams.blockList(listId), fact: of });
    const blocked = (number: string, description: string): StreamedFact => list(fact('NumberBlocked', at, { blockListId: listId, number, description, by }));
    await stored(blocked('11987654321', 'Pediu para não ligar'), blocked('33553434', ''));
    const rows = [
      { id: 1, telefone: 11987654321, descricao: 'Pediu para não ligar', grupo_de_bloqueio: 'Geral' },
      { id: 2, telefone: 33553434, descricao: '', grupo_de_bloqueio: 'Geral' },
    ];
    expect(await rowsOf('SELECT * FROM telefones_bloqueados ORDER BY id')).toEqual(rows);
    await stored(list(fact('NumberUnblocked', at, { blockListId: listId, number: '33553434', by })));
    expect(await rowsOf('SELECT * FROM telefones_bloqueados')).toEqual([rows[0]]);
  });

  it('changes of campaigns by an extension, or by the door that they came through (1.3.1.33)', async () => {
    const on = (of: DomainEvent): StreamedFact => ({ streamId: streams.campaign(campaign(1)), fact: of });
    const campaignId = campaign(1);
    await stored(
      on(fact('CampaignActivated', at, { campaignId, by: { kind: 'agent', id: '4001' } })),
      on(fact('CampaignDeactivated', at + 1_000, { campaignId, by: { kind: 'admin', id: '4002' }, reason: 'requested' })),
      on(fact('CampaignActivated', at + 2_000, { campaignId, by: { kind: 'http', id: '10.0.0.7' } })),
      on(fact('CampaignDeactivated', at + 3_000, { campaignId, by: { kind: 'sql', id: 'gerenciar_campanhas#17' }, reason: 'requested' })),
    );
    await stored({ ...put('campaign', 1, { name: 'Campanha A', queueId: 1, active: false }) }, removed('campaign', 1));
    const logs = await rowsOf('SELECT * FROM campanhas_logs OFFSET 3');
    expect(logs).toEqual([
      { ramal: '4001', descricao: 'Campanha Campanha 1 ativada', data: localText(at) },
      { ramal: '4002', descricao: 'Campanha Campanha 1 desativada', data: localText(at + 1_000) },
      { ramal: null, descricao: 'Campanha Campanha 1 ativada pela API, 10.0.0.7', data: localText(at + 2_000) },
      { ramal: null, descricao: 'Campanha Campanha 1 desativada pelo banco de dados', data: localText(at + 3_000) },
      { ramal: null, descricao: 'Campanha Campanha A alterada pelo sistema', data: localText(at) },
      { ramal: null, descricao: 'Campanha Campanha A removida pelo sistema', data: localText(at) },
    ]);
  });

  it('answers of surveys and messages received, as they were told (1.3.1.21, 1.3.1.38)', async () => {
    const callId = asCallId('1272916393.14005');
    const answer = { callId, survey: 'Satisfação', command: 'nota', soundFile: 'nota.wav', question: 'De 1 a 5?', answer: '5', queueName: 'Fila 1', agentId: agent(3) };
    await stored(onCall(callId, fact('SurveyAnswered', at, answer)), { streamId: streams.system, fact: fact('SmsReceived', at + 1_000, { from: '11999990000', text: 'SIM' }) });
    expect(await rowsOf('SELECT * FROM resultados_ura_pesquisa')).toEqual([
      { id: 1, ura_pesquisa: 'Satisfação', comando: 'nota', arquivo: 'nota.wav', pergunta: 'De 1 a 5?', resposta: '5', grupo_atendimento: 'Fila 1', id_usuario: 3, data: localText(at), uniqueid: '1272916393.14005' },
    ]);
    expect(await rowsOf('SELECT * FROM mensagens_sms_recebidas')).toEqual([{ id: 1, origem: '11999990000', mensagem: 'SIM', recebida_em: localText(at + 1_000) }]);
  });
});

it('the columns stand in the manual’s order and have its types', async () => {
  const { rows } = await test.database.query<{ view: string; columns: string }>(
    `SELECT table_name AS view, string_agg(column_name || ':' || CASE data_type WHEN 'integer' THEN 'i' WHEN 'bigint' THEN 'l' WHEN 'text' THEN 't' WHEN 'boolean' THEN 'b'
            WHEN 'timestamp without time zone' THEN 'd' ELSE data_type END, ' ' ORDER BY ordinal_position) AS columns
       FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1`,
  );
  expect(Object.fromEntries(rows.filter(({ view }) => view in layouts).map(({ view, columns }) => [view, columns]))).toEqual(layouts);
});

/** CAMPOS DA TABELA. i INTEIRO, l the same in 64 bits (ids that grow, telephone numbers), t TEXTO, b BOOLEANO, d DATA. */
const layouts: Readonly<Record<string, string>> = {
  status_discador: 'id:i nome:t',
  grupos: 'id_grupo:i nome:t',
  pausas: 'id_usuario:i ramal:t id_status:i nome_status:t data:d tempo:i',
  resultados_ura_pesquisa: 'id:l ura_pesquisa:t comando:t arquivo:t pergunta:t resposta:t grupo_atendimento:t id_usuario:i data:d uniqueid:t',
  grupos_de_atendimento: 'id:i nome:t',
  grupos_de_atendimento_logs: 'id:l id_grupo_de_atendimento:i tempo_em_espera:i duracao:i id_campanha:i id_usuario:i numero_origem:t data:d uniqueid:t',
  grupo_de_atendimento_telefones: 'grupo_de_atendimento_id:i telefone:t',
  grupo_de_atendimento_usuarios: 'usuario_id:i grupo_de_atendimento_id:i',
  grupo_de_atendimento_usuarios_status: 'nome_grupo_de_atendimento:t nome_usuario:t ramal:t status_usuario:t status_telefone:t',
  uso_canais: 'nome:t descricao:t trunk_id:i limite:i uso:i porcentagem:t',
  tentativas_nao_atendidas: 'id:l id_usuario:i ramal:t nome_usuario:t id_grupo_atendimento:i nome_grupo_atendimento:t duracao:i data:d uniqueid:t',
  telefones_bloqueados: 'id:l telefone:l descricao:t grupo_de_bloqueio:t',
  nivel_de_servico: 'data:d horario:t tempo_nivel_de_servico:i id_grupo_de_atendimento:i nome_grupo_de_atendimento:t atendidas_abaixo:i atendidas_acima:i desligadas_abaixo:i desligadas_acima:i total:i',
  campanhas_logs: 'ramal:t descricao:t data:d',
  resultado_discador_mensal:
    'id:l uniqueid:t campaign_customer_phone_number_id:i identificador1:t identificador2:t telefone:t status_id:i status_nome:t data_hora_inicio:d data_hora_fim:d ramal:t campanha_nome:t campanha_id:i rota:t canal:t replicado:b',
  black_list: 'id_black_list:i nome:t',
  mensagens_sms_recebidas: 'id:l origem:t mensagem:t recebida_em:d',
  rotas: 'id:i nome_rota:t status_rota:b',
};
