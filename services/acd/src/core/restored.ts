/** Calls of before this process. */
import type { CallDirection, CallId, CampaignId, LegId, QueueId } from '@ritmo/domain';
import { agentChanged } from './matching.ts';
import { setTimer, type AgentEntry, type CallEntry, type Core } from './model.ts';
import { recordDelivered } from './offers.ts';

export interface RestoredCall {
  readonly callId: CallId;
  readonly legId: LegId;
  readonly direction: CallDirection;
  readonly queueId: QueueId | null;
  readonly campaignId: CampaignId | null;
  readonly number: string;
  readonly answeredAt: number;
  /** internal: whose phone called. */
  readonly caller: AgentEntry | null;
  /** Since when both hear each other, when that was never recorded. */
  readonly unrecordedSinceAt: number | null;
}

/** A call of before this process that an agent is in: told of by telephony, no fact of ours. */
export function callRestored(core: Core, restored: RestoredCall, agent: AgentEntry): void {
  if (core.calls.has(restored.callId)) return;
  const call: CallEntry = {
    id: restored.callId,
    direction: restored.direction,
    queue: restored.queueId === null ? null : (core.queues.get(restored.queueId) ?? null),
    caller: restored.caller,
    campaignId: restored.campaignId,
    number: restored.number,
    priority: 0,
    answeredAt: restored.answeredAt,
    verdict: 'person',
    enteredAt: restored.answeredAt,
    sequence: 0,
    legs: legsOfOthers,
    record: true,
    phase: { kind: restored.direction === 'agent' ? 'own' : 'delivered', agent, legId: restored.legId },
    heapIndex: -1,
    deadline: null,
    guard: null,
  };
  core.calls.set(call.id, call);
  if (call.phase.kind === 'own') call.deadline = setTimer(core, restored.answeredAt + agent.config.maxCallS * 1000, { kind: 'own-call-too-long', call });
  agent.calls.set(call.id, call);
  restored.caller?.calls.set(call.id, call);
  // The process that made the offer died between the agent's answer and its record of it.
  if (restored.unrecordedSinceAt !== null) recordDelivered(core, call, agent, restored.legId, restored.unrecordedSinceAt);
  agentChanged(core, agent);
  if (restored.caller) agentChanged(core, restored.caller);
}

/** Leg numbers that a process before this one used are unknown; ours begin well above them. */
export const legsOfOthers = 1_000;
