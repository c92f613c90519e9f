/** An extension calls another one, or a queue. */
import type { CallId } from '@ritmo/domain';
import { close, releaseRinging } from './leaving.ts';
import { agentChanged, extensionOf, isRegistered, offer } from './matching.ts';
import { limits, setTimer, type AgentEntry, type CallEntry, type Core } from './model.ts';
import { becomeIdle } from './status.ts';

/**
 * Why an extension cannot be rung for a colleague, as the caller's phone hears it (RFC 3261 21.4.18, 21.4.24); null when it can.
 * A pause keeps a queue's calls away and not a colleague's; who talks is not disturbed.
 */
export function reasonNotToRing(core: Core, target: AgentEntry): 480 | 486 | null {
  if (!isRegistered(core, target) || target.config.blocked) return 480;
  return target.calls.size > 0 || target.phase.kind === 'ringing' ? 486 : null;
}

/** The caller's phone is taken from this moment; `callEnded` gives it back. */
export function internalCallBegan(core: Core, caller: AgentEntry, callId: CallId): void {
  if (core.calls.has(callId)) return;
  const call: CallEntry = {
    id: callId,
    direction: 'internal',
    queue: null,
    caller,
    campaignId: null,
    number: extensionOf(caller),
    priority: 0,
    answeredAt: core.nowMs,
    verdict: null,
    enteredAt: core.nowMs,
    sequence: 0,
    legs: 0,
    record: false,
    phase: { kind: 'calling' },
    heapIndex: -1,
    deadline: null,
    guard: null,
  };
  core.calls.set(callId, call);
  caller.calls.set(callId, call);
  becomeIdle(core, caller);
  // Against a word of telephony that never comes.
  call.guard = setTimer(core, core.nowMs + limits.offerSilenceMs, { kind: 'closing-over', call });
  agentChanged(core, caller);
}

/** Telephony has the call: the extension called rings. */
export function ringExtension(core: Core, callId: CallId, target: AgentEntry): void {
  const call = core.calls.get(callId);
  if (call?.phase.kind !== 'calling') return;
  if (reasonNotToRing(core, target) !== null) {
    close(core, call, false, null);
    core.effects.push({ kind: 'hangup', callId, by: 'system', reason: 'the extension was taken meanwhile' });
    return;
  }
  becomeIdle(core, target);
  offer(core, call, target, 'direct');
}

/** Its place is another call's from now on: who rang for it is free again, and nobody was abandoned. */
export function withdrawFromQueue(core: Core, callId: CallId): void {
  const call = core.calls.get(callId);
  if (call?.phase.kind !== 'waiting' && call?.phase.kind !== 'offering') return;
  const ringing = call.phase.kind === 'offering' ? call.phase : null;
  close(core, call, false, null);
  if (!ringing) return;
  core.effects.push({ kind: 'cancel-offer', callId, legId: ringing.legId });
  releaseRinging(core, ringing.agent, ringing.legId);
}
