/** A REFER came from an agent's phone (RFC 3515): where to, whether it may be, and what telephony is told. */
import { asId, type CallId, type DomainEvent, type LegId, type QueueId } from '@ritmo/domain';
import { ownCallRingMs } from './commands.ts';
import { beginJoining, type Joining } from './core/attended.ts';
import type { AgentEntry } from './core/model.ts';
import { askerOf, callerLegOf, reasonNotToTransfer, type TransferTarget } from './core/transfers.ts';
import { dialedBy, planDial, queueOfNumber, refusals, type DialDecision } from './dial-plan.ts';
import { agentAt } from './incoming.ts';
import type { CommandParts } from './parts.ts';
import { isCeiling, ownCallRefused } from './rights.ts';

export async function transferRequested(parts: CommandParts, { data }: DomainEvent<'TransferRequested'>): Promise<void> {
  const { callId, legId, target, attended, otherCallId } = data;
  const code = attended ? await attendedTransfer(parts, callId, legId, otherCallId) : await blindTransfer(parts, callId, legId, target);
  if (code !== null) await parts.context.bus.request('telephony.refuse-transfer', { callId, legId, sipCode: code }).catch(() => undefined);
}

/** Null when it is carried out, else the code that the phone's NOTIFY shows. */
async function blindTransfer(parts: CommandParts, callId: CallId, legId: LegId, target: string): Promise<number | null> {
  const { core } = parts;
  const call = core.calls.get(callId);
  const from = call && askerOf(call, legId);
  if (!from) return 481;
  const where = targetOf(parts, target);
  return reasonNotToTransfer(core, callId, legId, where) ?? passOn(parts, from, { callId, legId }, where);
}

async function passOn(parts: CommandParts, from: AgentEntry, { callId, legId }: { readonly callId: CallId; readonly legId: LegId }, where: TransferTarget): Promise<number | null> {
  const { context, shell } = parts;
  const byCaller = legId === callerLegOf(callId);
  const plan = where.kind === 'outside' ? planDial(context.directory, from.config, where.number) : null;
  if (plan && !plan.ok) {
    if (plan.code === 'not-allowed') ownCallRefused(parts, from, { number: numberOf(where), via: 'transfer', rule: plan.rule, callId });
    return refusals[plan.code];
  }
  if (byCaller) {
    const turned = await context.bus.request('telephony.turn', { callId });
    if (!turned.ok) return 481;
    shell.act({ kind: 'turned', callId, target: where });
  }
  if (plan) {
    const code = await transferOutside(parts, from, { callId, number: numberOf(where) }, plan);
    if (code !== null) {
      if (byCaller) await context.bus.request('telephony.hangup', { callId, by: 'system', reason: 'the transfer failed' });
      return code;
    }
  }
  if (!byCaller) shell.act({ kind: 'transfer', callId, target: where });
  return null;
}

function targetOf(parts: CommandParts, target: string): TransferTarget {
  const agent = agentAt(parts, target);
  if (agent) return { kind: 'agent', agent };
  const queue = queueOfNumber(parts.context.directory, target);
  return queue ? { kind: 'queue', queueId: asId<QueueId>(queue.id) } : { kind: 'outside', number: target };
}

const numberOf = (where: TransferTarget): string => (where.kind === 'outside' ? where.number : '');

async function transferOutside(
  parts: CommandParts,
  from: AgentEntry,
  { callId, number }: { readonly callId: CallId; readonly number: string },
  plan: Extract<DialDecision, { ok: true }>,
): Promise<number | null> {
  const { context, callIds } = parts;
  for (const way of plan.ways) {
    const reply = await context.bus.request('telephony.transfer-out', {
      callId,
      newCallId: await callIds.next(),
      extension: from.station,
      ...dialedBy(context.directory, way, plan.number, 0),
      trunkId: way.trunkId,
      routeId: way.routeId,
      ringTimeoutMs: ownCallRingMs,
    });
    if (reply.ok) return null;
    if (reply.code === 'unknown-call') return 481;
    if (isCeiling(reply.code)) {
      ownCallRefused(parts, from, { number, via: 'transfer', rule: reply.code, callId });
      return 403;
    }
  }
  return 503;
}

async function attendedTransfer(parts: CommandParts, callId: CallId, legId: LegId, otherCallId: CallId | null): Promise<number | null> {
  const { core, shell } = parts;
  const joining = otherCallId === null ? null : beginJoining(core, callId, legId, otherCallId);
  if (!joining) return 481;
  if (joining.kind === 'queue') return intoTheQueue(parts, legId, joining);
  const done = await joinBy(parts, joining).catch((error: unknown) => {
    parts.context.log.warn({ err: error, callId }, 'telephony did not answer a transfer');
    return false;
  });
  shell.act({ kind: done ? 'joined' : 'joining-failed', joining });
  return done ? null : 481;
}

async function joinBy({ context: { bus } }: CommandParts, joining: Exclude<Joining, { kind: 'queue' }>): Promise<boolean> {
  const [callId, otherCallId] = [joining.call.id, joining.other.id];
  if (joining.kind === 'customers') return (await bus.request('telephony.join', { callId, otherCallId })).ok;
  return (await bus.request('telephony.take-over', { callId, otherCallId, place: joining.place, legId: joining.legId })).ok;
}

/** The consulted queue has not answered with an agent yet: this call goes there, at the place that the consulting call had. */
async function intoTheQueue(parts: CommandParts, legId: LegId, joining: Extract<Joining, { kind: 'queue' }>): Promise<number | null> {
  const { call, other, queueId, enteredAt } = joining;
  const from = askerOf(call, legId);
  if (!from) return 481;
  parts.shell.act({ kind: 'withdraw-from-queue', callId: other.id });
  await parts.context.bus.request('telephony.hangup', { callId: other.id, by: 'agent', reason: 'its place was given to another call' }).catch(() => undefined);
  return passOn(parts, from, { callId: call.id, legId }, { kind: 'queue', queueId, enteredAt });
}
