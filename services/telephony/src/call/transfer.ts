/** REFER from an agent: the acd decides, these carry it out. */
import type { LegId } from '@ritmo/domain';
import type { ReferRequest } from '@ritmo/sip';
import type { AgentLeg, Call } from './call.ts';

/** Without a decision by then the phone is told that it failed, and keeps its call. */
const decisionMs = 10_000;

/** `asker`: the agent's leg, or the phone that called. */
export function transferRequested(call: Call, asker: Pick<AgentLeg, 'legId' | 'extension'>, request: ReferRequest): void {
  const { legId } = asker;
  if (call.transfer || (call.agent?.legId !== legId && call.caller?.legId !== legId)) {
    request.reject(491);
    return;
  }
  const progress = request.accept();
  const timer = setTimeout(() => refuseTransfer(call, legId, 503), decisionMs);
  call.transfer = { legId, progress, timer };
  const other = request.replaces ? call.wires.callOfDialog(request.replaces, asker) : undefined;
  call.note('TransferRequested', {
    callId: call.id,
    legId,
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
  const isThere = call.caller?.legId === legId ? call.customer?.isUp : call.agent?.party?.isUp;
  if (!isThere) call.end({ by: 'agent', outcome: 'answered', reason: 'the transfer was refused' });
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
  call.sound.bridgeTo(leg.id);
  return true;
}
