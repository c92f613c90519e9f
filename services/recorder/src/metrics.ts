import { Counter, Gauge, type Registry } from 'prom-client';
import type { KeepResult } from './shelf.ts';

export interface RecorderMetrics {
  counted(result: KeepResult): void;
  failed(): void;
  setFreeBytes(read: () => number | undefined): void;
}

/** The registry is shared by all services of a process, and a service may be started twice in it. */
export function createRecorderMetrics(registry: Registry): RecorderMetrics {
  const once = <T>(name: string, make: () => T): T => (registry.getSingleMetric(name) as T | undefined) ?? make();
  const parts = once('ritmo_recorder_parts_total', () => {
    return new Counter({ name: 'ritmo_recorder_parts_total', help: 'Parts of recordings by what became of them', labelNames: ['result'], registers: [registry] });
  });
  const failed = once('ritmo_recorder_failed_total', () => {
    return new Counter({ name: 'ritmo_recorder_failed_total', help: 'Parts that could not be written, or not to their end', registers: [registry] });
  });
  return {
    counted: (result) => parts.inc({ result }),
    failed: () => failed.inc(),
    setFreeBytes(read) {
      once('ritmo_recorder_free_bytes', () => {
        const gauge: Gauge = new Gauge({
          name: 'ritmo_recorder_free_bytes',
          help: 'Room on the disk of the recordings',
          registers: [registry],
          collect: () => gauge.set(read() ?? 0),
        });
        return gauge;
      });
    },
  };
}
