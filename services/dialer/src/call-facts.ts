/** Facts of calls in flight, as the bus brings them. */
import type { BusSubscription } from '@ritmo/bus';
import type { CallId } from '@ritmo/domain';
import type { PacingFact } from '@ritmo/pacing';
import { waitedMs, type CallInFlight } from './calls-in-flight.ts';
import type { CampaignRunner } from './campaign-runner.ts';
import type { DialerParts } from './parts.ts';
import { hear, heardTypes, settle, type HeardFact } from './settle.ts';

export interface CallFacts {
  start(): void;
  stop(): void;
  /** Stores the end of a call that has one; tries again at the next reconciliation when the store does not answer. */
  finish(call: CallInFlight): Promise<void>;
  /** Resolves when no end is being stored. */
  idle(): Promise<void>;
}

export function createCallFacts(parts: DialerParts, runnerOf: (campaignId: number) => CampaignRunner | undefined, runners: () => Iterable<CampaignRunner>): CallFacts {
  const { bus, log } = parts.context;
  const subscriptions: BusSubscription[] = [];
  const finishing = new Set<Promise<void>>();

  const observe = (call: CallInFlight, fact: PacingFact): void => runnerOf(call.campaignId)?.observe(fact);

  /** Told once each, as they happen; what is read from the stream afterwards is not told again. Before `hear`. */
  const tellPacing = (call: CallInFlight, fact: HeardFact): void => {
    if (fact.type === 'CallAnswered' && call.answeredAt === null) {
      const detecting = campaignOf(call)?.graceClock === 'detection-end';
      call.detection = detecting ? 'running' : null;
      call.graceFrom = detecting ? null : fact.at;
      observe(call, { type: 'answered', atMs: fact.at, ringMs: fact.data.ringMs, detecting });
    } else if (fact.type === 'AnswerClassified') {
      classified(call, fact.data.verdict, fact.at);
    } else if (fact.type === 'CallDelivered' && call.deliveredAt === null) {
      classified(call, 'person', fact.at);
      const waitMs = waitedMs(call, fact.at) ?? fact.data.waitMs;
      // Given an agent too late is abandoned in the eyes of the rule.
      if (!call.late && waitMs > (campaignOf(call)?.graceMs ?? 2_000)) observe(call, { type: 'abandoned', atMs: fact.at, waitMs });
      observe(call, { type: 'delivered', atMs: fact.at, waitMs });
    }
  };
  const campaignOf = (call: CallInFlight) => parts.context.directory.get('campaign', call.campaignId);
  /** Who takes a call that detection has said nothing of has a person on the line, since the answer. */
  const classified = (call: CallInFlight, verdict: 'person' | 'machine', atMs: number): void => {
    if (call.detection !== 'running') {
      // Counted as a person at the answer, and not yet given up: then it is no longer one.
      if (verdict === 'machine' && call.detection === null && call.answeredAt !== null && call.deliveredAt === null && !call.late) observe(call, { type: 'machine', atMs, detectMs: Math.max(0, atMs - call.answeredAt), counted: true });
      return;
    }
    observe(call, { type: verdict === 'person' ? 'live' : 'machine', atMs, detectMs: Math.max(0, atMs - (call.answeredAt ?? atMs)) });
  };

  const finish = async (call: CallInFlight): Promise<void> => {
    if (call.ending) return;
    call.ending = true;
    try {
      const settled = await settle(parts, call);
      if (!settled) return;
      const { outcome, ended } = settled;
      const atMs = ended?.at ?? parts.context.clock.nowMs();
      if (outcome === 'delivered') observe(call, { type: 'talked', atMs, talkMs: Math.max(0, atMs - (call.deliveredAt ?? atMs)) });
      else if (outcome === 'abandoned' && call.late) return;
      else if (outcome === 'abandoned') observe(call, { type: 'abandoned', atMs, waitMs: Math.max(0, atMs - (call.answeredAt ?? atMs)) });
      else if (call.answeredAt === null) observe(call, { type: 'failed', atMs, ringMs: ended?.data.ringMs ?? 0 });
      if (settled.failover) await runnerOf(call.campaignId)?.dialAtOnce(await parts.book.load(call.contactId));
    } catch (error) {
      call.ending = false;
      log.error({ err: error, callId: call.callId }, 'the end of an attempt could not be stored; trying again');
    }
  };

  const heard = (fact: HeardFact): void => {
    const call = parts.calls.get((fact.data as { callId: CallId }).callId);
    if (!call) return;
    tellPacing(call, fact);
    hear(call, fact);
    if (fact.type !== 'CallEnded') return;
    const work = finish(call).finally(() => finishing.delete(work));
    finishing.add(work);
  };

  return {
    start() {
      for (const type of heardTypes) subscriptions.push(bus.subscribe(`fact.${type}`, (fact) => heard(fact as HeardFact)));
      subscriptions.push(
        bus.subscribe('fact.WrapUpEnded', ({ at, data }) => {
          const agent = parts.agents.get(data.agentId);
          for (const runner of runners()) {
            if (runner.queueId !== null && agent?.queueIds.includes(runner.queueId)) runner.observe({ type: 'wrapped', atMs: at, wrapMs: data.wrapMs });
          }
        }),
      );
    },
    stop() {
      for (const subscription of subscriptions.splice(0)) subscription.stop();
    },
    finish,
    async idle() {
      while (finishing.size > 0) await Promise.all(finishing);
    },
  };
}
