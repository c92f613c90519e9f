import { describe, expect, it } from 'vitest';
import { glarePauseMs } from './glare.ts';

describe('the pause after a 491 (RFC 3261 14.1)', () => {
  const LAST = 1 - Number.EPSILON;

  it('is 2.1 to 4 s for the side that chose the Call-ID, 0 to 2 s for the other', () => {
    expect([glarePauseMs(true, 500, 0), glarePauseMs(true, 500, LAST)]).toEqual([2_100, 4_000]);
    expect([glarePauseMs(false, 500, 0), glarePauseMs(false, 500, LAST)]).toEqual([0, 2_000]);
  });

  it('comes in steps of 10 ms, and never lets both sides be alike', () => {
    for (let random = 0; random < 1; random += 0.001) {
      const [owner, other] = [glarePauseMs(true, 500, random), glarePauseMs(false, 500, random)];
      expect([owner % 10, other % 10, owner > other]).toEqual([0, 0, true]);
    }
  });

  it('is scaled with T1', () => {
    expect(glarePauseMs(true, 50, 0)).toBe(210);
  });
});
