import { describe, expect, it } from 'vitest';
import { FloodGate } from './flood-gate.ts';
import { LoadShedder } from './load-shedder.ts';

describe('the flood gate', () => {
  it('closes for an address that floods, for no other, and opens with the next second', () => {
    const gate = new FloodGate();
    expect(gate.closed('192.0.2.1', 5_000)).toBe(false);
    for (let count = 0; count < 50; count++) gate.unknown('192.0.2.1');
    gate.unknown('192.0.2.2');
    expect([gate.closed('192.0.2.1', 5_900), gate.closed('192.0.2.2', 5_900)]).toEqual([true, false]);
    expect(gate.closed('192.0.2.1', 6_000)).toBe(false);
  });
});

describe('the load shedder', () => {
  it('sheds nothing for a few late packets, ever more while they stay late, and recovers', () => {
    const shedder = new LoadShedder();
    for (const delayMs of [400, 400, 400, 60, 400, 400, 400]) shedder.observe(delayMs);
    expect([shedder.shedShare, shedder.sheds()]).toEqual([0, false]);
    for (let sample = 0; sample < 10; sample++) shedder.observe(300);
    expect(shedder.shedShare).toBeCloseTo(0.9);
    shedder.observe(100);
    expect(shedder.shedShare).toBeCloseTo(0.9);
    for (let sample = 0; sample < 10; sample++) shedder.observe(1);
    expect(shedder.shedShare).toBeCloseTo(0);
  });
});
