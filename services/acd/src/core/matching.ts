/**
 * Brings waiting calls and free agents together. What holds between steps: a queue never has a waiting call and a free
 * agent at once; a free agent is in the heap of each of its queues and of no other; an agent has at most one offer.
 */
import { asExtension, asLegId, fact, streams, type CallId, type DomainEvent, type Extension, type PhoneStatus } from '@ritmo/domain';
import type { AgentState } from '@ritmo/bus';
import { clearTimer, limits, loggedIn, loggedOut, setTimer, type AgentEntry, type CallEntry, type Core, type OfferReason, type QueueEntry } from './model.ts';
import { orderOfCalls } from './order.ts';

export function isPaused(core: Core, agent: AgentEntry): boolean {
  if (agent.statusId === loggedIn || agent.statusId === loggedOut) return false;
  // A status that was removed from the directory keeps its agents where they are: not free.
  return core.statuses.get(agent.statusId)?.pause ?? true;
}

export function isRegistered(core: Core, agent: AgentEntry): boolean {
  return core.registered.has(agent.station);
}

/** May be offered a call now. */
export function isFree(core: Core, agent: AgentEntry): boolean {
  return (
    agent.phase.kind === 'idle' &&
    agent.calls.size === 0 &&
    agent.statusId !== loggedOut &&
    !agent.config.blocked &&
    !isPaused(core, agent) &&
    isRegistered(core, agent)
  );
}

/** Called after every change of an agent: its seats, what the others are told, and the call that may wait for it. */
export function agentChanged(core: Core, agent: AgentEntry): void {
  const free = isFree(core, agent);
  if (!free) for (const seat of agent.seats) seat.queue.free.remove(seat);
  if (free) {
    const call = bestCallFor(agent);
    if (call) {
      call.queue?.waiting.remove(call);
      offer(core, call, agent, 'queue');
      return;
    }
    for (const seat of agent.seats) if (seat.heapIndex === -1) seat.queue.free.push(seat);
  }
  tell(core, agent);
}

/** Removes and adds again, for a change of what the seats are ordered by. */
export function takeSeatsAnew(core: Core, agent: AgentEntry): void {
  for (const seat of agent.seats) seat.queue.free.remove(seat);
  agentChanged(core, agent);
}

function bestCallFor(agent: AgentEntry): CallEntry | undefined {
  let best: CallEntry | undefined;
  for (const seat of agent.seats) {
    const call = seat.queue.waiting.peek();
    if (call && (!best || orderOfCalls(call, best) < 0)) best = call;
  }
  return best;
}

/** A call that is to be served now: the best free agent of its queue, or its place among those who wait. */
export function serve(core: Core, call: CallEntry, queue: QueueEntry): void {
  const seat = queue.free.peek();
  if (seat && queue.waiting.size === 0) {
    offer(core, call, seat.agent, 'queue');
    return;
  }
  call.phase = { kind: 'waiting' };
  queue.waiting.push(call);
}

export function offer(core: Core, call: CallEntry, agent: AgentEntry, why: OfferReason): void {
  call.legs += 1;
  const legId = asLegId(`${call.id}/${call.legs}`);
  const ringTimeoutMs = why === 'direct' ? limits.directRingMs : Math.round((call.queue?.config.ringTimeoutS ?? 20) * 1000);
  call.phase = { kind: 'offering', agent, legId, sinceAt: core.nowMs, why };
  agent.phase = { kind: 'ringing', call, legId };
  for (const seat of agent.seats) seat.queue.free.remove(seat);
  call.guard = clearTimer(core, call.guard);
  call.guard = setTimer(core, core.nowMs + ringTimeoutMs + limits.offerSilenceMs, { kind: 'offer-silent', call, legId });
  core.effects.push({
    kind: 'offer',
    answeredAt: call.answeredAt,
    request: {
      callId: call.id,
      legId,
      agentId: agent.id,
      extension: agent.station,
      ringTimeoutMs,
      autoAnswer: agent.config.autoAnswer,
      callerNumber: call.number,
      callerName: callerName(core, call),
      headers: offerHeaders(call),
      record: call.record,
    },
  });
  if (why !== 'direct') {
    const made = { callId: call.id, legId, agentId: agent.id, extension: extensionOf(agent), queueId: queueIdOf(call), campaignId: call.campaignId };
    record(core, call.id, fact('OfferMade', core.nowMs, made));
  }
  tell(core, agent);
}

/** A transfer of an agent's own call belongs to no queue; facts about offers name queue 0 then. */
export const queueIdOf = (call: CallEntry): QueueEntry['id'] => call.queue?.id ?? (0 as QueueEntry['id']);

/** What an agent's phone shows beside the number: the campaign, the queue, or the colleague who calls. */
const callerName = (core: Core, call: CallEntry): string =>
  call.caller?.config.name ??
  (call.campaignId === null ? undefined : core.campaigns.get(call.campaignId)?.name) ?? call.queue?.config.name ?? '';

/** For the agent's screen: which call rings, so that a softphone can open the contact. */
function offerHeaders(call: CallEntry): Readonly<Record<string, string>> {
  return {
    'X-Ritmo-Call-Id': call.id,
    ...(call.queue ? { 'X-Ritmo-Queue': String(call.queue.id) } : {}),
    ...(call.campaignId === null ? {} : { 'X-Ritmo-Campaign': String(call.campaignId) }),
  };
}

export const extensionOf = (agent: AgentEntry): Extension => asExtension(agent.config.extension);

export function record(core: Core, callId: CallId, happened: DomainEvent): void {
  pushFact(core, streams.call(callId), happened);
}

export function pushFact(core: Core, streamId: string, happened: DomainEvent): void {
  core.effects.push({ kind: 'record', streamId, fact: happened });
}

function phoneStatusOf(core: Core, agent: AgentEntry): PhoneStatus {
  if (agent.calls.size > 0) return 1;
  if (agent.phase.kind === 'ringing') return 8;
  return isRegistered(core, agent) ? 0 : 4;
}

function stateOf(core: Core, agent: AgentEntry): AgentState['state'] {
  if (agent.calls.size > 0) return 'talking';
  if (agent.phase.kind === 'ringing') return 'ringing';
  if (agent.statusId === loggedOut || !isRegistered(core, agent)) return 'logged-out';
  if (agent.phase.kind === 'wrap-up') return 'wrap-up';
  if (isPaused(core, agent)) return 'paused';
  return agent.phase.kind === 'resting' ? 'reserved' : 'free';
}

export function agentState(core: Core, agent: AgentEntry): AgentState {
  const state = stateOf(core, agent);
  const [current] = agent.phase.kind === 'ringing' ? [agent.phase.call] : [...agent.calls.values()];
  const told = agent.told;
  return {
    agentId: agent.id,
    name: agent.config.name,
    extension: extensionOf(agent),
    statusId: agent.statusId,
    phoneStatus: phoneStatusOf(core, agent),
    registered: isRegistered(core, agent),
    state,
    sinceAt: told && told.state === state ? told.sinceAt : core.nowMs,
    queueIds: agent.seats.map((seat) => seat.queue.id),
    callId: current?.id ?? (agent.phase.kind === 'wrap-up' ? agent.phase.callId : null),
    campaignId: current?.campaignId ?? null,
    sharedExtension: agent.station === extensionOf(agent) ? null : agent.station,
  };
}

/** Tells the others what changed, and nothing when nothing did. */
export function tell(core: Core, agent: AgentEntry): void {
  const state = agentState(core, agent);
  if (state.phoneStatus !== agent.phoneStatus) {
    agent.phoneStatus = state.phoneStatus;
    const changed = { agentId: agent.id, extension: state.extension, phoneStatus: state.phoneStatus, callId: state.callId };
    pushFact(core, streams.agent(agent.id), fact('PhoneStatusChanged', core.nowMs, changed));
  }
  if (agent.told && sameState(agent.told, state)) return;
  agent.told = state;
  core.effects.push({ kind: 'agent-state', state });
}

function sameState(a: AgentState, b: AgentState): boolean {
  return (
    a.state === b.state &&
    a.statusId === b.statusId &&
    a.phoneStatus === b.phoneStatus &&
    a.callId === b.callId &&
    a.registered === b.registered &&
    a.sharedExtension === b.sharedExtension &&
    a.name === b.name &&
    a.extension === b.extension &&
    a.sharedExtension === b.sharedExtension &&
    a.queueIds.length === b.queueIds.length &&
    a.queueIds.every((id, index) => id === b.queueIds[index])
  );
}
