/**
 * Calls between extensions, and of an extension to a queue. The phone that called is the customer's side, the phone called is the
 * agent's leg: what holds for a call from outside holds for these too, but that there is no trunk.
 */
import type { Requests } from '@ritmo/bus';
import { noTrunk, type CallId } from '@ritmo/domain';
import type { IncomingCall } from '@ritmo/sip';
import { delivered } from './call/agent-leg.ts';
import { Call } from './call/call.ts';
import { takeInbound } from './call/customer.ts';
import type { CallWires } from './call/wires.ts';
import { callerOfCall } from './internal-caller.ts';

/** Longest an extension's call rings before it is taken. */
const ringMs = 60_000;

export async function takeInternal(
  parts: { readonly wires: CallWires; readonly calls: Map<CallId, Call> },
  request: Requests['telephony.take-internal']['request'],
  incoming: IncomingCall,
): Promise<Requests['telephony.take-internal']['reply']> {
  const { callId, agentId, extension, record } = request;
  const identity = {
    callId, direction: 'internal', campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId: noTrunk, routeId: null,
    extension, from: extension, to: incoming.toUser,
  } as const;
  const call = new Call(parts.wires, identity, { record, ringMs });
  parts.calls.set(callId, call);
  call.caller = callerOfCall(callId, agentId, extension);
  const taken = await takeInbound(call, incoming, () => callerIsUp(call));
  return taken ? { ok: true } : { ok: false, code: 'refused' };
}

/** The phone that called has its 200: a queue's music is next, or who was called is on the line already. */
function callerIsUp(call: Call): void {
  call.answered();
  if (call.offered?.party?.isUp) delivered(call, call.offered);
}
