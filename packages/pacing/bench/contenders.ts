/** Which baselines come near enough to be judged on as many seeds as Ritmo. */
import type { Entry } from './entry.ts';

/** On the few seeds that all baselines run, chance alone moves the abandoned rate and the occupancy by less than this. */
const RATE_MARGIN = 1.3;
const OCCUPANCY_MARGIN = 0.01;

/** Baselines of a scenario that may hold the cap and may be higher than Ritmo. */
export function contenders(list: readonly Entry[]): Entry[] {
  const ritmo = list.find(({ answer }) => answer.policy === 'ritmo');
  if (ritmo === undefined) return [];
  return list.filter((entry) => {
    const { answer, capPct } = entry;
    if (entry === ritmo || 100 * answer.abandonRate > RATE_MARGIN * capPct) return false;
    return answer.occupancy > occupancyOn(ritmo, answer.seeds) - OCCUPANCY_MARGIN;
  });
}

export function occupancyOn({ answer }: Entry, seeds: readonly number[]): number {
  const own = answer.perSeed.filter(({ seed }) => seeds.includes(seed));
  return own.reduce((sum, { occupancy }) => sum + occupancy, 0) / Math.max(1, own.length);
}
