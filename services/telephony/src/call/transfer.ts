/** REFER from an agent: the acd decides, these carry it out. */
import type { CallId, LegId } from '@ritmo/domain';
import type { ReferRequest } from '@ritmo/sip';
import type { AgentLeg, Call } from './call.ts';

/** Without a decision by then the phone is told that it failed, and keeps its call. */
const decisionMs = 10_000;

export function transferRequested(call: Call, leg: AgentLeg, request: ReferRequest): void {
  if (call.transfer || call.agent !== leg) {
    request.reject(491);
    return;
  }
  const progress = request.accept();
  progress.trying();
  const timer = setTimeout(() => refuseTransfer(call, leg.legId, 503), decisionMs);
  call.transfer = { legId: leg.legId, progress, timer };
  const other = request.replaces ? call.wires.callOfAgentDialog(request.replaces.sipCallId) : undefined;
  call.note('TransferRequested', {
    callId: call.id,
    legId: leg.legId,
    target: request.targetUser,
    attended: request.replaces !== undefined,
    otherCallId: other ?? null,
  });
}

/** The phone that asked is told that its transfer succeeded. False when this leg asked for none. */
export function transferDone(call: Call, legId?: LegId): boolean {
  const { transfer } = call;
  if (!transfer || (legId !== undefined && transfer.legId !== legId)) return false;
  clearTimeout(transfer.timer);
  call.transfer = undefined;
  transfer.progress.succeeded();
  return true;
}

/** The transfer is not carried out. An agent that is still there talks on; one that left early ended the call by that. */
export function refuseTransfer(call: Call, legId: LegId, sipCode: number): boolean {
  const { transfer } = call;
  if (!transfer || transfer.legId !== legId) return false;
  clearTimeout(transfer.timer);
  call.transfer = undefined;
  transfer.progress.failed(sipCode);
  if (!call.agent?.party?.isUp) call.end({ by: 'agent', outcome: 'answered', reason: 'the transfer was refused' });
  return true;
}

/**
 * Attended: the other call's customer takes the agent's place in this one. Its sound is moved to this call's session by a
 * re-INVITE; then the agent's two legs end, and from then on either customer's hang-up ends both calls.
 */
export async function join(call: Call, other: Call): Promise<boolean> {
  if (call === other || call.ended || other.ended || !call.customer?.isUp || !other.customer?.isUp || !call.ownsSession || !other.ownsSession) return false;
  const leg = await call.session.openLeg(`joined-${other.id}`, 'agent');
  let moved;
  try {
    moved = await other.customer.moveTo(leg);
  } catch (error) {
    call.wires.log.warn({ err: error, callId: call.id, otherCallId: other.id }, 'a call could not be joined');
    await leg.close();
    refuseTransfer(call, call.transfer?.legId ?? ('' as LegId), 500);
    return false;
  }
  other.customer = moved;
  if (call.ended || other.ended) {
    moved.hangup();
    await leg.close();
    return false;
  }
  transferDone(call);
  await Promise.all([call.recording.stop(), other.recording.stop()]);
  call.partner = other;
  other.partner = call;
  for (const each of [call, other]) if (each.agent) each.agentLegOver(each.agent, 'agent');
  call.bridgeTo(leg.id);
  return true;
}

/** The calls' registry finds the call whose agent's leg has this SIP Call-ID. */
export function findAgentDialog(calls: Iterable<Call>, sipCallId: string): CallId | undefined {
  for (const call of calls) if (call.agent?.party?.sipCallId === sipCallId) return call.id;
  return undefined;
}

