/**
 * What is believed to be in flight, proved every few seconds: the bus may lose a fact, and a process may die between two.
 * An attempt is settled by its own stream or, when nobody ever heard of it, by time.
 */
import { streams, upcast, type CallId } from '@ritmo/domain';
import type { CallFacts } from './call-facts.ts';
import type { CampaignRunner } from './campaign-runner.ts';
import type { CallInFlight } from './calls-in-flight.ts';
import type { DialerParts } from './parts.ts';
import { hear, withdraw } from './settle.ts';
import { readUnsettled } from './work-index.ts';

export interface Reconciliation {
  /** One pass over the campaigns given. */
  run(runners: readonly CampaignRunner[]): Promise<void>;
}

/** Younger calls are on their way: their facts are not late yet. */
const youngMs = 2_000;
/** Calls judged at a time: each may read its stream, and one that waits for the acd's word must not keep the others. */
const atOnce = 50;
/** Passes in a row that must agree before an attempt is closed as never placed. */
const agreeing = 2;

export function createReconciliation(parts: DialerParts, facts: CallFacts): Reconciliation {
  const { context, calls, book, settings } = parts;

  /** Attempts that the index knows and this process does not: begun by another process, or by this one before it died. */
  const adopt = async (runner: CampaignRunner): Promise<void> => {
    for (const row of await readUnsettled(context.database, runner.campaignId)) {
      const { state, contactId } = book.newest(row);
      if (state.status !== 'dialing' || calls.get(state.attempt.callId)) continue;
      const { callId, phoneId, trunkId, startedAt } = state.attempt;
      calls.add({ callId, campaignId: runner.campaignId, contactId, phoneId, trunkId, startedAt });
    }
  };

  const liveCalls = async (): Promise<ReadonlySet<CallId> | null> => {
    try {
      const reply = await context.bus.request('telephony.calls', {}, { timeoutMs: 2_000 });
      return new Set(reply.calls.map((call) => call.callId));
    } catch (error) {
      context.log.debug({ err: error }, 'telephony does not answer: calls in flight are judged by their streams alone');
      return null;
    }
  };

  const judge = async (call: CallInFlight, live: ReadonlySet<CallId> | null): Promise<void> => {
    if (call.refused !== null) return withdraw(parts, call);
    if (call.ended) return facts.finish(call);
    if (live?.has(call.callId)) {
      call.unknownTimes = 0;
      return;
    }
    const stored = await context.events.readStream(streams.call(call.callId));
    for (const event of stored) hear(call, upcast(event));
    if (call.ended) return facts.finish(call);
    // Placed and not ended: telephony closes it, at once or after its own restart. Only silence from the start is ours to end.
    if (stored.length > 0 || live === null) return;
    call.unknownTimes += 1;
    const old = context.clock.nowMs() - call.startedAt > settings.unknownAfterMs;
    if (call.unknownTimes >= agreeing && old) await facts.finish(call);
  };

  return {
    async run(runners) {
      for (const runner of runners) await adopt(runner);
      const nowMs = context.clock.nowMs();
      const doubtful = [...calls.all()].filter((call) => call.ended !== null || call.refused !== null || call.unknownTimes > 0 || nowMs - call.startedAt > youngMs);
      if (doubtful.length === 0) return;
      const live = await liveCalls();
      for (let first = 0; first < doubtful.length; first += atOnce) {
        await Promise.all(doubtful.slice(first, first + atOnce).map((call) => judge(call, live)));
      }
    },
  };
}
