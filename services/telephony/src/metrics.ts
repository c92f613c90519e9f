import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface TelephonyMetrics {
  ended(outcome: string): void;
  /** From the customer's 200 to the agent's INVITE of the first offer. */
  offered(seconds: number): void;
  /** A call was ended because it lasted longer than its trunk allows. */
  tooLong(): void;
  setLive(count: () => number): void;
  setChannels(read: () => readonly { readonly trunk: string; readonly used: number; readonly limit: number }[]): void;
}

/** A registry may be shared by two instances in one process: what is there is used. */
export function createTelephonyMetrics(registry: Registry): TelephonyMetrics {
  const one = <T>(name: string, make: () => T): T => (registry.getSingleMetric(name) as T | undefined) ?? make();
  const ended = one('ritmo_telephony_calls_ended_total', () => {
    return new Counter({ name: 'ritmo_telephony_calls_ended_total', help: 'Calls ended, by outcome on the wire', labelNames: ['outcome'], registers: [registry] });
  });
  const offered = one('ritmo_telephony_answer_to_offer_seconds', () => {
    return new Histogram({
      name: 'ritmo_telephony_answer_to_offer_seconds',
      help: "From the customer's 200 to the INVITE to the first agent",
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 10],
      registers: [registry],
    });
  });
  const tooLong = one('ritmo_telephony_calls_too_long_total', () => {
    return new Counter({ name: 'ritmo_telephony_calls_too_long_total', help: 'Calls ended at the ceiling of their trunk or of the extension that began them (maxCallS)', registers: [registry] });
  });
  return {
    tooLong: () => tooLong.inc(),
    ended: (outcome) => ended.inc({ outcome }),
    offered: (seconds) => offered.observe(seconds),
    setLive(count) {
      one('ritmo_telephony_calls', () => {
        const gauge: Gauge = new Gauge({
          name: 'ritmo_telephony_calls',
          help: 'Calls on the wire now',
          registers: [registry],
          collect: () => gauge.set(count()),
        });
        return gauge;
      });
    },
    setChannels(read) {
      one('ritmo_telephony_channels_used', () => {
        const gauge: Gauge = new Gauge({
          name: 'ritmo_telephony_channels_used',
          help: 'Channels occupied, slots included',
          labelNames: ['trunk'],
          registers: [registry],
          collect: () => {
            for (const { trunk, used } of read()) gauge.set({ trunk }, used);
          },
        });
        return gauge;
      });
    },
  };
}
