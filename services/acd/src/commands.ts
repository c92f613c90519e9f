/** What integrators and agents ask of the acd. Guards first, then the core. Manual 1.1.1 to 1.1.6, 1.1.20, 1.1.25, 1.1.26. */
import type { BusSubscription, Requests } from '@ritmo/bus';
import { asExtension, asId, type CallId, type Extension, type UserStatusId } from '@ritmo/domain';
import { agentState, isPaused, isRegistered } from './core/matching.ts';
import { loggedIn, loggedOut, type AgentEntry, type Core } from './core/model.ts';
import { reasonNotToDial } from './core/own-calls.ts';
import { hasLicenceFor, mayHaveStatus } from './core/status.ts';
import { dialedBy, planDial, type DialDecision } from './dial-plan.ts';
import type { CommandParts } from './parts.ts';
import { isCeiling, ownCallRefused } from './rights.ts';

const done = { ok: true } as const;
const unknownAgent = { ok: false, code: 'unknown-agent' } as const;
const noLicence = { ok: false, code: 'licence' } as const;
/** How long an extension, and then a number, rings for an agent's own call. */
export const ownCallRingMs = 45_000;

export function serveCommands(parts: CommandParts): readonly BusSubscription[] {
  const { context, core, shell } = parts;
  const { bus, clock } = context;
  const agentOf = (extension: Extension): AgentEntry | undefined => core.byExtension.get(extension);
  return [
    bus.serve('acd.agents', () => ({ agents: [...core.agents.values()].map((agent) => agent.told ?? agentState(core, agent)) })),
    bus.serve('acd.queues', () => ({ queues: [...core.queues.values()].map((queue) => queueState(core, queue.id, clock.nowMs())) })),
    bus.serve('acd.agent.set-status', ({ extension, statusId, by }) => {
      const agent = agentOf(extension);
      if (!agent) return unknownAgent;
      if (agent.config.kind === 'hardphone') return { ok: false, code: 'hardphone' };
      if (!core.statuses.has(statusId)) return { ok: false, code: 'unknown-status' };
      if (!mayHaveStatus(agent, asId<UserStatusId>(statusId))) return { ok: false, code: 'blocked' };
      if (!hasLicenceFor(core, agent, asId<UserStatusId>(statusId))) return noLicence;
      shell.act({ kind: 'set-status', agent, statusId: asId<UserStatusId>(statusId), by });
      return done;
    }),
    bus.serve('acd.agent.login', (request) => login(parts, request)),
    bus.serve('acd.agent.logout', ({ extension, hardphone, by }) => {
      const agent = agentOf(extension);
      if (!agent) return unknownAgent;
      const atSharedPhone = agent.station !== asExtension(agent.config.extension);
      if (!hardphone && agent.config.kind === 'hardphone') return { ok: false, code: 'hardphone' };
      if (hardphone && agent.config.kind !== 'hardphone' && !atSharedPhone) return unknownAgent;
      shell.act({ kind: 'set-status', agent, statusId: loggedOut, by });
      if (atSharedPhone) shell.act({ kind: 'move-to-station', agent, station: asExtension(agent.config.extension) });
      return done;
    }),
    bus.serve('acd.agent.pause', ({ extension, by }) => {
      const agent = agentOf(extension);
      if (!agent) return unknownAgent;
      // No status but logged out is his: to who asks, there is no such extension.
      if (agent.config.blocked === true) return unknownAgent;
      if (isPaused(core, agent)) return { ok: false, code: 'already' };
      if (!hasLicenceFor(core, agent, core.pauseStatusId)) return noLicence;
      shell.act({ kind: 'pause', agent, by });
      return done;
    }),
    bus.serve('acd.agent.unpause', ({ extension, by }) => {
      const agent = agentOf(extension);
      if (!agent) return unknownAgent;
      if (!isPaused(core, agent)) return { ok: false, code: 'already' };
      shell.act({ kind: 'unpause', agent, by });
      return done;
    }),
    bus.serve('acd.agent.ready', ({ extension }) => {
      const agent = agentOf(extension);
      if (!agent) return unknownAgent;
      shell.act({ kind: 'ready', agent });
      return done;
    }),
    bus.serve('acd.dial', (request) => dial(parts, request)),
  ];
}

function queueState(core: Core, queueId: number, nowMs: number): Requests['acd.queues']['reply']['queues'][number] {
  const queue = core.queues.get(queueId as never);
  if (!queue) return { queueId: queueId as never, name: '', waiting: [] };
  // Who is being offered has its place still: ahead of all others.
  const offering = [...core.calls.values()].filter((call) => call.queue === queue && call.phase.kind === 'offering');
  const waiting = [...queue.waiting.values()].sort((a, b) => a.priority - b.priority || a.enteredAt - b.enteredAt || a.sequence - b.sequence);
  return {
    queueId: queue.id,
    name: queue.config.name,
    waiting: [...offering, ...waiting].map((call, index) => ({
      callId: call.id,
      position: index + 1,
      number: call.number,
      waitMs: Math.max(0, nowMs - call.enteredAt),
      campaignId: call.campaignId,
    })),
  };
}

function login({ context, core, shell }: CommandParts, request: Requests['acd.agent.login']['request']): Requests['acd.agent.login']['reply'] {
  const { extension, sharedExtension, hardphone, by } = request;
  const agent = core.byExtension.get(extension);
  if (!agent) return unknownAgent;
  if (agent.config.blocked === true) return { ok: false, code: 'blocked' };
  if (!hardphone && agent.config.kind === 'hardphone') return { ok: false, code: 'hardphone' };
  if (hardphone && agent.config.kind !== 'hardphone' && sharedExtension === null) return unknownAgent;
  if (sharedExtension !== null && !context.directory.all('shared-extension').some((shared) => shared.extension === sharedExtension)) {
    return { ok: false, code: 'unknown-shared-extension' };
  }
  // 1.1.1: the extension has to be registered at a softphone. A desk phone may come later.
  if (!hardphone && !isRegistered(core, agent)) return { ok: false, code: 'not-registered' };
  if (!hasLicenceFor(core, agent, loggedIn)) return noLicence;
  if (sharedExtension !== null) shell.act({ kind: 'move-to-station', agent, station: sharedExtension });
  shell.act({ kind: 'set-status', agent, statusId: loggedIn, by });
  return done;
}

/** `discar`: the extension rings, then the number. */
async function dial(parts: CommandParts, request: Requests['acd.dial']['request']): Promise<Requests['acd.dial']['reply']> {
  const { context, core, shell, callIds } = parts;
  const agent = core.byExtension.get(request.extension);
  if (!agent) return unknownAgent;
  const { number } = request;
  const refusal = reasonNotToDial(core, agent);
  if (refusal === 'not-allowed') ownCallRefused(parts, agent, { number, via: 'discar', rule: 'blocked', callId: null });
  if (refusal === 'ceiling') ownCallRefused(parts, agent, { number, via: 'discar', rule: 'extension-calls', callId: null });
  if (refusal) return { ok: false, code: refusal === 'ceiling' ? 'busy' : refusal };
  const plan = planDial(context.directory, agent.config, number);
  if (!plan.ok) {
    if (plan.code === 'not-allowed') ownCallRefused(parts, agent, { number, via: 'discar', rule: plan.rule, callId: null });
    return { ok: false, code: plan.code };
  }
  const callId = await callIds.next();
  // Taken before telephony is asked, so that no offer comes between.
  shell.act({ kind: 'own-call-began', agent, callId, number: request.number });
  const refused = await placeOwnCall(parts, { agent, callId, plan, agentLegUp: false });
  if (refused === null) return { ok: true, callId };
  shell.act({ kind: 'own-call-failed', callId });
  if (isCeiling(refused)) {
    ownCallRefused(parts, agent, { number, via: 'discar', rule: refused, callId });
    return { ok: false, code: 'not-allowed', detail: refused };
  }
  return { ok: false, code: refused === 'not-registered' ? 'not-registered' : 'failed', detail: refused };
}

/** Tries one way after the other. Null when telephony carries the call out; else why the last way refused. */
export async function placeOwnCall(
  { context }: CommandParts,
  own: { readonly agent: AgentEntry; readonly callId: CallId; readonly plan: Extract<DialDecision, { ok: true }>; readonly agentLegUp: boolean },
): Promise<string | null> {
  const { agent, callId, plan, agentLegUp } = own;
  let refused = 'no-route';
  for (const way of plan.ways) {
    try {
      const reply = await context.bus.request('telephony.dial-for-agent', {
        callId,
        agentId: agent.id,
        extension: agent.station,
        ...dialedBy(context.directory, way, plan.number, callId.length),
        trunkId: way.trunkId,
        routeId: way.routeId,
        ringTimeoutMs: ownCallRingMs,
        agentLegUp,
        record: true,
      });
      if (reply.ok) return null;
      refused = reply.code;
      // A ceiling is not gone round by another trunk.
      if (reply.code === 'not-registered' || reply.code === 'unknown-call' || isCeiling(reply.code)) return refused;
    } catch (error) {
      context.log.warn({ err: error, callId, trunkId: way.trunkId }, 'telephony did not take an own call');
      refused = 'trunk-down';
    }
  }
  return refused;
}
