import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readScenario, shippedScenarios } from './scenario-files.ts';

const command = fileURLToPath(new URL('./simulate.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ritmo-simulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const simulate = (...args: string[]): Promise<Said> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', command, ...args], (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }));
  });
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const ring = { dist: 'exponential', meanS: 15 };
const small = { agents: 10, durationS: 3600, warmupS: 600, handle: { dist: 'exponential', meanS: 120 }, outcomes: [{ outcome: 'answered', p: 0.3, ring }, { outcome: 'no-answer', p: 0.7, ring }] };

describe('npm run simulate', { timeout: 120_000 }, () => {
  it('ends without a word when nobody reads on', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', command, '--list'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([141, '']);
  });

  it('answers one JSON object with the floor, the optimum and what of the gap is closed, and writes the course of the first seed', async () => {
    const series = join(folder, 'series.csv');
    const said = await simulate('--scenario', file('small.json', JSON.stringify(small)), '--policy', 'fixed-ratio:1.5', '--seed', '7', '--seeds', '2', '--series', series, '--json');
    expect(said).toMatchObject({ code: 0, err: '' });
    const answer = JSON.parse(said.out) as Record<string, number> & { seeds: number[]; abandonCi95: [number, number] };
    expect(answer).toMatchObject({ policy: 'fixed-ratio:1.5', seeds: [7, 8], floorKind: 'closed form', optimumKind: 'markov decision process' });
    for (const name of ['occupancy', 'abandonRate', 'attempts', 'live', 'abandoned', 'meanWaitS', 'meanIdleS', 'floor', 'optimum', 'gapClosed', 'maxChannels', 'maxStartsPerSecond']) expect(answer[name], name).toEqual(expect.any(Number));
    const { occupancy = 0, floor = 0, optimum = 0, abandoned = 0, live = 0, attempts = 0 } = answer;
    expect(floor).toBeCloseTo(120 / (120 + 15 / 0.3));
    expect(Math.abs(optimum - 0.829)).toBeLessThan(0.003);
    expect(answer['gapClosed']).toBeCloseTo((occupancy - floor) / (optimum - floor));
    expect(answer['abandonRate']).toBeCloseTo(abandoned / live);
    expect(answer.abandonCi95[0]).toBeLessThanOrEqual(abandoned / live);
    expect(answer.abandonCi95[1]).toBeGreaterThanOrEqual(abandoned / live);
    const [head, ...lines] = readFileSync(series, 'utf8').trim().split('\n').map((line) => line.split(','));
    expect(head).toEqual(['atS', 'occupancy', 'agents', 'attempts', 'live', 'abandoned', 'abandonRateSoFar', 'ringing']);
    expect(lines.map(([atS]) => Number(atS))).toEqual(Array.from({ length: 60 }, (_, minute) => 60 * (minute + 1)));
    // From the first second on, where the answer leaves the warm-up out and has two seeds.
    const seriesAttempts = lines.reduce((sum, line) => sum + Number(line[3]), 0);
    expect(seriesAttempts).toBeGreaterThan(0.45 * attempts);
  });

  it.each<[string, string[], string]>([
    ['a file that is no JSON, by line and column', ['--scenario', file('comma.json', '{"agents": 5,\n"durationS": 60,}')], 'comma.json:2:17: is not JSON: a name in double quotes is wanted'],
    ['a policy that is not there, with those that are', ['--scenario', 'cold-start', '--policy', 'magic'], 'unknown policy "magic"; known: ritmo'],
    ['a flag that is not there', ['--scenarios', 'cold-start'], "Unknown option '--scenarios'"],
  ])('refuses %s', async (_, args, message) => {
    const said = await simulate(...args);
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toContain(message);
    expect(said.err).not.toContain('    at ');
  });
});

describe('a scenario', () => {
  it('is found by its path or by the name of a shipped one', () => {
    expect(readScenario('cold-start').scenario.agents).toBe(30);
    expect(readScenario(file('named.json', JSON.stringify({ ...small, name: 'mine' }))).name).toBe('mine');
    for (const name of shippedScenarios()) expect(readScenario(name).name).toBe(name);
  });

  it('that is wrong is refused with its file and the place in it', () => {
    expect(() => readScenario(file('typo.json', JSON.stringify({ ...small, amd: { delay: 2 } })))).toThrow(/typo\.json: amd\.delay: unknown field/);
    expect(() => readScenario('exponential-n7')).toThrow('no scenario file "exponential-n7"; shipped: cold-start, exponential-n10-p10');
    expect(() => readScenario(folder)).toThrow(/cannot be read: EISDIR/);
  });
});
