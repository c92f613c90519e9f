import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startCarrier } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadResult } from './result.ts';
import { sippMissing } from './sipp.ts';

const missing = sippMissing();
const runLimitMs = 170_000;

const quick = `name: quick
postDialDelayMs: { min: 50, max: 300 }
talkMs: { min: 500, max: 1500 }
outcomes:
  - { name: answers, sharePct: 45, answers: true, progress: ringing, afterMs: { min: 200, max: 800 } }
  - { name: answers after early media, sharePct: 10, answers: true, progress: early-media, afterMs: 300 }
  - { name: busy, sharePct: 20, code: 486, cause: 17 }
  - { name: announcement, sharePct: 15, code: 404, cause: 1, progress: early-media, afterMs: 400 }
  - { name: congestion, sharePct: 10, code: 503 }
`;
// Loose in time, because this machine has other work; strict in what must hold on any machine.
const limits = `name: quick
limits:
  - { metric: achievedPct, atLeast: 30 }
  - { metric: cpsLimitExceeded, atMost: 0 }
  - { metric: channelLimitExceeded, atMost: 0 }
  - { metric: attemptsUnaccounted, atMost: 0, atLeast: 0 }
  - { metric: channelsLeft, atMost: 0 }
`;
const impossible = 'name: impossible\nlimits:\n  - { metric: serPct, atLeast: 101, why: nobody can }\n  - { metric: answered, everySecond: true, atMost: -1 }\n';

interface Ran {
  readonly code: number;
  readonly result: LoadResult | undefined;
  readonly stderr: string;
}

describe.skipIf(missing !== undefined)(`a load test${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let folder = '';
  const at = (name: string): string => join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-load-test-'));
    await Promise.all([writeFile(at('quick.yaml'), quick), writeFile(at('callers.yaml'), quick.replace('{ min: 500, max: 1500 }', '{ min: 3000, max: 5000 }')), writeFile(at('talkative.yaml'), quick.replace('{ min: 500, max: 1500 }', '600000')), writeFile(at('limits.yaml'), limits), writeFile(at('impossible.yaml'), impossible)]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const run = (args: readonly string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(process.execPath, ['--import', loader, main, '--json', ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code);
        resolve({ code, result: stdout.trim() === '' ? undefined : (JSON.parse(stdout) as LoadResult), stderr });
      });
    });

  it('of ten seconds through the product is judged by what the carrier saw', { timeout: runLimitMs }, async () => {
    const { code, result, stderr } = await run(['--profile', at('quick.yaml'), '--limits', at('limits.yaml'), '--rate', '3', '--seconds', '10', '--report', at('report.html')]);
    expect(stderr).toContain('PASSED');
    expect(code).toBe(0);
    const { metrics, perSecond, byCode } = result as LoadResult;
    expect(metrics.attempts).toBe(Object.values(byCode).reduce((sum, count) => sum + count, 0) + metrics.undecided);
    expect(metrics.answered).toBeGreaterThan(0);
    expect(metrics.refused).toBeGreaterThan(0);
    expect(metrics.peakCps).toBeLessThanOrEqual(3);
    expect(perSecond.reduce((sum, { invites }) => sum + invites, 0)).toBe(metrics.attempts);
    expect(metrics.serPct).toBeCloseTo((100 * metrics.answered) / metrics.attempts, 6);
    const html = await readFile(at('report.html'), 'utf8');
    expect(html).toContain('Passed: the limits hold');
    // Self-contained: nothing is fetched.
    expect(html).not.toMatch(/(src|href)="http/);
  });

  // The others mostly wait, so they do it side by side; the one above has the far end's limits to keep, and the machine to itself.
  it.concurrent('of callers who come in reaches agents, and leaves no call standing', { timeout: runLimitMs }, async () => {
    const args = ['--profile', at('callers.yaml'), '--inbound', '--limits', at('impossible.yaml'), '--rate', '2', '--seconds', '6'];
    const { code, result } = await run(args);
    expect(code).toBe(1);
    const { metrics, perSecond, mode } = result as LoadResult;
    expect(mode).toBe('inbound');
    expect(metrics).toMatchObject({ answered: metrics.attempts, serPct: 100, refused: 0, channelsLeft: 0 });
    expect(metrics.delivered).toBeGreaterThan(0);
    expect(metrics.deliveredPct).toBeLessThanOrEqual(100);
    expect(perSecond.some(({ productRssMb, srdP50Ms, seerPct }) => productRssMb !== null && srdP50Ms !== null && seerPct === 100)).toBe(true);
  });

  it.concurrent('of a trunk is capped, compared with the run before, and fails where a limit is exceeded', { timeout: runLimitMs }, async () => {
    const carrier = await startCarrier({ seed: 3, speaks: false, mix: { postDialDelayMs: { min: 20, max: 80 }, answerDelayMs: 100, busyP: 0.3, talkMs: 300, hangsUpFirstP: 0.5 } });
    try {
      const target = ['--profile', at('quick.yaml'), '--target', `127.0.0.1:${carrier.port}`, '--numbers', '1133334444,1133335555', '--rate', '4', '--seconds', '5', '--max-calls', '8'];
      const first = await run([...target, '--limits', 'trunk']);
      expect(first.result?.metrics.attempts).toBe(8);
      expect(carrier.stats().invitesSeen).toBe(8);
      await writeFile(at('first.json'), JSON.stringify(first.result));
      const second = await run([...target, '--limits', at('impossible.yaml'), '--compare', at('first.json')]);
      expect(second.code).toBe(1);
      expect(second.stderr).toContain('serPct is');
      expect(second.stderr).toContain(': nobody can');
      expect(second.result?.verdict.judgements.map(({ result }) => result)).toEqual(['fails', 'fails']);
      expect(second.result?.comparison?.notTheSame).toEqual([]);
      expect(carrier.stats().invitesSeen).toBe(16);
      expect(carrier.stats().channels).toBe(0);
    } finally {
      await carrier.stop();
    }
  });

  it.concurrent.each([
    ['no word', []],
    ['another word', ['--i-may-call', '203.0.113.9:5061']],
    ['more calls than the hard cap', ['--i-may-call', '203.0.113.9:5060', '--max-calls', '10001']],
    ['a higher rate than the hard cap', ['--i-may-call', '203.0.113.9:5060', '--rate', '51']],
  ])('calls nobody off this machine with %s', { timeout: runLimitMs }, async (_what, more) => {
    const { code, stderr, result } = await run(['--profile', 'hostile', '--target', '203.0.113.9:5060', '--numbers', '11', ...more]);
    expect([code, result]).toEqual([2, undefined]);
    expect(stderr).toMatch(/othing was called|at most/);
    expect(stderr).not.toContain('SIPp calls');
  });

  it.concurrent.each([
    ['in the midst of its calls', '100', 'talkative.yaml'],
    ['when all of its calls were begun', '4', 'quick.yaml'],
  ])('that is interrupted %s leaves neither a process nor a call behind', { timeout: runLimitMs }, async (_when, maxCalls, profile) => {
    const carrier = await startCarrier({ seed: 3, speaks: false, mix: { answerDelayMs: 50, talkMs: 600_000, hangsUpFirstP: 0 } });
    const child = spawn(process.execPath, ['--import', loader, main, '--profile', at(profile), '--target', `127.0.0.1:${carrier.port}`, '--numbers', '11', '--rate', '3', '--seconds', '60', '--max-calls', maxCalls], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const deadline = Date.now() + 60_000;
    while (carrier.stats().answered < 4 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');
    expect(await ended).toBe(2);
    expect(stderr).toContain('interrupted');
    const { invitesSeen, channels } = carrier.stats();
    await carrier.stop();
    expect(channels).toBe(0);
    expect(invitesSeen).toBeLessThan(100);
  });
});
