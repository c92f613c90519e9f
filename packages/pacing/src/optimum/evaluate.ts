/**
 * The exact long-run occupancy and abandoned rate of an order-up-to policy, for exponential times: the stationary
 * distribution of its Markov chain by power iteration. It judges policies without the noise of a simulation.
 */
import type { ExponentialModel } from './mdp.ts';

export interface Evaluation {
  readonly occupancy: number;
  readonly abandonRate: number;
}

/** `upTo(b)` is the number of ringing calls that the policy fills up to while b agents are busy. */
export function evaluateOrderUpTo(model: ExponentialModel, upTo: (busy: number) => number, tolerance = 1e-6): Evaluation {
  const { agents, handleS, ringS, p } = model;
  const lowest = Math.max(0, Math.floor(agents - 12 - 8 * Math.sqrt(agents)));
  const levels: number[] = [];
  for (let busy = lowest; busy <= agents; busy += 1) levels.push(Math.max(0, Math.floor(upTo(busy))));
  const steady = (agents * ringS) / (handleS * p);
  const maxRinging = Math.max(...levels.slice(Math.max(0, levels.length - 1 - Math.ceil(4 * Math.sqrt(agents)) - 4)), Math.ceil(steady + 6 * Math.sqrt(steady) + 5));
  const width = maxRinging + 1;
  const rows = agents - lowest;
  let now = new Float64Array((rows + 1) * width);
  let next = new Float64Array(now.length);
  now[rows * width + Math.min(maxRinging, Math.round(steady))] = 1;
  const uniform = agents / handleS + maxRinging / ringS;
  const land = (row: number, ringing: number, mass: number): void => {
    const target = row * width + Math.min(maxRinging, Math.max(ringing, levels[row] as number));
    next[target] = (next[target] as number) + mass;
  };
  for (let step = 0; step < 200_000; step += 1) {
    next.fill(0);
    for (let row = 0; row <= rows; row += 1) {
      const free = (lowest + row) / handleS / uniform;
      for (let ringing = 0; ringing < width; ringing += 1) {
        const mass = now[row * width + ringing] as number;
        if (mass < 1e-14) continue;
        const ends = ringing / ringS / uniform;
        if (row > 0) land(row - 1, ringing, mass * free);
        else land(row, ringing, mass * free);
        if (ringing > 0) {
          land(Math.min(rows, row + 1), ringing - 1, mass * ends * p);
          land(row, ringing - 1, mass * ends * (1 - p));
        }
        land(row, ringing, mass * (1 - free - ends));
      }
    }
    let change = 0;
    if (step % 64 === 63) for (let index = 0; index < now.length; index += 1) change += Math.abs((next[index] as number) - (now[index] as number));
    const swap = now;
    now = next;
    next = swap;
    if (step % 64 === 63 && change * uniform * 30 < tolerance * 10) break;
  }
  return summarise(model, now, width, lowest);
}

function summarise(model: ExponentialModel, mass: Float64Array, width: number, lowest: number): Evaluation {
  let busySum = 0;
  let answers = 0;
  let abandoned = 0;
  let total = 0;
  for (let index = 0; index < mass.length; index += 1) {
    const busy = lowest + Math.floor(index / width);
    const ringing = index % width;
    const weight = mass[index] as number;
    total += weight;
    busySum += weight * busy;
    answers += weight * ringing;
    if (busy === model.agents) abandoned += weight * ringing;
  }
  return { occupancy: busySum / total / model.agents, abandonRate: answers > 0 ? abandoned / answers : 0 };
}
