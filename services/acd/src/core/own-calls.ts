/** Calls that an agent makes to the world outside. */
import { asLegId, type CallId } from '@ritmo/domain';
import { agentDone, stopWaiting } from './leaving.ts';
import { agentChanged, isRegistered } from './matching.ts';
import { limits, loggedOut, setTimer, type AgentEntry, type CallEntry, type Core } from './model.ts';
import { recordDelivered } from './offers.ts';
import { becomeIdle } from './status.ts';

/** Why an agent may not begin a call now; null when it may. A paused agent may. */
export function reasonNotToDial(core: Core, agent: AgentEntry): 'not-registered' | 'busy' | 'ceiling' | 'not-allowed' | null {
  if (agent.config.blocked === true) return 'not-allowed';
  if (!isRegistered(core, agent)) return 'not-registered';
  if (agent.statusId === loggedOut) return 'not-registered';
  if (agent.calls.size >= agent.config.maxConcurrentCalls) return 'ceiling';
  return agent.phase.kind === 'ringing' ? 'busy' : null;
}

/** The agent's phone is taken from this moment; `callEnded` or a failed leg gives it back. */
export function ownCallBegan(core: Core, agent: AgentEntry, callId: CallId, number: string): void {
  if (core.calls.has(callId)) return;
  const call: CallEntry = {
    id: callId,
    direction: 'agent',
    queue: null,
    caller: null,
    campaignId: null,
    number,
    priority: 0,
    answeredAt: core.nowMs,
    verdict: null,
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
  becomeIdle(core, agent);
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

/** The ceiling of an agent's own calls (toll fraud): the call is ended, whoever talks. */
export function ownCallTooLong(core: Core, call: CallEntry): void {
  if (call.phase.kind !== 'own') return;
  core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: `longer than ${call.phase.agent.config.maxCallS} s` });
  call.deadline = setTimer(core, core.nowMs + limits.closingMs, { kind: 'closing-over', call });
}
