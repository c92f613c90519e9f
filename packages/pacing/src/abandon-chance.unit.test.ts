import { describe, expect, it } from 'vitest';
import { normalTail, shortageChance } from './abandon-chance.ts';
import { evaluateOrderUpTo } from './optimum/evaluate.ts';
import { solveOptimum } from './optimum/mdp.ts';

function binomial(n: number, q: number): number[] {
  const terms: number[] = [];
  let term = (1 - q) ** n;
  for (let k = 0; k <= n; k += 1) {
    terms.push(term);
    term *= ((n - k) / (k + 1)) * (q / (1 - q));
  }
  return terms;
}

/** P(L − C ≥ free), summed without approximation. */
function exact(free: number, supplyN: number, supplyQ: number, demandN: number, demandQ: number): number {
  const supply = binomial(supplyN, supplyQ);
  const demand = binomial(demandN, demandQ);
  let chance = 0;
  supply.forEach((a, c) => demand.forEach((b, l) => (chance += l - c >= free ? a * b : 0)));
  return chance;
}

function estimated(free: number, supplyN: number, supplyQ: number, demandN: number, demandQ: number): number {
  const supply = supplyN * supplyQ;
  const demand = demandN * demandQ;
  return shortageChance(free, supply, supply * (1 - supplyQ), demand, demand * (1 - demandQ));
}

describe('the chance that a call finds no agent', () => {
  for (const [free, supplyN, supplyQ, demandN, demandQ] of [[0, 10, 0.1, 3, 0.2], [2, 8, 0.12, 9, 0.3], [1, 4, 0.3, 6, 0.1], [4, 30, 0.1, 12, 0.25]] as const) {
    it(`equals the sum over both binomials for ${free} free, ${supplyN} busy and ${demandN} in flight`, () => {
      expect(estimated(free, supplyN, supplyQ, demandN, demandQ)).toBeCloseTo(exact(free, supplyN, supplyQ, demandN, demandQ), 6);
    });
  }

  it('is zero while fewer calls are in flight than agents are free', () => {
    expect(shortageChance(4, 0, 0, 1.5, 0.75)).toBeLessThan(1e-6);
  });

  it('is larger when the demand is uncertain, as the negative binomial says', () => {
    // Demand of mean 2 and variance 4 is geometric-like: n = 2, q = ½, so P(L ≥ 6) = Σ over the first six terms taken away.
    let term = 0.25;
    let tail = 1;
    for (let k = 0; k < 6; k += 1) {
      tail -= term;
      term *= ((2 + k) / (k + 1)) * 0.5;
    }
    expect(shortageChance(6, 0, 0, 2, 4)).toBeCloseTo(tail, 5);
    expect(shortageChance(6, 0, 0, 2, 4)).toBeGreaterThan(shortageChance(6, 0, 0, 2, 1.8));
  });

  it('is within 0.0003 of the sum where the expansion takes over', () => {
    for (const scale of [1, 2, 4]) {
      for (const free of [3, 5, 8]) {
        const args = [free, 34 * scale, 0.12, 16 * scale, 0.3] as const;
        expect(Math.abs(estimated(...args) - exact(...args))).toBeLessThan(0.0003);
      }
    }
  });

  it('has the tail of the normal law right to seven digits', () => {
    expect(normalTail(1.959964)).toBeCloseTo(0.025, 6);
    expect(normalTail(-1)).toBeCloseTo(0.8413447, 6);
  });
});

describe('one limit on that chance for all states', () => {
  it('earns the optimum within a tenth of a point for exponential times', () => {
    const model = { agents: 10, handleS: 120, ringS: 15, p: 0.3, cap: 0.03 };
    const optimum = solveOptimum(model).occupancy;
    let before = { occupancy: 0, abandonRate: 0 };
    for (let limit = 0.01; limit < 0.1; limit *= 1.1) {
      const now = evaluateOrderUpTo(model, (busy) => indexLevel(model, busy, limit), 1e-5);
      if (now.abandonRate > model.cap) {
        const part = (model.cap - before.abandonRate) / (now.abandonRate - before.abandonRate);
        const mixed = before.occupancy + part * (now.occupancy - before.occupancy);
        expect(Math.abs(mixed - optimum)).toBeLessThan(0.001);
        return;
      }
      before = now;
    }
    throw new Error('no limit reached the cap');
  });
});

function indexLevel(model: { agents: number; handleS: number; ringS: number; p: number }, busy: number, limit: number): number {
  const free = model.agents - busy;
  let ringing = free;
  for (; ringing < 400; ringing += 1) {
    let sum = 0;
    for (let lead = 0; lead < 6; lead += 1) {
      const level = (lead + 0.5) / 6;
      const leadS = -model.ringS * Math.log(1 - level);
      const freed = 1 - Math.exp(-leadS / model.handleS);
      const answer = model.p * level;
      sum += shortageChance(free, busy * freed, busy * freed * (1 - freed), ringing * answer, ringing * answer * (1 - answer));
    }
    if (sum / 6 > limit) break;
  }
  return ringing;
}
