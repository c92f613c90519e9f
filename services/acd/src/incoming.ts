/** Calls that come in, calls that agents begin at their phones, and REFERs: what telephony asks the acd to decide. */
import type { Signals } from '@ritmo/bus';
import { asExtension, asId, type CallId, type DomainEvent, type LegId, type QueueId } from '@ritmo/domain';
import { ownCallRingMs, placeOwnCall, type CommandParts } from './commands.ts';
import { reasonNotToDial, reasonNotToTransfer, type TransferTarget } from './core/own-calls.ts';
import type { AgentEntry } from './core/model.ts';
import { dialedBy, planDial, queueOfNumber } from './dial-plan.ts';

/** SIP codes that a caller is refused with. */
const refusals = { 'not-registered': 403, busy: 486, 'invalid-number': 484, 'not-allowed': 403, 'no-route': 404 } as const;

export async function incomingCall(parts: CommandParts, incoming: Signals['signal.incoming']): Promise<void> {
  if (incoming.source === 'trunk') await callFromOutside(parts, incoming);
  else await callFromAgent(parts, incoming);
}

async function callFromOutside({ context }: CommandParts, { callId, to }: Signals['signal.incoming']): Promise<void> {
  const queue = queueOfNumber(context.directory, to);
  if (!queue) {
    context.log.info({ callId, to }, 'nobody is called by this number');
    await context.bus.request('telephony.reject', { callId, sipCode: 404 });
    return;
  }
  await context.bus.request('telephony.answer', { callId, queueId: asId<QueueId>(queue.id), record: true });
}

async function callFromAgent(parts: CommandParts, incoming: Signals['signal.incoming']): Promise<void> {
  const { context, core, shell } = parts;
  const { callId, extension, to } = incoming;
  const reject = (sipCode: number) => context.bus.request('telephony.reject', { callId, sipCode });
  const agent = extension === null ? undefined : core.byStation.get(extension);
  if (!agent) {
    await reject(403);
    return;
  }
  const refusal = reasonNotToDial(core, agent);
  if (refusal) {
    await reject(refusals[refusal]);
    return;
  }
  const plan = planDial(context.directory, agent.config, to);
  if (!plan.ok) {
    await reject(refusals[plan.code]);
    return;
  }
  shell.act({ kind: 'own-call-began', agent, callId, number: to });
  const refused = await placeOwnCall(parts, { agent, callId, plan, agentLegUp: true });
  if (refused === null) return;
  shell.act({ kind: 'own-call-failed', callId });
  await reject(503).catch(() => undefined);
}

/** A REFER came from an agent's phone. */
export async function transferRequested(parts: CommandParts, { data }: DomainEvent<'TransferRequested'>): Promise<void> {
  const { context, core, shell } = parts;
  const { callId, legId, target, attended, otherCallId } = data;
  if (attended) {
    if (otherCallId === null) return refuse(parts, callId, legId, 481);
    const reply = await context.bus.request('telephony.join', { callId, otherCallId });
    if (reply.ok) shell.act({ kind: 'joined', callId, otherCallId });
    else await refuse(parts, callId, legId, 481);
    return;
  }
  const call = core.calls.get(callId);
  const from = call?.phase.kind === 'delivered' || call?.phase.kind === 'own' ? call.phase.agent : undefined;
  if (!from) return refuse(parts, callId, legId, 481);
  const where = targetOf(parts, target);
  const reason = reasonNotToTransfer(core, callId, legId, where);
  if (reason !== null) return refuse(parts, callId, legId, reason);
  if (where.kind === 'outside') {
    const code = await transferOutside(parts, callId, from, where.number);
    if (code !== null) return refuse(parts, callId, legId, code);
  }
  shell.act({ kind: 'transfer', callId, target: where });
}

function targetOf({ context, core }: CommandParts, target: string): TransferTarget {
  const agent = core.byExtension.get(asExtension(target));
  if (agent) return { kind: 'agent', agent };
  const queue = queueOfNumber(context.directory, target);
  return queue ? { kind: 'queue', queueId: asId<QueueId>(queue.id) } : { kind: 'outside', number: target };
}

async function transferOutside(parts: CommandParts, callId: CallId, from: AgentEntry, number: string): Promise<number | null> {
  const { context, callIds } = parts;
  const plan = planDial(context.directory, from.config, number);
  if (!plan.ok) return refusals[plan.code];
  for (const way of plan.ways) {
    const reply = await context.bus.request('telephony.transfer-out', {
      callId,
      newCallId: await callIds.next(),
      ...dialedBy(context.directory, way, plan.number, 0),
      trunkId: way.trunkId,
      routeId: way.routeId,
      ringTimeoutMs: ownCallRingMs,
    });
    if (reply.ok) return null;
    if (reply.code === 'unknown-call') return 481;
  }
  return 503;
}

async function refuse({ context }: CommandParts, callId: CallId, legId: LegId, sipCode: number): Promise<void> {
  await context.bus.request('telephony.refuse-transfer', { callId, legId, sipCode });
}
