/**
 * Attended transfer (REFER with Replaces, RFC 3515 and 3891): an agent has two calls and leaves both; who is left talks. Planned before
 * telephony is asked, so that nobody who is about to talk is free for a moment; settled by its answer.
 */
import { asLegId, type CallId, type LegId, type QueueId } from '@ritmo/domain';
import { agentDone, callerDone, close, stopWaiting } from './leaving.ts';
import { agentChanged } from './matching.ts';
import type { AgentEntry, CallEntry, Core } from './model.ts';
import { recordDelivered } from './offers.ts';
import { askerOf, recordTransfer } from './transfers.ts';

export type Joining =
  /** Two customers: both calls go on, without the agent. */
  | { readonly kind: 'customers'; readonly call: CallEntry; readonly other: CallEntry; readonly agent: AgentEntry }
  /** The agent of `other` comes over to `call`, in the place of its agent or of who called; `other` ends. */
  | { readonly kind: 'take-over'; readonly call: CallEntry; readonly other: CallEntry; readonly place: 'agent' | 'caller'; readonly leaving: AgentEntry; readonly coming: AgentEntry; readonly legId: LegId }
  /** The queue that was consulted has nobody yet: this call takes the place of the consulting one. */
  | { readonly kind: 'queue'; readonly call: CallEntry; readonly other: CallEntry; readonly queueId: QueueId; readonly enteredAt: number; readonly byCaller: boolean };

/** Null when the two calls cannot be brought together. */
export function beginJoining(core: Core, callId: CallId, legId: LegId, otherCallId: CallId): Joining | null {
  const [call, other] = [core.calls.get(callId), core.calls.get(otherCallId)];
  const asker = call && askerOf(call, legId);
  if (!call || !other || call === other || !asker || !talks(call)) return null;
  const asCaller = call.caller === asker;
  if (other.caller === asker) {
    if (talks(other)) return takeOver(call, other, asCaller ? 'caller' : 'agent', asker);
    const queue = other.phase.kind === 'waiting' || (other.phase.kind === 'offering' && other.phase.why === 'queue') ? other.queue : null;
    return queue && { kind: 'queue', call, other, queueId: queue.id, enteredAt: other.enteredAt, byCaller: asCaller };
  }
  if (!talks(other) || other.phase.agent !== asker) return null;
  return asCaller ? takeOver(other, call, 'agent', asker) : { kind: 'customers', call, other, agent: asker };
}

type Talking = CallEntry & { readonly phase: Extract<CallEntry['phase'], { kind: 'delivered' | 'own' }> };
const talks = (call: CallEntry): call is Talking => call.phase.kind === 'delivered' || call.phase.kind === 'own';

function takeOver(call: CallEntry, other: Talking, place: 'agent' | 'caller', leaving: AgentEntry): Joining {
  const coming = other.phase.agent;
  call.legs += 1;
  coming.calls.set(call.id, call);
  return { kind: 'take-over', call, other, place, leaving, coming, legId: asLegId(`${call.id}/${call.legs}`) };
}

/** Telephony refused: both calls go on as they are. */
export function joiningFailed(core: Core, joining: Joining): void {
  if (joining.kind !== 'take-over') return;
  joining.coming.calls.delete(joining.call.id);
  agentChanged(core, joining.coming);
}

/** Telephony has done it. The ends of the legs that went may have been heard before. */
export function joined(core: Core, joining: Joining): void {
  switch (joining.kind) {
    case 'customers':
      return customersJoined(core, joining);
    case 'take-over':
      return takenOver(core, joining);
    case 'queue':
      return;
  }
}

function customersJoined(core: Core, { call, other, agent }: Extract<Joining, { kind: 'customers' }>): void {
  if (!core.calls.has(call.id)) return;
  recordTransfer(core, call, agent, { kind: 'outside', number: other.number }, true);
  for (const entry of [call, other]) {
    if (!core.calls.has(entry.id)) continue;
    stopWaiting(core, entry);
    entry.phase = { kind: 'outside' };
    agentDone(core, agent, entry);
  }
}

function takenOver(core: Core, joining: Extract<Joining, { kind: 'take-over' }>): void {
  const { call, other, place, leaving, coming, legId } = joining;
  if (!core.calls.has(call.id)) return joiningFailed(core, joining);
  recordTransfer(core, call, leaving, { kind: 'agent', agent: coming }, true);
  stopWaiting(core, call);
  if (place === 'agent') {
    call.phase = { kind: 'delivered', agent: coming, legId };
    call.enteredAt = core.nowMs;
    agentDone(core, leaving, call);
    recordDelivered(core, call, coming, legId);
  } else {
    callerDone(core, call);
    call.caller = coming;
  }
  if (core.calls.has(other.id)) {
    close(core, other, false, null);
    callerDone(core, other);
    agentDone(core, coming, other);
  }
  agentChanged(core, coming);
}
