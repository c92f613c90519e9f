/** Transfers in which a phone that called takes part: it leaves the call it began, or who it called goes over to another call. */
import type { Requests } from '@ritmo/bus';
import type { ReferRequest } from '@ritmo/sip';
import { agentEvents } from './call/agent-leg.ts';
import { normalClearing, type AgentLeg, type Call } from './call/call.ts';
import { customerEvents } from './call/customer.ts';
import type { Party, PartyEvents } from './call/party.ts';
import { transferDone } from './call/transfer.ts';
import { callerOfCall } from './internal-caller.ts';

type Order = Pick<Requests['telephony.take-over']['request'], 'place' | 'legId'>;

const upAlready = { up: () => undefined, failed: () => undefined } as const;
const eventsOfCaller = (call: Call): PartyEvents => ({ ...customerEvents(call), ...upAlready });

/**
 * Attended: the agent's phone of `other` takes the place of this call's agent, or of who called. Its sound is moved here by a
 * re-INVITE; then the phone that asked has both of its dialogs ended, and the other call with it.
 */
export async function takeOver(call: Call, other: Call, order: Order): Promise<boolean> {
  const coming = other.agent;
  if (call === other || call.ended || other.ended || !coming?.party?.isUp || !call.customer?.isUp || !call.ownsSession || call.partner || other.partner) return false;
  const side = order.place === 'agent' ? 'agent' : 'customer';
  const media = await call.session.openLeg(`from-${other.id}`, side);
  const leg: AgentLeg = { legId: order.legId, agentId: coming.agentId, extension: coming.extension, party: undefined, upAt: call.wires.clock.nowMs(), over: false };
  let moved: Party;
  try {
    moved = await coming.party.moveTo(media, order.place === 'agent' ? { ...agentEvents(call, leg), ...upAlready } : eventsOfCaller(call));
  } catch (error) {
    call.wires.log.warn({ err: error, callId: call.id, otherCallId: other.id }, 'a phone could not be moved to the other call');
    await media.close();
    return false;
  }
  if (call.ended || other.ended) {
    moved.hangup(normalClearing);
    await media.close();
    return false;
  }
  transferDone(call);
  transferDone(other);
  await Promise.all([call.recording.stop(), other.recording.stop()]);
  if (order.place === 'agent') takeAgentsPlace(call, leg, moved);
  else takeCallersPlace(call, coming, moved);
  other.agentLegOver(coming, 'agent');
  other.end({ by: 'customer', outcome: 'answered', reason: `its agent went over to ${call.id}` });
  return true;
}

function takeAgentsPlace(call: Call, leg: AgentLeg, moved: Party): void {
  if (call.agent) call.agentLegOver(call.agent, 'agent');
  leg.party = moved;
  call.agent = leg;
  call.sound.talk();
  call.remember();
}

function takeCallersPlace(call: Call, who: AgentLeg, moved: Party): void {
  const left = call.customer;
  call.customer = moved;
  call.caller = callerOfCall(call.id, who.agentId, who.extension);
  call.identity = { ...call.identity, extension: who.extension };
  call.sound.holdForgotten();
  left?.hangup(normalClearing);
  if (left) call.freeLeg(left);
  call.sound.talk();
  call.remember();
}

/** Blind, by the phone that called: who was called waits in its place, and hears music until the acd says what follows. */
export async function turn(call: Call): Promise<boolean> {
  const { agent } = call;
  if (call.ended || !call.caller || !agent?.party?.isUp || !call.ownsSession || call.partner) return false;
  const media = await call.session.openLeg(`turned-${agent.legId.slice(agent.legId.lastIndexOf('/') + 1)}`, 'customer');
  let moved: Party;
  try {
    moved = await agent.party.moveTo(media, eventsOfCaller(call));
  } catch (error) {
    call.wires.log.warn({ err: error, callId: call.id }, 'a phone could not be made the waiting one');
    await media.close();
    return false;
  }
  if (call.ended) {
    moved.hangup(normalClearing);
    await media.close();
    return false;
  }
  transferDone(call);
  await call.recording.stop();
  const { legId, agentId, extension } = agent;
  // No signal: to the acd this agent never left.
  call.note('AgentLegEnded', { callId: call.id, legId, agentId, extension, by: 'agent', talkMs: Math.max(0, call.wires.clock.nowMs() - (agent.upAt ?? 0)) });
  agent.over = true;
  call.agent = undefined;
  call.freeLeg(agent.party);
  takeCallersPlace(call, agent, moved);
  call.sound.musicForCustomer();
  return true;
}

/** The dialog that a REFER's Replaces names, if it is the same phone's: nobody takes over what is not his (RFC 3891 3). */
export function findDialog(calls: Iterable<Call>, replaces: NonNullable<ReferRequest['replaces']>, asker: Pick<AgentLeg, 'extension'>): Call | undefined {
  for (const call of calls) {
    const { agent, caller, customer } = call;
    if (agent?.extension === asker.extension && agent.party?.isDialog(replaces)) return call;
    if (caller?.extension === asker.extension && customer?.isDialog(replaces)) return call;
  }
  return undefined;
}
