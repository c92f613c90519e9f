import { describe, expect, it } from 'vitest';
import { RiskLimit } from './risk-limit.ts';

const steady = { cap: 0.03, slack: 8, allowed: 30, freedPerLead: 3.75, liveP: 0.3, handleCv: 1, share: 1 };

describe('the limit of the risk', () => {
  it('is nothing until the people reached have earned one abandoned call', () => {
    expect(new RiskLimit().value({ ...steady, allowed: 0.9, slack: 0.9 })).toBe(0);
  });

  it('grows while the reserve is earned', () => {
    const at = (allowed: number): number => new RiskLimit().value({ ...steady, allowed, slack: Math.min(8, allowed) });
    expect(at(1)).toBeLessThan(0.1 * at(30));
    expect(at(5)).toBeGreaterThan(2 * at(1));
  });

  it('falls with every abandoned call and stays above nothing', () => {
    const at = (slack: number): number => new RiskLimit().value({ ...steady, slack });
    expect(at(4)).toBeLessThan(at(8));
    expect(at(0)).toBeLessThan(0.2 * at(8));
    expect(at(-20)).toBeGreaterThan(0);
  });

  it('falls away where one more abandoned call would pass the cap', () => {
    const at = (slack: number): number => new RiskLimit().value({ ...steady, slack });
    expect(at(0) / at(0.5)).toBeLessThan(0.7 * (at(1) / at(1.5)));
  });

  it('answers one call of slack the less the more agents become free meanwhile', () => {
    const steepness = (freedPerLead: number, slack: number): number => {
      const at = (calls: number): number => new RiskLimit().value({ ...steady, freedPerLead, slack: calls });
      return Math.log(at(slack + 1) / at(slack));
    };
    for (const slack of [1.5, 9.5]) expect(steepness(6, slack)).toBeLessThan(steepness(1.5, slack));
    expect(steepness(20, 16)).toBeCloseTo(steepness(40, 16), 9);
  });

  it('is lower where conversations last alike', () => {
    expect(new RiskLimit().value({ ...steady, handleCv: 0.5 })).toBeLessThan(0.75 * new RiskLimit().value(steady));
  });

  it('lets a campaign among others begin at once', () => {
    expect(new RiskLimit().value({ ...steady, allowed: 0, slack: 0, share: 0.5 })).toBeGreaterThan(0);
  });
});
