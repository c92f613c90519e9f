/** What becomes of a call that an agent passes on without asking anybody (RFC 3515). */
import { asLegId, fact, type CallId, type LegId, type QueueId } from '@ritmo/domain';
import { moveToQueue } from './calls.ts';
import { agentDone, callerDone, stopWaiting } from './leaving.ts';
import { extensionOf, isFree, offer, record } from './matching.ts';
import type { AgentEntry, CallEntry, Core } from './model.ts';

export type TransferTarget =
  | { readonly kind: 'agent'; readonly agent: AgentEntry }
  /** `enteredAt`: the place of the call that consulted the queue. */
  | { readonly kind: 'queue'; readonly queueId: QueueId; readonly enteredAt?: number }
  | { readonly kind: 'outside'; readonly number: string };

/** Why a transfer cannot be carried out now, as the SIP code that its REFER's NOTIFY shows; null when it can. */
export function reasonNotToTransfer(core: Core, callId: CallId, legId: LegId, target: TransferTarget): number | null {
  const call = core.calls.get(callId);
  if (!call || !askerOf(call, legId) || (call.phase.kind !== 'delivered' && call.phase.kind !== 'own')) return 481;
  switch (target.kind) {
    case 'agent':
      return isFree(core, target.agent) ? null : 486;
    case 'queue':
      return core.queues.has(target.queueId) ? null : 404;
    case 'outside':
      return null;
  }
}

/** The side of a phone that called is leg 0. */
export const callerLegOf = (callId: CallId): LegId => asLegId(`${callId}/0`);

/** Whose phone this leg of the call is. */
export function askerOf(call: CallEntry, legId: LegId): AgentEntry | null {
  if (legId === callerLegOf(call.id)) return call.caller;
  return (call.phase.kind === 'delivered' || call.phase.kind === 'own') && call.phase.legId === legId ? call.phase.agent : null;
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
  passOn(core, call, target);
}

/**
 * The same, asked for by the phone that called: telephony has put who was called in its place. That agent stays taken, now by a
 * call that waits.
 */
export function turned(core: Core, callId: CallId, target: TransferTarget): void {
  const call = core.calls.get(callId);
  if (call?.phase.kind !== 'delivered' || !call.caller) return;
  const { agent: stays } = call.phase;
  recordTransfer(core, call, call.caller, target, false);
  stopWaiting(core, call);
  callerDone(core, call);
  call.caller = stays;
  call.number = extensionOf(stays);
  call.phase = { kind: 'waiting' };
  passOn(core, call, target);
}

function passOn(core: Core, call: CallEntry, target: TransferTarget): void {
  switch (target.kind) {
    case 'agent':
      call.enteredAt = core.nowMs;
      core.effects.push({ kind: 'play', callId: call.id, file: call.queue?.config.musicFile ?? 'music-on-hold.wav', loop: true, thenHangup: false });
      offer(core, call, target.agent, 'transfer');
      return;
    case 'queue': {
      const queue = core.queues.get(target.queueId);
      if (queue) moveToQueue(core, call, queue, target.enteredAt);
      return;
    }
    case 'outside':
      call.phase = { kind: 'outside' };
      return;
  }
}

export function recordTransfer(core: Core, call: CallEntry, from: AgentEntry, target: TransferTarget, attended: boolean): void {
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
