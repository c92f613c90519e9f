/** The phone that called, in a call between extensions. */
import { asLegId, type AgentId, type CallId, type Extension } from '@ritmo/domain';
import { outcomeOf, type WireEnd } from '@ritmo/sip';
import type { AgentLeg, Call } from './call/call.ts';

/** Its side is leg 0 where a leg is asked for; agents' legs are numbered from 1. */
export const callerOfCall = (callId: CallId, agentId: AgentId, extension: Extension): NonNullable<Call['caller']> => ({
  legId: asLegId(`${callId}/0`), agentId, extension,
});

/** The phone that was called gave no answer: who called hears the same code, and nothing stays. */
export function endUnanswered(call: Call, leg: AgentLeg, end: WireEnd): void {
  const outcome = outcomeOf(end);
  const sipCode = codeForCaller(end);
  call.end({
    by: 'agent', sipCode, q850: end.q850 ?? null,
    outcome: outcome === 'trunk-failure' || outcome === 'answered' ? 'rejected' : outcome,
    reason: end.reasonPhrase ?? `${leg.extension} did not answer`,
  });
}

/**
 * RFC 3261 16.7 as a proxy would: the phone's own final code. 480 (21.4.18) where it gave none, and where its code asks something
 * of us that the caller cannot give (a challenge, a redirection).
 */
function codeForCaller({ by, sipCode }: WireEnd): number {
  if (by !== 'remote' || sipCode === undefined || sipCode < 402 || sipCode === 407 || sipCode === 487) return 480;
  return sipCode;
}

/** The phone that called hung up. After its REFER who it called waits for what the acd decides. */
export function callerHungUp(call: Call): boolean {
  if (!call.caller || call.transfer?.legId !== call.caller.legId || !call.agent) return false;
  call.sound.musicForAgent();
  return true;
}
