import type { CallIdAllocator, ServiceContext } from '@ritmo/service-kit';
import type { Core } from './core/model.ts';
import type { AcdMetrics } from './metrics.ts';
import type { Shell } from './shell.ts';

/** What whoever carries out a command is given. */
export interface CommandParts {
  readonly context: ServiceContext;
  readonly core: Core;
  readonly shell: Shell;
  readonly callIds: CallIdAllocator;
  readonly metrics: AcdMetrics;
}
