import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchFlags } from './bench-flags.ts';

const specs = { rate: [300, 'calls a second'], kind: ['both', 'which'], record: [false, 'record'] } as const;

describe('the flags of a command that measures', () => {
  it('have their defaults and their types', () => {
    expect(benchFlags('about', specs, [])).toEqual({ rate: 300, kind: 'both', record: false, json: false });
    expect(benchFlags('about', specs, ['--rate', '0.5', '--kind=one', '--record', '--json'])).toEqual({ rate: 0.5, kind: 'one', record: true, json: true });
  });

  describe('in a process of their own', () => {
    let folder: string;
    const run = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
      new Promise((resolve) => {
        execFile(process.execPath, ['--import', 'tsx', join(folder, 'bench.mts'), ...args], { cwd: import.meta.dirname }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }));
      });
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ritmo-flags-'));
      const program = `import { benchFlags } from ${JSON.stringify(join(import.meta.dirname, 'bench-flags.ts'))};\nbenchFlags('What it is for.', { rate: [300, 'calls a second'] });\nconsole.log('runs');\n`;
      await writeFile(join(folder, 'bench.mts'), program);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('explain themselves, and name what they do not take', { timeout: 60_000 }, async () => {
      expect(await run('--help')).toEqual({ code: 0, err: '', out: 'What it is for.\n\n  --rate N             calls a second (default 300)\n  --json               one JSON object as the last line\n' });
      expect(await run('--rate', 'fast')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('bench.mts: --rate wants a number, not "fast"') as string });
      expect(await run('--speed', '3')).toMatchObject({ code: 2, out: '', err: expect.stringContaining("'--speed'") as string });
    });
  });
});
