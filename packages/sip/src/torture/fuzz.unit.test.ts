import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

describe('mutated messages', () => {
  it.each([1, 20261122])('of seed %i never cause a fault, and leave nothing behind', async (seed) => {
    const result = await fuzz(seed, 20_000);
    expect(result.faults).toEqual([]);
    expect(result.leftovers).toBe(0);
  });
});
