import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAlive } from './instance-lock.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritmo-ephemeral-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a program that makes a throwaway folder with a server in it, says so, and is killed by itself with SIGKILL. */
async function killWithServer(): Promise<{ readonly serverPid: number; readonly throwaway: string }> {
  const file = join(folder, 'owner.mts');
  await writeFile(file, `
    import { writeSync } from 'node:fs';
    import { startEmbeddedPostgres } from ${JSON.stringify(join(import.meta.dirname, 'embedded.ts'))};
    import { createThrowawayFolder } from ${JSON.stringify(join(import.meta.dirname, 'ephemeral.ts'))};
    const throwaway = await createThrowawayFolder('ritmo-ephemeral-test-');
    const { pid } = await startEmbeddedPostgres({ dataDir: throwaway + '/postgres', port: 0, superuserPassword: 'x', settings: { shared_buffers: '32MB', fsync: 'off' } });
    writeSync(1, JSON.stringify({ serverPid: pid, throwaway }));
    process.kill(process.pid, 'SIGKILL');`);
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', file], { cwd: import.meta.dirname }, (_error, stdout) => resolve(JSON.parse(stdout) as { serverPid: number; throwaway: string }));
  });
}

describe('a throwaway folder', () => {
  it('goes with the server on it when its process is killed', { timeout: 60_000 }, async () => {
    const { serverPid, throwaway } = await killWithServer();
    await vi.waitFor(() => expect(isAlive(serverPid)).toBe(false), { timeout: 30_000, interval: 100 });
    await vi.waitFor(() => expect(existsSync(throwaway)).toBe(false), { timeout: 30_000, interval: 100 });
  });
});
