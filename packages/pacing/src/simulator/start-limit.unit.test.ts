import { describe, expect, it } from 'vitest';
import { StartLimit } from './start-limit.ts';

describe('the starts of a second', () => {
  it('are at most so many in any second, wherever it begins, and the next is allowed when the oldest is a second old', () => {
    const limit = new StartLimit(3);
    for (const atMs of [900, 950, 1000]) limit.add(atMs);
    expect([limit.allowed(1000), limit.allowed(1899), limit.nextMs()]).toEqual([0, 0, 1900]);
    expect(limit.allowed(1900)).toBe(1);
    limit.add(1900);
    expect(limit.peak).toBe(3);
  });

  it('are counted where nothing limits them, in any number', () => {
    const limit = new StartLimit(null);
    for (let call = 0; call < 500; call += 1) limit.add(call * 4);
    expect(limit.allowed(2000)).toBe(Infinity);
    expect(limit.peak).toBe(250);
  });
});
