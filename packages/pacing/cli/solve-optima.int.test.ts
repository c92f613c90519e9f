import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('./solve-optima.ts', import.meta.url));
const solve = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', command, ...args], (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }));
  });

describe('solve-optima', { timeout: 120_000 }, () => {
  it('sets the best constant risk beside the optimum, for each number of agents', async () => {
    const { code, out, err } = await solve('--constant-risk', '--agents', '5,10', '--json');
    expect([code, err]).toEqual([0, '']);
    const { results } = JSON.parse(out.trim().split('\n').at(-1) ?? '') as { results: { agents: number; p: number; occupancy: number; optimum: number }[] };
    expect(results.map(({ agents, p }) => [agents, p])).toEqual([[5, 0.3], [10, 0.3]]);
    for (const { occupancy, optimum } of results) expect(occupancy).toBeLessThanOrEqual(optimum);
  });

  it('explains itself', async () => {
    const { code, out } = await solve('--help');
    expect([code, out]).toEqual([0, expect.stringContaining('--lognormal N')]);
  });

  it.each([
    [['--agnets', '5'], "'--agnets'"],
    [['--handle', 'long'], '--handle wants a number, not "long"'],
    [['--agents', '5,,10', '--constant-risk'], '--agents wants a number of agents, one or several, not "5,,10"'],
    [['--agents', '2.5', '--constant-risk'], '--agents wants a number of agents'],
    [['--p', '30', '--phases', '3'], '--p wants a share between 0 and 1'],
    [['--lognormal', '9'], '--lognormal wants 5, 6 or 7, not "9"'],
    [['--phases', '3', '--lognormal', '7'], 'one at a time'],
    [['--cap', '0'], '--cap wants a share above 0'],
  ])('refuses %j, naming what is wrong, with exit code 2', async (args, complaint) => {
    expect(await solve(...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(complaint) as string });
  });
});
