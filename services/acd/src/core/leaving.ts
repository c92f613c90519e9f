/** What leaves: calls that stop waiting, agents that are done with a call. */
import { fact, streams } from '@ritmo/domain';
import type { LegId } from '@ritmo/domain';
import { agentChanged, pushFact, queueIdOf, record } from './matching.ts';
import { clearTimer, limits, setTimer, type AgentEntry, type CallEntry, type Core } from './model.ts';

export function close(core: Core, call: CallEntry, abandonable: boolean, lastAgent: AgentEntry | null): void {
  stopWaiting(core, call);
  call.phase = { kind: 'closing', abandonable, lastAgent };
  call.guard = setTimer(core, core.nowMs + limits.closingMs, { kind: 'closing-over', call });
}

/** Nobody abandoned it. */
export function hangUpMachine(core: Core, call: CallEntry): void {
  core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: 'a machine answered' });
  close(core, call, false, null);
}

export function releaseRinging(core: Core, agent: AgentEntry, legId: LegId): void {
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

export function abandoned(core: Core, call: CallEntry, by: 'customer' | 'system', message: boolean): void {
  const waitMs = Math.max(0, core.nowMs - call.enteredAt);
  const data = { callId: call.id, queueId: queueIdOf(call), campaignId: call.campaignId, waitMs, by, message };
  record(core, call.id, fact('CallAbandoned', core.nowMs, data));
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

/** The phone that called has nothing more to do with this call: no wrap-up, that is for who was called by customers. */
export function callerDone(core: Core, call: CallEntry): void {
  const { caller } = call;
  call.caller = null;
  if (!caller?.calls.delete(call.id)) return;
  caller.idleSinceAt = core.nowMs;
  agentChanged(core, caller);
}
