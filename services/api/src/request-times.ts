import type { Metric, Registry } from 'prom-client';

export interface RouteTimes {
  observe(seconds: number): void;
}

export interface RequestTimes {
  /** Kept by the caller: a request should not pay for the labels. */
  of(route: string, status: number): RouteTimes;
}

const name = 'ritmo_http_seconds';
const help = 'Time to answer an HTTP request, by route and status';
const bounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

class Series implements RouteTimes {
  readonly counts = new Float64Array(bounds.length + 1);
  sum = 0;

  observe(seconds: number): void {
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += seconds;
  }
}

interface Times extends RequestTimes {
  get(): Promise<unknown>;
}

/** A histogram of the registry whose observation is one addition: prom-client's own hashes its labels at each, which costs more than many an answer. */
export function createRequestTimes(registry: Registry): RequestTimes {
  const before = registry.getSingleMetric(name) as unknown as Times | undefined;
  if (before !== undefined) return before;
  const series = new Map<string, { readonly labels: Readonly<Record<string, string>>; readonly times: Series }>();
  const times: Times & { readonly name: string; reset(): void } = {
    name,
    reset: () => series.clear(),
    of(route, status) {
      const key = `${status} ${route}`;
      const found = series.get(key) ?? { labels: { route, status: String(status) }, times: new Series() };
      series.set(key, found);
      return found.times;
    },
    get() {
      const values = [...series.values()].flatMap(({ labels, times: { counts, sum } }) => {
        let total = 0;
        const buckets = [...bounds, '+Inf'].map((le, index) => ({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: (total += counts[index] ?? 0) }));
        return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: total }];
      });
      return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' });
    },
  };
  registry.registerMetric(times as unknown as Metric);
  return times;
}
