/** Rates of the uniformised chain: of all its steps, and per busy agent and ringing call of those that are real. */
export interface UniformClock {
  readonly perS: number;
  readonly freePerS: number;
  readonly endPerS: number;
}

/**
 * What a solved process thinks of its states: how much occupancy, in occupancy · seconds, the optimum gains by standing there rather than in its
 * reference state. `after`: the decision is taken; `best`: the best decision is still to be taken.
 */
export class StateValues {
  private readonly clock: UniformClock;
  private readonly agents: number;
  private readonly lowest: number;
  private readonly width: number;
  private readonly afterOf: Float64Array;
  private readonly bestOf: Float64Array;

  /** `post` has one row of `width` ringing calls for every number of busy agents from `lowest` to `agents`. */
  constructor(agents: number, lowest: number, width: number, post: Float64Array, clock: UniformClock) {
    this.clock = clock;
    this.agents = agents;
    this.lowest = lowest;
    this.width = width;
    this.afterOf = post.slice();
    this.bestOf = post.slice();
    for (let cell = post.length - 2; cell >= 0; cell -= 1) {
      if ((cell + 1) % width !== 0) this.bestOf[cell] = Math.max(this.bestOf[cell] as number, this.bestOf[cell + 1] as number);
    }
  }

  after(busy: number, ringing: number): number {
    return this.afterOf[this.cell(busy, ringing)] as number;
  }

  best(busy: number, ringing: number): number {
    return this.bestOf[this.cell(busy, ringing)] as number;
  }

  /**
   * Lost per second of standing in a state where more calls should be started: the solved chain decides again at each of its idle steps, so `after` hopes
   * for a correction that does not come.
   */
  waitingPerS(busy: number, ringing: number): number {
    const missed = this.best(busy, ringing) - this.after(busy, ringing);
    return missed === 0 ? 0 : missed * (this.clock.perS - busy * this.clock.freePerS - ringing * this.clock.endPerS);
  }

  private cell(busy: number, ringing: number): number {
    const row = Math.max(0, Math.min(this.agents, busy) - this.lowest);
    return row * this.width + Math.min(this.width - 1, ringing);
  }
}
