import type { Contract } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';
import type { Counter } from 'prom-client';

export interface ExecutorParts {
  readonly context: ServiceContext;
  readonly contract: Contract;
  /** This executor's number, by its advisory lock. */
  readonly executor: () => number;
  /** How long an attempt whose answer was lost is given before it is looked for among the facts. */
  readonly settleMs: number;
  readonly carriedOut: Counter<'table' | 'result'>;
}
