/** An agent's extension is rung for a call that is up, and joined to it at its 200. */
import type { Requests } from '@ritmo/bus';
import type { CallId, LegId } from '@ritmo/domain';
import type { Binding, OutgoingInvite, WireEnd } from '@ritmo/sip';
import { endUnanswered } from '../internal-caller.ts';
import type { AgentLeg, Call } from './call.ts';
import { Party, type PartyEvents } from './party.ts';
import { transferDone, transferRequested } from './transfer.ts';
import type { CallWires } from './wires.ts';

type Offer = Requests['telephony.offer']['request'];

export interface RingingOptions {
  readonly legId: LegId;
  readonly ringTimeoutMs: number;
  readonly autoAnswer: boolean;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function offerCall(call: Call, offer: Offer): Requests['telephony.offer']['reply'] {
  if (call.ended || !(call.customer?.isUp || (call.caller && call.customer))) return { ok: false, code: 'unknown-call' };
  if (call.agent || call.offered) return { ok: false, code: 'busy', detail: 'an agent has or is offered this call' };
  const binding = call.wires.bindings.of(offer.extension);
  if (!binding) return { ok: false, code: 'not-registered' };
  const leg: AgentLeg = { legId: offer.legId, agentId: offer.agentId, extension: offer.extension, party: undefined, upAt: null, over: false };
  call.offered = leg;
  call.record = offer.record;
  ring(call, leg, binding, offer, {
    // An extension that called gets its 200 now, and both hear each other at its ACK.
    up: () => (call.customer?.isUp ? delivered(call, leg) : call.customer?.answer()),
    failed: (end) => offerFailed(call, leg, end),
  });
  return { ok: true };
}

/** Opens the leg's ports and sends the INVITE, unless the leg is over by then. */
export function ring(call: Call, leg: AgentLeg, binding: Binding, options: RingingOptions, events: Pick<PartyEvents, 'up' | 'failed'>): void {
  const { wires } = call;
  const number = options.legId.slice(options.legId.lastIndexOf('/') + 1);
  call.openAgentLeg(`agent-${number}`).then(
    (mediaLeg) => {
      if (leg.over) {
        void mediaLeg.close();
        return;
      }
      leg.party = new Party(mediaLeg, { ...agentEvents(call, leg), ...events });
      leg.party.dial(wires.sip, {
        ...agentInvite(wires, { ...options, callId: call.id, extension: leg.extension, binding }),
        ringTimeoutMs: options.ringTimeoutMs,
        headers: { ...options.headers, ...(options.autoAnswer ? autoAnswerHeaders(wires.sipDomain) : {}) },
      });
      if (call.answeredTick !== undefined) {
        wires.metrics.offered((performance.now() - call.answeredTick) / 1000);
        call.answeredTick = undefined;
      }
      call.remember();
    },
    (error: unknown) => {
      // The call ended meanwhile, and its session with it.
      if (leg.over) return;
      wires.log.error({ err: error, callId: call.id }, "no media for an agent's leg");
      events.failed({ by: 'local', sipCode: 500, reasonPhrase: 'no media' });
    },
  );
}

export interface AgentInvite {
  readonly callId: CallId;
  readonly legId: LegId;
  readonly extension: string;
  readonly binding: Binding;
  readonly callerNumber: string;
  readonly callerName: string;
}

/** What names the dialog of an agent's leg: all of it follows from the call and the leg. */
export function agentInvite(wires: Pick<CallWires, 'sipDomain' | 'dialogIds'>, leg: AgentInvite): Omit<OutgoingInvite, 'body' | 'events'> {
  const { sipDomain, dialogIds } = wires;
  const sipCallId = `${leg.callId}-a${leg.legId.slice(leg.legId.lastIndexOf('/') + 1)}@${sipDomain}`;
  return {
    uri: leg.binding.contactUri,
    destination: leg.binding.reachedAt,
    toUri: `sip:${leg.extension}@${sipDomain}`,
    from: { user: callerOf(leg.callerNumber), displayName: leg.callerName, host: sipDomain },
    sipCallId,
    dialogIds: dialogIds(sipCallId),
  };
}

/** What an agent's leg does once it is up, however it came up. */
export function agentEvents(call: Call, leg: AgentLeg): Omit<PartyEvents, 'up' | 'failed'> {
  let told = false;
  return {
    progress: (code) => {
      if (told || code < 180) return;
      told = true;
      call.signalLeg(leg, 'ringing');
    },
    ended: (end) => agentHungUp(call, leg, end),
    held: (held) => {
      if (call.agent === leg) call.sound.held('agent', held);
    },
    referred: (request) => transferRequested(call, leg, request),
    dtmf: (digit) => call.dtmf('agent', digit),
  };
}

export function delivered(call: Call, leg: AgentLeg): void {
  leg.upAt = call.wires.clock.nowMs();
  call.offered = undefined;
  call.agent = leg;
  call.sound.talk();
  call.signalLeg(leg, 'answered');
  call.remember();
}

function offerFailed(call: Call, leg: AgentLeg, end: WireEnd): void {
  call.agentLegOver(leg, 'agent');
  call.signalLeg(leg, 'failed', { reason: missReason(end) });
  if (call.caller && call.answeredAt === null) endUnanswered(call, leg, end);
}

/** The agent put the phone down: that ends the call. After a REFER the customer waits for what the acd decides. */
function agentHungUp(call: Call, leg: AgentLeg, end: WireEnd): void {
  if (call.transfer?.legId === leg.legId) {
    call.sound.musicForCustomer();
    return;
  }
  const by = end.by === 'remote' ? 'agent' : 'system';
  call.agentLegOver(leg, by);
  call.end({ by, outcome: call.answeredAt === null ? 'cancelled' : 'answered', reason: end.reasonPhrase ?? '', q850: end.q850 ?? null, sipCode: end.sipCode ?? null });
}

export function cancelOffer(call: Call, legId: LegId): boolean {
  const leg = call.offered;
  if (!leg || leg.legId !== legId) return false;
  call.agentLegOver(leg, 'system');
  call.signalLeg(leg, 'failed', { reason: 'cancelled' });
  return true;
}

/** Ends the agent's leg only. The customer hears music until somebody else comes. */
export function dropAgent(call: Call, legId: LegId): boolean {
  const leg = call.agent;
  if (!leg || leg.legId !== legId) return false;
  void call.recording.stop();
  const asked = transferDone(call, legId);
  call.agentLegOver(leg, asked ? 'agent' : 'system');
  call.sound.musicForCustomer();
  return true;
}

function missReason(end: WireEnd): 'no-answer' | 'rejected' | 'busy' | 'unreachable' {
  if (end.by === 'timeout') return end.sipCode === 487 ? 'no-answer' : 'unreachable';
  if (end.by === 'transport') return 'unreachable';
  switch (end.sipCode) {
    case 486:
    case 600:
      return 'busy';
    case 408:
    case 480:
    case 487:
      return 'no-answer';
    case 404:
    case 410:
    case 500:
    case 502:
    case 503:
      return 'unreachable';
    case undefined:
    default:
      return 'rejected';
  }
}

/** RFC 3261's user part takes anything escaped; phones show best what looks like a number. */
export const callerOf = (number: string): string => number.replace(/[^\w+*#.-]/g, '') || 'anonymous';

/** Both forms that softphones know: draft-ietf-sip-answermode's elder sister of Call-Info, and Alert-Info. */
const autoAnswerHeaders = (domain: string): Readonly<Record<string, string>> => ({
  'Call-Info': `<sip:${domain}>;answer-after=0`,
  'Alert-Info': `<http://${domain}>;info=alert-autoanswer;delay=0`,
});

