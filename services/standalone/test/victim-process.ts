import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Ready, VictimCommand, VictimInstallation } from './victim.ts';

/** A process tree of the product that can be asked and killed. */
export interface Victim {
  /** Rejects when the process ends before it is ready. */
  readonly ready: Promise<Ready>;
  ask<T>(command: VictimCommand): Promise<T>;
  /** SIGKILL to the process and all of its children; to the PostgreSQL server too when wanted, which otherwise lives on. */
  kill(options: { readonly postgres: boolean }): Promise<void>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
}

type Report = Ready | { readonly kind: 'done'; readonly request: number; readonly answer: unknown } | { readonly kind: 'failed'; readonly request: number; readonly message: string };

export function startVictim(installation: VictimInstallation): Victim {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  // A process group of its own, so that the whole tree can be killed by one signal.
  const child: ChildProcess = fork(new URL('./victim.ts', import.meta.url), [JSON.stringify(installation)], { execArgv: ['--import', loader], detached: true });
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let last = 0;
  let settleReady: { resolve(ready: Ready): void; reject(error: Error): void } | undefined;
  const ready = new Promise<Ready>((resolve, reject) => (settleReady = { resolve, reject }));
  ready.catch(() => undefined);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('message', (report: Report) => {
    if (report.kind === 'ready') return settleReady?.resolve(report);
    const asker = waiting.get(report.request);
    waiting.delete(report.request);
    if (report.kind === 'done') asker?.resolve(report.answer);
    else (asker ?? settleReady)?.reject(new Error(report.message));
  });
  child.once('exit', (code, signal) => {
    const error = new Error(`the product ended with ${signal ?? code}`);
    settleReady?.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  });
  return {
    ready,
    gone,
    ask: <T>(command: VictimCommand) =>
      new Promise<T>((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve: resolve as (answer: unknown) => void, reject });
        child.send({ request: last, command });
      }),
    async kill({ postgres }) {
      const server = postgres ? await serverPid(installation.dataDir) : undefined;
      if (child.pid !== undefined) killQuietly(-child.pid);
      if (server !== undefined) killQuietly(server);
      await gone;
    },
  };
}

export async function serverPid(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) ? pid : undefined;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
