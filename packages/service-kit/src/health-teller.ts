import { fact, streams } from '@ritmo/domain';
import type { PartHealth, ServiceContext } from './context.ts';

export interface HealthTeller {
  /** Looks now, not at the next turn. */
  look(): void;
  stop(): void;
}

/** How often a change is looked for. */
const everyMs = 2_000;

/** Registers a part's check, and tells each change of its state as a fact: the facade that shows it may be another process. */
export function tellHealth({ health, journal, clock }: ServiceContext, part: string, check: () => PartHealth): HealthTeller {
  let told: PartHealth['status'] = 'OK';
  const look = (): void => {
    const { status, detail } = check();
    if (status === told) return;
    told = status;
    journal.record(streams.system, fact('PartHealthReported', clock.nowMs(), { part, status, detail: status === 'OK' ? '' : detail }));
  };
  health.register(part, check);
  const timer = setInterval(look, everyMs).unref();
  return { look, stop: () => clearInterval(timer) };
}
