/**
 * What the facts of a call do. They come from two services, and from a third stream comes the end of the attempt: any of them
 * may be stored before another that happened earlier. So each rule only adds what it knows, and an ended attempt stays ended.
 */
import { shippedDispositions, type CampaignId, type DomainEvent, type EventDataByType } from '@ritmo/domain';
import type { Batch } from './batch.ts';
import { costOf, internalCost, type CallCost } from './costs.ts';
import { numberDialed } from './dialed-number.ts';
import type { AgentRow, CallRow, QueueLogRow, ResultRow } from './rows.ts';

type Data<T extends keyof EventDataByType> = Readonly<EventDataByType[T]>;

const inNoQueue = { queue_id: null, queued_at: null } as const;
const seconds = (ms: number): number => Math.round(ms / 1_000);
/** Of one agent at once. More are calls whose end a crash has swallowed. */
const MOST_CALLS = 8;
/** Of trunks that say nothing of it. */
const DEFAULT_DIAL_FORMAT = '{areaCode}{number}';
const LOGGED_OUT = 2;
const PHONE_UNREACHABLE = 4;

/** A status of the way of an attempt: shown until its end or a person says another one. */
function advance(batch: Batch, callId: string, at: number, phase: ResultRow['phase'], statusId: number, more: Partial<ResultRow> = {}): void {
  const result = batch.results.get(callId);
  if (result === undefined) return;
  const isLate = result.phase === 'ended' || (result.phase === 'talking' && phase !== 'talking');
  const shows = !isLate && !result.tabulated;
  batch.results.put({
    ...result,
    ...more,
    ...(isLate ? {} : { phase }),
    ...(shows ? { status_id: statusId, marked_at: batch.timestamp(at) } : {}),
  });
  const phone = batch.phones.get(result.phone_id);
  if (shows && phone !== undefined && phone.last_call_id === callId) batch.phones.put({ ...phone, status_id: statusId });
}

function changeAgent(batch: Batch, agentId: number, change: (agent: AgentRow) => Partial<AgentRow>): void {
  const agent = batch.agents.get(agentId) ?? { agent_id: agentId, status_id: LOGGED_OUT, phone_status: PHONE_UNREACHABLE, calls: [] };
  batch.agents.put({ ...agent, ...change(agent) });
}

const enterCall = (batch: Batch, agentId: number, callId: string): void =>
  changeAgent(batch, agentId, (agent) => ({ calls: [...agent.calls.filter((other) => other !== callId), callId].slice(-MOST_CALLS) }));

const leaveCall = (batch: Batch, agentId: number, callId: string): void =>
  changeAgent(batch, agentId, (agent) => ({ calls: agent.calls.filter((other) => other !== callId) }));

export function callPlaced(batch: Batch, data: Data<'CallPlaced'>, at: number): void {
  if (batch.calls.get(data.callId) !== undefined) return;
  batch.calls.put(newCall(batch, data, at));
  // An agent's own call: it is in it from the beginning.
  const agentId = begunBy(batch, data);
  if (agentId !== null) enterCall(batch, agentId, data.callId);
}

/** Not who passed its customer on to this outside number. Facts of old name the agent by its extension alone, which is none of a shared phone. */
function begunBy(batch: Batch, { direction, extension, from, agentId }: Data<'CallPlaced'>): number | null {
  if (direction !== 'agent' && direction !== 'internal') return null;
  if (agentId !== undefined) return agentId;
  return extension === null || from !== extension ? null : (batch.directoryNow.agentByExtension(extension)?.id ?? null);
}

function newCall(batch: Batch, data: Data<'CallPlaced'> | Data<'CallEnded'>, placedAt: number): CallRow {
  const route = data.routeId === null ? undefined : batch.entry('route', data.routeId);
  // RAMAL is the agent's own, also at a shared phone.
  const maker = 'agentId' in data ? batch.entry('agent', data.agentId) : data.extension === null ? undefined : batch.directoryNow.agentByExtension(data.extension);
  return {
    call_id: data.callId,
    id: batch.nextId('calls'),
    direction: data.direction,
    from_number: data.from,
    to_number: numberCalled(batch, data),
    placed_at: batch.timestamp(placedAt),
    ended: false,
    duration_s: 0,
    billing_s: 0,
    status: 'NO ANSWER',
    agent_id: maker?.id ?? null,
    extension: maker?.extension ?? data.extension,
    campaign_id: data.campaignId,
    contact_id: data.contactId,
    route_id: data.routeId,
    trunk_id: data.trunkId,
    branch: route?.branch ?? null,
    ...priceOf(batch, data, 0),
    by_agent: false,
    leg_id: null,
    leg_at: null,
    ...inNoQueue,
  };
}

/** DESTINO: without what the trunk's carrier wants before it. */
function numberCalled(batch: Batch, { direction, to, trunkId }: Data<'CallPlaced'> | Data<'CallEnded'>): string {
  if (direction === 'inbound' || direction === 'internal') return to;
  return numberDialed(batch.entry('trunk', trunkId)?.dialFormat ?? DEFAULT_DIAL_FORMAT, to);
}

/** By the route that it left by, for the kind that its number is of where it was dialed; what came in by what its trunk's carrier asks for that. */
function priceOf(batch: Batch, data: Data<'CallPlaced'> | Data<'CallEnded'>, billingS: number): CallCost {
  const { direction, campaignId, routeId, trunkId, from } = data;
  if (direction === 'internal') return internalCost(billingS);
  const route = routeId === null ? undefined : batch.entry('route', routeId);
  const campaign = campaignId === null ? undefined : batch.entry('campaign', campaignId);
  const homeAreaCode = route?.homeAreaCode ?? campaign?.defaultAreaCode ?? batch.directoryNow.homeAreaCode();
  if (direction === 'inbound') return costOf(from, billingS, { rates: batch.entry('trunk', trunkId)?.inboundRates ?? [], homeAreaCode });
  return costOf(numberCalled(batch, data), billingS, { rates: route?.rates ?? [], homeAreaCode });
}

export function callAnswered(batch: Batch, data: Data<'CallAnswered'>, at: number): void {
  const [phase, statusId] =
    data.queueId === null ? (['ivr', shippedDispositions.inIvr] as const) : (['queue', shippedDispositions.waitingInQueue] as const);
  advance(batch, data.callId, at, phase, statusId, { answered: true });
}

/** Its IVR, which no service of ours is, tells of it. Until it is queued or delivered. */
export function callInIvr(batch: Batch, data: Data<'IvrStepTaken'>, at: number): void {
  advance(batch, data.callId, at, 'ivr', shippedDispositions.inIvr, { answered: true });
}

export function callQueued(batch: Batch, data: Data<'CallQueued'>, at: number): void {
  advance(batch, data.callId, at, 'queue', shippedDispositions.waitingInQueue, { answered: true });
  const call = batch.calls.get(data.callId);
  if (call !== undefined && !call.ended) batch.calls.put({ ...call, queue_id: data.queueId, queued_at: at });
}

export function callDelivered(batch: Batch, data: Data<'CallDelivered'>, at: number): void {
  advance(batch, data.callId, at, 'talking', shippedDispositions.deliveredToAgent, {
    answered: true,
    agent_id: data.agentId,
    extension: data.extension,
  });
  const call = batch.calls.get(data.callId);
  // A call between extensions stays its caller's: `destino` names who was called. So does an own call that is passed on: RAMAL is who made it.
  const isCallers = call?.direction === 'internal' || (call?.direction === 'agent' && call.leg_id !== null);
  const answeredBy = isCallers ? {} : { agent_id: data.agentId, extension: data.extension };
  if (call !== undefined) batch.calls.put({ ...call, ...answeredBy, leg_id: data.legId, leg_at: at, ...inNoQueue });
  if (call?.ended !== true) enterCall(batch, data.agentId, data.callId);
  if (data.queueId === null) return;
  logQueue(batch, data.legId, {
    queue_id: data.queueId,
    wait_s: seconds(data.waitMs),
    campaign_id: data.campaignId,
    agent_id: data.agentId,
    number: customerNumber(call),
    at: batch.timestamp(at),
    call_id: data.callId,
  });
  // Who is passed on from one agent to another has been answered already; who is put into a queue again has not.
  const wasWaiting = call === undefined || call.leg_id === null || call.queued_at !== null;
  if (wasWaiting) countServiceLevel(batch, data.queueId, at, data.waitMs, 'answered');
}

export function callAbandoned(batch: Batch, data: Data<'CallAbandoned'>, at: number): void {
  advance(batch, data.callId, at, 'queue', shippedDispositions.waitingInQueue, { answered: true });
  lostInQueue(batch, data, at);
}

function lostInQueue(batch: Batch, lost: Pick<Data<'CallAbandoned'>, 'callId' | 'queueId' | 'campaignId' | 'waitMs'>, at: number): void {
  const { callId, queueId, campaignId, waitMs } = lost;
  const key = `${callId}/abandoned`;
  // A crash has told of it already.
  if (batch.queueLogs.get(key) !== undefined) return;
  const call = batch.calls.get(callId);
  if (call !== undefined) batch.calls.put({ ...call, ...inNoQueue });
  logQueue(batch, key, { queue_id: queueId, wait_s: seconds(waitMs), talk_s: 0, campaign_id: campaignId, number: customerNumber(call), at: batch.timestamp(at), call_id: callId });
  countServiceLevel(batch, queueId, at, waitMs, 'abandoned');
}

const customerNumber = (call: CallRow | undefined): string | null =>
  call === undefined ? null : call.direction === 'inbound' || call.direction === 'internal' ? call.from_number : call.to_number;

function logQueue(batch: Batch, key: string, known: Partial<QueueLogRow> & { readonly call_id: string }): void {
  const empty = { key, id: null, queue_id: null, wait_s: null, talk_s: null, campaign_id: null, agent_id: null, number: null, at: null };
  const before = batch.queueLogs.get(key);
  const id = before?.id ?? (known.queue_id === undefined ? null : batch.nextId('queue_logs'));
  batch.queueLogs.put({ ...empty, ...before, ...known, id });
}

function countServiceLevel(batch: Batch, queueId: number, at: number, waitMs: number, what: 'answered' | 'abandoned'): void {
  const { day, halfHour } = batch.halfHour(at);
  const threshold = batch.entry('queue', queueId)?.serviceLevelS ?? 20;
  const key = `${queueId}/${day}/${halfHour}/${threshold}`;
  const row = batch.serviceLevels.get(key) ?? {
    key,
    queue_id: queueId,
    day,
    half_hour: halfHour,
    threshold_s: threshold,
    answered_below: 0,
    answered_above: 0,
    abandoned_below: 0,
    abandoned_above: 0,
  };
  const column = `${what}_${waitMs <= threshold * 1_000 ? 'below' : 'above'}` as const;
  batch.serviceLevels.put({ ...row, [column]: row[column] + 1 });
}

/** The key of a service level's row needs the queue as it is at the event: asked for just before the rule runs. */
export function wantServiceLevel(batch: Batch, event: DomainEvent<'CallDelivered' | 'CallAbandoned' | 'CallEnded'>): void {
  const queueId = event.type === 'CallEnded' ? (batch.calls.get(event.data.callId)?.queue_id ?? null) : event.data.queueId;
  if (queueId === null) return;
  const { day, halfHour } = batch.halfHour(event.at);
  batch.serviceLevels.want(`${queueId}/${day}/${halfHour}/${batch.entry('queue', queueId)?.serviceLevelS ?? 20}`);
}

export function offerMissed(batch: Batch, data: Data<'OfferMissed'>, at: number): void {
  batch.append('missed_offers', {
    agent_id: data.agentId,
    extension: data.extension,
    agent_name: batch.entry('agent', data.agentId)?.name ?? null,
    queue_id: data.queueId,
    queue_name: batch.entry('queue', data.queueId)?.name ?? null,
    duration_s: seconds(data.durationMs),
    // It began to ring then.
    at: batch.timestamp(at - data.durationMs),
    call_id: data.callId,
  });
}

export function callTransferred(batch: Batch, data: Data<'CallTransferred'>): void {
  leaveCall(batch, data.fromAgentId, data.callId);
  // Back in a queue: who talks with it is not known until it is delivered again.
  const result = batch.results.get(data.callId);
  if (data.toQueueId !== null && result?.phase === 'talking') batch.results.put({ ...result, phase: 'queue' });
}

export function agentLegEnded(batch: Batch, data: Data<'AgentLegEnded'>): void {
  logQueue(batch, data.legId, { talk_s: seconds(data.talkMs), call_id: data.callId });
  leaveCall(batch, data.agentId, data.callId);
}

const wireStatus = (outcome: Data<'CallEnded'>['wireOutcome']): CallRow['status'] =>
  outcome === 'answered' ? 'ANSWERED' : outcome === 'busy' ? 'BUSY' : 'NO ANSWER';

export function callEnded(batch: Batch, data: Data<'CallEnded'>, at: number): void {
  const call = batch.calls.get(data.callId) ?? newCall(batch, data, at - data.ringMs - data.billMs);
  // A conversation of half a second is one second, and what the carrier makes of it.
  const billing = data.billMs > 0 ? Math.max(1, seconds(data.billMs)) : 0;
  batch.calls.put({
    ...call,
    ...priceOf(batch, data, billing),
    ended: true,
    duration_s: Math.max(billing, seconds(data.ringMs + data.billMs)),
    billing_s: billing,
    // Interrupted by a crash after it had been answered: it was.
    status: data.wireOutcome === 'interrupted' && data.billMs > 0 ? 'ANSWERED' : wireStatus(data.wireOutcome),
    extension: call.extension ?? data.extension,
    // Of a call between extensions both who called and who was called are operators.
    by_agent: data.by === 'agent' || (data.direction === 'internal' && data.by === 'customer'),
  });
  if (call.agent_id !== null) leaveCall(batch, call.agent_id, data.callId);
  endOpenLeg(batch, call, at);
  // The process died that would have said so.
  if (data.wireOutcome === 'interrupted' && call.queue_id !== null && call.queued_at !== null) {
    lostInQueue(batch, { callId: data.callId, queueId: call.queue_id, campaignId: call.campaign_id as CampaignId | null, waitMs: Math.max(0, at - call.queued_at) }, at);
  }
  const result = batch.results.get(data.callId);
  if (result !== undefined) batch.results.put({ ...result, phase: 'ended', ended_at: batch.timestamp(at) });
}

/** A process that died told nothing of its agents' legs: they ended with their calls. What is told later counts more. */
function endOpenLeg(batch: Batch, call: CallRow, at: number): void {
  if (call.leg_id === null || call.leg_at === null) return;
  const log = batch.queueLogs.get(call.leg_id);
  if (log !== undefined && log.talk_s === null) logQueue(batch, call.leg_id, { talk_s: seconds(Math.max(0, at - call.leg_at)), call_id: call.call_id });
}
