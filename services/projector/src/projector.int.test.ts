import fc from 'fast-check';
import { connectDatabase, prepareLimitedRole } from '@ritmo/database';
import { startTestDatabase } from '@ritmo/database/testing';
import { asCallId, asExtension, asId, asLegId, fact, shippedDispositions, streams, type ContactId, type DispositionId, type PhoneId } from '@ritmo/domain';
import { createMemoryEventStore } from '@ritmo/event-store';
import { describe, expect, it } from 'vitest';
import { createProjectorApp } from './app.ts';
import { app, contextOn, events, onAProjector, prepared, rowOf, rowsOf, stored, test } from './projector-rig.test-support.ts';
import { agent, appendFacts, attempt, campaign, importedContact, queue, randomFacts, sampleDirectory, SAMPLE_START_MS, seededChance, type StreamedFact } from './sample-facts.ts';

const by = { kind: 'system' } as const;
onAProjector();

const names = { contactId: asId<ContactId>(1), campaignId: campaign(1), phoneId: asId<PhoneId>(10) };
/** The sample's end comes last here. */
const inOrder = { ...seededChance(1), percent: () => false };

describe('the results of an attempt', () => {
  it('are one row from the intent on, which follows the call to its last status', async () => {
    const [started, ...rest] = attempt(names, 1, SAMPLE_START_MS, 'delivered', { kind: 'exhausted' }, inOrder);
    await stored(importedContact(1, 1, 1, SAMPLE_START_MS), started as StreamedFact);
    const select = 'SELECT id_status, status, identificador1, identificador3, telefone, codigo_ligacao FROM resultado_discador';
    expect(await rowsOf(select)).toEqual([
      { id_status: 9, status: 'Discado Sistema', identificador1: 'CPF1', identificador3: 'terceiro', telefone: '11910000010', codigo_ligacao: '1795352400.1' },
    ]);
    expect(await rowOf('SELECT discando, telefones_restantes, clientes_virgens FROM campanhas WHERE id = 1')).toEqual({ discando: 1, telefones_restantes: 0, clientes_virgens: 0 });
    const upToDelivery = rest.findIndex(({ fact: { type } }) => type === 'CallDelivered') + 1;
    await stored(...rest.slice(0, upToDelivery));
    expect(await rowsOf(select)).toMatchObject([{ id_status: 3, status: 'Entregue ao Operador' }]);
    expect(await rowOf('SELECT discando, clientes_em_ligacao, ligacoes_fila FROM campanhas WHERE id = 1')).toEqual({ discando: 0, clientes_em_ligacao: 1, ligacoes_fila: 0 });
    await stored(...rest.slice(upToDelivery));
    expect(await rowsOf(select)).toMatchObject([{ id_status: 22, status: 'Entregue Sem Tabulação' }]);
    expect(await rowOf('SELECT clientes_em_ligacao, ligacoes_atendidas, entregues_sem_tabulacao FROM campanhas WHERE id = 1')).toEqual({
      clientes_em_ligacao: 0,
      ligacoes_atendidas: 1,
      entregues_sem_tabulacao: 1,
    });
  });

  it('keep what the agent said over what the wire says later', async () => {
    const facts = attempt(names, 1, SAMPLE_START_MS, 'delivered', { kind: 'finished' }, inOrder);
    const ended = facts.pop() as StreamedFact;
    const callId = asCallId('1795352400.1');
    const tabulated = fact('DispositionSet', SAMPLE_START_MS + 50_000, {
      ...names,
      callId,
      dispositionId: asId<DispositionId>(2001),
      agentId: agent(1),
      extension: asExtension('4001'),
      by,
      effect: 'finished',
    });
    await stored(importedContact(1, 1, 2, SAMPLE_START_MS), ...facts, { streamId: 'contact-1', fact: tabulated }, ended);
    expect(await rowOf('SELECT status, data FROM resultado_discador')).toEqual({ status: 'Venda', data: '2026-11-22 10:00:50' });
    expect(await rowOf('SELECT id_status, status FROM telefones_campanhas WHERE id = 10')).toEqual({ id_status: 2001, status: 'Venda' });
  });

  it('are no row when the attempt was taken back, and the phone shows what it showed before', async () => {
    const [started] = attempt(names, 1, SAMPLE_START_MS, 'busy', { kind: 'exhausted' }, inOrder);
    const counts = 'SELECT discando, telefones_restantes, clientes_virgens FROM campanhas WHERE id = 1';
    await stored(importedContact(1, 1, 1, SAMPLE_START_MS));
    const before = [await rowOf('SELECT * FROM telefones_campanhas WHERE id = 10'), await rowOf(counts)];
    const callId = asCallId('1795352400.1');
    const withdrawn = fact('AttemptWithdrawn', SAMPLE_START_MS + 500, {
      callId, ...names, reason: 'slot-lapsed', retryAt: SAMPLE_START_MS + 1_500, before: { attempts: 0, phoneAttempts: 0, dispositionId: null, dialAt: null, lastCallId: null },
    });
    await stored(started as StreamedFact);
    expect(await rowsOf('SELECT codigo_ligacao FROM resultado_discador')).toHaveLength(1);
    await stored({ streamId: 'contact-1', fact: withdrawn });
    expect(await rowsOf('SELECT codigo_ligacao FROM resultado_discador')).toEqual([]);
    expect([await rowOf('SELECT * FROM telefones_campanhas WHERE id = 10'), await rowOf(counts)]).toEqual(before);
  });

  it('do not go back when the call’s facts are stored after the attempt’s end', async () => {
    const facts = attempt(names, 1, SAMPLE_START_MS, 'delivered', { kind: 'exhausted' }, inOrder);
    const ended = facts.pop() as StreamedFact;
    await stored(importedContact(1, 1, 1, SAMPLE_START_MS), facts[0] as StreamedFact, ended);
    await stored(...facts.slice(1));
    expect(await rowOf('SELECT id_status, ramal FROM resultado_discador JOIN ligacoes_ativo ON uniqueid = codigo_ligacao')).toMatchObject({ id_status: 22 });
    expect(await rowOf('SELECT discando, ligacoes_fila, clientes_em_ligacao, ligacoes_atendidas FROM campanhas WHERE id = 1')).toEqual({
      discando: 0,
      ligacoes_fila: 0,
      clientes_em_ligacao: 0,
      ligacoes_atendidas: 1,
    });
  });
});

describe('the views of a campaign', () => {
  it('count phones to dial, callbacks, retries and finished clients', async () => {
    await stored(importedContact(1, 1, 2, SAMPLE_START_MS), importedContact(2, 1, 1, SAMPLE_START_MS), importedContact(17, 1, 1, SAMPLE_START_MS));
    const select = 'SELECT telefones_restantes, numeros_agendados, agendamento_operador, retentativas, clientes_virgens, clientes_finalizados, clientes_nao_finalizados FROM campanhas WHERE id = 1';
    expect(Object.values((await rowOf(select)) ?? {})).toEqual([4, 1, 0, 0, 3, 0, 3]);
    await stored(...attempt(names, 1, SAMPLE_START_MS, 'busy', { kind: 'retry-phone', phoneId: names.phoneId, at: SAMPLE_START_MS }, inOrder));
    expect(Object.values((await rowOf(select)) ?? {})).toEqual([4, 1, 0, 1, 2, 0, 3]);
    const callback = fact('CallbackScheduled', SAMPLE_START_MS, { contactId: asId<ContactId>(2), campaignId: campaign(1), phoneId: asId<PhoneId>(20), at: SAMPLE_START_MS + 60_000, kind: 'agent', agentId: agent(1), by });
    const finished = fact('ContactFinished', SAMPLE_START_MS, { contactId: asId<ContactId>(1), campaignId: campaign(1), reason: 'disposition', dispositionId: shippedDispositions.busy });
    await stored({ streamId: 'contact-2', fact: callback }, { streamId: 'contact-1', fact: finished });
    expect(Object.values((await rowOf(select)) ?? {})).toEqual([1, 1, 1, 0, 2, 1, 2]);
    expect(await rowsOf('SELECT id, telefone, importado_em FROM telefones_nao_trabalhados WHERE id_campanha = 1 ORDER BY telefone')).toEqual([
      { id: 1, telefone: '11910000011', importado_em: '2026-11-22 10:00:00' },
      { id: 2, telefone: '11910000020', importado_em: '2026-11-22 10:00:00' },
      { id: 17, telefone: '11910000170', importado_em: '2026-11-22 10:00:00' },
    ]);
  });

  it('show who is active and who changed it', async () => {
    await stored({ streamId: streams.campaign(campaign(2)), fact: fact('CampaignActivated', SAMPLE_START_MS, { campaignId: campaign(2), by: { kind: 'agent', id: '4001' } }) });
    expect(await rowsOf('SELECT id, ativa FROM campanhas ORDER BY id')).toEqual([{ id: 1, ativa: false }, { id: 2, ativa: true }, { id: 3, ativa: false }]);
    expect(await rowsOf("SELECT * FROM campanhas_logs WHERE descricao LIKE '%ativada'")).toEqual([{ ramal: '4001', descricao: 'Campanha Campanha 2 ativada', data: '2026-11-22 10:00:00' }]);
  });
});

describe('the views of agents and calls', () => {
  it('show the call that an agent is in, and its client', async () => {
    const facts = attempt(names, 1, SAMPLE_START_MS, 'delivered', { kind: 'exhausted' }, { ...inOrder, below: () => 0 });
    const delivered = facts.findIndex(({ fact: { type } }) => type === 'CallDelivered') + 1;
    const logged = fact('AgentStatusChanged', SAMPLE_START_MS, { agentId: agent(1), extension: asExtension('4001'), statusId: asId(1), previousStatusId: asId(6), previousMs: 90_000, by, reason: 'requested' });
    await stored(importedContact(1, 1, 1, SAMPLE_START_MS), { streamId: 'agent-1', fact: logged }, ...facts.slice(0, delivered));
    expect(await rowOf('SELECT * FROM usuarios WHERE id = 1')).toEqual({
      id: 1, nome: 'Agente 1', ramal: '4001', id_status_usuario: 1, status_usuario: 'Logado', id_status_telefone: 4, nome_status_telefone: 'Desconectado', id_grupo: 1,
      email: 'a1@exemplo.com', mobile: null, tipo_da_ligacao: 'D', tipo_de_ligacao: 'D', uniqueid: '1795352400.1', parametro1: 'CPF1', parametro2: 'Cliente 1',
      telefone: '11910000010', id_campanha: 1, telefone_origem: null,
    });
    expect(await rowsOf('SELECT * FROM pausas')).toEqual([{ id_usuario: 1, ramal: '4001', id_status: 6, nome_status: 'Intervalo de Almoço', data: '2026-11-22 09:58:30', tempo: 90 }]);
    await stored(...facts.slice(delivered));
    expect(await rowOf('SELECT uniqueid, tipo_da_ligacao FROM usuarios WHERE id = 1')).toEqual({ uniqueid: null, tipo_da_ligacao: null });
  });

  it('price a call by its route, with the carrier’s rounding', async () => {
    const call = { callId: asCallId('1795352400.9'), direction: 'agent' as const, campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId: asId<never>(1), routeId: asId<never>(1), extension: asExtension('4002'), from: '1130000000', to: '11987654321' };
    await stored(
      { streamId: 'call-1795352400.9', fact: fact('CallPlaced', SAMPLE_START_MS, { ...call, dialog: {} }) },
      { streamId: 'call-1795352400.9', fact: fact('CallEnded', SAMPLE_START_MS + 45_000, { ...call, wireOutcome: 'answered', by: 'agent', sipCode: 200, q850: 16, reason: '', ringMs: 5_000, billMs: 40_000 }) },
    );
    expect(await rowOf('SELECT * FROM ligacoes_ativo')).toEqual({
      id: 1, destino: '11987654321', duracao: 45, billing: 40, status: 'ANSWERED', ramal: '4002', data: '2026-11-22 10:00:00', tipo_ligacao: 'celular local', custo: 0.6,
      custo_total: 0.4, custo_arrendado: 0.42, custo_arredondado: 0.42, billing_arredondado: 42, filiai: 'Matriz', filial: 'Matriz', uniqueid: '1795352400.9', id_campanha: null,
      id_rota: 1, nome_rota: 'Rota 1', desligamento_solicitado: true,
    });
  });

  it('show missed offers, waits and the service level of a queue', async () => {
    const callId = asCallId('1795352400.5');
    const legId = asLegId('1795352400.5/1');
    const base = { callId, queueId: queue(2), campaignId: null };
    const on = (of: StreamedFact['fact']): StreamedFact => ({ streamId: streams.call(callId), fact: of });
    await stored(
      on(fact('OfferMissed', SAMPLE_START_MS, { callId, legId, agentId: agent(2), extension: asExtension('4002'), queueId: queue(2), durationMs: 15_200, reason: 'no-answer' })),
      on(fact('CallDelivered', SAMPLE_START_MS + 25_000, { ...base, legId: asLegId('1795352400.5/2'), agentId: agent(4), extension: asExtension('4004'), waitMs: 25_000 })),
      on(fact('AgentLegEnded', SAMPLE_START_MS + 85_000, { callId, legId: asLegId('1795352400.5/2'), agentId: agent(4), extension: asExtension('4004'), by: 'customer', talkMs: 60_000 })),
    );
    expect(await rowsOf('SELECT * FROM tentativas_nao_atendidas')).toEqual([
      { id: 1, id_usuario: 2, ramal: '4002', nome_usuario: 'Agente 2', id_grupo_atendimento: 2, nome_grupo_atendimento: 'Fila 2', duracao: 15, data: '2026-11-22 09:59:44.8', uniqueid: '1795352400.5' },
    ]);
    expect(await rowsOf('SELECT id_grupo_de_atendimento, tempo_em_espera, duracao, id_usuario FROM grupos_de_atendimento_logs')).toEqual([{ id_grupo_de_atendimento: 2, tempo_em_espera: 25, duracao: 60, id_usuario: 4 }]);
    expect(await rowsOf('SELECT horario, atendidas_abaixo, atendidas_acima, total FROM nivel_de_servico')).toEqual([{ horario: '10:00 - 10:30', atendidas_abaixo: 0, atendidas_acima: 1, total: 1 }]);
  });

  it('show the use of channels in percent', async () => {
    await stored({ streamId: 'trunk-1', fact: fact('TrunkUsage', SAMPLE_START_MS, { trunkId: asId(1), channelsUsed: 15, channelLimit: 30 }) });
    expect(await rowsOf('SELECT * FROM uso_canais ORDER BY trunk_id')).toEqual([
      { nome: 'Tronco 1', descricao: 'SIP', trunk_id: 1, limite: 30, uso: 15, porcentagem: '50%' },
      { nome: 'Tronco 2', descricao: 'SIP', trunk_id: 2, limite: 60, uso: 0, porcentagem: '0%' },
    ]);
  });
});

describe('the user of integrators', () => {
  it('reads every view and nothing behind them', async () => {
    const url = test.url.replace(/\/\/[^@]+@/, '//integracao:segredo@');
    await prepareLimitedRole(test.database, { role: 'integracao', password: 'segredo' });
    const integrator = connectDatabase({ url, maxConnections: 1 });
    try {
      await app.caughtUp();
      const views = await rowsOf("SELECT viewname FROM pg_views WHERE schemaname = 'public' ORDER BY 1");
      expect(views).toHaveLength(33);
      for (const { viewname } of views) await integrator.query(`SELECT * FROM ${String(viewname)}`);
      await expect(integrator.query('SELECT * FROM views.directory')).rejects.toMatchObject({ code: '42501' });
      await expect(integrator.query('DELETE FROM campanhas')).rejects.toMatchObject({ code: expect.stringMatching(/42501|55000/) });
      await expect(integrator.query('CREATE TABLE mine (a int)')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await integrator.close();
    }
  });
});

describe('the projection', () => {
  it('leaves out an event that cannot be applied, and tells where it is kept', async () => {
    await events.append({ streamId: 'contact-5', expectedVersion: 'any', events: [{ type: 'ContactImported', at: SAMPLE_START_MS, data: { contactId: 'not a number' } }] });
    await stored(importedContact(6, 1, 1, SAMPLE_START_MS));
    expect(await rowsOf('SELECT id FROM telefones_campanhas')).toEqual([{ id: 60 }]);
    expect(await rowsOf('SELECT type FROM views.rejected_events')).toEqual([{ type: 'ContactImported' }]);
  });

  it('goes on where it was after a restart, and stands by while another one leads', async () => {
    await stored(importedContact(1, 1, 1, SAMPLE_START_MS));
    const second = createProjectorApp(contextOn(test.database, events));
    await second.start();
    await app.stop();
    await appendFacts(events, [importedContact(2, 1, 1, SAMPLE_START_MS)]);
    await second.caughtUp();
    expect(await rowsOf('SELECT id FROM telefones_campanhas ORDER BY id')).toEqual([{ id: 10 }, { id: 20 }]);
    await second.stop();
  });

  it('comes out the same when it is rebuilt, and its counters are what counting anew gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const own = await startTestDatabase(prepared);
        const store = createMemoryEventStore();
        const projector = createProjectorApp(contextOn(own.database, store));
        try {
          await projector.start();
          const facts = randomFacts(seed, 60);
          const chance = seededChance(seed);
          for (let from = 0; from < facts.length; ) {
            const size = 1 + chance.below(120);
            await appendFacts(store, facts.slice(from, from + size));
            from += size;
          }
          await projector.caughtUp();
          expect((await own.database.query('SELECT * FROM views.rejected_events')).rows).toEqual([]);
          const before = (await own.database.query('SELECT * FROM campanhas ORDER BY id')).rows;
          expect((await own.database.query(COUNTED_ANEW)).rows).toEqual(before.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'nome' && name !== 'ativa'))));
          const report = await projector.rebuildViews();
          expect(report.tables.filter((table) => !table.same)).toEqual([]);
          expect(report.same).toBe(true);
          expect((await own.database.query('SELECT * FROM campanhas ORDER BY id')).rows).toEqual(before);
          expect(report.tables.reduce((sum, table) => sum + table.rowsAfter, 0)).toBeGreaterThan(200);
        } finally {
          await projector.stop();
          await store.close();
          await own.close();
        }
      }),
      { numRuns: 2 },
    );
  }, 60_000);

  it('goes on during and after a rebuild', async () => {
    await stored(...randomFacts(7, 40).slice(sampleDirectory().length));
    const rebuilding = app.rebuildViews();
    await appendFacts(events, [importedContact(900, 1, 1, SAMPLE_START_MS)]);
    await rebuilding;
    await stored(importedContact(901, 1, 1, SAMPLE_START_MS));
    expect(await rowsOf('SELECT id FROM telefones_campanhas WHERE id >= 9000 ORDER BY id')).toEqual([{ id: 9000 }, { id: 9010 }]);
  });
});

/** `campanhas` counted from the rows, by the definitions of the manual. */
const COUNTED_ANEW = `
  SELECT d.id,
    (SELECT count(*) FROM views.phones p JOIN views.contacts c USING (contact_id) WHERE p.campaign_id = d.id AND c.finished IS NULL AND p.state IN ('fresh', 'retry') AND (p.dial_at IS NOT NULL OR NOT (c.awaits_agent OR EXISTS (SELECT FROM views.phones q WHERE q.contact_id = c.contact_id AND q.state <> 'excluded' AND (q.status_id = 22 OR q.operator_at IS NOT NULL)))))::int AS telefones_restantes,
    (SELECT count(*) FROM views.phones p JOIN views.contacts c USING (contact_id) WHERE p.campaign_id = d.id AND c.finished IS NULL AND p.state <> 'excluded' AND p.dial_at IS NOT NULL)::int AS numeros_agendados,
    (SELECT count(*) FROM views.phones p JOIN views.contacts c USING (contact_id) WHERE p.campaign_id = d.id AND c.finished IS NULL AND p.state <> 'excluded' AND p.operator_at IS NOT NULL)::int AS agendamento_operador,
    (SELECT count(*) FROM views.contacts c WHERE c.campaign_id = d.id AND c.finished = 'disposition' AND EXISTS (SELECT FROM views.phones p WHERE p.contact_id = c.contact_id AND p.state <> 'excluded'))::int AS clientes_finalizados,
    (SELECT count(*) FROM views.contacts c WHERE c.campaign_id = d.id AND c.finished IS DISTINCT FROM 'disposition' AND c.finished IS DISTINCT FROM 'excluded' AND EXISTS (SELECT FROM views.phones p WHERE p.contact_id = c.contact_id AND p.state <> 'excluded'))::int AS clientes_nao_finalizados,
    (SELECT count(*) FROM views.results r WHERE r.campaign_id = d.id AND r.answered)::int AS ligacoes_atendidas,
    (SELECT count(*) FROM views.results r WHERE r.campaign_id = d.id AND r.outcome IN ('no-answer', 'rejected'))::int AS ligacoes_nao_atendidas,
    (SELECT count(*) FROM views.results r WHERE r.campaign_id = d.id AND r.outcome = 'busy')::int AS ligacoes_ocupadas,
    (SELECT count(*) FROM views.phones p JOIN views.contacts c USING (contact_id) WHERE p.campaign_id = d.id AND c.finished IS NULL AND p.state = 'retry' AND p.dial_at IS NULL AND NOT (c.awaits_agent OR EXISTS (SELECT FROM views.phones q WHERE q.contact_id = c.contact_id AND q.state <> 'excluded' AND (q.status_id = 22 OR q.operator_at IS NOT NULL))))::int AS retentativas,
    (SELECT count(*) FROM views.results r WHERE r.campaign_id = d.id AND r.phase = 'dialing')::int AS discando,
    (SELECT count(*) FROM views.results r WHERE r.campaign_id = d.id AND r.phase = 'ivr')::int AS ligacoes_em_andamento_ura,
    (SELECT count(*) FROM views.results r WHERE r.campaign_id = d.id AND r.phase = 'talking')::int AS clientes_em_ligacao,
    (SELECT count(*) FROM views.results r WHERE r.campaign_id = d.id AND r.phase = 'queue')::int AS ligacoes_fila,
    (SELECT count(*) FROM views.contacts c WHERE c.campaign_id = d.id AND NOT c.dialed AND c.finished IS DISTINCT FROM 'excluded' AND EXISTS (SELECT FROM views.phones p WHERE p.contact_id = c.contact_id AND p.state <> 'excluded'))::int AS clientes_virgens,
    (SELECT count(*) FROM views.contacts c WHERE c.campaign_id = d.id AND c.finished IS DISTINCT FROM 'excluded'
       AND EXISTS (SELECT FROM views.phones p WHERE p.contact_id = c.contact_id AND p.status_id = 22 AND p.state <> 'excluded'))::int AS entregues_sem_tabulacao
  FROM views.directory d WHERE d.kind = 'campaign' ORDER BY d.id`;
