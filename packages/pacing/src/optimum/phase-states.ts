/** The ways in which conversations stand in phases, and where each leads, as flat arrays that a sweep reads in order. */
import { meanS } from './phase-law.ts';
import type { PhaseLaw } from './phase-law.ts';

export class PhaseStates {
  readonly count: number;
  readonly meanS: number;
  /** Conversations in all phases. */
  readonly busy: Int32Array;
  /** Where a new conversation leads; −1: nobody is free. */
  readonly begin: Int32Array;
  /** Moves of configuration c: entries moveFrom[c] to moveFrom[c + 1] − 1 of moveTo and moveRate (per second). */
  readonly moveFrom: Int32Array;
  readonly moveTo: Int32Array;
  readonly moveRate: Float64Array;
  /** Sum of the rates of its moves. */
  readonly leaving: Float64Array;
  /** A configuration with all agents busy, the conversations spread over the phases as they usually are. */
  readonly full: number;
  private readonly phases: number;
  private readonly counts: Int32Array;
  /** ways[k][n]: configurations of at most n conversations in k phases. */
  private readonly ways: readonly Float64Array[];

  /** Throws a RangeError when there are more than `most`. */
  constructor(agents: number, law: PhaseLaw, most: number) {
    this.phases = law.endPerS.length;
    this.meanS = meanS(law);
    this.ways = waysOf(agents, this.phases);
    const count = this.ways[this.phases]?.[agents] as number;
    if (count > most) throw new RangeError(`${count} configurations of conversations are too many to solve`);
    this.counts = countsOf(agents, this.phases, count);
    this.count = this.counts.length / this.phases;
    this.busy = new Int32Array(this.count);
    this.begin = new Int32Array(this.count);
    this.moveFrom = new Int32Array(this.count + 1);
    this.moveTo = new Int32Array(this.count * this.phases * 2);
    this.moveRate = new Float64Array(this.moveTo.length);
    this.leaving = new Float64Array(this.count);
    const config = new Int32Array(this.phases);
    let moves = 0;
    for (let at = 0; at < this.count; at += 1) {
      config.set(this.counts.subarray(at * this.phases, (at + 1) * this.phases));
      const busy = config.reduce((sum, count) => sum + count, 0);
      this.busy[at] = busy;
      this.begin[at] = busy < agents ? this.moved(agents, config, -1, 0) : -1;
      for (let phase = 0; phase < this.phases; phase += 1) {
        const inPhase = config[phase] as number;
        const onward = [[law.onPerS[phase] as number, phase + 1], [law.endPerS[phase] as number, -1]] as const;
        for (const [rate, to] of onward) {
          if (inPhase * rate === 0) continue;
          this.moveTo[moves] = this.moved(agents, config, phase, to);
          this.moveRate[moves] = inPhase * rate;
          this.leaving[at] = (this.leaving[at] as number) + inPhase * rate;
          moves += 1;
        }
      }
      this.moveFrom[at + 1] = moves;
    }
    this.full = this.indexOf(agents, usual(agents, law));
  }

  configOf(at: number): readonly number[] {
    return [...this.counts.subarray(at * this.phases, (at + 1) * this.phases)];
  }

  private moved(agents: number, config: Int32Array, from: number, to: number): number {
    if (from >= 0) config[from] = (config[from] as number) - 1;
    if (to >= 0) config[to] = (config[to] as number) + 1;
    const at = this.indexOf(agents, config);
    if (from >= 0) config[from] = (config[from] as number) + 1;
    if (to >= 0) config[to] = (config[to] as number) - 1;
    return at;
  }

  /** Place in the lexicographic order: for each phase, how many configurations have fewer conversations there. */
  private indexOf(agents: number, config: ArrayLike<number>): number {
    let left = agents;
    let at = 0;
    for (let phase = 0; phase < this.phases; phase += 1) {
      const later = this.ways[this.phases - phase - 1] as Float64Array;
      const here = config[phase] as number;
      for (let fewer = 0; fewer < here; fewer += 1) at += later[left - fewer] as number;
      left -= here;
    }
    return at;
  }
}

function waysOf(agents: number, phases: number): Float64Array[] {
  const ways = [new Float64Array(agents + 1).fill(1)];
  for (let phase = 1; phase <= phases; phase += 1) {
    const fewer = ways[phase - 1] as Float64Array;
    let sum = 0;
    ways.push(fewer.map((count) => (sum += count)));
  }
  return ways;
}

/** All configurations in lexicographic order, one after the other. */
function countsOf(agents: number, phases: number, count: number): Int32Array {
  const all = new Int32Array(count * phases);
  const config = new Int32Array(phases);
  let busy = 0;
  for (let at = 0; at < count; at += 1) {
    all.set(config, at * phases);
    let phase = phases - 1;
    while (phase >= 0 && busy === agents) {
      busy -= config[phase] as number;
      config[phase] = 0;
      phase -= 1;
    }
    if (phase < 0) break;
    config[phase] = (config[phase] as number) + 1;
    busy += 1;
  }
  return all;
}

/** All agents spread over the phases as time is. */
function usual(agents: number, law: PhaseLaw): number[] {
  let reached = 1;
  const stays = law.endPerS.map((end, phase) => {
    const rate = end + (law.onPerS[phase] as number);
    const stay = reached / rate;
    reached *= (law.onPerS[phase] as number) / rate;
    return stay;
  });
  const mean = meanS(law);
  const config = stays.map((stay) => Math.floor((agents * stay) / mean));
  config[0] = (config[0] as number) + agents - config.reduce((sum, count) => sum + count, 0);
  return config;
}
