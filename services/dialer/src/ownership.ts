/** Which campaigns this process runs: one advisory lock each, held by one database session. */
import type { CampaignId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';

export interface Ownership {
  start(): void;
  stop(): Promise<void>;
}

export interface OwnershipOptions {
  readonly wanted: () => readonly CampaignId[];
  readonly onGained: (campaignId: CampaignId) => Promise<void>;
  /** The session was lost: another process may run it from now on. */
  readonly onLost: (campaignId: CampaignId) => void;
}

/** First key of the two-part advisory lock. */
const lockSpace = 7_246_020;
const tryEveryMs = 500;
const againAfterMs = 1_000;

export function createOwnership({ database, log }: ServiceContext, options: OwnershipOptions): Ownership {
  const owned = new Set<CampaignId>();
  let running = true;
  let loop: Promise<void> = Promise.resolve();
  let wakeUp: () => void = () => undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const lose = (): void => {
    for (const campaignId of owned) options.onLost(campaignId);
    owned.clear();
  };
  const hold = (): Promise<void> =>
    database.session(async (session) => {
      while (running) {
        const missing = options.wanted().filter((campaignId) => !owned.has(campaignId));
        // Also without anything to lock: it tells whether the session, and with it every lock, still lives.
        const { rows } = await session.query<{ id: CampaignId; got: boolean }>(
          'SELECT id, pg_try_advisory_lock($1, id) AS got FROM unnest($2::int[]) AS id',
          [lockSpace, missing],
        );
        for (const { id, got } of rows) {
          if (!got) continue;
          owned.add(id);
          await options.onGained(id);
        }
        await pause(tryEveryMs);
      }
      await session.query('SELECT pg_advisory_unlock_all()');
    });
  return {
    start() {
      loop = (async () => {
        while (running) {
          try {
            await hold();
          } catch (error) {
            log.error({ err: error }, 'the locks of the campaigns were lost; dialing rests until they are back');
          }
          lose();
          if (running) await pause(againAfterMs);
        }
      })();
    },
    async stop() {
      running = false;
      wakeUp();
      await loop;
    },
  };
}
