/** An agent's status, pauses, registration, wrap-up (manual 1.1.1 to 1.1.6, 1.1.25, 1.1.26). */
import { asExtension, fact, streams, type Actor, type EventDataByType, type Extension, type UserStatusId } from '@ritmo/domain';
import { agentChanged, isPaused, pushFact } from './matching.ts';
import { clearTimer, loggedIn, loggedOut, type AgentEntry, type Core } from './model.ts';

type StatusReason = EventDataByType['AgentStatusChanged']['reason'];

/** Changes the status and nothing else; the caller tells what follows. Quiet when it is the same. */
export function changeStatus(core: Core, agent: AgentEntry, statusId: UserStatusId, by: Actor, reason: StatusReason): void {
  if (agent.statusId === statusId) return;
  const changed = {
    agentId: agent.id,
    extension: asExtension(agent.config.extension),
    statusId,
    previousStatusId: agent.statusId,
    previousMs: Math.max(0, core.nowMs - agent.statusSinceAt),
    by,
    reason,
  };
  agent.statusId = statusId;
  agent.statusSinceAt = core.nowMs;
  // Who comes back from a pause begins a new idle time, and is not blamed for what was missed before it.
  agent.idleSinceAt = core.nowMs;
  agent.missedInRow = 0;
  pushFact(core, streams.agent(agent.id), fact('AgentStatusChanged', core.nowMs, changed));
}

/** Room for this agent in this status: every status but logged out takes a licence (manual 1.1.1: LICENÇA DE RAMAIS EXCEDIDA). */
export function hasLicenceFor(core: Core, agent: AgentEntry, statusId: UserStatusId): boolean {
  if (agent.statusId !== loggedOut || statusId === loggedOut || core.agents.size <= core.licences) return true;
  let count = 0;
  for (const { statusId } of core.agents.values()) if (statusId !== loggedOut) count += 1;
  return count < core.licences;
}

/** A blocked agent may only leave (manual 1.1.1: RAMAL ESTA BLOQUEADO). */
export const mayHaveStatus = (agent: AgentEntry, statusId: UserStatusId): boolean => statusId === loggedOut || agent.config.blocked !== true;

export function setStatus(core: Core, agent: AgentEntry, statusId: UserStatusId, by: Actor): void {
  if (!mayHaveStatus(agent, statusId) || !hasLicenceFor(core, agent, statusId)) return;
  changeStatus(core, agent, statusId, by, 'requested');
  agentChanged(core, agent);
}

/** Who is blocked is logged out; a call that goes on goes on. */
export function blockedChanged(core: Core, agent: AgentEntry): void {
  if (agent.config.blocked === true) changeStatus(core, agent, loggedOut, { kind: 'system' }, 'requested');
}

/** False when the agent is in a pause already, whichever it is. */
export function pause(core: Core, agent: AgentEntry, by: Actor): boolean {
  if (isPaused(core, agent)) return false;
  setStatus(core, agent, core.pauseStatusId, by);
  return true;
}

/** False when the agent is in no pause. */
export function unpause(core: Core, agent: AgentEntry, by: Actor): boolean {
  if (!isPaused(core, agent)) return false;
  setStatus(core, agent, loggedIn, by);
  return true;
}

/** Where the agent's offers ring from now on. Who used that phone before no longer does. */
export function moveToStation(core: Core, agent: AgentEntry, station: Extension): void {
  if (agent.station === station) return;
  const other = core.byStation.get(station);
  if (other && other !== agent) {
    other.station = asExtension(other.config.extension);
    core.byStation.set(other.station, other);
    agentChanged(core, other);
  }
  if (core.byStation.get(agent.station) === agent) core.byStation.delete(agent.station);
  agent.station = station;
  core.byStation.set(station, agent);
}

export interface RegistrationChange {
  readonly extension: Extension;
  readonly registered: boolean;
  readonly contact: string;
  readonly userAgent: string | null;
  readonly reason: 'registered' | 'expired' | 'requested';
}

export function registrationChanged(core: Core, change: RegistrationChange): void {
  const known = core.registered.get(change.extension);
  if (change.registered) core.registered.set(change.extension, { contact: change.contact, userAgent: change.userAgent });
  else core.registered.delete(change.extension);
  const agent = core.byStation.get(change.extension);
  if (!agent) return;
  if (change.registered) arrived(core, agent, change, known?.contact);
  else if (known) left(core, agent, change.reason === 'requested' ? 'requested' : 'expired');
  agentChanged(core, agent);
}

function arrived(core: Core, agent: AgentEntry, change: RegistrationChange, before: string | undefined): void {
  const stream = streams.agent(agent.id);
  const { extension } = change;
  if (before === change.contact) return;
  if (before !== undefined) pushFact(core, stream, fact('ExtensionUnregistered', core.nowMs, { agentId: agent.id, extension, reason: 'replaced' }));
  const data = { agentId: agent.id, extension, contact: change.contact, userAgent: change.userAgent };
  pushFact(core, stream, fact('ExtensionRegistered', core.nowMs, data));
  if (before === undefined && agent.config.loginOnRegister && agent.statusId === loggedOut && mayHaveStatus(agent, loggedIn) && hasLicenceFor(core, agent, loggedIn)) {
    changeStatus(core, agent, loggedIn, { kind: 'system' }, 'registration');
  }
}

/**
 * A phone that was closed logs its agent out. One that only stopped refreshing keeps the agent's pause, so that lunch does
 * not turn into work when the network comes back.
 */
function left(core: Core, agent: AgentEntry, reason: 'expired' | 'requested'): void {
  const data = { agentId: agent.id, extension: agent.station, reason };
  pushFact(core, streams.agent(agent.id), fact('ExtensionUnregistered', core.nowMs, data));
  if (!agent.config.loginOnRegister) return;
  if (reason === 'requested' || agent.statusId === loggedIn) changeStatus(core, agent, loggedOut, { kind: 'system' }, 'registration');
}

export function wrapUpOver(core: Core, agent: AgentEntry): void {
  if (agent.phase.kind !== 'wrap-up') return;
  becomeIdle(core, agent);
  agentChanged(core, agent);
}

/** Ends a wrap-up or a rest. What follows is the caller's: no call is offered here. */
export function becomeIdle(core: Core, agent: AgentEntry): void {
  const { phase } = agent;
  agent.timer = clearTimer(core, agent.timer);
  agent.phase = { kind: 'idle' };
  if (phase.kind !== 'wrap-up') return;
  const { callId, sinceAt } = phase;
  agent.idleSinceAt = core.nowMs;
  pushFact(core, streams.agent(agent.id), fact('WrapUpEnded', core.nowMs, { agentId: agent.id, callId, wrapMs: Math.max(0, core.nowMs - sinceAt) }));
}
