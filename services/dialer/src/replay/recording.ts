/** A campaign's events as a recording that pacing can run again. */
import { upcast, type AgentId, type CallId, type CampaignId, type DomainEvent, type UserStatusId } from '@ritmo/domain';
import type { EventStore } from '@ritmo/event-store';
import type { GraceClock, RecordedAttempt, RecordedConversation, Recording } from '@ritmo/pacing';

export interface RecordingQuery {
  readonly name: string;
  readonly campaignId: CampaignId;
  readonly capPct: number;
  readonly graceMs: number;
  /** From when a person has waited. */
  readonly graceClock: GraceClock;
  readonly channels: number | null;
  readonly cps: number | null;
  /** Does this agent serve the campaign's queue? */
  readonly serves: (agentId: AgentId) => boolean;
  /** Does an agent in this status take calls? */
  readonly works: (statusId: UserStatusId) => boolean;
}

const types = ['AttemptStarted', 'AttemptWithdrawn', 'AttemptEnded', 'AnswerClassified', 'OfferMade', 'CallDelivered', 'WrapUpEnded', 'AgentStatusChanged', 'ExtensionRegistered', 'ExtensionUnregistered'] as const;
type Recorded = DomainEvent<(typeof types)[number]>;
const pageSize = 5_000;
/** A campaign that dialed nothing for longer was at rest: its recording does not have that time. */
const restMs = 600_000;

interface Call {
  readonly startedAt: number;
  offeredAt: number | null;
  deliveredAt: number | null;
  waitMs: number;
  detectMs: number | null;
  /** When detection said person. */
  personFrom: number | null;
}

interface Collected {
  readonly attempts: RecordedAttempt[];
  readonly conversations: (RecordedConversation & { readonly callId: CallId })[];
  readonly wraps: Map<CallId, number>;
  readonly abandonedAtMs: number[];
  readonly detectMs: number[];
  /** Agents present from a moment on. */
  readonly presence: [number, number][];
}

/** Reads all of the store once, page by page; memory holds the campaign's attempts. `onPercent`: how much of the store is read. */
export async function readRecording(events: EventStore, query: RecordingQuery, onPercent: (percent: number) => void = () => undefined): Promise<Recording> {
  const collected: Collected = { attempts: [], conversations: [], wraps: new Map(), abandonedAtMs: [], detectMs: [], presence: [] };
  const hear = collector(query, collected);
  const head = Number((await events.head()) ?? 0n);
  for (let after: bigint | undefined; ; ) {
    const page = await events.readAll({ ...(after === undefined ? {} : { after }), limit: pageSize, types });
    for (const stored of page) hear(upcast(stored) as Recorded);
    after = page.at(-1)?.position;
    if (page.length < pageSize || after === undefined) break;
    onPercent(Math.min(100, Math.round((100 * Number(after)) / Math.max(1, head))));
  }
  return compact(query, collected);
}

function collector({ campaignId, graceClock, serves, works }: RecordingQuery, into: Collected): (fact: Recorded) => void {
  const calls = new Map<CallId, Call>();
  const working = new Set<AgentId>();
  const registered = new Set<AgentId>();
  const count = (at: number): void => {
    const present = [...working].filter((agentId) => registered.has(agentId)).length;
    if (into.presence.at(-1)?.[1] !== present) into.presence.push([at, present]);
  };
  const change = (set: Set<AgentId>, agentId: AgentId, belongs: boolean, at: number): void => {
    if (!serves(agentId)) return;
    if (belongs) set.add(agentId);
    else set.delete(agentId);
    count(at);
  };
  const ended = ({ at, data }: DomainEvent<'AttemptEnded'>): void => {
    const call = calls.get(data.callId);
    if (!call) return;
    calls.delete(data.callId);
    const answered = data.outcome === 'delivered' || data.outcome === 'abandoned' || data.outcome === 'machine';
    into.attempts.push({ atMs: call.startedAt, ringMs: data.ringMs, answered, machine: data.outcome === 'machine' });
    if (call.detectMs !== null) into.detectMs.push(call.detectMs);
    if (data.outcome === 'abandoned') into.abandonedAtMs.push(at);
    if (data.outcome !== 'delivered') return;
    // The agent is taken from the offer on, as in the simulator, where a phone does not ring.
    const takenAt = call.offeredAt ?? call.deliveredAt ?? at - data.billMs;
    into.conversations.push({ callId: data.callId, atMs: takenAt, talkMs: Math.max(0, at - takenAt), wrapMs: 0, waitMs: call.waitMs });
  };
  return (fact) => {
    switch (fact.type) {
      case 'AttemptStarted':
        if (fact.data.campaignId === campaignId) calls.set(fact.data.callId, { startedAt: fact.at, offeredAt: null, deliveredAt: null, waitMs: 0, detectMs: null, personFrom: null });
        return;
      case 'AttemptWithdrawn':
        return void calls.delete(fact.data.callId);
      case 'AttemptEnded':
        return ended(fact);
      case 'AnswerClassified':
      case 'OfferMade':
      case 'CallDelivered': {
        const call = calls.get(fact.data.callId);
        if (!call) return;
        if (fact.type === 'AnswerClassified') {
          call.detectMs ??= fact.data.detectMs;
          if (fact.data.verdict === 'person') call.personFrom ??= fact.at;
        } else if (fact.type === 'OfferMade') call.offeredAt = fact.at;
        else {
          call.deliveredAt = fact.at;
          call.waitMs = graceClock === 'detection-end' && call.personFrom !== null ? Math.max(0, fact.at - call.personFrom) : fact.data.waitMs;
        }
        return;
      }
      case 'WrapUpEnded':
        return void into.wraps.set(fact.data.callId, fact.data.wrapMs);
      case 'AgentStatusChanged':
        return change(working, fact.data.agentId, works(fact.data.statusId), fact.at);
      case 'ExtensionRegistered':
        return change(registered, fact.data.agentId, true, fact.at);
      case 'ExtensionUnregistered':
        return fact.data.reason === 'replaced' ? undefined : change(registered, fact.data.agentId, false, fact.at);
    }
  };
}

/** The time in which the campaign dialed: from its first attempt to its last, without its rests. What ended later than that belongs to no pacing. */
function compact(query: RecordingQuery, { attempts, conversations, wraps, abandonedAtMs, detectMs, presence }: Collected): Recording {
  attempts.sort((a, b) => a.atMs - b.atMs);
  const moments = [...attempts.map(({ atMs }) => atMs), ...conversations.map(({ atMs, talkMs, callId }) => atMs + talkMs + (wraps.get(callId) ?? 0))].sort((a, b) => a - b);
  const first = attempts[0]?.atMs ?? 0;
  const last = attempts.at(-1)?.atMs ?? 0;
  const rests: { readonly from: number; readonly to: number }[] = [];
  for (let index = 1; index < moments.length; index += 1) {
    const [from, to] = [moments[index - 1] ?? 0, moments[index] ?? 0];
    if (to - from > restMs) rests.push({ from, to });
  }
  const since = (at: number): number => {
    let rested = 0;
    for (const { from, to } of rests) rested += Math.max(0, Math.min(at, to) - from);
    return Math.max(0, at - first - rested);
  };
  const steps: [number, number][] = [[0, presence.filter(([at]) => at <= first).at(-1)?.[1] ?? 0]];
  for (const [at, present] of presence) {
    if (at <= first || at > last) continue;
    const fromMs = since(at);
    if (steps.at(-1)?.[0] === fromMs) steps[steps.length - 1] = [fromMs, present];
    else steps.push([fromMs, present]);
  }
  const mean = detectMs.length === 0 ? 0 : detectMs.reduce((sum, ms) => sum + ms, 0) / detectMs.length;
  return {
    name: query.name,
    durationMs: Math.max(1, since(last)),
    capPct: query.capPct,
    graceMs: query.graceMs,
    detectMs: mean,
    attempts: attempts.map((attempt) => ({ ...attempt, atMs: since(attempt.atMs) })),
    conversations: conversations.map(({ callId, atMs, talkMs, waitMs }) => ({ atMs: since(atMs), talkMs, wrapMs: wraps.get(callId) ?? 0, ...(waitMs === undefined ? {} : { waitMs }) })),
    abandonedAtMs: abandonedAtMs.map(since),
    presence: steps,
    channels: query.channels,
    cps: query.cps,
  };
}
