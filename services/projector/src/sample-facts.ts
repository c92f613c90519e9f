/** For tests and benchmarks: facts as a running installation writes them, from a seed. */
import {
  asCallId,
  asExtension,
  asId,
  asLegId,
  fact,
  shippedDispositions,
  streams,
  type AgentId,
  type AttemptOutcome,
  type BlockListId,
  type CampaignId,
  type ContactId,
  type DirectoryKind,
  type DispositionId,
  type DomainEvent,
  type NextStep,
  type PhoneId,
  type QueueId,
  type RouteId,
  type TrunkId,
  type UserStatusId,
} from '@ritmo/domain';
import type { EventStore } from '@ritmo/event-store';

export interface StreamedFact {
  readonly streamId: string;
  readonly fact: DomainEvent;
}

export const SAMPLE_START_MS = Date.UTC(2026, 10, 22, 13, 0, 0);
const by = { kind: 'system' } as const;
const d = shippedDispositions;

export const put = (kind: DirectoryKind, id: number, entry: Record<string, unknown>): StreamedFact => ({
  streamId: streams.directory(kind, id),
  fact: fact('DirectoryEntryPut', SAMPLE_START_MS, { kind, id, entry: { id, ...entry }, by }),
});

export const campaign = (id: number): CampaignId => asId<CampaignId>(id);
export const agent = (id: number): AgentId => asId<AgentId>(id);
export const queue = (id: number): QueueId => asId<QueueId>(id);

/** Three campaigns, four agents, two queues, two trunks on two routes, and what ships. */
export function sampleDirectory(): StreamedFact[] {
  const dispositions: readonly (readonly [number, string])[] = [
    [d.deliveredToAgent, 'Entregue ao Operador'],
    [d.busy, 'Ocupado'],
    [d.noAnswer, 'Não Atende'],
    [d.dialing, 'Discado Sistema'],
    [d.abandoned, 'Desligado Sem Operadores Livres'],
    [d.routeUnavailable, 'Rota Indisponível'],
    [d.invalidNumber, 'Número Inválido'],
    [d.waitingInQueue, 'Na Fila de Espera'],
    [d.deliveredWithoutDisposition, 'Entregue Sem Tabulação'],
    [d.blocked, 'Bloqueado'],
    [d.agentCallback, 'Agendamento Operador'],
    [2001, 'Venda'],
  ];
  const statuses = ['Logado', 'Deslogado', 'Siga-me', 'Reunião', 'Visita em Cliente', 'Intervalo de Almoço', 'Feedback'];
  const rates = [
    { kind: 'mobile', perMinute: 0.6, firstBlockS: 30, stepS: 6 },
    { kind: 'local', perMinute: 0.1, firstBlockS: 60, stepS: 60 },
  ];
  return [
    put('settings', 1, { timeZone: 'America/Sao_Paulo' }),
    ...dispositions.map(([id, name]) => put('disposition', id, { name, finishing: id === 2001 })),
    ...statuses.map((name, index) => put('user-status', index + 1, { name, pause: index > 0 })),
    ...[1, 2, 3, 4].map((id) => put('agent', id, { name: `Agente ${id}`, extension: `400${id}`, password: 'secreta', email: `a${id}@exemplo.com`, groupId: 1 })),
    put('agent-group', 1, { name: 'Atendimento' }),
    ...[1, 2].map((id) => put('queue', id, { name: `Fila ${id}`, members: [{ agentId: id, priority: 1, skill: 1 }, { agentId: id + 2, priority: 1, skill: 1 }], numbers: [`113000000${id}`], serviceLevelS: 20 })),
    ...[1, 2].map((id) => put('trunk', id, { name: `Tronco ${id}`, channels: 30 * id })),
    ...[1, 2].map((id) => put('route', id, { name: `Rota ${id}`, active: id === 1, trunks: [id], rates, homeAreaCode: '11', branch: 'Matriz' })),
    put('block-list', 1, { name: 'Lista de Bloqueio', group: 'Geral' }),
    ...[1, 2, 3].map((id) => put('campaign', id, { name: `Campanha ${id}`, queueId: 1, active: false })),
  ];
}

export interface Chance {
  /** 0 to n − 1. */
  below(n: number): number;
  of<T>(items: readonly T[]): T;
  percent(p: number): boolean;
}

/** mulberry32: small, good enough, the same everywhere. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { below, of: (items) => items[below(items.length)] as (typeof items)[number], percent: (p) => below(100) < p };
}

export function importedContact(contactId: number, campaignId: number, phones: number, at: number): StreamedFact {
  const id = asId<ContactId>(contactId);
  return {
    streamId: streams.contact(id),
    fact: fact('ContactImported', at, {
      contactId: id,
      campaignId: campaign(campaignId),
      parameters: [`CPF${contactId}`, `Cliente ${contactId}`, 'terceiro'],
      phones: Array.from({ length: phones }, (_, index) => ({
        phoneId: asId<PhoneId>(contactId * 10 + index),
        priority: index + 1,
        areaCode: '11',
        number: `9${String(10_000_000 + contactId * 10 + index)}`,
        dialNow: false,
        dialAt: contactId % 17 === 0 && index === 0 ? at + 3_600_000 : null,
      })),
      source: 'amostra.csv',
      by,
    }),
  };
}

interface Names {
  readonly contactId: ContactId;
  readonly campaignId: CampaignId;
  readonly phoneId: PhoneId;
}

/** One attempt from intent to end, as dialer, telephony and acd tell it. `sequence` makes the call's id. */
export function attempt(names: Names, sequence: number, at: number, outcome: AttemptOutcome, next: NextStep, chance: Chance): StreamedFact[] {
  const callId = asCallId(`${Math.floor(at / 1_000)}.${sequence}`);
  const legId = asLegId(`${callId}/1`);
  const trunkId = asId<TrunkId>(1 + chance.below(2));
  const routeId = asId<RouteId>(trunkId);
  const agentId = agent(1 + chance.below(4));
  const extension = asExtension(`400${agentId}`);
  const to = `119${String(10_000_000 + names.phoneId)}`;
  const queueId = queue(1);
  const call = { callId, campaignId: names.campaignId, contactId: names.contactId, queueId, trunkId, from: '1130000000', to };
  const answered = outcome === 'delivered' || outcome === 'abandoned';
  const ringMs = 1_000 + chance.below(20_000);
  const billMs = answered ? 1_000 + chance.below(200_000) : 0;
  const answeredAt = at + ringMs;
  const endedAt = answeredAt + billMs;
  const disposition = { delivered: d.deliveredWithoutDisposition, abandoned: d.abandoned, busy: d.busy, 'no-answer': d.noAnswer, 'invalid-number': d.invalidNumber } as const;
  const onCall = (of: DomainEvent): StreamedFact => ({ streamId: streams.call(callId), fact: of });
  const onContact = (of: DomainEvent): StreamedFact => ({ streamId: streams.contact(names.contactId), fact: of });
  const facts = [
    onContact(fact('AttemptStarted', at, { callId, ...names, areaCode: '11', number: to.slice(2), dialString: to, trunkId, routeId, callerId: call.from, reason: 'fresh', agentId: null })),
    onCall(fact('CallPlaced', at, { ...call, direction: 'campaign', phoneId: names.phoneId, routeId, extension: null, dialog: {} })),
  ];
  if (answered) {
    facts.push(onCall(fact('CallAnswered', answeredAt, { ...call, direction: 'campaign', ringMs, dialog: {} })));
    facts.push(onCall(fact('CallQueued', answeredAt, { callId, queueId, campaignId: names.campaignId, number: to, position: 1 })));
    if (chance.percent(20)) facts.push(onCall(fact('OfferMissed', answeredAt + 500, { callId, legId, agentId, extension, queueId, durationMs: 15_000, reason: 'no-answer' })));
  }
  if (outcome === 'delivered') {
    facts.push(onCall(fact('CallDelivered', answeredAt + 800, { callId, legId, agentId, extension, queueId, campaignId: names.campaignId, waitMs: chance.below(40_000) })));
    facts.push(onCall(fact('AgentLegEnded', endedAt, { callId, legId, agentId, extension, by: 'agent', talkMs: billMs })));
  }
  if (outcome === 'abandoned') facts.push(onCall(fact('CallAbandoned', endedAt, { callId, queueId, campaignId: names.campaignId, waitMs: billMs, by: 'customer', message: false })));
  facts.push(
    onCall(
      fact('CallEnded', endedAt, {
        ...call,
        direction: 'campaign',
        phoneId: names.phoneId,
        routeId,
        extension: outcome === 'delivered' ? extension : null,
        wireOutcome: answered ? 'answered' : outcome === 'busy' ? 'busy' : outcome === 'invalid-number' ? 'invalid-number' : 'no-answer',
        by: outcome === 'delivered' ? 'agent' : 'customer',
        sipCode: 200,
        q850: null,
        reason: '',
        ringMs,
        billMs,
      }),
    ),
  );
  const dispositionId = disposition[outcome as keyof typeof disposition] ?? d.noAnswer;
  const ended = onContact(
    fact('AttemptEnded', endedAt, { callId, ...names, outcome, dispositionId, agentId: outcome === 'delivered' ? agentId : null, sipCode: 200, q850: null, ringMs, billMs, next }),
  );
  // The end of the attempt may be stored before what the other services still tell of the call.
  if (chance.percent(25)) facts.splice(2 + chance.below(facts.length - 2), 0, ended);
  else facts.push(ended);
  return facts;
}

/** A day's work: imports, attempts with every end, tabulations, callbacks, exclusions, pauses, lists, trunks. */
export function randomFacts(seed: number, contacts: number): StreamedFact[] {
  const chance = seededChance(seed);
  const facts: StreamedFact[] = sampleDirectory();
  let at = SAMPLE_START_MS;
  let sequence = 0;
  for (let contactId = 1; contactId <= contacts; contactId += 1) {
    at += 1_000 + chance.below(5_000);
    const campaignId = campaign(1 + chance.below(3));
    const phones = 1 + chance.below(3);
    const imported = importedContact(contactId, campaignId, phones, at);
    facts.push(imported);
    const contact = { contactId: asId<ContactId>(contactId), campaignId };
    const phoneAt = (index: number) => asId<PhoneId>(contactId * 10 + index);
    const onContact = (of: DomainEvent): void => void facts.push({ streamId: imported.streamId, fact: of });
    for (let round = chance.below(4); round > 0; round -= 1) {
      const phoneId = phoneAt(chance.below(phones));
      const outcome = chance.of(['delivered', 'abandoned', 'busy', 'no-answer', 'invalid-number'] as const);
      const next = chance.of<NextStep>([{ kind: 'retry-phone', phoneId, at: at + 60_000 }, { kind: 'next-phone', phoneId: phoneAt(chance.below(phones)), at }, { kind: 'exhausted' }]);
      at += chance.below(60_000);
      facts.push(...attempt({ ...contact, phoneId }, (sequence += 1), at, outcome, next, chance));
      const tabulation = { ...contact, phoneId, callId: null, agentId: agent(1), extension: asExtension('4001'), by };
      if (chance.percent(30)) onContact(fact('DispositionSet', at + 1, { ...tabulation, dispositionId: asId<DispositionId>(2001), effect: 'finished' }));
      if (chance.percent(20)) onContact(fact('CallbackScheduled', at + 2, { ...contact, phoneId, at: at + 3_600_000, kind: chance.of(['system', 'agent'] as const), agentId: agent(1), by }));
      if (chance.percent(10)) onContact(fact('AgentCallbackDue', at + 3, { ...contact, phoneId, agentId: agent(1), at }));
    }
    facts.push(...around(contact, phoneAt, phones, at, chance));
  }
  return facts;
}

function around(
  contact: { readonly contactId: ContactId; readonly campaignId: CampaignId },
  phoneAt: (index: number) => PhoneId,
  phones: number,
  at: number,
  chance: Chance,
): StreamedFact[] {
  const facts: StreamedFact[] = [];
  const onContact = (of: DomainEvent): void => void facts.push({ streamId: streams.contact(contact.contactId), fact: of });
  const agentId = agent(1 + chance.below(4));
  const extension = asExtension(`400${agentId}`);
  const onAgent = (of: DomainEvent): void => void facts.push({ streamId: streams.agent(agentId), fact: of });
  const phoneId = phoneAt(chance.below(phones));
  if (chance.percent(10)) onContact(fact('PhoneExcluded', at, { ...contact, phoneId, by }));
  if (chance.percent(10)) onContact(fact('PhoneSkipped', at, { ...contact, phoneId, rule: 'blocked', detail: '', retryAt: null }));
  if (chance.percent(10)) onContact(fact('PhoneAdded', at, { ...contact, phone: { phoneId: phoneAt(9), priority: 9, areaCode: '21', number: '33334444', dialNow: false, dialAt: null }, by }));
  if (chance.percent(10)) onContact(fact('ContactParameterChanged', at, { ...contact, index: 4, value: `novo ${at}`, by }));
  if (chance.percent(10)) onContact(fact('ContactNoteAdded', at, { ...contact, phoneId, extension, text: 'Ligar à tarde' }));
  if (chance.percent(20)) onContact(fact('ContactFinished', at, { ...contact, reason: chance.of(['disposition', 'exhausted', 'excluded'] as const), dispositionId: null }));
  const statusId = asId<UserStatusId>(1 + chance.below(7));
  if (chance.percent(20)) onAgent(fact('AgentStatusChanged', at, { agentId, extension, statusId, previousStatusId: asId<UserStatusId>(1 + chance.below(7)), previousMs: chance.below(600_000), by, reason: 'requested' }));
  if (chance.percent(20)) onAgent(fact('PhoneStatusChanged', at, { agentId, extension, phoneStatus: chance.of([0, 1, 4, 8] as const), callId: null }));
  const blockListId = asId<BlockListId>(1);
  const number = `1191000000${chance.below(5)}`;
  const list = streams.blockList(blockListId);
  if (chance.percent(10)) facts.push({ streamId: list, fact: fact('NumberBlocked', at, { blockListId, number, description: 'Pediu', by }) });
  if (chance.percent(5)) facts.push({ streamId: list, fact: fact('NumberUnblocked', at, { blockListId, number, by }) });
  const trunkId = asId<TrunkId>(1 + chance.below(2));
  if (chance.percent(20)) facts.push({ streamId: streams.trunk(trunkId), fact: fact('TrunkUsage', at, { trunkId, channelsUsed: chance.below(30), channelLimit: 30 }) });
  const campaignStream = streams.campaign(contact.campaignId);
  if (chance.percent(5)) facts.push({ streamId: campaignStream, fact: fact('CampaignActivated', at, { campaignId: contact.campaignId, by }) });
  if (chance.percent(5)) facts.push({ streamId: campaignStream, fact: fact('CampaignDeactivated', at, { campaignId: contact.campaignId, by, reason: 'pedido' }) });
  if (chance.percent(5)) facts.push({ streamId: streams.system, fact: fact('PartHealthReported', at, { part: chance.of(['Barramento', 'Disco']), status: 'WARNING', detail: 'Particao /backup 84%' }) });
  if (chance.percent(5)) facts.push({ streamId: streams.system, fact: fact('SmsReceived', at, { from: '11999990000', text: 'SIM' }) });
  return facts;
}

/** Appends facts in their order; those of one stream stay in order too. */
export async function appendFacts(events: EventStore, facts: readonly StreamedFact[]): Promise<void> {
  await events.appendMany(
    facts.map(({ streamId, fact: { type, data, at } }) => ({
      streamId,
      expectedVersion: 'any' as const,
      events: [{ type, at, data: data as unknown as Readonly<Record<string, unknown>> }],
    })),
  );
}
