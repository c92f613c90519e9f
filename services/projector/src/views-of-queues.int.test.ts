/** Sections 1.3.1.24 to 1.3.1.27 and 1.3.1.32: groups that attend, their users, their calls, their service level. */
import { asCallId, asExtension, asId, asLegId, fact, streams, type CallId, type DomainEvent } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { localText, onAProjector, rowOf, rowsOf, stored } from './projector-rig.test-support.ts';
import { agent, campaign, put, queue, SAMPLE_START_MS, type StreamedFact } from './sample-facts.ts';

onAProjector();

const by = { kind: 'system' } as const;
const at = SAMPLE_START_MS;
const onCall = (callId: CallId, of: DomainEvent): StreamedFact => ({ streamId: streams.call(callId), fact: of });

describe('the groups that attend', () => {
  it('have telephones and users (1.3.1.25, 1.3.1.26), by either name of the view', async () => {
    await stored();
    for (const prefix of ['grupo', 'grupos']) {
      expect(await rowsOf(`SELECT * FROM ${prefix}_de_atendimento_telefones ORDER BY 1`)).toEqual([
        { grupo_de_atendimento_id: 1, telefone: '1130000001' }, { grupo_de_atendimento_id: 2, telefone: '1130000002' },
      ]);
      expect(await rowsOf(`SELECT * FROM ${prefix}_de_atendimento_usuarios ORDER BY 2, 1`)).toEqual([
        { usuario_id: 1, grupo_de_atendimento_id: 1 }, { usuario_id: 3, grupo_de_atendimento_id: 1 }, { usuario_id: 2, grupo_de_atendimento_id: 2 }, { usuario_id: 4, grupo_de_atendimento_id: 2 },
      ]);
    }
  });

  it('show each user with status and telephone as they are now (1.3.1.27)', async () => {
    const on = (id: number, of: DomainEvent): StreamedFact => ({ streamId: streams.agent(agent(id)), fact: of });
    const status = (id: number, statusId: number): StreamedFact =>
      on(id, fact('AgentStatusChanged', at, { agentId: agent(id), extension: asExtension(`400${id}`), statusId: asId(statusId), previousStatusId: null, previousMs: 0, by, reason: 'requested' }));
    const phone = (id: number, phoneStatus: 0 | 1 | 4 | 8): StreamedFact => on(id, fact('PhoneStatusChanged', at, { agentId: agent(id), extension: asExtension(`400${id}`), phoneStatus, callId: null }));
    await stored(status(1, 1), phone(1, 8), status(2, 4), phone(2, 1), status(3, 1), phone(3, 0));
    for (const prefix of ['grupo', 'grupos']) {
      expect(await rowsOf(`SELECT * FROM ${prefix}_de_atendimento_usuarios_status ORDER BY ramal`)).toEqual([
        { nome_grupo_de_atendimento: 'Fila 1', nome_usuario: 'Agente 1', ramal: '4001', status_usuario: 'Logado', status_telefone: 'Tocando' },
        { nome_grupo_de_atendimento: 'Fila 2', nome_usuario: 'Agente 2', ramal: '4002', status_usuario: 'Reunião', status_telefone: 'Ocupado' },
        { nome_grupo_de_atendimento: 'Fila 1', nome_usuario: 'Agente 3', ramal: '4003', status_usuario: 'Logado', status_telefone: 'Livre' },
        { nome_grupo_de_atendimento: 'Fila 2', nome_usuario: 'Agente 4', ramal: '4004', status_usuario: 'Deslogado', status_telefone: 'Desconectado' },
      ]);
    }
  });

  it('log every call with its wait and talk, and those that nobody answered with no user (1.3.1.24)', async () => {
    const dialed = asCallId('1795352400.1');
    const inbound = asCallId('1795352400.2');
    const identity = { contactId: null, phoneId: null, trunkId: asId<never>(1), routeId: null, extension: null };
    await stored(
      onCall(dialed, fact('CallPlaced', at, { ...identity, callId: dialed, direction: 'campaign', campaignId: campaign(1), queueId: queue(1), from: '1130000000', to: '11987654321', dialog: {} })),
      onCall(dialed, fact('CallDelivered', at + 9_000, { callId: dialed, legId: asLegId(`${dialed}/1`), agentId: agent(3), extension: asExtension('4003'), queueId: queue(1), campaignId: campaign(1), waitMs: 2_400 })),
      onCall(inbound, fact('CallPlaced', at, { ...identity, callId: inbound, direction: 'inbound', campaignId: null, queueId: queue(2), from: '2133334444', to: '1130000002', dialog: {} })),
      onCall(inbound, fact('CallAbandoned', at + 31_000, { callId: inbound, queueId: queue(2), campaignId: null, waitMs: 30_600, by: 'customer', message: false })),
    );
    const talking = { id: 1, id_grupo_de_atendimento: 1, tempo_em_espera: 2, duracao: null, id_campanha: 1, id_usuario: 3, numero_origem: '11987654321', data: localText(at + 9_000), uniqueid: dialed };
    const gaveUp = { id: 2, id_grupo_de_atendimento: 2, tempo_em_espera: 31, duracao: 0, id_campanha: null, id_usuario: null, numero_origem: '2133334444', data: localText(at + 31_000), uniqueid: inbound };
    expect(await rowsOf('SELECT * FROM grupos_de_atendimento_logs ORDER BY id')).toEqual([talking, gaveUp]);
    await stored(onCall(dialed, fact('AgentLegEnded', at + 69_000, { callId: dialed, legId: asLegId(`${dialed}/1`), agentId: agent(3), extension: asExtension('4003'), by: 'agent', talkMs: 60_000 })));
    expect(await rowsOf('SELECT * FROM grupos_de_atendimento_logs ORDER BY id')).toEqual([{ ...talking, duracao: 60 }, gaveUp]);
  });

  it('know how long an agent talked in a call that a crash cut', async () => {
    const callId = asCallId('1795352400.1');
    const identity = { callId, direction: 'inbound' as const, campaignId: null, contactId: null, phoneId: null, queueId: queue(2), trunkId: asId<never>(1), routeId: null, extension: null, from: '2133334444', to: '1130000002' };
    const legId = asLegId(`${callId}/1`);
    const ended = fact('CallEnded', at + 50_000, { ...identity, wireOutcome: 'interrupted', by: 'system', sipCode: null, q850: null, reason: 'the process that carried the call died', ringMs: 0, billMs: 50_000 });
    const duration = async (): Promise<unknown> => (await rowOf('SELECT duracao FROM grupos_de_atendimento_logs'))?.['duracao'];
    await stored(
      onCall(callId, fact('CallPlaced', at, { ...identity, dialog: {} })),
      onCall(callId, fact('CallDelivered', at + 8_000, { callId, legId, agentId: agent(4), extension: asExtension('4004'), queueId: queue(2), campaignId: null, waitMs: 8_000 })),
    );
    await stored(onCall(callId, ended));
    expect(await duration()).toBe(42);
    // The leg's own word counts more, whenever it is stored.
    await stored(onCall(callId, fact('AgentLegEnded', at + 40_000, { callId, legId, agentId: agent(4), extension: asExtension('4004'), by: 'agent', talkMs: 32_000 })));
    expect(await duration()).toBe(32);
  });
});

describe('a call in a queue', () => {
  const callId = asCallId('1795352400.1');
  const identity = { callId, direction: 'inbound' as const, campaignId: null, contactId: null, phoneId: null, queueId: queue(2), trunkId: asId<never>(1), routeId: null, extension: null, from: '2133334444', to: '1130000002' };
  const placed = onCall(callId, fact('CallPlaced', at, { ...identity, dialog: {} }));
  const queued = (queueId: number, atMs: number): StreamedFact => onCall(callId, fact('CallQueued', atMs, { callId, queueId: queue(queueId), campaignId: null, number: '2133334444', position: 1 }));
  const delivered = (leg: number, agentId: number, queueId: number, atMs: number): StreamedFact =>
    onCall(callId, fact('CallDelivered', atMs, { callId, legId: asLegId(`${callId}/${leg}`), agentId: agent(agentId), extension: asExtension(`400${agentId}`), queueId: queue(queueId), campaignId: null, waitMs: 3_000 }));
  const interrupted = onCall(callId, fact('CallEnded', at + 50_000, { ...identity, wireOutcome: 'interrupted', by: 'system', sipCode: null, q850: null, reason: 'the process that carried the call died', ringMs: 0, billMs: 50_000 }));
  const counts = (): Promise<readonly Record<string, unknown>[]> =>
    rowsOf('SELECT id_grupo_de_atendimento AS grupo, atendidas_abaixo AS atendidas, desligadas_acima AS desligadas, total FROM nivel_de_servico ORDER BY 1');

  it('that a crash cut is lost for its group, once, whoever tells of it later', async () => {
    await stored(placed, queued(2, at + 8_000), interrupted);
    const lost = { id_grupo_de_atendimento: 2, tempo_em_espera: 42, duracao: 0, id_campanha: null, id_usuario: null, numero_origem: '2133334444', uniqueid: callId };
    expect(await rowsOf('SELECT * FROM grupos_de_atendimento_logs')).toMatchObject([lost]);
    await stored(onCall(callId, fact('CallAbandoned', at + 60_000, { callId, queueId: queue(2), campaignId: null, waitMs: 52_000, by: 'system', message: false })));
    expect(await rowsOf('SELECT * FROM grupos_de_atendimento_logs')).toMatchObject([lost]);
    expect(await counts()).toEqual([{ grupo: 2, atendidas: 0, desligadas: 1, total: 1 }]);
  });

  it('is answered once for it, however often agents pass it on, and once more for a group that it is passed on to', async () => {
    const passed = (toAgentId: number | null, toQueueId: number | null): StreamedFact =>
      onCall(callId, fact('CallTransferred', at + 20_000, { callId, fromAgentId: agent(2), toAgentId: toAgentId === null ? null : agent(toAgentId), toQueueId: toQueueId === null ? null : queue(toQueueId), toNumber: null, attended: false }));
    await stored(placed, queued(2, at), delivered(1, 2, 2, at + 3_000), passed(4, null), delivered(2, 4, 2, at + 23_000));
    expect(await counts()).toEqual([{ grupo: 2, atendidas: 1, desligadas: 0, total: 1 }]);
    await stored(passed(null, 1), queued(1, at + 30_000), delivered(3, 1, 1, at + 33_000));
    expect(await counts()).toEqual([{ grupo: 1, atendidas: 1, desligadas: 0, total: 1 }, { grupo: 2, atendidas: 1, desligadas: 0, total: 1 }]);
    expect((await rowsOf('SELECT id_usuario FROM grupos_de_atendimento_logs ORDER BY id')).map((row) => row['id_usuario'])).toEqual([2, 4, 1]);
  });
});

describe('the service level (1.3.1.32)', () => {
  it('counts answered and lost calls of each group and half-hour below and above its time', async () => {
    let sequence = 0;
    const answered = (queueId: number, atMs: number, waitMs: number): StreamedFact => {
      const callId = asCallId(`1795352400.${(sequence += 1)}`);
      return onCall(callId, fact('CallDelivered', atMs, { callId, legId: asLegId(`${callId}/1`), agentId: agent(1), extension: asExtension('4001'), queueId: queue(queueId), campaignId: null, waitMs }));
    };
    const lost = (queueId: number, atMs: number, waitMs: number, by: 'customer' | 'system'): StreamedFact => {
      const callId = asCallId(`1795352400.${(sequence += 1)}`);
      return onCall(callId, fact('CallAbandoned', atMs, { callId, queueId: queue(queueId), campaignId: null, waitMs, by, message: by === 'system' }));
    };
    const minute = 60_000;
    await stored(
      answered(1, at, 20_000), answered(1, at + 29 * minute, 3_000), answered(1, at + 29 * minute, 20_001), lost(1, at + minute, 4_000, 'customer'), lost(1, at + minute, 90_000, 'system'),
      answered(1, at + 30 * minute, 1_000),
      lost(2, at + 30 * minute, 21_000, 'customer'),
      // 23:50, local time: the last half-hour of the day is not the next day's in UTC.
      answered(2, at + 13 * 60 * minute + 50 * minute, 1_000),
    );
    // Another time for the group: a row of its own from then on.
    await stored(put('queue', 1, { name: 'Vendas', members: [], numbers: [], serviceLevelS: 5 }), answered(1, at + 31 * minute, 6_000));
    const row = (horario: string, time: number, group: number, name: string, ...[a, b, c, d, total]: number[]): Record<string, unknown> => ({
      data: '2026-11-22 00:00:00', horario, tempo_nivel_de_servico: time, id_grupo_de_atendimento: group, nome_grupo_de_atendimento: name,
      atendidas_abaixo: a, atendidas_acima: b, desligadas_abaixo: c, desligadas_acima: d, total,
    });
    expect(await rowsOf('SELECT * FROM nivel_de_servico ORDER BY data, horario, id_grupo_de_atendimento, tempo_nivel_de_servico')).toEqual([
      row('10:00 - 10:30', 20, 1, 'Vendas', 2, 1, 1, 1, 5),
      row('10:30 - 11:00', 5, 1, 'Vendas', 0, 1, 0, 0, 1),
      row('10:30 - 11:00', 20, 1, 'Vendas', 1, 0, 0, 0, 1),
      row('10:30 - 11:00', 20, 2, 'Fila 2', 0, 0, 0, 1, 1),
      row('23:30 - 24:00', 20, 2, 'Fila 2', 1, 0, 0, 0, 1),
    ]);
  });
});
