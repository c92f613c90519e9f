import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type DialerMetrics = ReturnType<typeof createMetrics>;

/** One set per registry: a second dialer in the same process shares it. */
export function createMetrics(registry: Registry) {
  const found = <M>(name: string, make: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? make();
  const registers = [registry];
  const labelNames = ['campaign'] as const;
  return {
    tickSeconds: found('ritmo_dialer_tick_seconds', () => new Histogram({
      name: 'ritmo_dialer_tick_seconds', help: 'Time of one tick of a campaign', labelNames, registers,
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1],
    })),
    readAhead: found('ritmo_dialer_read_ahead', () => new Gauge({ name: 'ritmo_dialer_read_ahead', help: 'Contacts read ahead', labelNames, registers })),
    inFlight: found('ritmo_dialer_attempts_in_flight', () => new Gauge({ name: 'ritmo_dialer_attempts_in_flight', help: 'Attempts that have begun and not ended', labelNames, registers })),
    attempts: found('ritmo_dialer_attempts_total', () => new Counter({ name: 'ritmo_dialer_attempts_total', help: 'Attempts begun', labelNames, registers })),
    ended: found('ritmo_dialer_attempts_ended_total', () => new Counter({
      name: 'ritmo_dialer_attempts_ended_total', help: 'Attempts ended, by outcome', labelNames: ['campaign', 'outcome'] as const, registers,
    })),
    skipped: found('ritmo_dialer_phones_skipped_total', () => new Counter({
      name: 'ritmo_dialer_phones_skipped_total', help: 'Phones refused at the moment of dialing, by rule', labelNames: ['campaign', 'rule'] as const, registers,
    })),
    abandonRate: found('ritmo_dialer_abandon_rate_pct', () => new Gauge({ name: 'ritmo_dialer_abandon_rate_pct', help: 'Abandoned of answered calls, percent', labelNames, registers })),
  };
}
