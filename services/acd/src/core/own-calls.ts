/** Calls that an agent makes, and what becomes of a call that an agent passes on. */
import { asLegId, fact, type CallId, type LegId, type QueueId } from '@ritmo/domain';
import { agentDone, moveToQueue, recordDelivered, stopWaiting } from './calls.ts';
import { agentChanged, isFree, isRegistered, offer, record } from './matching.ts';
import { clearTimer, limits, loggedOut, setTimer, type AgentEntry, type CallEntry, type Core } from './model.ts';
import { wrapUpOver } from './status.ts';

/** Why an agent may not begin a call now; null when it may. A paused agent may. */
export function reasonNotToDial(core: Core, agent: AgentEntry): 'not-registered' | 'busy' | null {
  if (!isRegistered(core, agent)) return 'not-registered';
  if (agent.statusId === loggedOut) return 'not-registered';
  if (agent.phase.kind === 'ringing' || agent.calls.size >= agent.config.maxConcurrentCalls) return 'busy';
  return null;
}

/** The agent's phone is taken from this moment; `callEnded` or a failed leg gives it back. */
export function ownCallBegan(core: Core, agent: AgentEntry, callId: CallId, number: string): void {
  if (core.calls.has(callId)) return;
  wrapUpOver(core, agent);
  agent.phase = { kind: 'idle' };
  agent.timer = clearTimer(core, agent.timer);
  const call: CallEntry = {
    id: callId,
    direction: 'agent',
    queue: null,
    campaignId: null,
    number,
    priority: 0,
    answeredAt: core.nowMs,
    enteredAt: core.nowMs,
    sequence: 0,
    legs: 1,
    record: true,
    phase: { kind: 'own', agent, legId: asLegId(`${callId}/1`) },
    heapIndex: -1,
    deadline: null,
    guard: null,
  };
  core.calls.set(callId, call);
  agent.calls.set(callId, call);
  call.deadline = setTimer(core, core.nowMs + agent.config.maxCallS * 1000, { kind: 'own-call-too-long', call });
  agentChanged(core, agent);
}

/** The number that the agent dialed answered: both hear each other. */
export function ownCallAnswered(core: Core, callId: CallId): void {
  const call = core.calls.get(callId);
  if (call?.phase.kind === 'own') recordDelivered(core, call, call.phase.agent, call.phase.legId);
}

/** The call came to nothing: refused, or the agent's own phone did not answer. */
export function ownCallFailed(core: Core, callId: CallId): void {
  const call = core.calls.get(callId);
  if (call?.phase.kind !== 'own') return;
  const { agent } = call.phase;
  stopWaiting(core, call);
  core.calls.delete(callId);
  agentDone(core, agent, call);
}

export type TransferTarget =
  | { readonly kind: 'agent'; readonly agent: AgentEntry }
  | { readonly kind: 'queue'; readonly queueId: QueueId }
  | { readonly kind: 'outside'; readonly number: string };

/** Why a transfer cannot be carried out now, as the SIP code that its REFER's NOTIFY shows; null when it can. */
export function reasonNotToTransfer(core: Core, callId: CallId, legId: LegId, target: TransferTarget): number | null {
  const call = core.calls.get(callId);
  if (!call || (call.phase.kind !== 'delivered' && call.phase.kind !== 'own') || call.phase.legId !== legId) return 481;
  switch (target.kind) {
    case 'agent':
      return isFree(core, target.agent) ? null : 486;
    case 'queue':
      return core.queues.has(target.queueId) ? null : 404;
    case 'outside':
      return null;
  }
}

/** Carries a transfer out. The old agent's leg goes at once (blind: the agent asked for exactly that). */
export function transfer(core: Core, callId: CallId, target: TransferTarget): void {
  const call = core.calls.get(callId);
  if (!call || (call.phase.kind !== 'delivered' && call.phase.kind !== 'own')) return;
  const { agent: from, legId } = call.phase;
  recordTransfer(core, call, from, target, false);
  stopWaiting(core, call);
  core.effects.push({ kind: 'drop-agent', callId, legId });
  call.phase = { kind: 'waiting' };
  agentDone(core, from, call);
  switch (target.kind) {
    case 'agent':
      core.effects.push({ kind: 'play', callId, file: call.queue?.config.musicFile ?? 'music-on-hold.wav', loop: true, thenHangup: false });
      offer(core, call, target.agent, true);
      return;
    case 'queue': {
      const queue = core.queues.get(target.queueId);
      if (queue) moveToQueue(core, call, queue);
      return;
    }
    case 'outside':
      call.phase = { kind: 'outside' };
      return;
  }
}

/** Attended: the other call's party takes the agent's place. Both calls leave the agent. */
export function joined(core: Core, callId: CallId, otherCallId: CallId): void {
  const call = core.calls.get(callId);
  const other = core.calls.get(otherCallId);
  // The ends of the agent's legs may be heard before the join itself.
  const agent = call?.phase.kind === 'closing' ? call.phase.lastAgent : call?.phase.kind === 'delivered' || call?.phase.kind === 'own' ? call.phase.agent : null;
  if (!call || !agent) return;
  recordTransfer(core, call, agent, { kind: 'outside', number: other?.number ?? '' }, true);
  for (const entry of [call, other]) {
    if (!entry) continue;
    stopWaiting(core, entry);
    entry.phase = { kind: 'outside' };
    agentDone(core, agent, entry);
  }
}

function recordTransfer(core: Core, call: CallEntry, from: AgentEntry, target: TransferTarget, attended: boolean): void {
  record(
    core,
    call.id,
    fact('CallTransferred', core.nowMs, {
      callId: call.id,
      fromAgentId: from.id,
      toAgentId: target.kind === 'agent' ? target.agent.id : null,
      toQueueId: target.kind === 'queue' ? target.queueId : null,
      toNumber: target.kind === 'outside' ? target.number : null,
      attended,
    }),
  );
}

/** The ceiling of an agent's own calls (toll fraud): the call is ended, whoever talks. */
export function ownCallTooLong(core: Core, call: CallEntry): void {
  if (call.phase.kind !== 'own') return;
  core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: `longer than ${call.phase.agent.config.maxCallS} s` });
  call.deadline = setTimer(core, core.nowMs + limits.closingMs, { kind: 'closing-over', call });
}
