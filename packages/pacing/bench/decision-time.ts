/** Processor time of one decision for 500 agents and 1,500 calls in flight. */
import { createPolicy } from '../src/index.ts';

const ROUNDS = 5000;

export function decisionMs(): number {
  const policy = createPolicy({ mode: 'predictive', history: { attempts: 5000, liveP: 0.25, meanRingMs: 12_000, meanHandleMs: 120_000, counted: [{ atMs: 0, answered: 1000, machines: 0, abandoned: 20 }] } });
  const ages = (count: number, spanMs: number): Float64Array => Float64Array.from({ length: count }, (_, index) => (index * 7919) % spanMs);
  const observation = {
    nowMs: 0, freeAgents: 20, talkingMs: ages(480, 240_000), wrapUpMs: [], ringingMs: ages(1500, 25_000), waitingCalls: 0, channelsFree: Infinity, startsAllowed: Infinity,
  };
  const round = (): void => {
    for (let index = 0; index < ROUNDS; index += 1) policy.decide(observation);
  };
  round();
  const before = process.cpuUsage();
  round();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000 / ROUNDS;
}
