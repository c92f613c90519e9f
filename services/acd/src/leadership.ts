/** One process decides, the others stand by: an advisory lock held by one database session. */
import type { Database } from '@ritmo/database';
import type { Logger } from 'pino';

export interface Leadership {
  /** Resolves when this process leads, or stands by. */
  start(): Promise<'leads' | 'stands-by'>;
  stop(): Promise<void>;
}

const lockClass = 7_246_040;
const tryEveryMs = 1_000;
const againAfterMs = 1_000;

export function createLeadership(parts: {
  readonly database: Database;
  readonly log: Logger;
  readonly gained: () => Promise<void>;
  /** The session is gone: another process may lead now. */
  readonly lost: () => Promise<void>;
}): Leadership {
  const { database, log } = parts;
  let running = true;
  let leads = false;
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
  const hold = (told: (state: 'leads' | 'stands-by') => void): Promise<void> =>
    database.session(async (session) => {
      while (running) {
        if (leads) {
          await session.query('SELECT 1');
        } else {
          const { rows } = await session.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, 1) AS got', [lockClass]);
          if (rows[0]?.got === true) {
            leads = true;
            await parts.gained();
          }
        }
        told(leads ? 'leads' : 'stands-by');
        await pause(tryEveryMs);
      }
      await session.query('SELECT pg_advisory_unlock_all()');
    });

  return {
    start() {
      return new Promise((resolve, reject) => {
        let isFirst = true;
        loop = (async () => {
          while (running) {
            try {
              await hold((state) => {
                isFirst = false;
                resolve(state);
              });
            } catch (error) {
              if (isFirst) {
                running = false;
                reject(error as Error);
                return;
              }
              log.error({ err: error }, 'the lock of the acd was lost; offers rest until it is back');
            }
            if (leads) {
              leads = false;
              await parts.lost();
            }
            if (running) await pause(againAfterMs);
          }
        })();
      });
    },
    async stop() {
      running = false;
      wakeUp();
      await loop;
    },
  };
}
