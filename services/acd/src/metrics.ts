import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DomainEvent } from '@ritmo/domain';

export interface AcdMetrics {
  /** From CallAnswered to the first offer sent. */
  offered(seconds: number): void;
  fact(fact: DomainEvent): void;
  refused(via: string, rule: string): void;
  setGauges(read: () => { readonly waiting: number; readonly states: ReadonlyMap<string, number> }): void;
}

export function createAcdMetrics(registry: Registry): AcdMetrics {
  const one = <T>(name: string, make: () => T): T => (registry.getSingleMetric(name) as T | undefined) ?? make();
  const offered = one('ritmo_acd_answered_to_offer_seconds', () => {
    return new Histogram({
      name: 'ritmo_acd_answered_to_offer_seconds',
      help: "From a call's CallAnswered to its first offer, waiting included",
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2, 5, 10],
      registers: [registry],
    });
  });
  const facts = one('ritmo_acd_facts_total', () => {
    return new Counter({ name: 'ritmo_acd_facts_total', help: 'Calls queued, delivered, abandoned; offers made, missed', labelNames: ['type'], registers: [registry] });
  });
  const refused = one('ritmo_acd_calls_refused_total', () => {
    return new Counter({ name: 'ritmo_acd_calls_refused_total', help: 'Calls of agents to outside numbers that were refused', labelNames: ['via', 'rule'], registers: [registry] });
  });
  return {
    refused: (via, rule) => refused.inc({ via, rule }),
    offered: (seconds) => offered.observe(seconds),
    fact: ({ type }) => facts.inc({ type }),
    setGauges(read) {
      one('ritmo_acd_waiting_calls', () => {
        const waiting: Gauge = new Gauge({ name: 'ritmo_acd_waiting_calls', help: 'Calls without an agent', registers: [registry], collect: () => waiting.set(read().waiting) });
        return waiting;
      });
      one('ritmo_acd_agents', () => {
        const agents: Gauge = new Gauge({
          name: 'ritmo_acd_agents',
          help: 'Agents by state',
          labelNames: ['state'],
          registers: [registry],
          collect: () => {
            agents.reset();
            for (const [state, count] of read().states) agents.set({ state }, count);
          },
        });
        return agents;
      });
    },
  };
}
