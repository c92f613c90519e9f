import fc from 'fast-check';
import { asCallId, asExtension } from '@ritmo/domain';
import { expect, test } from 'vitest';
import { nextDueAt } from './acd-core.ts';
import { isFree } from './matching.ts';
import type { Effect } from './model.ts';
import { orderOfCalls } from './order.ts';
import { agentConfig, campaignConfig, queueConfig, scenario, type Scenario } from './scenario.test-support.ts';

const agentCount = 4;
const operator = { kind: 'admin' } as const;

type Action =
  | { do: 'arrive'; queue: number; campaign: 7 | 8 | null }
  | { do: 'classify'; call: number; verdict: 'person' | 'machine' }
  | { do: 'answer' | 'miss' | 'refuse' | 'withdraw' | 'pause' | 'unpause' | 'register' | 'unregister' | 'lapse' | 'ready' | 'dial'; agent: number }
  | { do: 'hang-up'; call: number }
  | { do: 'transfer'; call: number; to: number }
  | { do: 'time'; ms: number }
  | { do: 'reconfigure'; queue: number; members: number[] };

const agent = fc.integer({ min: 1, max: agentCount });
const queue = fc.integer({ min: 1, max: 2 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('arrive' as const), queue, campaign: fc.constantFrom(null, 7 as const, 8 as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('classify' as const), call: fc.nat(20), verdict: fc.constantFrom('person' as const, 'machine' as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom('answer', 'miss', 'refuse', 'withdraw', 'pause', 'unpause', 'register', 'unregister', 'lapse', 'ready', 'dial'),
      agent,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hang-up' as const), call: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('transfer' as const), call: fc.nat(20), to: fc.integer({ min: 0, max: agentCount }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 30_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconfigure' as const), queue, members: fc.uniqueArray(agent) }) },
);

function perform(run: Scenario, what: Action, made: { calls: number }): void {
  const pick = (index: number) => [...run.core.calls.keys()][index % Math.max(1, run.core.calls.size)];
  switch (what.do) {
    case 'arrive':
      made.calls += 1;
      run.arrive(`9.${made.calls}`, what.queue, what.campaign);
      return;
    case 'classify': {
      const callId = pick(what.call);
      if (callId !== undefined) run.do({ kind: 'call-classified', callId, verdict: what.verdict });
      return;
    }
    case 'answer':
      if (run.ringing(what.agent)) run.answer(what.agent);
      return;
    case 'miss':
      if (run.ringing(what.agent)) run.miss(what.agent);
      return;
    case 'refuse':
      if (run.ringing(what.agent)) run.miss(what.agent, 'rejected');
      return;
    case 'withdraw': {
      const offer = run.ringing(what.agent);
      if (offer) run.do({ kind: 'offer-withdrawn', ...offer });
      return;
    }
    case 'pause':
      run.do({ kind: 'pause', agent: run.agent(what.agent), by: operator });
      return;
    case 'unpause':
      run.do({ kind: 'unpause', agent: run.agent(what.agent), by: operator });
      return;
    case 'register':
      run.register(what.agent);
      return;
    case 'unregister':
    case 'lapse': {
      const reason = what.do === 'lapse' ? 'expired' : 'requested';
      const extension = asExtension(String(1000 + what.agent));
      run.do({ kind: 'registration', change: { extension, registered: false, contact: '', userAgent: null, reason } });
      return;
    }
    case 'ready':
      run.do({ kind: 'ready', agent: run.agent(what.agent) });
      return;
    case 'dial': {
      const who = run.agent(what.agent);
      if (who.phase.kind === 'ringing' || who.calls.size > 0) return;
      made.calls += 1;
      run.do({ kind: 'own-call-began', agent: who, callId: asCallId(`9.${made.calls}`), number: '1199' });
      return;
    }
    case 'hang-up': {
      const callId = pick(what.call);
      if (callId !== undefined) run.do({ kind: 'call-ended', callId, by: 'customer' });
      return;
    }
    case 'transfer': {
      const callId = pick(what.call);
      const to = what.to === 0 ? undefined : run.agent(what.to);
      if (callId === undefined || (to && !isFree(run.core, to))) return;
      run.do({ kind: 'transfer', callId, target: to ? { kind: 'agent', agent: to } : { kind: 'queue', queueId: 2 as never } });
      return;
    }
    case 'time':
      run.do({ kind: 'tick' }, what.ms);
      return;
    case 'reconfigure':
      run.do({ kind: 'put-queue', queue: queueConfig(what.queue, what.members, { wrapUpS: 3, ringTimeoutS: 10, maxWaitS: 60 }) });
      return;
  }
}

/** What must hold after every step, whatever came. */
function checkState(run: Scenario): void {
  const { core } = run;
  const ringing = new Map<string, number>();
  for (const entry of core.agents.values()) {
    if (entry.phase.kind === 'ringing') {
      const { call, legId } = entry.phase;
      ringing.set(call.id, (ringing.get(call.id) ?? 0) + 1);
      expect(core.calls.get(call.id)).toBe(call);
      expect(call.phase).toMatchObject({ kind: 'offering', legId });
      expect(entry.calls.size).toBe(0);
    }
    for (const seat of entry.seats) expect(seat.heapIndex !== -1).toBe(isFree(core, entry));
    for (const call of entry.calls.values()) expect(core.calls.get(call.id)).toBe(call);
  }
  for (const times of ringing.values()) expect(times).toBe(1);
  for (const entry of core.queues.values()) {
    if (entry.waiting.size > 0) expect(entry.free.size).toBe(0);
    for (const call of entry.waiting.values()) expect(call.phase.kind).toBe('waiting');
  }
  for (const call of core.calls.values()) {
    if (call.phase.kind === 'waiting') expect(call.heapIndex).not.toBe(-1);
    else expect(call.heapIndex).toBe(-1);
    if (call.phase.kind === 'offering') expect(call.phase.agent.phase).toMatchObject({ kind: 'ringing', call });
  }
}

/** What must hold of the offers made in one step. */
function checkOffers(run: Scenario, effects: readonly Effect[], pausedBefore: ReadonlySet<number>, waitingBefore: readonly string[]): void {
  for (const effect of effects) {
    if (effect.kind !== 'offer') continue;
    expect(pausedBefore.has(effect.request.agentId)).toBe(false);
    const call = run.core.calls.get(effect.request.callId);
    const better = waitingBefore.filter((id) => {
      const other = run.core.calls.get(asCallId(id));
      if (!other || !call || other === call || other.phase.kind !== 'waiting' || other.queue !== call.queue) return false;
      return orderOfCalls(other, call) < 0;
    });
    // Whoever was there before and is ahead would have been offered instead, unless the call goes to one agent by transfer.
    if (call?.phase.kind === 'offering' && call.phase.why === 'queue') expect(better).toEqual([]);
  }
}

test('whatever happens: one offer an agent, none while paused, places are kept, and nothing stays behind', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 120 }), (actions) => {
      const agents = Array.from({ length: agentCount }, (_, index) => agentConfig(index + 1));
      const settings = { wrapUpS: 3, ringTimeoutS: 10, maxWaitS: 60 };
      const run = scenario(agents, [queueConfig(1, [1, 2, 3], settings), queueConfig(2, [2, 3, 4], settings)], [campaignConfig(7, 1, { maxQueueMs: 20_000 }), campaignConfig(8, 1, { maxQueueMs: 20_000, graceClock: 'detection-end', detectionMs: 4_000 })]);
      const made = { calls: 0 };
      for (const what of actions) {
        const before = run.effects.length;
        const paused = new Set([...run.core.agents.values()].filter(({ statusId }) => statusId === 6).map(({ id }) => id as number));
        const waiting = [...run.core.queues.values()].flatMap((entry) => entry.waiting.values().map(({ id }) => id as string));
        run.now += 7;
        perform(run, what, made);
        checkState(run);
        checkOffers(run, run.effects.slice(before), what.do === 'unpause' ? new Set() : paused, waiting);
      }
      for (const callId of [...run.core.calls.keys()]) run.do({ kind: 'call-ended', callId, by: 'system' });
      run.do({ kind: 'tick' }, 10_000);
      expect(run.core.calls.size).toBe(0);
      expect(nextDueAt(run.core)).toBeUndefined();
      for (const entry of run.core.agents.values()) expect([entry.phase.kind, entry.calls.size]).toEqual(['idle', 0]);
      for (const entry of run.core.queues.values()) expect(entry.waiting.size).toBe(0);
      const queued = new Set(run.facts('CallQueued').map(({ callId }) => callId));
      const settled = new Set([...run.facts('CallDelivered'), ...run.facts('CallAbandoned')].map(({ callId }) => callId));
      const machines = new Set(run.effects.flatMap((effect) => (effect.kind === 'hangup' && effect.reason === 'a machine answered' ? [effect.callId] : [])));
      for (const callId of queued) expect(settled.has(callId)).toBe(!machines.has(callId));
    }),
    { numRuns: 400 },
  );
});
