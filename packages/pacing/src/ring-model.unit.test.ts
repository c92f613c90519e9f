import { describe, expect, it } from 'vitest';
import { LEADS, Outlook } from './outlook.ts';
import { RingModel } from './ring-model.ts';
import { Random } from './simulator/random.ts';

const demandOf = (model: RingModel, ageMs: number): number => {
  const outlook = new Outlook();
  outlook.begin(0, 0);
  model.addDemand([ageMs], outlook);
  return outlook.demandMean[LEADS - 1] as number;
};

function learnt(share: number, ringMs: (answered: boolean, random: Random) => number): RingModel {
  const model = new RingModel(share, 4, 15_000);
  const random = new Random(1, 1);
  for (let call = 0; call < 3000; call += 1) {
    const answered = random.uniform() < share;
    if (answered) model.addAnswered(call * 1000, ringMs(answered, random));
    else model.addFailed(call * 1000, ringMs(answered, random));
  }
  return model;
}

describe('what becomes of a ringing call', () => {
  it('does not depend on its age where answers and failures ring alike', () => {
    const model = learnt(0.5, (_, random) => random.exponential(15_000));
    const fresh = demandOf(model, 0);
    for (const ageMs of [10_000, 30_000]) expect(Math.abs(demandOf(model, ageMs) - fresh)).toBeLessThan(0.1);
  });

  it('stays open for a call that has rung longer than any before', () => {
    const model = learnt(0.5, (_, random) => random.exponential(15_000));
    for (const ageMs of [64_000, 80_000, 200_000]) expect(demandOf(model, ageMs)).toBeGreaterThan(0.3);
  });

  it('is settled once it has rung longer than answers do and failures may', () => {
    const model = learnt(0.3, (answered, random) => (answered ? 4000 + 8000 * random.uniform() : 25_000));
    expect(demandOf(model, 5000)).toBeGreaterThan(0.2);
    expect(demandOf(model, 16_000)).toBeLessThan(0.02);
  });
});
