import { readFileSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { SecondInstanceError } from './errors.ts';

/** How often a stale lock file is cleared before giving up; more means that two starts fight over it. */
const MAX_ATTEMPTS = 5;

/** The kernel's record of a process from its third field (the state) on; empty where there is no /proc. */
function procStat(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** When the process began, in the kernel's ticks: tells a process from a later one with the same id. */
const startedAt = (pid: number): string => procStat(pid)[19] ?? '';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie has ended; it waits for a parent that does not ask, as pid 1 of many a container.
    return procStat(pid)[0] !== 'Z';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * A file that names the process which works on a folder. It survives kill -9, so its reader checks that the process still
 * lives and is the same one. The advisory lock inside PostgreSQL is the second, exact line of defence.
 */
export async function takeInstanceLock(file: string, folder: string): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${startedAt(process.pid)}\n`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(mine);
      await handle.close();
      return async () => {
        if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pidText = '', start = ''] = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ');
    const pid = Number.parseInt(pidText, 10);
    const holderLives = Number.isInteger(pid) && isAlive(pid) && (start === '' || startedAt(pid) === start);
    if (holderLives || attempt >= MAX_ATTEMPTS) throw new SecondInstanceError(folder, Number.isInteger(pid) ? pid : undefined);
    await rm(file, { force: true });
  }
}
