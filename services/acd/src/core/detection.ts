/** What detection's word on who answered changes. The detector is the carrier's, or stands beside the engine. */
import { fact, type CallId } from '@ritmo/domain';
import { enterQueue } from './calls.ts';
import { close, hangUpMachine, releaseRinging } from './leaving.ts';
import { record } from './matching.ts';
import type { CallEntry, Core } from './model.ts';

/** A person waits from now on. A machine that no agent has taken is hung up; nobody abandoned it. */
export function classified(core: Core, callId: CallId, verdict: 'person' | 'machine'): void {
  const call = core.calls.get(callId);
  if (!call || call.verdict !== null) return;
  call.verdict = verdict;
  const { phase } = call;
  if (verdict === 'person') return entersAsPerson(core, call, core.nowMs);
  const waits = phase.kind === 'detecting' || phase.kind === 'waiting' || (phase.kind === 'offering' && phase.why === 'queue');
  if (!waits) return;
  if (phase.kind === 'offering') core.effects.push({ kind: 'cancel-offer', callId, legId: phase.legId });
  hangUpMachine(core, call);
  if (phase.kind === 'offering') releaseRinging(core, phase.agent, phase.legId);
}

/** No word came in time: a person must not wait for one. Who waited while no acd was there to see it has waited since that time. */
export function detectedNothing(core: Core, call: CallEntry): void {
  if (call.phase.kind !== 'detecting') return;
  const at = call.deadline?.at ?? core.nowMs;
  call.verdict = 'person';
  record(core, call.id, fact('AnswerClassified', at, { callId: call.id, campaignId: call.campaignId, verdict: 'person', detectMs: at - call.answeredAt }));
  entersAsPerson(core, call, at);
}

function entersAsPerson(core: Core, call: CallEntry, at: number): void {
  if (call.phase.kind !== 'detecting' || call.queue === null) return;
  const { wantedAgentId } = call.phase;
  const queue = core.queues.get(call.queue.id);
  if (!queue) {
    core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: 'the queue was removed' });
    close(core, call, true, null);
    return;
  }
  call.phase = { kind: 'waiting' };
  call.enteredAt = at;
  enterQueue(core, call, queue, wantedAgentId);
}
