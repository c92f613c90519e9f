/** What every service is given, and the shape of a service. main.ts builds it; app.ts receives it and can be started twice in one process. */
import type { Bus } from '@ritmo/bus';
import type { Database } from '@ritmo/database';
import type { EventStore } from '@ritmo/event-store';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { DirectoryReader } from './directory-reader.ts';
import type { Journal } from './journal.ts';

export interface Clock {
  /** ms since the epoch. */
  nowMs(): number;
}

export type PartHealth = { readonly status: 'OK' | 'WARNING' | 'CRITICAL'; readonly detail: string };

export interface HealthRegistry {
  /** A part's check, asked at most every few seconds. The name is what status_servidores shows. */
  register(part: string, check: () => Promise<PartHealth> | PartHealth): void;
  readonly parts: () => Promise<readonly { part: string; health: PartHealth }[]>;
}

export interface ServiceContext {
  /** Name of this process among others: `standalone`, `dialer-1`. */
  readonly node: string;
  readonly bus: Bus;
  readonly events: EventStore;
  readonly journal: Journal;
  readonly database: Database;
  readonly directory: DirectoryReader;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly health: HealthRegistry;
  readonly clock: Clock;
  /** Where files live: recordings, copies of lists, sounds. Absolute. */
  readonly dataDir: string;
}

export interface ServiceApp {
  readonly name: string;
  /** Resolves when the service is ready. Rejects with an error that says what to do. */
  start(): Promise<void>;
  /** Finishes what it began, up to the limit, then closes. Idempotent. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}
