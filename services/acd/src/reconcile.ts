/** The bus may lose a message when a process dies: what the acd believes is compared with what telephony carries. */
import type { LiveCall } from '@ritmo/bus';
import { asLegId, type CallId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import { legsOfOthers } from './core/calls.ts';
import type { Core } from './core/model.ts';
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
  /** Which process of telephony showed a call: only that one can say that it is gone. */
  const homes = new Map<CallId, string>();
  const misses = new Map<CallId, number>();

  const adopt = (call: LiveCall): void => {
    if (core.calls.has(call.callId) || call.answeredAt === null || context.clock.nowMs() - call.answeredAt < settledMs) return;
    const { callId, direction, queueId, campaignId, answeredAt } = call;
    const number = direction === 'inbound' ? call.from : call.to;
    const agent = call.extension === null ? undefined : core.byStation.get(call.extension);
    if (call.state === 'delivered' && agent) {
      const restored = { callId, direction, queueId, campaignId, number, answeredAt, legId: asLegId(`${callId}/0`) };
      shell.act({ kind: 'call-restored', agent, call: restored });
    } else if (call.state === 'answered' && queueId !== null) {
      shell.act({ kind: 'call-arrived', call: { callId, direction, queueId, campaignId, number, answeredAt, record: true, firstLeg: legsOfOthers } });
    }
  };

  return {
    async run() {
      const { node, calls } = await context.bus.request('telephony.calls', {});
      const live = new Set(calls.map(({ callId }) => callId));
      for (const call of calls) {
        homes.set(call.callId, node);
        adopt(call);
      }
      for (const [callId, home] of homes) {
        if (live.has(callId) || home !== node) continue;
        if (!core.calls.has(callId)) {
          homes.delete(callId);
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
