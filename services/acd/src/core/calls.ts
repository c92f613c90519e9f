/** How a call goes through the acd: in, offered, delivered or abandoned, out. */
import { fact, type AgentId, type CallDirection, type CallEndedBy, type CallId, type CampaignId, type LegId, type QueueId } from '@ritmo/domain';
import { abandoned, agentDone, callerDone, close, hangUpMachine, releaseRinging, stopWaiting } from './leaving.ts';
import { isFree, offer, record, serve } from './matching.ts';
import { clearTimer, limits, setTimer, type CallEntry, type Core, type QueueEntry } from './model.ts';

/** Shipped with telephony; a queue may name its own files. */
const defaultMusic = 'music-on-hold.wav';
const defaultSafeHarbour = 'safe-harbour.wav';

export interface ArrivedCall {
  readonly callId: CallId;
  readonly direction: CallDirection;
  readonly queueId: QueueId;
  readonly campaignId: CampaignId | null;
  readonly number: string;
  readonly answeredAt: number;
  readonly record: boolean;
  /** Above every leg number that an earlier process may have used. */
  readonly firstLeg?: number;
  /** Preview: the agent who chose to call. Served by the queue when that agent is not free after all. */
  readonly wantedAgentId?: AgentId;
  /** What an acd of before heard of it. */
  readonly heard?: { readonly verdict: 'person' | 'machine'; readonly at: number };
}

/** The customer's side is up and belongs to a queue. */
export function callArrived(core: Core, arrived: ArrivedCall): void {
  const known = core.calls.get(arrived.callId);
  if (known && known.phase.kind !== 'calling') return;
  const queue = core.queues.get(arrived.queueId);
  if (!queue) {
    core.effects.push({ kind: 'hangup', callId: arrived.callId, by: 'system', reason: `queue ${arrived.queueId} does not exist` });
    return;
  }
  if (known) stopWaiting(core, known);
  core.sequence += 1;
  const call: CallEntry = {
    id: arrived.callId,
    direction: arrived.direction,
    queue,
    caller: known?.caller ?? null,
    campaignId: arrived.campaignId,
    number: arrived.number,
    priority: arrived.campaignId === null ? queue.config.inboundPriority : queue.config.dialerPriority,
    answeredAt: arrived.answeredAt,
    verdict: arrived.heard?.verdict ?? null,
    enteredAt: arrived.heard?.verdict === 'person' ? arrived.heard.at : arrived.answeredAt,
    sequence: core.sequence,
    legs: arrived.firstLeg ?? 0,
    record: arrived.record,
    phase: { kind: 'waiting' },
    heapIndex: -1,
    deadline: null,
    guard: null,
  };
  core.calls.set(call.id, call);
  call.caller?.calls.set(call.id, call);
  const campaign = call.campaignId === null ? undefined : core.campaigns.get(call.campaignId);
  if (call.verdict === 'machine') hangUpMachine(core, call);
  else if (call.verdict === null && campaign?.graceClock === 'detection-end') detect(core, call, campaign.detectionMs ?? defaultDetectionMs, arrived.wantedAgentId);
  else enterQueue(core, call, queue, arrived.wantedAgentId);
}

/** Campaigns that were stored before it could be set. */
const defaultDetectionMs = 4_000;

/** A campaign whose grace clock begins with detection's word: until then the call is nobody's. */
function detect(core: Core, call: CallEntry, detectionMs: number, wantedAgentId: AgentId | undefined): void {
  call.phase = { kind: 'detecting', wantedAgentId };
  call.deadline = setTimer(core, call.answeredAt + detectionMs, { kind: 'detected-nothing', call });
}

export function enterQueue(core: Core, call: CallEntry, queue: QueueEntry, wantedAgentId?: AgentId): void {
  call.queue = queue;
  const position = queue.waiting.size + 1;
  call.deadline = clearTimer(core, call.deadline);
  call.deadline = setTimer(core, call.enteredAt + longestWaitMs(core, call, queue), { kind: 'waited-enough', call });
  record(
    core,
    call.id,
    fact('CallQueued', core.nowMs, { callId: call.id, queueId: queue.id, campaignId: call.campaignId, number: call.number, position }),
  );
  const wanted = wantedAgentId === undefined ? undefined : core.agents.get(wantedAgentId);
  if (wanted && isFree(core, wanted)) offer(core, call, wanted, 'queue');
  else serve(core, call, queue);
  // After the offer, which must not wait for it: the caller hears something while the agent's phone rings.
  core.effects.push({ kind: 'play', callId: call.id, file: queue.config.musicFile ?? defaultMusic, loop: true, thenHangup: false });
}

function longestWaitMs(core: Core, call: CallEntry, queue: QueueEntry): number {
  const campaign = call.campaignId === null ? undefined : core.campaigns.get(call.campaignId);
  return campaign ? campaign.maxQueueMs : queue.config.maxWaitS * 1000;
}

/** Nobody was free within the longest wait: the safe-harbour message, then telephony hangs up. */
export function waitedEnough(core: Core, call: CallEntry): void {
  if (call.phase.kind !== 'waiting' && call.phase.kind !== 'offering') return;
  const ringing = call.phase.kind === 'offering' ? call.phase : null;
  stopWaiting(core, call);
  if (ringing) core.effects.push({ kind: 'cancel-offer', callId: call.id, legId: ringing.legId });
  call.phase = { kind: 'message' };
  abandoned(core, call, 'system', true);
  const file = call.queue?.config.safeHarbourFile ?? defaultSafeHarbour;
  core.effects.push({ kind: 'play', callId: call.id, file, loop: false, thenHangup: true });
  call.guard = setTimer(core, core.nowMs + limits.messageMs, { kind: 'message-over', call });
  if (ringing) releaseRinging(core, ringing.agent, ringing.legId);
}

/** The agent's leg is down. The call ends too, or was transferred before. */
export function agentLegEnded(core: Core, callId: CallId, legId: LegId): void {
  const call = core.calls.get(callId);
  if (!call || (call.phase.kind !== 'delivered' && call.phase.kind !== 'own') || call.phase.legId !== legId) return;
  const { agent } = call.phase;
  close(core, call, false, agent);
  agentDone(core, agent, call);
}

/** Whatever the call was doing: nothing of it stays. */
export function callEnded(core: Core, callId: CallId, by: CallEndedBy): void {
  const call = core.calls.get(callId);
  if (!call) return;
  const { phase } = call;
  stopWaiting(core, call);
  core.calls.delete(callId);
  callerDone(core, call);
  const abandonedBy = by === 'customer' || by === 'carrier' ? 'customer' : 'system';
  switch (phase.kind) {
    case 'detecting':
    case 'waiting':
      abandoned(core, call, abandonedBy, false);
      return;
    case 'offering':
      if (phase.why === 'queue') abandoned(core, call, abandonedBy, false);
      releaseRinging(core, phase.agent, phase.legId);
      return;
    case 'closing':
      if (phase.abandonable) abandoned(core, call, abandonedBy, false);
      return;
    case 'delivered':
    case 'own':
      agentDone(core, phase.agent, call);
      return;
    case 'calling':
    case 'message':
    case 'outside':
      return;
  }
}

/** To another queue, at its end. The old agent's leg is dropped by the caller of this. */
export function moveToQueue(core: Core, call: CallEntry, queue: QueueEntry, enteredAt = core.nowMs): void {
  stopWaiting(core, call);
  call.enteredAt = enteredAt;
  core.sequence += 1;
  call.sequence = core.sequence;
  call.priority = queue.config.inboundPriority;
  enterQueue(core, call, queue);
}
