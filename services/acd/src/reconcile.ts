/** The bus may lose a message when a process dies: what the acd believes is compared with what telephony carries. */
import type { LiveCall } from '@ritmo/bus';
import { asLegId, streams, type CallId, type EventDataByType, type LegId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import type { ArrivedCall } from './core/calls.ts';
import type { AgentEntry, Core } from './core/model.ts';
import { legsOfOthers } from './core/restored.ts';
import type { Shell } from './shell.ts';

export interface Reconciler {
  run(): Promise<void>;
}

/** Younger calls are on their way through the bus. */
const settledMs = 2_000;
/** A call that telephony does not show this often in a row is gone. */
const missesUntilGone = 2;

export function createReconciler(parts: { readonly context: ServiceContext; readonly core: Core; readonly shell: Shell }): Reconciler {
  const { context, core, shell } = parts;
  /** Calls that telephony has shown: only of those can it say, by not showing them, that they are gone. */
  const shown = new Set<CallId>();
  const misses = new Map<CallId, number>();

  const atStation = (extension: LiveCall['extension'] | undefined): AgentEntry | null => (extension && core.byStation.get(extension)) ?? null;
  /** Whether the process that offered the call came to say that it was taken. Ours does so in the moment; what it said may be on its way. */
  const isRecorded = async (callId: CallId, legId: LegId): Promise<boolean> => {
    await context.journal.flush();
    const events = await context.events.readStream(streams.call(callId));
    return events.some((event) => event.type === 'CallDelivered' && (event.data as unknown as EventDataByType['CallDelivered']).legId === legId);
  };

  /** What was said of who answered, by a detector or by the agent that took the call; null when the call has ended since telephony was asked. */
  const heardOf = async (callId: CallId): Promise<ArrivedCall['heard'] | null> => {
    await context.journal.flush();
    const events = await context.events.readStream(streams.call(callId));
    if (events.some(({ type }) => type === 'CallEnded')) return null;
    const heard = events.find(({ type }) => type === 'AnswerClassified' || type === 'CallDelivered');
    if (heard === undefined) return undefined;
    return { verdict: heard.type === 'CallDelivered' ? 'person' : (heard.data as unknown as EventDataByType['AnswerClassified']).verdict, at: heard.at };
  };

  const adopt = async (call: LiveCall): Promise<void> => {
    if (core.calls.has(call.callId) || call.answeredAt === null || context.clock.nowMs() - call.answeredAt < settledMs) return;
    const { callId, direction, queueId, campaignId, answeredAt, agentLeg } = call;
    const number = direction === 'inbound' || direction === 'internal' ? call.from : call.to;
    const agent = atStation(call.extension);
    if (call.state === 'delivered' && agent) {
      const legId = agentLeg?.legId ?? asLegId(`${callId}/0`);
      // An own call is told of when the number answers, not when the agent's phone does.
      const upAt = Math.max(agentLeg?.upAt ?? answeredAt, answeredAt);
      const unrecordedSinceAt = agentLeg && !(await isRecorded(callId, legId)) ? upAt : null;
      const restored = { callId, direction, queueId, campaignId, number, answeredAt, legId, caller: atStation(call.caller), unrecordedSinceAt };
      shell.act({ kind: 'call-restored', agent, call: restored });
    } else if (call.state === 'answered' && queueId !== null) {
      const heard = campaignId === null ? undefined : await heardOf(callId);
      if (heard === null) return;
      shell.act({ kind: 'call-arrived', call: { callId, direction, queueId, campaignId, number, answeredAt, record: true, firstLeg: legsOfOthers, ...(heard === undefined ? {} : { heard }) } });
    }
  };

  return {
    async run() {
      // The calls of every process of telephony, or none: the request fails when one of them does not answer.
      const { calls } = await context.bus.request('telephony.calls', {});
      const live = new Set(calls.map(({ callId }) => callId));
      for (const call of calls) {
        shown.add(call.callId);
        await adopt(call);
      }
      for (const callId of shown) {
        if (live.has(callId)) continue;
        if (!core.calls.has(callId)) {
          shown.delete(callId);
          misses.delete(callId);
          continue;
        }
        const times = (misses.get(callId) ?? 0) + 1;
        misses.set(callId, times);
        if (times < missesUntilGone) continue;
        context.log.warn({ callId }, 'telephony no longer has this call; its end was lost');
        shell.act({ kind: 'call-ended', callId, by: 'system' });
      }
      for (const callId of misses.keys()) if (live.has(callId)) misses.delete(callId);
    },
  };
}
