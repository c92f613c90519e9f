import { parseYamlConfig, type ConfigError } from '@ritmo/runtime';
import { createRandom } from '@ritmo/testing';
import { describe, expect, it } from 'vitest';
import { readLoadOptions } from './options.ts';
import { longestMs, meanMs, planCalls, sampleMs } from './plan.ts';
import { answerShare, checkProfile, loadProfile, ProfileSchema, type Profile } from './profile.ts';
import { calleeCsv, codesOf } from './scenarios.ts';
import { callsOf, rateAt, shapeNames } from './shapes.ts';
import { sizeFor } from './sizing.ts';
import { checkCaps, confirmTarget } from './target.ts';

const read = (text: string): Profile => parseYamlConfig<Profile>(text, { file: 'p.yaml', schema: ProfileSchema, check: checkProfile });

const profile = read(`name: test
postDialDelayMs: 100
talkMs: { min: 1000, max: 3000 }
outcomes:
  - { name: answers, sharePct: 60, answers: true, progress: ringing, afterMs: 2000 }
  - { name: busy, sharePct: 30, code: 486, cause: 17 }
  - { name: nothing, sharePct: 10, silent: true }
`);

describe('a profile', () => {
  it.each(['brazil-mobile', 'brazil-fixed', 'hostile'])('%s ships, with its sources', async (name) => {
    const shipped = await loadProfile(name);
    expect(shipped.name).toBe(name);
    expect(shipped.sources.join(' ')).toContain('assumption');
    expect(answerShare(shipped)).toBeGreaterThan(0.2);
  });

  it('is refused with line and field', () => {
    let error: ConfigError | undefined;
    try {
      read('name: bad\npostDialDelayMs: 1\ntalkMs: 1\noutcomes:\n  - { name: a, sharePct: 50, answers: true, code: 486 }\n  - { name: b, sharePct: 30, code: 486, progress: ringing }\n  - { name: c, sharePct: 10, silent: true, cause: 17 }\n');
    } catch (thrown) {
      error = thrown as ConfigError;
    }
    expect(error?.problems.map(({ line, path }) => [line, path])).toEqual([[4, 'outcomes'], [5, 'outcomes[0]'], [6, 'outcomes[1]'], [7, 'outcomes[2].cause']]);
    expect(error?.problems[0]?.message).toBe('the shares come to 90, not 100');
  });

  it('is looked for by name, with a hint', async () => {
    await expect(loadProfile('brasil-mobile')).rejects.toThrow('did you mean brazil-mobile?');
  });

  it('gives the same calls for the same seed', () => {
    expect(planCalls(profile, 50, 7)).toEqual(planCalls(profile, 50, 7));
    expect(planCalls(profile, 50, 7)).not.toEqual(planCalls(profile, 50, 8));
  });

  it('is drawn in its shares', () => {
    const plans = planCalls(profile, 20_000, 1);
    const share = (end: unknown): number => plans.filter((plan) => plan.end === end).length / plans.length;
    expect(share('answers')).toBeCloseTo(0.6, 1);
    expect(share(486)).toBeCloseTo(0.3, 1);
    expect(share('silent')).toBeCloseTo(0.1, 1);
    expect(codesOf(plans)).toEqual([486]);
  });

  it('becomes one line of the far end for each call', () => {
    const plan = { postDialDelayMs: 100, progress: 'ringing', afterMs: 2000, end: 'answers', cause: undefined, talkMs: 1500 } as const;
    expect(calleeCsv([plan, { ...plan, end: 503, progress: 'none', cause: 34, talkMs: undefined }], [486, 503])).toBe('SEQUENTIAL\n100;1;2000;1;1500;0\n100;0;2000;3;3600000;34\n');
  });

  it('has an end that a run waits for', () => {
    expect([5, { min: 1, max: 9 }, { mean: 10, atMost: 30 }, { mean: 10 }].map(longestMs)).toEqual([5, 9, 30, 70]);
    expect(longestMs({ median: 1000, p90: 2000 })).toBeGreaterThan(2000);
  });

  it('has lognormal times with the median and the 90th percentile that it says', () => {
    const random = createRandom(5);
    const times = Array.from({ length: 20_000 }, () => sampleMs({ median: 2000, p90: 5000 }, random)).sort((a, b) => a - b);
    expect((times[10_000] ?? 0) / 2000).toBeCloseTo(1, 1);
    expect((times[18_000] ?? 0) / 5000).toBeCloseTo(1, 1);
    expect(times.reduce((sum, time) => sum + time, 0) / times.length / meanMs({ median: 2000, p90: 5000 })).toBeCloseTo(1, 1);
  });
});

describe('the size of a run', () => {
  it("is Little's law with room to spare", () => {
    // Rings (60 % x 2.1 s + 30 % x 0.1 s + 10 % x 30.1 s) = 4.3 s; talks 60 % x 2.6 s = 1.56 s. At 10/s: 43 on their way, 15.6 talking.
    const size = sizeFor(profile, 10, false);
    expect(size.ringMs).toBeCloseTo(4300, 6);
    expect(size.agents).toBe(Math.ceil(1.3 * (15.6 + 4.3)) + 3);
  });
});

describe('a shape', () => {
  const shape = { rate: 10, seconds: 100 };

  it('has no calls outside its time', () => {
    for (const name of shapeNames) expect([rateAt({ name, ...shape }, -1), rateAt({ name, ...shape }, 100)]).toEqual([0, 0]);
  });

  it.each([
    ['constant', [10, 10, 10]], ['ramp', [0, 5, 9.9]], ['steps', [2, 6, 10]], ['spike', [2, 10, 2]],
  ] as const)('%s has its rates', (name, rates) => {
    expect([0, 50, 99].map((at) => rateAt({ name, ...shape }, at))).toEqual(rates);
  });

  it('asks for the calls of its seconds', () => {
    expect(callsOf({ name: 'steps', ...shape })).toBe(20 * (2 + 4 + 6 + 8 + 10));
    expect(callsOf({ name: 'constant', rate: 2.5, seconds: 4 }, Math.round)).toBe(12);
  });
});

describe('a target', () => {
  const nowhere = (): Promise<string> => Promise.reject(new Error('not asked'));

  it('on loopback needs no word', async () => {
    expect(await confirmTarget('127.0.0.1:5060', undefined, nowhere)).toEqual({ name: '127.0.0.1:5060', host: '127.0.0.1', port: 5060, isLoopback: true });
  });

  it('elsewhere is refused without the word, or with another', async () => {
    await expect(confirmTarget('203.0.113.7:5060', undefined, nowhere)).rejects.toThrow('--i-may-call 203.0.113.7:5060');
    await expect(confirmTarget('203.0.113.7:5060', '203.0.113.8:5060', nowhere)).rejects.toThrow('nothing was called');
    await expect(confirmTarget('sbc.example:5060', '203.0.113.7:5060', () => Promise.resolve('203.0.113.7'))).rejects.toThrow('is not --target');
  });

  it('elsewhere is called with the same word, at the address it had then', async () => {
    expect(await confirmTarget('sbc.example:5080', 'sbc.example:5080', () => Promise.resolve('203.0.113.7'))).toEqual({ name: 'sbc.example:5080', host: '203.0.113.7', port: 5080, isLoopback: false });
  });

  it.each(['127.0.0.1.example:5060', '0.0.0.0:5060', '[::ffff:203.0.113.7]:5060', '[::]:5060', '172.0.0.1:5060', '1270.0.1:5060'])('%s is not this machine, whatever it looks like', async (target) => {
    await expect(confirmTarget(target, undefined, () => Promise.resolve('203.0.113.7'))).rejects.toThrow('is not on this machine');
  });

  it('without a port is nobody', async () => {
    await expect(confirmTarget('203.0.113.7', '203.0.113.7', nowhere)).rejects.toThrow('HOST:PORT');
  });

  it('has hard caps, which loopback has not', () => {
    expect(() => checkCaps({ maxCalls: 10_001, rate: 1, isLoopback: false })).toThrow('at most 10000 calls');
    expect(() => checkCaps({ maxCalls: 1, rate: 51, isLoopback: false })).toThrow('at most 50 a second');
    expect(() => checkCaps({ maxCalls: 1_000_000, rate: 500, isLoopback: true })).not.toThrow();
  });
});

describe('the command line', () => {
  it.each([
    [[], 'which profile?'],
    [['--profile', 'x', '--shape', 'square'], '--shape square'],
    [['--profile', 'x', '--rate', '0'], '--rate 0'],
    [['--profile', 'x', '--target', 'h:1'], 'say which, with --numbers'],
    [['--profile', 'x', '--target', 'h:1', '--inbound', '--numbers', '1'], 'two different runs'],
    [['--profile', 'x', '--i-may-call', 'h:1'], '--i-may-call goes with --target'],
    [['--profile', 'x', '--target', 'h:1', '--numbers', '1', '--max-calls', '0'], '--max-calls 0'],
    [['--profile', 'x', '--caller-id', '1>;tag=x'], '--caller-id 1>;tag=x'],
    [['--profile', 'x', '--target', 'h:1', '--numbers', '1', '--username', 'a;b'], '--username a;b'],
  ])('%j is refused', (args, reason) => {
    expect(() => readLoadOptions(args)).toThrow(reason);
  });

  it('soaks for an hour', () => {
    expect(readLoadOptions(['--profile', 'x', '--shape', 'soak'])).toMatchObject({ seconds: 3600, rate: 5, maxCalls: 100 });
  });
});
