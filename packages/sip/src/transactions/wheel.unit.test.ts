import { describe, expect, it } from 'vitest';
import { TimerWheel } from './wheel.ts';

function setUp() {
  const clock = { now: 1_000_000 };
  const rung: number[] = [];
  const errors: Error[] = [];
  const wheel = new TimerWheel((error) => errors.push(error), () => clock.now);
  const owner = { timerFired: (kind: number) => void rung.push(kind) };
  const pass = (ms: number): void => {
    clock.now += ms;
    wheel.advance();
  };
  return { clock, rung, errors, wheel, owner, pass };
}

describe('the timer wheel', () => {
  it('rings in order, never early and at most a tick late', () => {
    const { wheel, owner, rung, pass } = setUp();
    wheel.start(owner, 3, 300);
    wheel.start(owner, 1, 95);
    wheel.start(owner, 2, 100);
    pass(90);
    expect(rung).toEqual([]);
    pass(20);
    expect(rung).toEqual([1, 2]);
    pass(200);
    expect(rung).toEqual([1, 2, 3]);
    expect(wheel.size).toBe(0);
  });

  it('keeps a timer longer than a turn for its own turn', () => {
    const { wheel, owner, rung, pass } = setUp();
    wheel.start(owner, 1, 100_000);
    for (let at = 0; at < 99; at++) pass(1_000);
    expect(rung).toEqual([]);
    pass(1_010);
    expect(rung).toEqual([1]);
  });

  it('rings after a pause longer than a turn', () => {
    const { wheel, owner, rung, pass } = setUp();
    wheel.start(owner, 1, 50);
    wheel.start(owner, 2, 60_000);
    pass(500_000);
    expect(rung.sort()).toEqual([1, 2]);
  });

  it('does not ring what was cancelled, also by a neighbour that rings at the same time', () => {
    const { wheel, rung, pass } = setUp();
    const second = { timerFired: (kind: number) => void rung.push(kind) };
    wheel.start({ timerFired: () => wheel.cancel(doomed) }, 1, 100);
    const doomed = wheel.start(second, 2, 100);
    wheel.cancel(wheel.start(second, 3, 100));
    pass(200);
    expect(rung).toEqual([]);
    wheel.cancel(doomed);
    expect(wheel.size).toBe(0);
  });

  it('goes on after an owner that throws', () => {
    const { wheel, owner, rung, errors, pass } = setUp();
    wheel.start(owner, 1, 100);
    wheel.start({ timerFired: () => { throw new Error('fault'); } }, 0, 100);
    pass(200);
    expect(rung).toEqual([1]);
    expect(errors.map((each) => each.message)).toEqual(['fault']);
  });
});
