import { readlink, realpath, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import type { ServiceContext } from '@ritmo/service-kit';

/** Of the sessions of integrators: the dialer's and the projector's go first when the processor is short. */
export const courtesyNice = 15;

export interface Courtesy {
  /** Looks for sessions that are new. */
  look(): Promise<void>;
}

/**
 * Sessions of integrators give way, where PostgreSQL runs on this machine and we may say so; elsewhere nothing is done.
 * PostgreSQL makes every session leader of its own session, so Linux with autogroup shares the processor out among
 * sessions and does not look at the nice value of a process: both are set.
 */
export function createCourtesy({ database, log }: ServiceContext, role: string): Courtesy {
  let known = new Set<number>();
  let isHere: boolean | undefined;

  async function serverIsHere(): Promise<boolean> {
    try {
      const { rows } = await database.query<{ pid: number; folder: string }>("SELECT pg_backend_pid() AS pid, current_setting('data_directory') AS folder");
      const session = rows[0];
      return session !== undefined && (await readlink(`/proc/${session.pid}/cwd`)) === (await realpath(session.folder));
    } catch {
      return false;
    }
  }

  return {
    async look() {
      isHere ??= await serverIsHere();
      if (!isHere) return;
      const { rows } = await database.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE usename = $1', [role]);
      for (const { pid } of rows) {
        if (known.has(pid)) continue;
        try {
          setPriority(pid, courtesyNice);
          await writeFile(`/proc/${pid}/autogroup`, String(courtesyNice)).catch(() => undefined);
        } catch (error) {
          // ESRCH: it has gone meanwhile.
          if ((error as { code?: string; info?: { code?: string } }).info?.code === 'ESRCH') continue;
          isHere = false;
          return void log.warn({ err: error }, 'sessions of integrators cannot be made to give way');
        }
      }
      known = new Set(rows.map(({ pid }) => pid));
    },
  };
}
