import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../src/demo/result.ts';

const demo = fileURLToPath(new URL('../src/demo/main.ts', import.meta.url));
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const run = (...args: string[]) => spawnSync(process.execPath, ['--import', loader, demo, ...args], { encoding: 'utf8', timeout: 300_000 });

describe('npm run demo', () => {
  it('ends with a reconciliation that holds, one JSON object last, and a report', { timeout: 320_000 }, async () => {
    const { stdout, stderr, status } = run('--seconds', '30', '--agents', '5', '--contacts', '60', '--seed', '4', '--json');
    expect(stderr, stderr).toContain('the reconciliation holds');
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as RunResult;
    expect(result.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(result).toMatchObject({ ok: true, agents: 5, contacts: 60, seed: 4, channelLimit: 13, cpsLimit: 2 });
    expect(result.invitesSeen).toBeGreaterThan(0);
    expect([result.attemptsStored, result.resultRows]).toEqual([result.invitesSeen, result.invitesSeen]);
    expect(result.recordings).toBe(result.delivered);
    expect(result.expected.occupancy).toBeGreaterThan(0);
    expect(result.expected.occupancy).toBeLessThan(100);
    expect(Object.values(result.byDisposition).reduce((sum, count) => sum + count, 0)).toBe(result.resultRows);
    expect(existsSync(result.report)).toBe(true);
    const html = await readFile(result.report, 'utf8');
    expect(html.match(/<svg/g)?.length).toBe(5);
    await rm(result.report);
    expect(status).toBe(0);
  });

  it('says how it is used', () => {
    const { stdout, status } = run('--help');
    expect(stdout).toContain('--contacts N');
    expect(status).toBe(0);
  });

  it('refuses numbers that make no run', () => {
    const { stderr, status } = run('--agents', 'many');
    expect(stderr).toBe('ritmo demo: --agents many: give a whole number from 1 to 200\n');
    expect(status).toBe(2);
  });
});
