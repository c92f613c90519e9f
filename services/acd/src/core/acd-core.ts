/**
 * The acd's decisions: state, input and the time in; effects out. No clock, no I/O. The shell carries out the effects in
 * their order and calls `step` again with what came of them.
 */
import type { Actor, Agent, AgentId, CallEndedBy, CallId, Campaign, CampaignId, Extension, LegId, Queue, QueueId, UserStatus, UserStatusId } from '@ritmo/domain';
import { joined, joiningFailed, type Joining } from './attended.ts';
import { agentLegEnded, callArrived, callEnded, waitedEnough, type ArrivedCall } from './calls.ts';
import { dayBegan, putAgent, putQueue, rememberAgent, removeAgent, removeQueue, statusesChanged, type RememberedAgent } from './configure.ts';
import { classified, detectedNothing } from './detection.ts';
import { internalCallBegan, ringExtension, withdrawFromQueue } from './internal-calls.ts';
import { agentChanged, isPaused } from './matching.ts';
import { clearTimer, loggedOut, setTimer, limits, type AgentEntry, type Core, type Effect, type TimerEvent } from './model.ts';
import { offerAnswered, offerMissed, offerWithdrawn, type MissReason } from './offers.ts';
import { ownCallAnswered, ownCallBegan, ownCallFailed, ownCallTooLong } from './own-calls.ts';
import { callRestored, type RestoredCall } from './restored.ts';
import { moveToStation, pause, registrationChanged, setStatus, unpause, wrapUpOver, type RegistrationChange } from './status.ts';
import { transfer, turned, type TransferTarget } from './transfers.ts';

export type Input =
  | { readonly kind: 'put-agent'; readonly agent: Agent }
  | { readonly kind: 'remove-agent'; readonly agentId: AgentId }
  | { readonly kind: 'put-queue'; readonly queue: Queue }
  | { readonly kind: 'remove-queue'; readonly queueId: QueueId }
  | { readonly kind: 'put-statuses'; readonly statuses: readonly UserStatus[]; readonly pauseStatusId: UserStatusId; readonly licences?: number }
  | { readonly kind: 'put-campaign'; readonly campaign: Campaign }
  | { readonly kind: 'remember-agent'; readonly agent: RememberedAgent }
  | { readonly kind: 'day-began' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'registration'; readonly change: RegistrationChange }
  | { readonly kind: 'set-status'; readonly agent: AgentEntry; readonly statusId: UserStatusId; readonly by: Actor }
  | { readonly kind: 'move-to-station'; readonly agent: AgentEntry; readonly station: Extension }
  | { readonly kind: 'pause'; readonly agent: AgentEntry; readonly by: Actor }
  | { readonly kind: 'unpause'; readonly agent: AgentEntry; readonly by: Actor }
  | { readonly kind: 'ready'; readonly agent: AgentEntry }
  | { readonly kind: 'call-arrived'; readonly call: ArrivedCall }
  | { readonly kind: 'call-restored'; readonly call: RestoredCall; readonly agent: AgentEntry }
  | { readonly kind: 'call-classified'; readonly callId: CallId; readonly verdict: 'person' | 'machine' }
  | { readonly kind: 'call-ended'; readonly callId: CallId; readonly by: CallEndedBy }
  | { readonly kind: 'offer-answered'; readonly callId: CallId; readonly legId: LegId }
  | { readonly kind: 'offer-missed'; readonly callId: CallId; readonly legId: LegId; readonly reason: MissReason }
  | { readonly kind: 'offer-withdrawn'; readonly callId: CallId; readonly legId: LegId }
  | { readonly kind: 'agent-leg-ended'; readonly callId: CallId; readonly legId: LegId }
  | { readonly kind: 'own-call-began'; readonly agent: AgentEntry; readonly callId: CallId; readonly number: string }
  | { readonly kind: 'own-call-answered'; readonly callId: CallId }
  | { readonly kind: 'own-call-failed'; readonly callId: CallId }
  | { readonly kind: 'transfer'; readonly callId: CallId; readonly target: TransferTarget }
  | { readonly kind: 'turned'; readonly callId: CallId; readonly target: TransferTarget }
  | { readonly kind: 'internal-call-began'; readonly caller: AgentEntry; readonly callId: CallId }
  | { readonly kind: 'ring-extension'; readonly callId: CallId; readonly target: AgentEntry }
  | { readonly kind: 'withdraw-from-queue'; readonly callId: CallId }
  | { readonly kind: 'joined'; readonly joining: Joining }
  | { readonly kind: 'joining-failed'; readonly joining: Joining };

/** Takes the input, then whatever has become due. The effects are the caller's. */
export function step(core: Core, input: Input, nowMs: number): readonly Effect[] {
  core.nowMs = Math.max(core.nowMs, nowMs);
  apply(core, input);
  for (let due = core.timers.peek(); due && due.at <= core.nowMs; due = core.timers.peek()) {
    core.timers.remove(due);
    fire(core, due.event);
  }
  const { effects } = core;
  core.effects = [];
  return effects;
}

/** When `step` wants to be called again with a tick; undefined when nothing is pending. */
export const nextDueAt = (core: Core): number | undefined => core.timers.peek()?.at;

function apply(core: Core, input: Input): void {
  switch (input.kind) {
    case 'put-agent':
      putAgent(core, input.agent);
      return blockedWhileRinging(core, core.agents.get(input.agent.id as AgentId));
    case 'remove-agent':
      return removeAgent(core, input.agentId);
    case 'put-queue':
      return putQueue(core, input.queue);
    case 'remove-queue':
      return removeQueue(core, input.queueId);
    case 'put-statuses':
      core.statuses.clear();
      for (const status of input.statuses) core.statuses.set(status.id, status);
      core.pauseStatusId = input.pauseStatusId;
      core.licences = input.licences ?? Infinity;
      return statusesChanged(core);
    case 'put-campaign':
      core.campaigns.set(input.campaign.id as CampaignId, input.campaign);
      return;
    case 'remember-agent':
      return rememberAgent(core, input.agent);
    case 'day-began':
      return dayBegan(core);
    case 'tick':
      return;
    case 'registration':
      return registrationChanged(core, input.change);
    case 'set-status':
      setStatus(core, input.agent, input.statusId, input.by);
      return takeBackOffer(core, input.agent);
    case 'move-to-station':
      moveToStation(core, input.agent, input.station);
      return agentChanged(core, input.agent);
    case 'pause':
      pause(core, input.agent, input.by);
      return takeBackOffer(core, input.agent);
    case 'unpause':
      unpause(core, input.agent, input.by);
      return;
    case 'ready':
      return wrapUpOver(core, input.agent);
    case 'call-arrived':
      return callArrived(core, input.call);
    case 'call-restored':
      return callRestored(core, input.call, input.agent);
    case 'call-classified':
      return classified(core, input.callId, input.verdict);
    case 'call-ended':
      return callEnded(core, input.callId, input.by);
    case 'offer-answered':
      return offerAnswered(core, input.callId, input.legId);
    case 'offer-missed':
      return offerMissed(core, input.callId, input.legId, input.reason);
    case 'offer-withdrawn':
      return offerWithdrawn(core, input.callId, input.legId);
    case 'agent-leg-ended':
      return agentLegEnded(core, input.callId, input.legId);
    case 'own-call-began':
      return ownCallBegan(core, input.agent, input.callId, input.number);
    case 'own-call-answered':
      return ownCallAnswered(core, input.callId);
    case 'own-call-failed':
      return ownCallFailed(core, input.callId);
    case 'transfer':
      return transfer(core, input.callId, input.target);
    case 'joined':
      return joined(core, input.joining);
    case 'joining-failed':
      return joiningFailed(core, input.joining);
    case 'turned':
      return turned(core, input.callId, input.target);
    case 'internal-call-began':
      return internalCallBegan(core, input.caller, input.callId);
    case 'withdraw-from-queue':
      return withdrawFromQueue(core, input.callId);
    case 'ring-extension':
      return ringExtension(core, input.callId, input.target);
  }
}

/** Who goes into a pause while the phone rings has refused the call: it goes on to the next agent. */
function takeBackOffer(core: Core, agent: AgentEntry): void {
  if (agent.phase.kind !== 'ringing' || (!isPaused(core, agent) && agent.statusId !== loggedOut)) return;
  const { call, legId } = agent.phase;
  // A colleague's call is no queue's: the phone may ring on.
  if (call.phase.kind === 'offering' && call.phase.why === 'direct') return;
  core.effects.push({ kind: 'cancel-offer', callId: call.id, legId });
  offerMissed(core, call.id, legId, 'rejected');
}

/** Who is blocked while a queue's call rings loses it. */
function blockedWhileRinging(core: Core, agent: AgentEntry | undefined): void {
  if (agent?.config.blocked === true) takeBackOffer(core, agent);
}

function fire(core: Core, event: TimerEvent): void {
  switch (event.kind) {
    case 'offer-silent':
      core.effects.push({ kind: 'cancel-offer', callId: event.call.id, legId: event.legId });
      return offerMissed(core, event.call.id, event.legId, 'unreachable');
    case 'rest-over':
      if (event.agent.phase.kind !== 'resting') return;
      event.agent.timer = null;
      event.agent.phase = { kind: 'idle' };
      return agentChanged(core, event.agent);
    case 'wrap-up-over':
      return wrapUpOver(core, event.agent);
    case 'waited-enough':
      return waitedEnough(core, event.call);
    case 'detected-nothing':
      return detectedNothing(core, event.call);
    case 'message-over':
      core.effects.push({ kind: 'hangup', callId: event.call.id, by: 'system', reason: 'the message is over' });
      event.call.guard = clearTimer(core, event.call.guard);
      event.call.guard = setTimer(core, core.nowMs + limits.closingMs, { kind: 'closing-over', call: event.call });
      return;
    case 'closing-over':
      return callEnded(core, event.call.id, 'system');
    case 'own-call-too-long':
      return ownCallTooLong(core, event.call);
  }
}
