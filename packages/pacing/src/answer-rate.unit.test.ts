import { describe, expect, it } from 'vitest';
import { AnswerRate } from './answer-rate.ts';
import { Random } from './simulator/random.ts';

const failsAfterMs = 25_000;

/** Dials once every `everyMs`: answers ring 4 to 12 s, failures 25 s. Returns what is believed every second. */
function dial(rate: AnswerRate, options: { readonly seed: number; readonly fromS: number; readonly untilS: number; readonly everyMs: number; readonly pAt: (atS: number) => number }): Map<number, number> {
  const random = new Random(options.seed, 1);
  const ends: { atMs: number; dialedMs: number; answered: boolean }[] = [];
  const believed = new Map<number, number>();
  const answeredBy = (ageMs: number): number => Math.max(0, Math.min(1, (ageMs - 4000) / 8000));
  for (let nowMs = 1000 * options.fromS; nowMs < 1000 * options.untilS; nowMs += options.everyMs) {
    const answered = random.uniform() < options.pAt(nowMs / 1000);
    rate.dialed(nowMs);
    ends.push({ atMs: nowMs + (answered ? 4000 + 8000 * random.uniform() : failsAfterMs), dialedMs: nowMs, answered });
    ends.sort((a, b) => a.atMs - b.atMs);
    for (let next = ends[0]; next !== undefined && next.atMs <= nowMs; next = ends[0]) {
      rate.ended(next.dialedMs, next.answered);
      ends.shift();
    }
    rate.look(nowMs, answeredBy);
    believed.set(Math.floor(nowMs / 1000), rate.value);
  }
  return believed;
}

describe('the share of answers', () => {
  it('follows a fall within three minutes at 0.7 attempts a second, though failures ring longest', () => {
    const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
    const late = seeds.map((seed) => dial(new AnswerRate(0.5, 4), { seed, fromS: 0, untilS: 1500, everyMs: 1430, pAt: (atS) => (atS < 1200 ? 0.35 : 0.12) }));
    const mean = (atS: number): number => late.reduce((sum, believed) => sum + ([...believed].filter(([second]) => second <= atS).at(-1)?.[1] ?? 0), 0) / seeds.length;
    expect(mean(1199)).toBeGreaterThan(0.31);
    expect(mean(1380)).toBeLessThan(0.17);
  });

  it('stays quiet while nothing changes', () => {
    for (const seed of [1, 2, 3]) {
      const believed = dial(new AnswerRate(0.5, 4), { seed, fromS: 0, untilS: 8000, everyMs: 500, pAt: () => 0.3 });
      const astray = [...believed].filter(([second, value]) => second > 1500 && Math.abs(value - 0.3) > 0.06);
      expect(astray.length).toBeLessThan(30);
    }
  });

  it('is less certain while it may have changed', () => {
    const rate = new AnswerRate(0.5, 4);
    dial(rate, { seed: 1, fromS: 0, untilS: 1200, everyMs: 1000, pAt: () => 0.35 });
    const before = rate.relativeError;
    const doubts: number[] = [];
    for (let atS = 1200; atS < 1300; atS += 10) {
      dial(rate, { seed: 2, fromS: atS, untilS: atS + 10, everyMs: 1000, pAt: () => 0.05 });
      doubts.push(rate.relativeError);
    }
    expect(Math.max(...doubts)).toBeGreaterThan(3 * before);
  });
});
