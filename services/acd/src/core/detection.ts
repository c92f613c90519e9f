/** What detection's word on who answered changes. The detector is the carrier's, or stands beside the engine. */
import { fact, type CallId } from '@ritmo/domain';
import { enterQueue } from './calls.ts';
import { close, releaseRinging } from './leaving.ts';
import { record } from './matching.ts';
import type { CallEntry, Core } from './model.ts';

/** A person waits from now on. A machine that no agent has taken is hung up; nobody abandoned it. */
export function classified(core: Core, callId: CallId, verdict: 'person' | 'machine'): void {
  const call = core.calls.get(callId);
  if (!call || call.verdict !== null) return;
  call.verdict = verdict;
  const { phase } = call;
  if (verdict === 'person') return entersAsPerson(core, call);
  const waits = phase.kind === 'detecting' || phase.kind === 'waiting' || (phase.kind === 'offering' && phase.why === 'queue');
  if (!waits) return;
  if (phase.kind === 'offering') core.effects.push({ kind: 'cancel-offer', callId, legId: phase.legId });
  core.effects.push({ kind: 'hangup', callId, by: 'system', reason: 'a machine answered' });
  close(core, call, false, null);
  if (phase.kind === 'offering') releaseRinging(core, phase.agent, phase.legId);
}

/** No word came in time: a person must not wait for one. */
export function detectedNothing(core: Core, call: CallEntry): void {
  if (call.phase.kind !== 'detecting') return;
  call.verdict = 'person';
  record(core, call.id, fact('AnswerClassified', core.nowMs, { callId: call.id, campaignId: call.campaignId, verdict: 'person', detectMs: core.nowMs - call.answeredAt }));
  entersAsPerson(core, call);
}

function entersAsPerson(core: Core, call: CallEntry): void {
  if (call.phase.kind !== 'detecting' || call.queue === null) return;
  const { wantedAgentId } = call.phase;
  if (!core.queues.has(call.queue.id)) {
    core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: 'the queue was removed' });
    close(core, call, true, null);
    return;
  }
  call.phase = { kind: 'waiting' };
  call.enteredAt = core.nowMs;
  enterQueue(core, call, call.queue, wantedAgentId);
}
