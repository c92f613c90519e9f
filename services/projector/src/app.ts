import type { BusSubscription, Requests } from '@ritmo/bus';
import type { StoredEvent, Subscription } from '@ritmo/event-store';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import { Counter, Gauge } from 'prom-client';
import { projectedTypes } from './apply.ts';
import { createProjection, readCheckpoint } from './projection.ts';
import { rebuildViews, type RebuildReport } from './rebuild.ts';
import { LIVE_SCHEMA, prepareSchema } from './schema.ts';

const LEADER_LOCK_KEY = 7_246_022;
const STANDBY_POLL_MS = 1_000;
const LEADER_CHECK_MS = 2_000;
const BATCH_SIZE = 1_000;
/** A batch costs some twenty statements whether it has one event or a hundred. */
const PACE_MS = 50;
/** Beyond it status_servidores says so. */
const LAG_WARNING_MS = 10_000;

export interface ProjectorOptions {
  /** Who may read the views. Default integracao. Its password and its limits are the SQL facade's. */
  readonly role?: string;
}

export interface ProjectorApp extends ServiceApp {
  /** See rebuild.ts. The projection goes on. */
  rebuildViews(): Promise<RebuildReport>;
  /** Resolves when everything stored up to now is in the views. */
  caughtUp(): Promise<void>;
}

type Lag = Requests['projector.status']['reply'];

/** The only writer of the tables behind the integrators' views. One process projects; others stand by. */
export function createProjectorApp(context: ServiceContext, options: ProjectorOptions = {}): ProjectorApp {
  const { database, events, log } = context;
  const appliedTotal = new Counter({ name: 'ritmo_projector_events_total', help: 'Events applied to the views', registers: [] });
  const rejectedTotal = new Counter({ name: 'ritmo_projector_rejected_total', help: 'Events that could not be applied', registers: [] });
  const projection = createProjection({
    database,
    onRejected(event, error) {
      rejectedTotal.inc();
      log.error({ err: error, position: String(event.position), type: event.type }, 'an event could not be applied to the views and was left out');
    },
    onApplied: (count) => appliedTotal.inc(count),
  });
  const subscriptions: BusSubscription[] = [];
  let leading: Promise<void> | undefined;
  let stopRequested: (() => void) | undefined;
  let stopped = false;

  async function oldestWaiting(): Promise<{ readonly position: bigint | undefined; readonly waiting: StoredEvent | undefined }> {
    const { position } = await readCheckpoint(database, LIVE_SCHEMA);
    const [waiting] = await events.readAll({ limit: 1, types: projectedTypes, ...(position === undefined ? {} : { after: position }) });
    return { position, waiting };
  }

  async function lag(): Promise<Lag> {
    const { position, waiting } = await oldestWaiting();
    const head = await events.head();
    const names = { position: String(position ?? ''), head: String(head ?? '') };
    if (waiting === undefined) return { ...names, lagEvents: 0, lagMs: 0 };
    return { ...names, lagEvents: Number((head ?? 0n) - (position ?? 0n)), lagMs: Math.max(0, context.clock.nowMs() - waiting.at) };
  }

  /** Resolves after ms, or as soon as the app is asked to stop. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        stopRequested = undefined;
        resolve();
      }
      stopRequested = done;
    });
  }

  /** Takes the lead when it is free, and projects until it is asked to stop or its session breaks. */
  async function lead(onDecided: () => void): Promise<void> {
    await database.session(async (session) => {
      for (;;) {
        const { rows } = await session.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [LEADER_LOCK_KEY]);
        if (rows[0]?.taken === true) break;
        onDecided();
        await pause(STANDBY_POLL_MS);
        if (stopped) return;
      }
      const { position } = await readCheckpoint(session, LIVE_SCHEMA);
      const subscription: Subscription = events.subscribe(
        { batchSize: BATCH_SIZE, paceMs: PACE_MS, types: projectedTypes, ...(position === undefined ? {} : { after: position }) },
        (batch) => projection.handle(batch),
      );
      onDecided();
      try {
        while (!stopped) {
          await pause(LEADER_CHECK_MS);
          await session.query('SELECT 1');
        }
      } finally {
        await subscription.stop();
        await session.query('SELECT pg_advisory_unlock($1)', [LEADER_LOCK_KEY]).catch(() => undefined);
      }
    });
  }

  async function leadAgainAndAgain(onDecided: () => void): Promise<void> {
    while (!stopped) {
      try {
        await lead(onDecided);
      } catch (error) {
        if (stopped) return;
        log.error({ err: error }, 'the projection was interrupted; beginning again');
        await pause(STANDBY_POLL_MS);
      }
    }
  }

  function registerMetrics(): void {
    for (const metric of [appliedTotal, rejectedTotal]) context.metrics.registerMetric(metric);
    const gauge = new Gauge({
      name: 'ritmo_projector_lag_ms',
      help: 'Age of the oldest event that is not in the views yet, ms; 0 when all are',
      registers: [],
      async collect() {
        this.set((await lag()).lagMs);
      },
    });
    if (context.metrics.getSingleMetric('ritmo_projector_lag_ms') === undefined) context.metrics.registerMetric(gauge);
  }

  return {
    name: 'projector',
    async start() {
      const { outdated } = await prepareSchema(database, options.role);
      if (outdated) {
        log.info('the views were made by another version and are rebuilt');
        await rebuildViews({ database, events, log: (message) => log.info(message) });
      }
      if (context.metrics.getSingleMetric('ritmo_projector_events_total') === undefined) registerMetrics();
      context.health.register('Projetor', async () => {
        const { lagMs } = await lag();
        return lagMs > LAG_WARNING_MS ? { status: 'WARNING', detail: `Views atrasadas ${Math.round(lagMs / 1_000)} s` } : { status: 'OK', detail: '' };
      });
      subscriptions.push(context.bus.serve('projector.status', () => lag()));
      await new Promise<void>((resolve) => {
        leading = leadAgainAndAgain(resolve);
      });
    },
    async stop() {
      stopped = true;
      for (const subscription of subscriptions.splice(0)) subscription.stop();
      stopRequested?.();
      await leading;
    },
    rebuildViews: () => rebuildViews({ database, events, log: (message) => log.info(message) }),
    async caughtUp() {
      while ((await oldestWaiting()).waiting !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}
