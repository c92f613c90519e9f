/**
 * How near the rule "start a call while its own chance of being abandoned is at most θ", with one θ for all states, comes to the optimum: exactly, by the
 * stationary distribution, for exponential times whose means are known.
 */
import { shortageChance } from '../abandon-chance.ts';
import { LEADS } from '../outlook.ts';
import { evaluateOrderUpTo } from './evaluate.ts';
import type { Evaluation } from './evaluate.ts';
import type { ExponentialModel } from './mdp.ts';

export interface BestConstantRisk extends Evaluation {
  readonly risk: number;
}

/** Calls that ring at the most while `busy` agents are busy. */
export function levelAt(model: ExponentialModel, risk: number, busy: number): number {
  const { agents, handleS, ringS, p } = model;
  const free = agents - busy;
  const chanceWith = (others: number): number => {
    let chance = 0;
    for (let lead = 0; lead < LEADS; lead += 1) {
      const share = (lead + 0.5) / LEADS;
      const freed = 1 - (1 - share) ** (ringS / handleS);
      const answered = p * share;
      chance += shortageChance(free, busy * freed, busy * freed * (1 - freed), others * answered, others * answered * (1 - answered)) / LEADS;
    }
    return chance;
  };
  let level = free;
  while (chanceWith(level) <= risk) level += 1;
  return level;
}

/** The θ with which `cap` is abandoned. Levels are whole numbers, so between two of them occupancy and θ are interpolated, as a mixture of both would have it. */
export function bestConstantRisk(model: ExponentialModel): BestConstantRisk {
  const at = (risk: number): BestConstantRisk => ({ risk, ...evaluateOrderUpTo(model, (busy) => levelAt(model, risk, busy)) });
  let low = at(model.cap / 50);
  let high = at(model.cap * 4);
  for (let step = 0; step < 24 && high.risk - low.risk > 1e-5; step += 1) {
    const middle = at((low.risk + high.risk) / 2);
    if (middle.abandonRate > model.cap) high = middle;
    else low = middle;
  }
  // Mixed by time: people reached per second differ a little between the two.
  const overOf = ({ occupancy, abandonRate }: Evaluation): number => (occupancy / (1 - abandonRate)) * (abandonRate - model.cap);
  const part = overOf(low) === overOf(high) ? 0 : overOf(low) / (overOf(low) - overOf(high));
  const between = (a: number, b: number): number => a + part * (b - a);
  return { risk: between(low.risk, high.risk), occupancy: between(low.occupancy, high.occupancy), abandonRate: model.cap };
}
