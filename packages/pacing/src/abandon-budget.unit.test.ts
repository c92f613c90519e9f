import { describe, expect, it } from 'vitest';
import { AbandonBudget } from './abandon-budget.ts';
import { governShortCalls } from './short-calls.ts';

const HOUR_MS = 3_600_000;

describe('the abandoned rate', () => {
  it('counts the whole campaign unless told otherwise', () => {
    const budget = new AbandonBudget({ capPct: 3 }, 0, 0);
    for (let call = 0; call < 100; call += 1) budget.addAnswered(call * HOUR_MS, true);
    budget.addAbandoned(99 * HOUR_MS);
    expect(budget.rate).toBeCloseTo(0.01);
    expect(budget.slack).toBeCloseTo(2);
  });

  it('forgets what left a rolling window of 24 hours', () => {
    const budget = new AbandonBudget({ window: '24h' }, 0, 0);
    budget.addAnswered(0, true);
    budget.addAbandoned(0);
    budget.addAnswered(30 * HOUR_MS, true);
    expect(budget.live).toBe(1);
    expect(budget.abandoned).toBe(0);
  });

  it('begins every day anew when the window is the day, and lets go of what was carried in', () => {
    const budget = new AbandonBudget({ window: 'day' }, 50, 3);
    budget.addAnswered(10 * HOUR_MS, true);
    expect(budget.live).toBe(51);
    budget.addAnswered(26 * HOUR_MS, true);
    expect(budget.live).toBe(1);
    expect(budget.abandoned).toBe(0);
  });

  it('divides by people, by all answers, or by the estimate of people', () => {
    const live = new AbandonBudget({}, 0, 0);
    const answered = new AbandonBudget({ denominator: 'answered' }, 0, 0);
    const estimated = new AbandonBudget({ denominator: 'estimated', machineShare: 0.25 }, 0, 0);
    for (const budget of [live, answered, estimated]) {
      budget.addAnswered(0, true);
      budget.addAnswered(0, false);
    }
    expect([live.live, answered.live, estimated.live]).toEqual([1, 2, 1.5]);
  });
});

describe('the short-call governor', () => {
  const rule = { minCalls: 1000, slowShare: 0.6, stopShare: 0.8 };

  it('stays quiet before there are enough calls and while the share is in order', () => {
    expect(governShortCalls(500, 500, rule).factor).toBe(1);
    expect(governShortCalls(5000, 2500, rule).factor).toBe(1);
  });

  it('slows down between the two shares and stops at the second', () => {
    expect(governShortCalls(5000, 3500, rule).factor).toBeCloseTo(0.5);
    expect(governShortCalls(5000, 4200, rule).factor).toBe(0);
  });
});
