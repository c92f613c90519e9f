/**
 * How far the decisions of a run fall behind the optimum, without the noise of the run.
 *
 * For exponential times the optimum's value h of every state is known (optimum/mdp.ts). Over a run of length T the policy's expected reward, occupancy
 * less price · (abandoned − cap · people), is
 *
 *     g·T − Σ (best h that a decision could reach − h of what it reached) − what waiting with a decision cost − (h at the end − h at the beginning),
 *
 * whatever the policy does: what chance adds is a martingale of mean zero, so it is left out (the performance difference of Markov decision processes,
 * Cao 2007, 2.1; as a control variate Henderson & Glynn 2002). What the run really abandoned is then charged at the price.
 */
import type { StateValues } from '../optimum/state-values.ts';

export interface Regret {
  /** Occupancy · seconds lost to decisions other than the optimum's, and to ending in a worse state than the run began in. */
  readonly lostS: number;
  readonly spanS: number;
}

export class RegretMeter {
  private readonly values: StateValues;
  private readonly fromMs: number;
  private busy = 0;
  private ringing = 0;
  private lost = 0;
  private begunMs = -1;
  private begunAt = 0;
  private lastMs = 0;

  /** Counts from `fromMs` on. */
  constructor(values: StateValues, fromMs: number) {
    this.values = values;
    this.fromMs = fromMs;
  }

  /** What chance did: the state before the decision. */
  happened(nowMs: number, busy: number, ringing: number): void {
    const { values } = this;
    this.lost += (values.waitingPerS(this.busy, this.ringing) * (nowMs - this.lastMs)) / 1000;
    // Where nothing happened a decision may still be taken; it is measured against not taking it.
    const moved = busy !== this.busy || ringing !== this.ringing;
    this.lost += moved ? values.best(busy, ringing) : values.after(busy, ringing);
  }

  decided(nowMs: number, busy: number, ringing: number): void {
    const value = this.values.after(busy, ringing);
    this.lost -= value;
    this.busy = busy;
    this.ringing = ringing;
    this.lastMs = nowMs;
    if (this.begunMs >= 0 || nowMs < this.fromMs) return;
    this.begunMs = nowMs;
    this.begunAt = value;
    this.lost = 0;
  }

  result(): Regret {
    const end = this.values.after(this.busy, this.ringing);
    return { lostS: this.lost + end - this.begunAt, spanS: Math.max(1, (this.lastMs - this.begunMs) / 1000) };
  }
}
