/** Calls that come in and calls that agents begin at their phones: what telephony asks the acd to decide. */
import type { Signals } from '@ritmo/bus';
import { asExtension, asId, type CallId, type QueueId } from '@ritmo/domain';
import { placeOwnCall } from './commands.ts';
import { reasonNotToRing } from './core/internal-calls.ts';
import type { AgentEntry } from './core/model.ts';
import { reasonNotToDial } from './core/own-calls.ts';
import { looksLikeExtension, planDial, queueOfNumber, refusals } from './dial-plan.ts';
import type { CommandParts } from './parts.ts';
import { isCeiling, ownCallRefused } from './rights.ts';

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
    if (refusal === 'not-allowed') ownCallRefused(parts, agent, { number: to, via: 'phone', rule: 'blocked', callId });
    if (refusal === 'ceiling') ownCallRefused(parts, agent, { number: to, via: 'phone', rule: 'extension-calls', callId });
    await reject(refusals[refusal]);
    return;
  }
  const colleague = agentAt(parts, to);
  const queue = colleague ? undefined : queueOfNumber(context.directory, to);
  if (colleague || queue) {
    await internalCall(parts, agent, callId, colleague ?? { queueId: asId<QueueId>(queue?.id ?? 0) });
    return;
  }
  const plan = planDial(context.directory, agent.config, to);
  if (!plan.ok) {
    if (plan.code === 'not-allowed') ownCallRefused(parts, agent, { number: to, via: 'phone', rule: plan.rule, callId });
    await reject(plan.code === 'invalid-number' && looksLikeExtension(context.directory, to) ? 404 : refusals[plan.code]);
    return;
  }
  shell.act({ kind: 'own-call-began', agent, callId, number: to });
  const refused = await placeOwnCall(parts, { agent, callId, plan, agentLegUp: true });
  if (refused === null) return;
  shell.act({ kind: 'own-call-failed', callId });
  // Telephony has told the phone: 403.
  if (isCeiling(refused)) ownCallRefused(parts, agent, { number: to, via: 'phone', rule: refused, callId });
  await reject(503).catch(() => undefined);
}

/** The agent who is called by this extension: its own, or the shared one that it logged in at. */
export const agentAt = ({ core }: CommandParts, dialed: string): AgentEntry | undefined =>
  core.byExtension.get(asExtension(dialed)) ?? core.byStation.get(asExtension(dialed));

async function internalCall(parts: CommandParts, caller: AgentEntry, callId: CallId, target: AgentEntry | { readonly queueId: QueueId }): Promise<void> {
  const { context, core, shell } = parts;
  const reject = (sipCode: number) => context.bus.request('telephony.reject', { callId, sipCode });
  // Who calls himself is busy: with this call.
  const refusal = !('id' in target) ? null : target === caller ? 486 : reasonNotToRing(core, target);
  if (refusal !== null) {
    const busyWithThis = target === caller;
    await context.bus.request('telephony.reject', { callId, sipCode: refusal, ...(busyWithThis ? {} : { asCallOf: caller.id }) });
    return;
  }
  // Taken before telephony is asked, so that no offer comes between.
  shell.act({ kind: 'internal-call-began', caller, callId });
  try {
    const taken = await context.bus.request('telephony.take-internal', { callId, agentId: caller.id, extension: caller.station, record: 'queueId' in target });
    if (!taken.ok) {
      shell.act({ kind: 'call-ended', callId, by: 'system' });
      return;
    }
    if ('id' in target) shell.act({ kind: 'ring-extension', callId, target });
    else await context.bus.request('telephony.answer', { callId, queueId: target.queueId, record: true });
  } catch (error) {
    shell.act({ kind: 'call-ended', callId, by: 'system' });
    await reject(503).catch(() => undefined);
    throw error;
  }
}
