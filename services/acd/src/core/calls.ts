/** How a call goes through the acd: in, offered, delivered or abandoned, out. */
import { fact, streams, type AgentId, type CallDirection, type CallEndedBy, type CallId, type CampaignId, type LegId, type QueueId } from '@ritmo/domain';
import { agentChanged, extensionOf, isFree, offer, pushFact, queueIdOf, record, serve } from './matching.ts';
import { clearTimer, limits, setTimer, type AgentEntry, type CallEntry, type Core, type QueueEntry } from './model.ts';
import { changeStatus } from './status.ts';

/** Shipped with telephony; a queue may name its own files. */
const defaultMusic = 'music-on-hold.wav';
const defaultSafeHarbour = 'safe-harbour.wav';

export interface ArrivedCall {
  readonly callId: CallId;
  readonly direction: CallDirection;
  readonly queueId: QueueId;
  readonly campaignId: CampaignId | null;
  readonly number: string;
  readonly answeredAt: number;
  readonly record: boolean;
  /** Above every leg number that an earlier process may have used. */
  readonly firstLeg?: number;
  /** Preview: the agent who chose to call. Served by the queue when that agent is not free after all. */
  readonly wantedAgentId?: AgentId;
}

/** The customer's side is up and belongs to a queue. */
export function callArrived(core: Core, arrived: ArrivedCall): void {
  if (core.calls.has(arrived.callId)) return;
  const queue = core.queues.get(arrived.queueId);
  if (!queue) {
    core.effects.push({ kind: 'hangup', callId: arrived.callId, by: 'system', reason: `queue ${arrived.queueId} does not exist` });
    return;
  }
  core.sequence += 1;
  const call: CallEntry = {
    id: arrived.callId,
    direction: arrived.direction,
    queue,
    campaignId: arrived.campaignId,
    number: arrived.number,
    priority: arrived.campaignId === null ? queue.config.inboundPriority : queue.config.dialerPriority,
    answeredAt: arrived.answeredAt,
    enteredAt: arrived.answeredAt,
    sequence: core.sequence,
    legs: arrived.firstLeg ?? 0,
    record: arrived.record,
    phase: { kind: 'waiting' },
    heapIndex: -1,
    deadline: null,
    guard: null,
  };
  core.calls.set(call.id, call);
  enterQueue(core, call, queue, arrived.wantedAgentId);
}

function enterQueue(core: Core, call: CallEntry, queue: QueueEntry, wantedAgentId?: AgentId): void {
  call.queue = queue;
  const position = queue.waiting.size + 1;
  call.deadline = clearTimer(core, call.deadline);
  call.deadline = setTimer(core, call.enteredAt + longestWaitMs(core, call, queue), { kind: 'waited-enough', call });
  record(
    core,
    call.id,
    fact('CallQueued', core.nowMs, { callId: call.id, queueId: queue.id, campaignId: call.campaignId, number: call.number, position }),
  );
  const wanted = wantedAgentId === undefined ? undefined : core.agents.get(wantedAgentId);
  if (wanted && isFree(core, wanted)) offer(core, call, wanted, false);
  else serve(core, call, queue);
  // After the offer, which must not wait for it: the caller hears something while the agent's phone rings.
  core.effects.push({ kind: 'play', callId: call.id, file: queue.config.musicFile ?? defaultMusic, loop: true, thenHangup: false });
}

function longestWaitMs(core: Core, call: CallEntry, queue: QueueEntry): number {
  const campaign = call.campaignId === null ? undefined : core.campaigns.get(call.campaignId);
  return campaign ? campaign.maxQueueMs : queue.config.maxWaitS * 1000;
}

export interface RestoredCall {
  readonly callId: CallId;
  readonly legId: LegId;
  readonly direction: CallDirection;
  readonly queueId: QueueId | null;
  readonly campaignId: CampaignId | null;
  readonly number: string;
  readonly answeredAt: number;
}

/** A call of before this process that an agent is in: told of by telephony, no fact of ours. */
export function callRestored(core: Core, restored: RestoredCall, agent: AgentEntry): void {
  if (core.calls.has(restored.callId)) return;
  const call: CallEntry = {
    id: restored.callId,
    direction: restored.direction,
    queue: restored.queueId === null ? null : (core.queues.get(restored.queueId) ?? null),
    campaignId: restored.campaignId,
    number: restored.number,
    priority: 0,
    answeredAt: restored.answeredAt,
    enteredAt: restored.answeredAt,
    sequence: 0,
    legs: legsOfOthers,
    record: true,
    phase: { kind: 'delivered', agent, legId: restored.legId },
    heapIndex: -1,
    deadline: null,
    guard: null,
  };
  core.calls.set(call.id, call);
  agent.calls.set(call.id, call);
  agentChanged(core, agent);
}

/** Leg numbers that a process before this one used are unknown; ours begin well above them. */
export const legsOfOthers = 1_000;

/** The agent answered and both hear each other. */
export function offerAnswered(core: Core, callId: CallId, legId: LegId): void {
  const call = core.calls.get(callId);
  if (!call || call.phase.kind !== 'offering' || call.phase.legId !== legId) return;
  const { agent } = call.phase;
  stopWaiting(core, call);
  call.phase = { kind: 'delivered', agent, legId };
  agent.phase = { kind: 'idle' };
  agent.calls.set(call.id, call);
  agent.missedInRow = 0;
  agent.callsTaken += 1;
  recordDelivered(core, call, agent, legId);
  agentChanged(core, agent);
}

export function recordDelivered(core: Core, call: CallEntry, agent: AgentEntry, legId: LegId): void {
  record(
    core,
    call.id,
    fact('CallDelivered', core.nowMs, {
      callId: call.id,
      legId,
      agentId: agent.id,
      extension: extensionOf(agent),
      queueId: call.queue?.id ?? null,
      campaignId: call.campaignId,
      waitMs: Math.max(0, core.nowMs - call.answeredAt),
    }),
  );
}

export type MissReason = 'no-answer' | 'rejected' | 'unreachable';

/** TNA: the agent's phone did not answer. The caller keeps its place and goes to the next agent. */
export function offerMissed(core: Core, callId: CallId, legId: LegId, reason: MissReason): void {
  const call = core.calls.get(callId);
  if (!call || call.phase.kind !== 'offering' || call.phase.legId !== legId) return;
  const { agent, sinceAt, transfer } = call.phase;
  call.guard = clearTimer(core, call.guard);
  const durationMs = Math.max(0, core.nowMs - sinceAt);
  const missed = { callId, legId, agentId: agent.id, extension: extensionOf(agent), queueId: queueIdOf(call), durationMs, reason };
  record(core, callId, fact('OfferMissed', core.nowMs, missed));
  agent.missedInRow += 1;
  agent.idleSinceAt = core.nowMs;
  agent.phase = { kind: 'resting' };
  agent.timer = clearTimer(core, agent.timer);
  agent.timer = setTimer(core, core.nowMs + limits.restAfterMissMs, { kind: 'rest-over', agent });
  const allowed = call.queue?.config.missedBeforePause ?? 0;
  if (allowed > 0 && agent.missedInRow >= allowed) {
    changeStatus(core, agent, core.pauseStatusId, { kind: 'system' }, 'missed-offers');
    agent.missedInRow = 0;
  }
  agentChanged(core, agent);
  returnToQueue(core, call, transfer);
}

function returnToQueue(core: Core, call: CallEntry, wasTransfer: boolean): void {
  if (!call.queue) {
    call.phase = { kind: 'closing', abandonable: false, lastAgent: null };
    core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: 'the transfer was not answered' });
    call.guard = setTimer(core, core.nowMs + limits.closingMs, { kind: 'closing-over', call });
    return;
  }
  if (wasTransfer) {
    call.enteredAt = core.nowMs;
    enterQueue(core, call, call.queue);
    return;
  }
  serveAgain(core, call, call.queue);
}

/** Back to its old place: the first of the queue when it was the first before. */
function serveAgain(core: Core, call: CallEntry, queue: QueueEntry): void {
  call.phase = { kind: 'waiting' };
  const seat = queue.free.peek();
  // A queue with a free agent has nobody waiting, so this call is the one to serve.
  if (seat) offer(core, call, seat.agent, false);
  else queue.waiting.push(call);
}

/** Telephony gave the offer up because the customer is going: no more offers until the end is heard. */
export function offerWithdrawn(core: Core, callId: CallId, legId: LegId): void {
  const call = core.calls.get(callId);
  if (!call || call.phase.kind !== 'offering' || call.phase.legId !== legId) return;
  const { agent } = call.phase;
  close(core, call, true, null);
  releaseRinging(core, agent, legId);
}

function close(core: Core, call: CallEntry, abandonable: boolean, lastAgent: AgentEntry | null): void {
  stopWaiting(core, call);
  call.phase = { kind: 'closing', abandonable, lastAgent };
  call.guard = setTimer(core, core.nowMs + limits.closingMs, { kind: 'closing-over', call });
}

function releaseRinging(core: Core, agent: AgentEntry, legId: LegId): void {
  if (agent.phase.kind !== 'ringing' || agent.phase.legId !== legId) return;
  agent.phase = { kind: 'idle' };
  agentChanged(core, agent);
}

/** Neither waits nor has a timer any more. */
export function stopWaiting(core: Core, call: CallEntry): void {
  call.queue?.waiting.remove(call);
  call.deadline = clearTimer(core, call.deadline);
  call.guard = clearTimer(core, call.guard);
}

/** Nobody was free within the longest wait: the safe-harbour message, then telephony hangs up. */
export function waitedEnough(core: Core, call: CallEntry): void {
  if (call.phase.kind !== 'waiting' && call.phase.kind !== 'offering') return;
  const ringing = call.phase.kind === 'offering' ? call.phase : null;
  stopWaiting(core, call);
  if (ringing) core.effects.push({ kind: 'cancel-offer', callId: call.id, legId: ringing.legId });
  call.phase = { kind: 'message' };
  abandoned(core, call, 'system', true);
  const file = call.queue?.config.safeHarbourFile ?? defaultSafeHarbour;
  core.effects.push({ kind: 'play', callId: call.id, file, loop: false, thenHangup: true });
  call.guard = setTimer(core, core.nowMs + limits.messageMs, { kind: 'message-over', call });
  if (ringing) releaseRinging(core, ringing.agent, ringing.legId);
}

function abandoned(core: Core, call: CallEntry, by: 'customer' | 'system', message: boolean): void {
  const waitMs = Math.max(0, core.nowMs - call.answeredAt);
  const data = { callId: call.id, queueId: queueIdOf(call), campaignId: call.campaignId, waitMs, by, message };
  record(core, call.id, fact('CallAbandoned', core.nowMs, data));
}

/** The agent's leg is down. The call ends too, or was transferred before. */
export function agentLegEnded(core: Core, callId: CallId, legId: LegId): void {
  const call = core.calls.get(callId);
  if (!call || (call.phase.kind !== 'delivered' && call.phase.kind !== 'own') || call.phase.legId !== legId) return;
  const { agent } = call.phase;
  close(core, call, false, agent);
  agentDone(core, agent, call);
}

/** The agent has nothing more to do with this call but its wrap-up. */
export function agentDone(core: Core, agent: AgentEntry, call: CallEntry): void {
  if (!agent.calls.delete(call.id)) return;
  agent.idleSinceAt = core.nowMs;
  const wrapUpMs = Math.round((call.queue?.config.wrapUpS ?? 0) * 1000);
  if (wrapUpMs > 0 && agent.calls.size === 0 && agent.phase.kind === 'idle') {
    const untilAt = core.nowMs + wrapUpMs;
    agent.phase = { kind: 'wrap-up', callId: call.id, sinceAt: core.nowMs };
    agent.timer = clearTimer(core, agent.timer);
    agent.timer = setTimer(core, untilAt, { kind: 'wrap-up-over', agent });
    pushFact(core, streams.agent(agent.id), fact('WrapUpStarted', core.nowMs, { agentId: agent.id, callId: call.id, untilAt }));
  }
  agentChanged(core, agent);
}

/** Whatever the call was doing: nothing of it stays. */
export function callEnded(core: Core, callId: CallId, by: CallEndedBy): void {
  const call = core.calls.get(callId);
  if (!call) return;
  const { phase } = call;
  stopWaiting(core, call);
  core.calls.delete(callId);
  const abandonedBy = by === 'customer' || by === 'carrier' ? 'customer' : 'system';
  switch (phase.kind) {
    case 'waiting':
      abandoned(core, call, abandonedBy, false);
      return;
    case 'offering':
      if (!phase.transfer) abandoned(core, call, abandonedBy, false);
      releaseRinging(core, phase.agent, phase.legId);
      return;
    case 'closing':
      if (phase.abandonable) abandoned(core, call, abandonedBy, false);
      return;
    case 'delivered':
    case 'own':
      agentDone(core, phase.agent, call);
      return;
    case 'message':
    case 'outside':
      return;
  }
}

/** To another queue, at its end. The old agent's leg is dropped by the caller of this. */
export function moveToQueue(core: Core, call: CallEntry, queue: QueueEntry): void {
  stopWaiting(core, call);
  call.enteredAt = core.nowMs;
  core.sequence += 1;
  call.sequence = core.sequence;
  call.priority = queue.config.inboundPriority;
  enterQueue(core, call, queue);
}

export const agentIdOf = (call: CallEntry): AgentId | null =>
  call.phase.kind === 'delivered' || call.phase.kind === 'own' || call.phase.kind === 'offering' ? call.phase.agent.id : null;
