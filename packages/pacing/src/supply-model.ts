/**
 * How many busy agents will be free when a call started now would need one.
 *
 * For an agent who has been talking for a, the chance to be free within T is 1 − S(a+T)/S(a). When wrap-up follows, the
 * conversation has to end early enough for the wrap-up to end too, summed over five equally likely wrap-ups. The chances are tabulated by
 * age for each of the lead times T of ring-model.ts, because a decision looks up one row per agent.
 */
import type { DurationModel } from './duration-model.ts';
import { ChanceSum, LEADS } from './outlook.ts';
import type { Outlook } from './outlook.ts';

const CELLS = 256;

export class SupplyTable {
  private readonly chance = new Float64Array((CELLS + 1) * LEADS);
  private readonly chances = new ChanceSum();
  private cellMs = 1000;

  /** `thenMs`: equally likely lengths of what follows (wrap-up); empty when nothing does. `graceMs` lengthens every lead time. */
  build(model: DurationModel, leadsMs: ArrayLike<number>, graceMs: number, thenMs: ArrayLike<number>): void {
    this.cellMs = Math.max(100, (6 * model.meanMs) / CELLS);
    const follow = thenMs.length === 0 ? [0] : thenMs;
    for (let cell = 0; cell <= CELLS; cell += 1) {
      const ageMs = (cell + 0.5) * this.cellMs;
      const alive = Math.max(model.survives(ageMs), 1e-12);
      for (let lead = 0; lead < LEADS; lead += 1) {
        let chance = 0;
        for (let then = 0; then < follow.length; then += 1) {
          const leftMs = (leadsMs[lead] as number) + graceMs - (follow[then] as number);
          if (leftMs > 0) chance += (1 - Math.min(1, model.survives(ageMs + leftMs) / alive)) / follow.length;
        }
        this.chance[cell * LEADS + lead] = chance;
      }
    }
  }

  /** Adds the agents expected to be free, and the variance of their number, at every lead time. */
  addSupply(agesMs: ArrayLike<number>, outlook: Outlook): void {
    const { sum, squares } = this.chances.of(this.chance, agesMs, this.cellMs, CELLS);
    for (let lead = 0; lead < LEADS; lead += 1) {
      outlook.supplyMean[lead] = (outlook.supplyMean[lead] as number) + (sum[lead] as number);
      outlook.supplyVariance[lead] = (outlook.supplyVariance[lead] as number) + (sum[lead] as number) - (squares[lead] as number);
    }
  }
}

/** Equally likely durations of a model: quantiles at the middle of equal slices. */
export function quantilesMs(model: DurationModel, slices: number): number[] {
  const result: number[] = [];
  for (let slice = 0; slice < slices; slice += 1) {
    const level = 1 - (slice + 0.5) / slices;
    let lowMs = 0;
    let highMs = 8 * model.meanMs;
    for (let step = 0; step < 24; step += 1) {
      const middleMs = (lowMs + highMs) / 2;
      if (model.survives(middleMs) > level) lowMs = middleMs;
      else highMs = middleMs;
    }
    result.push((lowMs + highMs) / 2);
  }
  return result;
}
