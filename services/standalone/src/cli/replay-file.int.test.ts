import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseScenario, recordSimulation } from '@ritmo/pacing';
import { afterAll, describe, expect, it } from 'vitest';
import { replayFile } from './replay-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'ritmo-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ring = { dist: 'exponential', meanS: 15 };
const recording = recordSimulation(
  parseScenario({ name: 'one hour', agents: 10, durationS: 3600, handle: { dist: 'exponential', meanS: 120 }, outcomes: [{ outcome: 'answered', p: 0.3, ring }, { outcome: 'no-answer', p: 0.7, ring }] }),
  'progressive',
  1,
);
const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

describe('ritmo replay --recording', { timeout: 120_000 }, () => {
  it('runs a recorded campaign again without an installation', async () => {
    const args = ['--import', 'tsx', fileURLToPath(new URL('./main.ts', import.meta.url)), 'replay', '--recording', file('whole.json', recording), '--policy', 'progressive, fixed-ratio:2', '--seeds', '2', '--json'];
    const out = await new Promise<string>((resolve, reject) => void execFile(process.execPath, args, (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout))));
    const { recorded, results } = JSON.parse(out) as { recorded: { occupancy: number }; results: { policy: string; figures: { occupancy: number } }[] };
    expect(results.map(({ policy }) => policy)).toEqual(['progressive', 'fixed-ratio:2']);
    expect(Math.abs((results[0]?.figures.occupancy ?? 0) - recorded.occupancy)).toBeLessThan(0.06);
    expect(results[1]?.figures.occupancy).toBeGreaterThan(recorded.occupancy);
  });

  it.each<[string, () => string, { policy?: string; agents?: string; seeds?: string }, string]>([
    ['a file that is not there', () => join(folder, 'none.json'), {}, 'none.json cannot be read'],
    ['a file that is no JSON', () => file('half.json', '{"name":'), {}, 'half.json is not JSON'],
    ['a field that is wrong, by its place', () => file('wrong.json', { ...recording, presence: [[0, -1]] }), {}, 'wrong.json: presence[0][1]: -1 is not between 0'],
    ['a recording too short to draw from', () => file('short.json', { ...recording, attempts: recording.attempts.slice(0, 5) }), {}, '5 attempts are too few'],
    ['a policy that is not there', () => file('whole.json', recording), { policy: 'magic' }, 'unknown policy "magic"'],
    ['half an agent', () => file('whole.json', recording), { agents: '2.5' }, '--agents 2.5 is not a whole number of at least 1'],
    ['no seeds', () => file('whole.json', recording), { seeds: '0' }, '--seeds 0 is not a whole number of at least 1'],
  ])('refuses %s', async (_, path, options, message) => {
    await expect(replayFile(path(), { ...options, json: false })).rejects.toThrow(message);
  });
});
