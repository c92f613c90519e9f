import { execFile } from 'node:child_process';
import { readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { promisify } from 'node:util';
import type { ServiceContext } from '@ritmo/service-kit';

const run = promisify(execFile);

/** Of the sessions of integrators: the dialer's and the projector's go first when the processor is short. */
export const courtesyNice = 15;

export interface CourtesyLimits {
  readonly role: string;
  /** Most memory of its own that one session may take, MB. */
  readonly sessionMemoryMb: number;
}

export interface Courtesy {
  /** Looks for sessions that are new. */
  look(): Promise<void>;
}

/**
 * Sessions of integrators give way, where PostgreSQL runs on this machine and we may say so; elsewhere nothing is done.
 * PostgreSQL makes every session leader of its own session, so Linux with autogroup shares the processor out among
 * sessions and does not look at the nice value of a process: both are set.
 * Memory: a client may SET its own work_mem, and an aggregate has no limit at all. A query that wants more than its session
 * may have fails alone ("out of memory"), before the kernel ends whoever is largest.
 */
export function createCourtesy({ database, log }: ServiceContext, { role, sessionMemoryMb }: CourtesyLimits): Courtesy {
  let known = new Set<number>();
  let isHere: boolean | undefined;
  let limitsMemory = true;

  async function serverIsHere(): Promise<boolean> {
    try {
      const { rows } = await database.query<{ pid: number; folder: string }>("SELECT pg_backend_pid() AS pid, current_setting('data_directory') AS folder");
      const session = rows[0];
      return session !== undefined && (await readlink(`/proc/${session.pid}/cwd`)) === (await realpath(session.folder));
    } catch {
      return false;
    }
  }

  /** RLIMIT_DATA: private memory, without the shared buffers and the stack. */
  async function limitMemory(pid: number): Promise<void> {
    if (!limitsMemory) return;
    try {
      // As the account that PostgreSQL runs as: root in a container may be denied what its owner is not (CAP_SYS_RESOURCE).
      const { uid, gid } = await stat(`/proc/${pid}`);
      await run('prlimit', ['--pid', String(pid), `--data=${sessionMemoryMb * 1_048_576}`], process.getuid?.() === 0 ? { uid, gid } : {});
    } catch (error) {
      const isGone = await stat(`/proc/${pid}`).then(() => false, () => true);
      if (isGone) return;
      limitsMemory = false;
      log.warn({ err: error }, "the memory of integrators' sessions cannot be limited: that needs prlimit (util-linux)");
    }
  }

  return {
    async look() {
      isHere ??= await serverIsHere();
      if (!isHere) return;
      const { rows } = await database.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE usename = $1', [role]);
      for (const { pid } of rows) {
        if (known.has(pid)) continue;
        await limitMemory(pid);
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
