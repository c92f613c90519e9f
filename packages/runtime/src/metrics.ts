import { collectDefaultMetrics, Registry } from 'prom-client';

/** One registry a process; `processMetrics` adds memory, CPU and event-loop delay. */
export function createMetrics(options: { readonly node: string; readonly processMetrics?: boolean }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ node: options.node });
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  return registry;
}
