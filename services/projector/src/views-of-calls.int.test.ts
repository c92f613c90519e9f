/** Sections 1.3.1.2.1 to 1.3.1.5 and 1.3.1.11 to 1.3.1.13: calls and their prices, users, servers. Rows of calls over the wire are in services/telephony. */
import { asCallId, asExtension, asId, asLegId, fact, streams, type CallId, type DomainEvent } from '@ritmo/domain';
import { describe, expect, it, vi } from 'vitest';
import { onAProjector, rowOf, rowsOf, stored, test } from './projector-rig.test-support.ts';
import { agent, campaign, put, SAMPLE_START_MS, type StreamedFact } from './sample-facts.ts';

onAProjector();
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const by = { kind: 'system' } as const;
const at = SAMPLE_START_MS;
const onCall = (callId: CallId, of: DomainEvent): StreamedFact => ({ streamId: streams.call(callId), fact: of });
const callOf = (sequence: number): CallId => asCallId(`${at / 1_000}.${sequence}`);

/** CAMPOS DA TABELA in its order, what only "Onde" names behind it; INTEIRO that counts without end, or is a telephone number, is a bigint. */
const documented: Readonly<Record<string, string>> = {
  campanhas:
    'id integer, nome text, ativa boolean, telefones_restantes integer, numeros_agendados integer, agendamento_operador integer, clientes_finalizados integer, clientes_nao_finalizados integer, ' +
    'ligacoes_atendidas integer, ligacoes_nao_atendidas integer, ligacoes_ocupadas integer, retentativas integer, discando integer, ligacoes_em_andamento_ura integer, clientes_em_ligacao integer, ' +
    'ligacoes_fila integer, clientes_virgens integer, entregues_sem_tabulacao integer',
  historicos_campanhas: 'id_campanha integer, id_cliente integer, telefone_cliente text, identificador1 text, identificador2 text, ramal text, data timestamp, historico text',
  ura_logs: 'uniqueid text, id_ura integer, nome_ura text, comando_ura text, arquivo_de_som text, opcao text, duracao integer, data timestamp',
  status_servidores: 'id integer, nome text, status text',
  ligacoes_ativo:
    'id bigint, destino text, duracao integer, billing integer, status text, ramal text, data timestamp, tipo_ligacao text, custo double precision, custo_total double precision, ' +
    'custo_arrendado double precision, billing_arredondado integer, filiai text, uniqueid text, id_campanha integer, id_rota integer, nome_rota text, desligamento_solicitado boolean, ' +
    'custo_arredondado double precision, filial text',
  ligacoes_receptivo:
    'id bigint, origem text, destino text, duracao integer, billing integer, status text, ramal text, data timestamp, tipo_ligacao text, custo double precision, custo_total double precision, uniqueid text, desligamento_solicitado boolean',
  resultado_discador:
    'id bigint, id_campanha integer, identificador1 text, identificador2 text, identificador3 text, telefone text, id_status integer, status text, data timestamp, codigo_ligacao text, discar_em timestamp, discar_em_operador timestamp',
  telefones_nao_trabalhados: 'id integer, id_campanha integer, identificador1 text, identificador2 text, telefone text, importado_em timestamp, discar_em timestamp',
  usuarios:
    'id integer, nome text, ramal text, id_status_usuario integer, status_usuario text, id_status_telefone integer, nome_status_telefone text, id_grupo integer, email text, mobile text, tipo_da_ligacao text, ' +
    'uniqueid text, parametro1 text, parametro2 text, telefone text, id_campanha integer, telefone_origem bigint, tipo_de_ligacao text',
  status_usuarios: 'id integer, nome text',
  status_telefone: 'id integer, nome text',
  telefones_campanhas:
    'id integer, campanha_id integer, parametro1 text, parametro2 text, parametro3 text, parametro4 text, telefone text, id_status integer, status text, importado_em timestamp, prioridade integer, id_campanha integer',
};

it('every view has the documented columns in their order, with their types', async () => {
  const { rows } = await test.database.query<{ view: string; columns: string }>(
    `SELECT attrelid::regclass::text AS view, string_agg(attname || ' ' || replace(format_type(atttypid, atttypmod), ' without time zone', ''), ', ' ORDER BY attnum) AS columns
       FROM pg_attribute WHERE attrelid::regclass::text = ANY ($1) AND attnum > 0 AND NOT attisdropped GROUP BY 1`,
    [Object.keys(documented)],
  );
  expect(Object.fromEntries(rows.map(({ view, columns }) => [view, columns]))).toEqual(documented);
});

describe('the IVR (1.3.1.2.1) and the servers (1.3.1.3)', () => {
  it('log what a call went through', async () => {
    const callId = asCallId('1272916393.14005');
    await stored(onCall(callId, fact('IvrStepTaken', at, { callId, ivrId: 3, ivrName: 'Cobrança', command: 'Menu', soundFile: 'menu.wav', option: '2', durationMs: 4_600 })));
    expect(await rowsOf('SELECT * FROM ura_logs')).toEqual([
      { uniqueid: callId, id_ura: 3, nome_ura: 'Cobrança', comando_ura: 'Menu', arquivo_de_som: 'menu.wav', opcao: '2', duracao: 5, data: '2026-11-22 10:00:00' },
    ]);
  });

  const health = (part: string, status: 'OK' | 'WARNING' | 'CRITICAL', detail: string): StreamedFact => ({ streamId: streams.system, fact: fact('PartHealthReported', at, { part, status, detail }) });

  it('do not tell of a trunk that is gone, has another name or is not used', async () => {
    const parts = async (): Promise<unknown> => (await rowsOf('SELECT nome FROM status_servidores ORDER BY nome')).map(({ nome }) => nome);
    await stored(health('Disco', 'OK', ''), health('SIP TRUNK Tronco 1', 'OK', ''), health('SIP TRUNK Tronco 2', 'CRITICAL', 'x'));
    await stored(put('trunk', 1, { name: 'Novo nome', channels: 30 }), health('SIP TRUNK Novo nome', 'OK', ''));
    expect(await parts()).toEqual(['Disco', 'SIP TRUNK Novo nome', 'SIP TRUNK Tronco 2']);
    await stored(put('trunk', 1, { name: 'Novo nome', channels: 30, enabled: false }), { streamId: streams.directory('trunk', 2), fact: fact('DirectoryEntryRemoved', at, { kind: 'trunk', id: 2, by }) });
    expect(await parts()).toEqual(['Disco']);
  });

  it('tell how they are now, each under its number', async () => {
    await stored(health('Disco', 'WARNING', 'Particao /backup 84%'), health('Barramento', 'OK', ''), health('SIP TRUNK Tronco 1', 'CRITICAL', 'SIP TRUNK Tronco 1 (UNREACHABLE)'), health('Disco', 'OK', 'Particao /backup 40%'));
    expect(await rowsOf('SELECT * FROM status_servidores ORDER BY id')).toEqual([
      { id: 1, nome: 'Disco', status: 'OK' }, { id: 2, nome: 'Barramento', status: 'OK' }, { id: 3, nome: 'SIP TRUNK Tronco 1', status: 'CRITICAL - SIP TRUNK Tronco 1 (UNREACHABLE)' },
    ]);
  });
});

describe('the price of a call (1.3.1.4, 1.3.1.5)', () => {
  type Direction = 'campaign' | 'agent' | 'inbound' | 'internal';
  let sequence = 100;
  const call = (direction: Direction, to: string, billMs: number, more: { from?: string; route?: number | null; trunk?: number; campaignId?: number } = {}): StreamedFact[] => {
    sequence += 1;
    const callId = callOf(sequence);
    const identity = {
      callId, direction, campaignId: more.campaignId === undefined ? null : campaign(more.campaignId), contactId: null, phoneId: null, queueId: null,
      trunkId: asId<never>(more.trunk ?? 1), routeId: more.route === null ? null : asId<never>(more.route ?? 1), extension: direction === 'agent' ? asExtension('4001') : null, from: more.from ?? '4001', to,
    };
    const ended = { ...identity, wireOutcome: 'answered' as const, by: 'customer' as const, sipCode: 200, q850: 16, reason: '', ringMs: 3_000, billMs };
    return [onCall(callId, fact('CallPlaced', at, { ...identity, dialog: {} })), onCall(callId, fact('CallEnded', at + 3_000 + billMs, ended))];
  };
  const prices = async (): Promise<readonly Record<string, unknown>[]> =>
    rowsOf('SELECT destino, tipo_ligacao, billing, custo, custo_total, billing_arredondado, custo_arredondado FROM ligacoes_ativo ORDER BY id');

  it('is rounded as the carrier does it: 30+6, by the minute, by the second', async () => {
    const expected = [
      ['30+6, within the first block', 11, 12_000, [12, 0.6, 0.12, 30, 0.3]],
      ['30+6, a second into the next step', 11, 31_000, [31, 0.6, 0.31, 36, 0.36]],
      ['30+6, the end of a step', 11, 42_000, [42, 0.6, 0.42, 42, 0.42]],
      ['30+6, half a second', 11, 400, [1, 0.6, 0.01, 30, 0.3]],
      ['30+6, not answered', 11, 0, [0, 0.6, 0, 0, 0]],
      ['by the minute', 12, 61_000, [61, 0.6, 0.61, 120, 1.2]],
      ['by the second', 13, 61_000, [61, 0.6, 0.61, 61, 0.61]],
    ] as const;
    const routes = ([[11, 30, 6], [12, 60, 60], [13, 1, 1]] as const).map(([id, firstBlockS, stepS]) =>
      put('route', id, { name: `Rota ${id}`, active: true, trunks: [1], homeAreaCode: '11', branch: 'Matriz', rates: [{ kind: 'mobile', perMinute: 0.6, firstBlockS, stepS }] }));
    await stored(...routes, ...expected.flatMap(([, route, billMs]) => call('agent', '11987654321', billMs, { route })));
    const found = (await prices()).map(({ billing, custo, custo_total, billing_arredondado, custo_arredondado }) => [billing, custo, custo_total, billing_arredondado, custo_arredondado]);
    expect(found.map((price, index) => [expected[index]?.[0], price])).toEqual(expected.map(([how, , , price]) => [how, price]));
  });

  it('goes by the kind of number, each with a rate of its own', async () => {
    const kinds = [
      ['local', '1133334444', 'fixo local'], ['interurban', '2133334444', 'fixo interurbano'], ['mobile', '11987654321', 'celular local'], ['interurban-mobile', '21987654321', 'celular interurbano'],
      ['international', '0014155550100', 'internacional'], ['toll-free', '08001234567', 'gratuita'], ['service', '190', 'serviço'],
    ] as const;
    const rates = kinds.map(([kind], index) => ({ kind, perMinute: (index + 1) / 10, firstBlockS: 30, stepS: 6 }));
    const route = put('route', 1, { name: 'Rota 1', active: true, trunks: [1], homeAreaCode: '11', branch: 'Matriz', rates });
    await stored(route, ...kinds.flatMap(([, number]) => call('agent', number, 60_000)), ...call('agent', '12', 60_000));
    expect((await prices()).map(({ destino, tipo_ligacao, custo }) => [destino, tipo_ligacao, custo])).toEqual([...kinds.map(([, number, words], index) => [number, words, (index + 1) / 10]), ['12', 'outros', 0]]);
  });

  it('and by the number itself, whatever the carrier wants before it; local is what is local where it was dialed', async () => {
    const rates = [{ kind: 'mobile', perMinute: 0.6, firstBlockS: 30, stepS: 6 }, { kind: 'interurban-mobile', perMinute: 0.9, firstBlockS: 30, stepS: 6 }];
    const directory = [
      put('trunk', 1, { name: 'Tronco 1', channels: 30, dialFormat: '1234#0{areaCode}{number}' }),
      put('route', 1, { name: 'Rota 1', active: true, trunks: [1], branch: 'Matriz', rates }),
      put('campaign', 1, { name: 'Campanha 1', queueId: 1, defaultAreaCode: '21' }),
    ];
    await stored(...directory, ...call('campaign', '1234#021987654321', 60_000, { campaignId: 1 }), ...call('agent', '1234#021987654321', 60_000), ...call('agent', '08001234567', 60_000));
    expect((await prices()).map(({ destino, tipo_ligacao, custo }) => [destino, tipo_ligacao, custo])).toEqual([
      ['21987654321', 'celular local', 0.6], ['21987654321', 'celular interurbano', 0.9], ['08001234567', 'gratuita', 0],
    ]);
  });

  it('of a call that came in is what its trunk\'s carrier asks for it; between extensions there is none', async () => {
    const trunk = put('trunk', 1, { name: 'Tronco 1', channels: 30, inboundRates: [{ kind: 'interurban', perMinute: 0.3, firstBlockS: 30, stepS: 6 }] });
    await stored(trunk, ...call('inbound', '08001234567', 90_000, { from: '2133334444', route: null }), ...call('inbound', '1130000001', 90_000, { from: '2133334444', route: null, trunk: 2 }), ...call('internal', '101', 90_000, { route: null, trunk: 0 }));
    expect(await rowsOf('SELECT origem, tipo_ligacao, custo, custo_total, duracao, billing, desligamento_solicitado FROM ligacoes_receptivo ORDER BY id')).toEqual([
      { origem: '2133334444', tipo_ligacao: 'fixo interurbano', custo: 0.3, custo_total: 0.45, duracao: 93, billing: 90, desligamento_solicitado: false },
      { origem: '2133334444', tipo_ligacao: 'fixo interurbano', custo: 0, custo_total: 0, duracao: 93, billing: 90, desligamento_solicitado: false },
    ]);
    expect(await prices()).toEqual([{ destino: '101', tipo_ligacao: 'interna', billing: 90, custo: 0, custo_total: 0, billing_arredondado: 90, custo_arredondado: 0 }]);
  });
});

describe('usuarios (1.3.1.11), status_usuarios (1.3.1.12), status_telefone (1.3.1.13)', () => {
  const identity = (callId: CallId, direction: 'agent' | 'inbound', more: { from: string; to: string; extension?: string }) => ({
    callId, direction, campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId: asId<never>(1), routeId: null,
    from: more.from, to: more.to, extension: more.extension === undefined ? null : asExtension(more.extension),
  });
  const placed = (...parameters: Parameters<typeof identity>): StreamedFact => onCall(parameters[0], fact('CallPlaced', at, { ...identity(...parameters), dialog: {} }));
  const delivered = (callId: CallId, id: number, legId = `${callId}/1`): StreamedFact =>
    onCall(callId, fact('CallDelivered', at, { callId, legId: asLegId(legId), agentId: agent(id), extension: asExtension(`400${id}`), queueId: null, campaignId: null, waitMs: 0 }));
  const ended = (...parameters: Parameters<typeof identity>): StreamedFact =>
    onCall(parameters[0], fact('CallEnded', at, { ...identity(...parameters), wireOutcome: 'answered', by: 'customer', sipCode: 200, q850: null, reason: '', ringMs: 0, billMs: 1_000 }));
  const shown = async (id: number): Promise<unknown> => rowOf(`SELECT tipo_da_ligacao, uniqueid, telefone, telefone_origem FROM usuarios WHERE id = ${id}`);
  const none = { tipo_da_ligacao: null, uniqueid: null, telefone: null, telefone_origem: null };

  it('show who calls from outside as a number, also written with a plus', async () => {
    await stored(placed(callOf(1), 'inbound', { from: '+5521999990001', to: '1130000001' }), delivered(callOf(1), 3));
    expect(await shown(3)).toEqual({ tipo_da_ligacao: 'R', uniqueid: callOf(1), telefone: null, telefone_origem: 5521999990001 });
  });

  it('show the call that is consulted about again when the consultation ends', async () => {
    const first = [callOf(1), 'inbound', { from: '2133334444', to: '1130000001' }] as const;
    const second = [callOf(2), 'agent', { from: '4003', to: '11987654321', extension: '4003' }] as const;
    await stored(placed(...first), delivered(callOf(1), 3), placed(...second));
    expect(await shown(3)).toEqual({ tipo_da_ligacao: 'A', uniqueid: callOf(2), telefone: '11987654321', telefone_origem: null });
    await stored(ended(...second));
    expect(await shown(3)).toEqual({ tipo_da_ligacao: 'R', uniqueid: callOf(1), telefone: null, telefone_origem: 2133334444 });
    await stored(onCall(callOf(1), fact('AgentLegEnded', at, { callId: callOf(1), legId: asLegId(`${callOf(1)}/1`), agentId: agent(3), extension: asExtension('4003'), by: 'agent', talkMs: 9_000 })));
    expect(await shown(3)).toEqual(none);
  });

  it('do not show who passed its customer on to an outside number in that number\'s call, whose RAMAL it is', async () => {
    const outside = [callOf(2), 'agent', { from: '1130000000', to: '11987654321', extension: '4003' }] as const;
    await stored(placed(callOf(1), 'inbound', { from: '2133334444', to: '1130000001' }), delivered(callOf(1), 3), placed(...outside));
    await stored(onCall(callOf(1), fact('CallTransferred', at, { callId: callOf(1), fromAgentId: agent(3), toAgentId: null, toQueueId: null, toNumber: '11987654321', attended: false })));
    expect(await shown(3)).toEqual(none);
    await stored(ended(...outside));
    expect(await rowsOf('SELECT ramal, destino, uniqueid FROM ligacoes_ativo')).toEqual([{ ramal: '4003', destino: '11987654321', uniqueid: callOf(2) }]);
  });

  it('show who calls from a shared phone, by its own extension', async () => {
    const callId = callOf(1);
    const internal = { ...identity(callId, 'agent', { from: '5001', to: '4002', extension: '5001' }), direction: 'internal' as const, trunkId: asId<never>(0) };
    await stored(onCall(callId, fact('CallPlaced', at, { ...internal, agentId: agent(1), dialog: {} })));
    expect(await shown(1)).toEqual({ tipo_da_ligacao: 'A', uniqueid: callId, telefone: '4002', telefone_origem: null });
    await stored(delivered(callId, 2));
    expect(await shown(2)).toEqual({ tipo_da_ligacao: 'R', uniqueid: callId, telefone: null, telefone_origem: 5001 });
    await stored(onCall(callId, fact('CallEnded', at, { ...internal, wireOutcome: 'answered', by: 'customer', sipCode: null, q850: null, reason: '', ringMs: 0, billMs: 1_000 })));
    expect(await shown(1)).toEqual(none);
    expect(await rowsOf('SELECT ramal, destino, tipo_ligacao FROM ligacoes_ativo')).toEqual([{ ramal: '4001', destino: '4002', tipo_ligacao: 'interna' }]);
  });

  it('a call that its maker passes on stays its maker\'s in ligacoes_ativo', async () => {
    const own = [callOf(1), 'agent', { from: '4001', to: '11987654321', extension: '4001' }] as const;
    await stored(placed(...own), delivered(callOf(1), 1), delivered(callOf(1), 2, `${callOf(1)}/2`), ended(...own));
    expect(await rowsOf('SELECT ramal FROM ligacoes_ativo')).toEqual([{ ramal: '4001' }]);
  });

  it('have the names of the statuses, in the manual\'s words', async () => {
    const status = (phoneStatus: 0 | 1 | 2 | 3 | 4 | 8 | 9): StreamedFact => ({
      streamId: streams.agent(agent(1)), fact: fact('PhoneStatusChanged', at, { agentId: agent(1), extension: asExtension('4001'), phoneStatus, callId: null }),
    });
    expect(await rowsOf('SELECT * FROM status_telefone ORDER BY id')).toEqual([
      { id: 0, nome: 'Livre' }, { id: 1, nome: 'Ocupado' }, { id: 2, nome: 'Ocupado' }, { id: 3, nome: 'Ocupado' }, { id: 4, nome: 'Desconectado' }, { id: 8, nome: 'Tocando' }, { id: 9, nome: 'Ocupado' },
    ]);
    for (const [code, words] of [[0, 'Livre'], [2, 'Ocupado'], [8, 'Tocando'], [4, 'Desconectado']] as const) {
      await stored(status(code));
      expect(await rowOf('SELECT id_status_telefone, nome_status_telefone FROM usuarios WHERE id = 1')).toEqual({ id_status_telefone: code, nome_status_telefone: words });
    }
    await stored(put('agent', 1, { name: 'Agente 1', extension: '4001', password: 'secreta', mobile: '11988887777' }));
    expect(await rowOf('SELECT id_grupo, email, mobile FROM usuarios WHERE id = 1')).toEqual({ id_grupo: null, email: null, mobile: '11988887777' });
    expect((await rowsOf('SELECT * FROM status_usuarios ORDER BY id')).map(({ id, nome }) => `${String(id)} ${String(nome)}`)).toEqual([
      '1 Logado', '2 Deslogado', '3 Siga-me', '4 Reunião', '5 Visita em Cliente', '6 Intervalo de Almoço', '7 Feedback',
    ]);
  });
});
