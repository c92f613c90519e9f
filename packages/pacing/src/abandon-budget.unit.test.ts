import { describe, expect, it } from 'vitest';
import { AbandonBudget } from './abandon-budget.ts';
import { governShortCalls } from './short-calls.ts';

const HOUR_MS = 3_600_000;

const DAY_MS = 24 * HOUR_MS;
const hour = (atHour: number, answered: number, abandoned: number, machines = 0) => ({ atMs: (atHour + 1) * HOUR_MS - 1, answered, machines, abandoned });
const figures = (budget: AbandonBudget): readonly [live: number, abandoned: number] => [budget.live, budget.abandoned];

describe('the abandoned rate', () => {
  it('counts the whole campaign unless told otherwise', () => {
    const budget = new AbandonBudget({ capPct: 3 });
    for (let call = 0; call < 100; call += 1) budget.addAnswered(call * HOUR_MS, true);
    budget.addAbandoned(99 * HOUR_MS);
    expect(budget.rate).toBeCloseTo(0.01);
    expect(budget.slack).toBeCloseTo(2);
    budget.look(1000 * DAY_MS);
    expect(figures(budget)).toEqual([100, 1]);
  });

  it('forgets what left a rolling window of 24 hours, when time passes and not only when calls come', () => {
    const budget = new AbandonBudget({ window: '24h' });
    budget.addAnswered(0, true);
    budget.addAbandoned(0);
    budget.addAnswered(HOUR_MS, true);
    budget.look(23.9 * HOUR_MS);
    expect(figures(budget)).toEqual([2, 1]);
    budget.look(24.5 * HOUR_MS);
    expect(figures(budget)).toEqual([1, 0]);
    budget.addAnswered(30 * HOUR_MS, true);
    expect(figures(budget)).toEqual([1, 0]);
  });

  it('lets go of calls counted before its time hour by hour, as they leave the window', () => {
    const budget = new AbandonBudget({ window: '24h' }, [hour(10, 40, 4), hour(2, 50, 5)]);
    budget.addAnswered(20 * HOUR_MS, true);
    expect(figures(budget)).toEqual([91, 9]);
    budget.look(26 * HOUR_MS);
    expect(figures(budget)).toEqual([91, 9]);
    budget.look(27.1 * HOUR_MS);
    expect(figures(budget)).toEqual([41, 4]);
    budget.look(36 * HOUR_MS);
    expect(figures(budget)).toEqual([1, 0]);
  });

  it('keeps thirty days when the window is thirty days', () => {
    const budget = new AbandonBudget({ window: '30d' }, [hour(0, 100, 3), hour(24 * 20, 50, 1)]);
    budget.look(29.9 * DAY_MS);
    expect(figures(budget)).toEqual([150, 4]);
    budget.look(30.5 * DAY_MS);
    expect(figures(budget)).toEqual([50, 1]);
    budget.look(51 * DAY_MS);
    expect(figures(budget)).toEqual([0, 0]);
  });

  it('begins every day anew when the window is the day, at the midnight of the rule', () => {
    const utc = new AbandonBudget({ window: 'day' }, [hour(5, 50, 3)]);
    utc.addAnswered(10 * HOUR_MS, true);
    expect(figures(utc)).toEqual([51, 3]);
    utc.look(24 * HOUR_MS);
    expect(figures(utc)).toEqual([0, 0]);
    utc.addAnswered(26 * HOUR_MS, true);
    expect(figures(utc)).toEqual([1, 0]);
    const brasilia = new AbandonBudget({ window: 'day', startOfDay: (atMs) => Math.floor((atMs - 3 * HOUR_MS) / DAY_MS) * DAY_MS + 3 * HOUR_MS });
    brasilia.addAnswered(20 * HOUR_MS, true);
    brasilia.addAnswered(26 * HOUR_MS, true);
    expect(brasilia.live).toBe(2);
    brasilia.look(27 * HOUR_MS);
    expect(brasilia.live).toBe(0);
    brasilia.addAnswered(26.5 * HOUR_MS, true);
    expect(brasilia.live).toBe(0);
  });

  it('divides by people, by all answers, or by the estimate of people, also of calls counted before its time', () => {
    const before = [{ atMs: 0, answered: 10, machines: 4, abandoned: 1 }];
    const live = new AbandonBudget({}, before);
    const answered = new AbandonBudget({ denominator: 'answered' }, before);
    const estimated = new AbandonBudget({ denominator: 'estimated', machineShare: 0.25 }, before);
    for (const budget of [live, answered, estimated]) {
      budget.addAnswered(0, true);
      budget.addAnswered(0, false);
    }
    expect([live.live, answered.live, estimated.live]).toEqual([7, 12, 9]);
  });

  it('takes back a person who turns out to be a machine, where only people count', () => {
    const live = new AbandonBudget({});
    const answered = new AbandonBudget({ denominator: 'answered' });
    for (const budget of [live, answered]) {
      budget.addAnswered(0, true);
      budget.addAnswered(0, true);
      budget.wasMachine(1000);
    }
    expect([live.live, answered.live]).toEqual([1, 2]);
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
