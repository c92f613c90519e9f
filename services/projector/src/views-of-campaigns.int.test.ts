/** Sections 1.3.1.1, 1.3.1.2, 1.3.1.8 to 1.3.1.10, 1.3.1.15: campaigns, their clients and results, by the manual's meaning of each column. */
import {
  asCallId, asExtension, asId, fact, streams,
  type AttemptOutcome, type CallId, type ContactId, type DispositionId, type DomainEvent, type NextStep, type PhoneId,
} from '@ritmo/domain';
import { describe, expect, it, vi } from 'vitest';
import { app, onAProjector, rowOf, rowsOf, stored } from './projector-rig.test-support.ts';
import { agent, attempt, campaign, importedContact, put, queue, SAMPLE_START_MS, seededChance, type StreamedFact } from './sample-facts.ts';

onAProjector();
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const by = { kind: 'system' } as const;
const at = SAMPLE_START_MS;
const minuteMs = 60_000;
const inOrder = { ...seededChance(1), below: () => 0, percent: () => false };
const contactId = (id: number): ContactId => asId<ContactId>(id);
/** The n-th phone of a contact of the sample, from 0. */
const phoneOf = (contact: number, index = 0): PhoneId => asId<PhoneId>(contact * 10 + index);
const names = (contact: number, index = 0) => ({ contactId: contactId(contact), campaignId: campaign(1), phoneId: phoneOf(contact, index) });
const onContact = (contact: number, of: DomainEvent): StreamedFact => ({ streamId: streams.contact(contactId(contact)), fact: of });
const onCall = (callId: CallId, of: DomainEvent): StreamedFact => ({ streamId: streams.call(callId), fact: of });
const callOf = (sequence: number): CallId => asCallId(`${at / 1_000}.${sequence}`);
const exhausted = { kind: 'exhausted' } as const;
const attempted = (contact: number, sequence: number, outcome: AttemptOutcome, next: NextStep = exhausted, index = 0): StreamedFact[] =>
  attempt(names(contact, index), sequence, at, outcome, next, inOrder);
const upTo = (facts: readonly StreamedFact[], type: string): readonly StreamedFact[] => facts.slice(0, facts.findIndex((each) => each.fact.type === type) + 1);
const tabulated = (contact: number, dispositionId: number, more: { effect?: 'none' | 'finished' | 'rescheduled'; callId?: CallId; historyAt?: number; index?: number } = {}): StreamedFact => {
  const { index = 0, ...rest } = more;
  return onContact(contact, fact('DispositionSet', at + 10 * minuteMs, { ...names(contact, index), callId: null, dispositionId: asId<DispositionId>(dispositionId), agentId: agent(2), extension: asExtension('4002'), by, effect: 'none', ...rest }));
};
const appointment = (contact: number, kind: 'system' | 'agent', when: number, index = 0): StreamedFact =>
  onContact(contact, fact('CallbackScheduled', at + 10 * minuteMs, { ...names(contact, index), at: when, kind, agentId: agent(1), by }));
const finished = (contact: number, reason: 'disposition' | 'exhausted' | 'excluded'): StreamedFact =>
  onContact(contact, fact('ContactFinished', at + 9 * minuteMs, { contactId: contactId(contact), campaignId: campaign(1), reason, dispositionId: null }));
const counters = async (columns: string): Promise<readonly unknown[]> => Object.values((await rowOf(`SELECT ${columns} FROM campanhas WHERE id = 1`)) ?? {});

describe('campanhas (1.3.1.1)', () => {
  it('counts a call in each phase of its way, and how calls came out', async () => {
    const now = 'discando, ligacoes_em_andamento_ura, ligacoes_fila, clientes_em_ligacao';
    await stored(put('disposition', 20, { name: 'URA do Discador' }), ...[1, 2, 3, 4, 5, 6, 7].map((id) => importedContact(id, 1, 1, at)));
    await stored(...upTo(attempted(1, 1, 'delivered'), 'CallPlaced'), ...upTo(attempted(2, 2, 'delivered'), 'CallQueued'), ...upTo(attempted(3, 3, 'delivered'), 'CallDelivered'));
    expect(await counters(now)).toEqual([1, 0, 1, 1]);
    await stored(onCall(callOf(2), fact('IvrStepTaken', at + 30_000, { callId: callOf(2), ivrId: 7, ivrName: 'Entrada', command: 'Menu', soundFile: 'menu.wav', option: '', durationMs: 3_000 })));
    expect(await counters(now)).toEqual([1, 1, 0, 1]);
    expect(await rowOf(`SELECT status FROM resultado_discador WHERE codigo_ligacao = '${callOf(2)}'`)).toEqual({ status: 'URA do Discador' });
    // Passed on to a queue: it waits again.
    await stored(onCall(callOf(3), fact('CallTransferred', at + minuteMs, { callId: callOf(3), fromAgentId: agent(1), toAgentId: null, toQueueId: queue(2), toNumber: null, attended: false })));
    expect(await counters(now)).toEqual([1, 1, 1, 0]);
    await stored(...attempted(4, 4, 'busy'), ...attempted(5, 5, 'no-answer'), ...attempted(6, 6, 'rejected'), ...attempted(7, 7, 'abandoned'));
    expect(await counters('ligacoes_atendidas, ligacoes_nao_atendidas, ligacoes_ocupadas, clientes_virgens')).toEqual([3, 2, 1, 0]);
  });

  it('what remains is what the system will dial: not a phone that it refused for good, which still was not worked', async () => {
    const remaining = 'telefones_restantes, clientes_virgens, clientes_nao_finalizados';
    const refused = onContact(1, fact('PhoneSkipped', at, { ...names(1), rule: 'blocked', detail: 'block list 1', retryAt: null }));
    const later = onContact(1, fact('PhoneSkipped', at, { ...names(1, 1), rule: 'window', detail: '', retryAt: at + minuteMs }));
    await stored(importedContact(1, 1, 2, at), refused, later);
    expect(await counters(remaining)).toEqual([1, 1, 1]);
    expect(await rowsOf('SELECT telefone FROM telefones_nao_trabalhados ORDER BY 1')).toEqual([{ telefone: '11910000010' }, { telefone: '11910000011' }]);
    expect(await rowsOf('SELECT id, id_status, status FROM telefones_campanhas ORDER BY id')).toEqual([{ id: 10, id_status: 25, status: 'Bloqueado' }, { id: 11, id_status: null, status: null }]);
    // An appointment is dialed, if it may be then.
    await stored(appointment(1, 'system', at + 60 * minuteMs));
    expect(await counters(`${remaining}, numeros_agendados`)).toEqual([2, 1, 1, 1]);
  });

  it('an appointment opens what had ended, and is no retry', async () => {
    const columns = 'telefones_restantes, numeros_agendados, agendamento_operador, retentativas, clientes_finalizados, clientes_nao_finalizados';
    await stored(importedContact(1, 1, 1, at), importedContact(2, 1, 1, at), ...attempted(1, 1, 'busy'), finished(1, 'exhausted'), ...attempted(2, 2, 'delivered'), tabulated(2, 2001, { effect: 'finished' }), finished(2, 'disposition'));
    expect(await counters(columns)).toEqual([0, 0, 0, 0, 1, 1]);
    await stored(appointment(1, 'system', at + 60 * minuteMs), appointment(2, 'agent', at + 60 * minuteMs));
    expect(await counters(columns)).toEqual([1, 1, 1, 0, 0, 2]);
    // The last appointment holds, whoever keeps it.
    await stored(appointment(1, 'agent', at + 90 * minuteMs), appointment(2, 'system', at + 90 * minuteMs));
    expect(await counters(columns)).toEqual([1, 1, 1, 0, 0, 2]);
    expect(await rowsOf('SELECT telefone, discar_em, discar_em_operador FROM resultado_discador ORDER BY id')).toEqual([
      { telefone: '11910000010', discar_em: null, discar_em_operador: '2026-11-22 11:30:00' }, { telefone: '11910000020', discar_em: '2026-11-22 11:30:00', discar_em_operador: null },
    ]);
  });

  it('nothing of a client remains while it waits for its agent\'s word, but what is appointed', async () => {
    const columns = 'telefones_restantes, numeros_agendados, agendamento_operador, entregues_sem_tabulacao';
    await stored(importedContact(17, 1, 3, at), ...attempted(17, 1, 'delivered', { kind: 'next-phone', phoneId: phoneOf(17, 2), at: at + 36_500 * 86_400_000 }, 1));
    expect(await counters(columns)).toEqual([1, 1, 0, 1]);
    await stored(tabulated(17, 2001, { index: 1 }));
    expect(await counters(columns)).toEqual([2, 1, 0, 0]);
    await stored(appointment(17, 'agent', at + 60 * minuteMs, 1));
    expect(await counters(columns)).toEqual([1, 1, 1, 0]);
    // The agent was told; nobody has said yet what came of it.
    await stored(onContact(17, fact('AgentCallbackDue', at + 60 * minuteMs, { ...names(17, 1), agentId: agent(1), at: at + 60 * minuteMs })));
    expect(await counters(columns)).toEqual([1, 1, 0, 0]);
    await stored(tabulated(17, 2001, { index: 1 }));
    expect(await counters(columns)).toEqual([2, 1, 0, 0]);
  });

  it('what ended with the client is not appointed any more when the client is opened again', async () => {
    const columns = 'telefones_restantes, numeros_agendados, agendamento_operador';
    await stored(importedContact(1, 1, 3, at), ...attempted(1, 1, 'busy'), appointment(1, 'system', at + 60 * minuteMs, 1), appointment(1, 'agent', at + 60 * minuteMs, 2));
    expect(await counters(columns)).toEqual([1, 1, 1]);
    await stored(tabulated(1, 2001, { effect: 'finished' }), finished(1, 'disposition'));
    expect(await counters(columns)).toEqual([0, 0, 0]);
    await stored(appointment(1, 'system', at + 90 * minuteMs));
    expect(await counters(columns)).toEqual([3, 1, 0]);
    expect(await rowsOf('SELECT discar_em FROM telefones_nao_trabalhados')).toEqual([{ discar_em: null }, { discar_em: null }]);
    expect((await app.rebuildViews()).same).toBe(true);
  });

  it('a status that reschedules without a date brings the phone back, also of a client that was through', async () => {
    const columns = 'telefones_restantes, retentativas, clientes_finalizados, clientes_nao_finalizados';
    await stored(importedContact(1, 1, 1, at), ...attempted(1, 1, 'delivered'), tabulated(1, 2001, { effect: 'finished' }), finished(1, 'disposition'));
    expect(await counters(columns)).toEqual([0, 0, 1, 0]);
    await stored(tabulated(1, 23, { effect: 'rescheduled' }));
    expect(await counters(columns)).toEqual([1, 1, 0, 1]);
  });

  it('said while the call is up it waits for the end of the call', async () => {
    const facts = attempted(1, 1, 'delivered', { kind: 'retry-phone', phoneId: phoneOf(1), at: at + 60 * minuteMs });
    await stored(importedContact(1, 1, 1, at), ...upTo(facts, 'CallDelivered'), tabulated(1, 23, { effect: 'rescheduled' }));
    expect(await counters('telefones_restantes, retentativas')).toEqual([0, 0]);
    await stored(...facts.slice(upTo(facts, 'CallDelivered').length));
    expect(await counters('telefones_restantes, retentativas')).toEqual([1, 1]);
  });
});

describe('what was said of a client', () => {
  const note = (text: string, index: number | null): StreamedFact =>
    onContact(1, fact('ContactNoteAdded', at + 5 * minuteMs, { contactId: contactId(1), campaignId: campaign(1), phoneId: index === null ? null : phoneOf(1, index), extension: asExtension('4003'), text }));

  it('is its history: notes, and statuses with the date that they were given (1.3.1.2, 1.2.2.2)', async () => {
    await stored(importedContact(1, 1, 2, at), note('Ligar à tarde', 1), note('Mudou-se', null), tabulated(1, 2001, { historyAt: Date.parse('2012-03-30T08:37:00-03:00') }), tabulated(1, 7));
    const row = { id_campanha: 1, id_cliente: 1, identificador1: 'CPF1', identificador2: 'Cliente 1' };
    expect(await rowsOf('SELECT * FROM historicos_campanhas ORDER BY data, historico')).toEqual([
      { ...row, telefone_cliente: '11910000010', ramal: '4002', data: '2012-03-30 08:37:00', historico: 'Venda' },
      { ...row, telefone_cliente: '11910000011', ramal: '4003', data: '2026-11-22 10:05:00', historico: 'Ligar à tarde' },
      { ...row, telefone_cliente: null, ramal: '4003', data: '2026-11-22 10:05:00', historico: 'Mudou-se' },
      { ...row, telefone_cliente: '11910000010', ramal: '4002', data: '2026-11-22 10:10:00', historico: 'Ocupado' },
    ]);
    expect((await app.rebuildViews()).same).toBe(true);
  });

  it('shows in the result of the call that it is about, and no other (1.3.1.8)', async () => {
    await stored(importedContact(1, 1, 1, at), ...attempted(1, 1, 'busy', { kind: 'retry-phone', phoneId: phoneOf(1), at }), ...attempted(1, 2, 'no-answer'), tabulated(1, 2001, { callId: callOf(1) }));
    const row = { id_campanha: 1, identificador1: 'CPF1', identificador2: 'Cliente 1', identificador3: 'terceiro', telefone: '11910000010', discar_em: null, discar_em_operador: null };
    expect(await rowsOf('SELECT * FROM resultado_discador ORDER BY id')).toEqual([
      { ...row, id: 1, id_status: 2001, status: 'Venda', data: '2026-11-22 10:10:00', codigo_ligacao: callOf(1) },
      { ...row, id: 2, id_status: 8, status: 'Não Atende', data: '2026-11-22 10:00:01', codigo_ligacao: callOf(2) },
    ]);
    // A call that is none of the dialer's.
    await stored(tabulated(1, 7, { callId: asCallId('1515063682.70419') }));
    expect(await rowsOf('SELECT id_status FROM resultado_discador ORDER BY id')).toEqual([{ id_status: 2001 }, { id_status: 8 }]);
  });
});

describe('imported phones (1.3.1.10, 1.3.1.15)', () => {
  it('have the date of their client among those not worked, their own in the list of all', async () => {
    const added = onContact(17, fact('PhoneAdded', at + 30 * minuteMs, { contactId: contactId(17), campaignId: campaign(1), phone: { phoneId: phoneOf(17, 5), priority: 6, areaCode: '21', number: '33334444', dialNow: false, dialAt: null }, by }));
    const changed = onContact(17, fact('ContactParameterChanged', at, { contactId: contactId(17), campaignId: campaign(1), index: 4, value: 'quarto', by }));
    await stored(importedContact(17, 1, 2, at), added, changed, ...attempted(17, 1, 'busy', exhausted, 1));
    const client = { id: 17, id_campanha: 1, identificador1: 'CPF17', identificador2: 'Cliente 17', importado_em: '2026-11-22 10:00:00' };
    expect(await rowsOf('SELECT * FROM telefones_nao_trabalhados ORDER BY telefone')).toEqual([
      { ...client, telefone: '11910000170', discar_em: '2026-11-22 11:00:00' }, { ...client, telefone: '2133334444', discar_em: null },
    ]);
    const phone = { campanha_id: 1, id_campanha: 1, parametro1: 'CPF17', parametro2: 'Cliente 17', parametro3: 'terceiro', parametro4: 'quarto', id_status: null, status: null, importado_em: '2026-11-22 10:00:00' };
    expect(await rowsOf('SELECT * FROM telefones_campanhas ORDER BY id')).toEqual([
      { ...phone, id: 170, telefone: '11910000170', prioridade: 1 },
      { ...phone, id: 171, telefone: '11910000171', prioridade: 2, id_status: 7, status: 'Ocupado' },
      { ...phone, id: 175, telefone: '2133334444', prioridade: 6, importado_em: '2026-11-22 10:30:00' },
    ]);
  });

  it('are gone from both once they are excluded, and their results stay (1.3.1.9)', async () => {
    const gone = onContact(1, fact('PhoneExcluded', at + minuteMs, { ...names(1), by }));
    // Of the second client only what was through already.
    const second = onContact(2, fact('PhoneExcluded', at + minuteMs, { ...names(2), by }));
    await stored(importedContact(1, 1, 2, at), ...attempted(1, 1, 'busy'), gone, onContact(1, fact('PhoneExcluded', at + minuteMs, { ...names(1, 1), by })), finished(1, 'excluded'));
    await stored(importedContact(2, 1, 1, at), finished(2, 'exhausted'));
    expect(await counters('clientes_nao_finalizados, clientes_virgens')).toEqual([1, 1]);
    await stored(second);
    expect(await rowsOf('SELECT id FROM telefones_campanhas')).toEqual([]);
    expect(await rowsOf('SELECT id FROM telefones_nao_trabalhados')).toEqual([]);
    expect(await rowsOf('SELECT telefone, status FROM resultado_discador')).toEqual([{ telefone: '11910000010', status: 'Ocupado' }]);
    expect(await counters('telefones_restantes, clientes_finalizados, clientes_nao_finalizados, clientes_virgens')).toEqual([0, 0, 0, 0]);
  });
});
