/** An offer: answered, missed, or withdrawn. */
import { fact, type CallId, type LegId } from '@ritmo/domain';
import { enterQueue } from './calls.ts';
import { close, releaseRinging, stopWaiting } from './leaving.ts';
import { agentChanged, extensionOf, offer, queueIdOf, record } from './matching.ts';
import { clearTimer, limits, setTimer, type AgentEntry, type CallEntry, type Core, type QueueEntry } from './model.ts';
import { changeStatus } from './status.ts';

/** The agent answered and both hear each other. */
export function offerAnswered(core: Core, callId: CallId, legId: LegId): void {
  const call = core.calls.get(callId);
  if (!call || call.phase.kind !== 'offering' || call.phase.legId !== legId) return;
  const { agent, why } = call.phase;
  stopWaiting(core, call);
  call.phase = { kind: 'delivered', agent, legId };
  // Whoever has talked with somebody is no machine, whatever a detector says later.
  call.verdict ??= 'person';
  agent.phase = { kind: 'idle' };
  agent.calls.set(call.id, call);
  if (why !== 'direct') {
    agent.missedInRow = 0;
    agent.callsTaken += 1;
  }
  recordDelivered(core, call, agent, legId);
  agentChanged(core, agent);
}

export function recordDelivered(core: Core, call: CallEntry, agent: AgentEntry, legId: LegId, atMs = core.nowMs): void {
  record(
    core,
    call.id,
    fact('CallDelivered', atMs, {
      callId: call.id,
      legId,
      agentId: agent.id,
      extension: extensionOf(agent),
      queueId: call.queue?.id ?? null,
      campaignId: call.campaignId,
      waitMs: Math.max(0, atMs - call.enteredAt),
    }),
  );
}

export type MissReason = 'no-answer' | 'rejected' | 'unreachable';

/** TNA: the agent's phone did not answer. The caller keeps its place and goes to the next agent. */
export function offerMissed(core: Core, callId: CallId, legId: LegId, reason: MissReason): void {
  const call = core.calls.get(callId);
  if (!call || call.phase.kind !== 'offering' || call.phase.legId !== legId) return;
  const { agent, sinceAt, why } = call.phase;
  if (why === 'direct') return directMissed(core, call, agent);
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
  returnToQueue(core, call, why === 'transfer');
}

/** Who an extension called did not answer. Telephony has told the caller by now, unless it never heard of the offer. */
function directMissed(core: Core, call: CallEntry, agent: AgentEntry): void {
  close(core, call, false, null);
  core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: 'the extension did not answer' });
  agent.phase = { kind: 'idle' };
  agentChanged(core, agent);
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
  if (seat) offer(core, call, seat.agent, 'queue');
  else queue.waiting.push(call);
}

/** Telephony gave the offer up because the customer is going: no more offers until the end is heard. */
export function offerWithdrawn(core: Core, callId: CallId, legId: LegId): void {
  const call = core.calls.get(callId);
  if (!call || call.phase.kind !== 'offering' || call.phase.legId !== legId) return;
  const { agent, why } = call.phase;
  close(core, call, why !== 'direct', null);
  releaseRinging(core, agent, legId);
}
