/** What one pacing decision costs, as the dialer makes it: the look at agents and calls, and the policy's answer. No list, no database. */
import type { AgentState } from '@ritmo/bus';
import { asCallId, asId, type AgentId, type CampaignId, type ContactId, type PhoneId, type QueueId, type TrunkId } from '@ritmo/domain';
import { createPolicy } from '@ritmo/pacing';
import { createRandom } from '@ritmo/testing';
import { createCallsInFlight } from '../src/calls-in-flight.ts';
import { observationOf } from '../src/observation.ts';
import type { DialerParts } from '../src/parts.ts';

export interface DecisionCost {
  readonly agents: number;
  readonly callsInFlight: number;
  readonly decisions: number;
  /** Both together: half of the decisions took less, 99 of 100 less; on a busy machine the latter is the machine's. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The policy alone. */
  readonly policyP50Ms: number;
  readonly policyP99Ms: number;
}

const campaignId = asId<CampaignId>(1);
const queueId = asId<QueueId>(1);
const handleMs = 120_000;
const ringMs = 15_000;

/** Agents that talk, wrap up and wait, and three calls each that ring; a policy that has learnt from a thousand attempts. */
export function measureDecision(agents: number, callsInFlight: number, decisions = 2_000): DecisionCost {
  const random = createRandom(1);
  const calls = createCallsInFlight();
  let nowMs = 1_000_000;
  const begin = (index: number): void => {
    calls.add({ callId: asCallId(`1.${index}`), campaignId, contactId: asId<ContactId>(index + 1), phoneId: asId<PhoneId>(1), trunkId: asId<TrunkId>(1), startedAt: nowMs - random.integer(0, ringMs) });
  };
  for (let index = 0; index < callsInFlight; index += 1) begin(index);
  const board: AgentState[] = Array.from({ length: agents }, (_, index) => {
    const state = index % 20 === 0 ? ('free' as const) : index % 10 === 0 ? ('wrap-up' as const) : ('talking' as const);
    return { agentId: asId<AgentId>(index + 1), state, sinceAt: nowMs - random.integer(0, handleMs), queueIds: [queueId] } as unknown as AgentState;
  });
  const parts = {
    calls,
    agents: { ofQueue: () => board },
    trunks: { channelsFree: () => 2_000, callsPerSecond: () => 200 },
    shortCalls: { verdict: () => null },
    context: { directory: { get: () => ({ routeIds: [] }), all: () => [{ active: true, id: 1, trunks: [1] }] } },
  } as unknown as DialerParts;
  const policy = createPolicy({ mode: 'predictive', abandon: { capPct: 3, graceMs: 2_000 } });
  for (let attempt = 0; attempt < 1_000; attempt += 1) learn(attempt);

  const both: number[] = [];
  const alone: number[] = [];
  for (let turn = 0; turn < decisions; turn += 1) {
    nowMs += 100;
    // The world moves on between two ticks: a few calls end, others begin, and the policy is told.
    for (let step = 0; step < 10; step += 1) {
      calls.remove(asCallId(`1.${(turn * 10 + step) % callsInFlight}`));
      begin((turn * 10 + step) % callsInFlight);
      learn(turn * 10 + step);
    }
    const before = performance.now();
    const observation = observationOf(parts, campaignId, queueId, nowMs);
    const between = performance.now();
    policy.decide(observation);
    const after = performance.now();
    both.push(after - before);
    alone.push(after - between);
  }
  return { agents, callsInFlight, decisions, p50Ms: part(both, 0.5), p99Ms: part(both, 0.99), policyP50Ms: part(alone, 0.5), policyP99Ms: part(alone, 0.99) };

  function learn(attempt: number): void {
    policy.observe({ type: 'dialed', atMs: nowMs });
    if (attempt % 3 !== 0) return policy.observe({ type: 'failed', atMs: nowMs, ringMs });
    policy.observe({ type: 'answered', atMs: nowMs, ringMs: random.integer(2_000, ringMs) });
    policy.observe({ type: 'talked', atMs: nowMs, talkMs: random.integer(10_000, 2 * handleMs) });
  }
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
const part = (values: readonly number[], share: number): number => round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0);
