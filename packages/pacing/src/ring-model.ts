/**
 * What becomes of a ringing call, given how long it has rung.
 *
 * The model is a mixture: with probability p a call is answered, after a ring time from Fa; else it fails, after a ring
 * time from Fn. Given that it still rings at age a,
 *
 *     P(answer | a) = p·(1 − Fa(a)) / (p·(1 − Fa(a)) + (1 − p)·(1 − Fn(a))).
 *
 * Fa and Fn change slowly (habits, carriers) and are kept as histograms with a long memory; p changes with the list and the hour, at times at once
 * (answer-rate.ts). The share of people among the answers has a short memory next to a long one: when the two disagree by more than chance allows,
 * the long one is thrown away.
 */

import { AnswerRate } from './answer-rate.ts';
import { ChanceSum, LEADS } from './outlook.ts';
import type { Outlook } from './outlook.ts';

const BIN_MS = 250;
const BINS = 256;
/** Attempts remembered for the shape of the ring times. */
const SHAPE_MEMORY = 4000;
const SLOW_MEMORY = 2500;
const FAST_MEMORY = 80;
/** Standard errors between the short and the long memory of p before the long one is thrown away. */
const CHANGE_SIGMA = 4;
/** Pseudo-attempts at every age: a call that has rung longer than nearly all others may still be answered, with the chance of any. */
const TAIL_SHRINK = 2;
const REBUILD_EVERY = 32;
/** The tables follow p when it has moved by so much of itself. */
const REBUILD_AT = 0.04;

/** A probability that is learnt with two memories; see above. */
export class AdaptiveRate {
  private slowYes = 0;
  private slowAll = 0;
  private fastYes = 0;
  private fastAll = 0;
  private readonly priorYes: number;
  private readonly priorAll: number;

  constructor(prior: number, weight: number) {
    this.priorYes = prior * weight;
    this.priorAll = weight;
  }

  add(yes: boolean): void {
    const hit = yes ? 1 : 0;
    this.slowYes += hit - this.slowYes / SLOW_MEMORY;
    this.slowAll += 1 - this.slowAll / SLOW_MEMORY;
    this.fastYes += hit - this.fastYes / FAST_MEMORY;
    this.fastAll += 1 - this.fastAll / FAST_MEMORY;
    if (this.fastAll < FAST_MEMORY / 2 || this.slowAll < 2 * FAST_MEMORY) return;
    const slow = this.slowYes / this.slowAll;
    const fast = this.fastYes / this.fastAll;
    // An exponential window of memory M has the variance of M·2 equal samples.
    const sigma = Math.sqrt(Math.max(slow * (1 - slow), 0.005) / (2 * FAST_MEMORY));
    if (Math.abs(fast - slow) > CHANGE_SIGMA * sigma) {
      this.slowYes = this.fastYes;
      this.slowAll = this.fastAll;
    }
  }

  get value(): number {
    const all = this.slowAll + this.priorAll;
    return all > 0 ? (this.slowYes + this.priorYes) / all : 0;
  }
}

export class RingModel {
  private readonly answered = new Float64Array(BINS);
  private readonly failed = new Float64Array(BINS);
  private gain = 1;
  private readonly answerRate: AnswerRate;
  private readonly liveRate = new AdaptiveRate(1, 1);
  private detectMeanMs = 0;
  /** [age × LEADS + j]: P(a call of this age needs an agent before lead time j), but for the share of machines. */
  private readonly needBefore = new Float64Array((BINS + 1) * LEADS);
  private readonly chances = new ChanceSum();
  private version = 0;
  private stale = true;
  private sinceRebuild = 0;
  private meanAnswerMs: number;
  private readonly quantilesMs = new Float64Array(LEADS);
  private builtP = -1;

  /** `priorP` and `priorRingMs` stand in until there is evidence; `priorWeight` is how many attempts they are worth. */
  constructor(priorP: number, priorWeight: number, priorRingMs: number) {
    this.answerRate = new AnswerRate(priorP, priorWeight);
    this.meanAnswerMs = priorRingMs;
    // The prior of both shapes is one exponential attempt-worth of ring time, so that ages say nothing at first.
    for (let bin = 0; bin < BINS; bin += 1) {
      const mass = Math.exp((-bin * BIN_MS) / priorRingMs) - Math.exp((-(bin + 1) * BIN_MS) / priorRingMs);
      this.answered[bin] = 20 * mass;
      this.failed[bin] = 20 * mass;
    }
  }

  addDialed(atMs: number): void {
    this.answerRate.dialed(atMs);
  }

  addFailed(atMs: number, ringMs: number): void {
    this.answerRate.ended(atMs - ringMs, false);
    this.remember(this.failed, ringMs);
  }

  addAnswered(atMs: number, ringMs: number): void {
    this.answerRate.ended(atMs - ringMs, true);
    this.remember(this.answered, ringMs);
  }

  /** Looks whether the share of answers has changed. */
  look(nowMs: number): void {
    this.rebuild();
    this.answerRate.look(nowMs, this.answeredBy);
    if (Math.abs(this.answerRate.value - this.builtP) > REBUILD_AT * this.builtP) this.stale = true;
  }

  /** Share of answered calls that have been answered after ringing so long. */
  private readonly answeredBy = (ageMs: number): number => 1 - this.answersAfter(ageMs / BIN_MS);

  /** A verdict of detection: was it a person? */
  addVerdict(live: boolean, detectMs: number): void {
    this.liveRate.add(live);
    this.detectMeanMs += (detectMs - this.detectMeanMs) * 0.02;
  }

  /** Share of attempts that become a person who needs an agent. */
  get liveP(): number {
    return this.answerRate.value * this.liveRate.value;
  }

  /** Share of answered calls that are people. */
  get liveGivenAnswer(): number {
    return this.liveRate.value;
  }

  /** Standard error of the share of answers relative to it. */
  get relativeError(): number {
    return this.answerRate.relativeError;
  }

  /** Mean time from the start of an answered call to the need of an agent. */
  get meanLeadMs(): number {
    this.rebuild();
    return this.meanAnswerMs + this.detectMeanMs;
  }

  /** `LEADS` equally likely times from the start of an answered call to the need of an agent. */
  get leadsMs(): ArrayLike<number> {
    this.rebuild();
    return this.quantilesMs;
  }

  /** Changes whenever the lead times may have changed. */
  get revision(): number {
    this.rebuild();
    return this.version;
  }

  /** Adds the people expected from calls that ring with these ages to the demand at every lead time. */
  addDemand(agesMs: ArrayLike<number>, outlook: Outlook): void {
    this.rebuild();
    const live = this.liveRate.value;
    const { sum, squares } = this.chances.of(this.needBefore, agesMs, BIN_MS, BINS);
    for (let lead = 0; lead < LEADS; lead += 1) {
      const mean = live * (sum[lead] as number);
      outlook.demandMean[lead] = (outlook.demandMean[lead] as number) + mean;
      outlook.demandVariance[lead] = (outlook.demandVariance[lead] as number) + mean - live * live * (squares[lead] as number);
    }
  }

  /** The same for calls in machine detection: their verdict falls before lead time j or not. */
  addDetecting(agesMs: ArrayLike<number>, outlook: Outlook): void {
    this.rebuild();
    const live = this.liveRate.value;
    for (let index = 0; index < agesMs.length; index += 1) {
      const leftMs = Math.max(0, this.detectMeanMs - (agesMs[index] as number));
      for (let lead = 0; lead < LEADS; lead += 1) {
        if ((this.quantilesMs[lead] as number) < leftMs) continue;
        outlook.demandMean[lead] = (outlook.demandMean[lead] as number) + live;
        outlook.demandVariance[lead] = (outlook.demandVariance[lead] as number) + live * (1 - live);
      }
    }
  }

  private remember(histogram: Float64Array, ringMs: number): void {
    // Growing weights instead of decaying every bin: the same forgetting at the cost of one addition.
    this.gain *= 1 + 1 / SHAPE_MEMORY;
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(ringMs / BIN_MS)));
    histogram[bin] = (histogram[bin] as number) + this.gain;
    if (this.gain > 1e6) this.rescale();
    this.sinceRebuild += 1;
    if (this.sinceRebuild >= REBUILD_EVERY) this.stale = true;
  }

  private rescale(): void {
    for (let bin = 0; bin < BINS; bin += 1) {
      this.answered[bin] = (this.answered[bin] as number) / this.gain;
      this.failed[bin] = (this.failed[bin] as number) / this.gain;
    }
    this.gain = 1;
  }

  private rebuild(): void {
    if (!this.stale) return;
    this.stale = false;
    this.sinceRebuild = 0;
    this.version += 1;
    this.builtP = this.answerRate.value;
    const answerTotal = sum(this.answered);
    const failTotal = sum(this.failed);
    this.buildLeads(answerTotal);
    // Survival of both laws, in units of attempts so that the shrinkage of the tails means attempts too.
    const attempts = (answerTotal + failTotal) / this.gain;
    const p = this.builtP;
    let answersLeft = 1;
    let failsLeft = 1;
    for (let bin = 0; bin <= BINS; bin += 1) {
      const unknown = TAIL_SHRINK / attempts;
      const remain = p * answersLeft + (1 - p) * failsLeft + unknown;
      for (let lead = 0; lead < LEADS; lead += 1) {
        const until = bin + ((this.quantilesMs[lead] as number) - this.detectMeanMs) / BIN_MS;
        const gone = answersLeft - this.answersAfter(until);
        this.needBefore[bin * LEADS + lead] = (p * (Math.max(0, gone) + (unknown * (lead + 0.5)) / LEADS)) / remain;
      }
      answersLeft = Math.max(0, answersLeft - (this.answered[bin] ?? 0) / answerTotal);
      failsLeft = Math.max(0, failsLeft - (this.failed[bin] ?? 0) / failTotal);
    }
  }

  private readonly tail = new Float64Array(BINS + 1);

  /** Share of answered calls that ring longer than `bins` bins. */
  private answersAfter(bins: number): number {
    if (bins >= BINS) return 0;
    const index = Math.floor(bins);
    const fraction = bins - index;
    return (this.tail[index] as number) * (1 - fraction) + (this.tail[index + 1] as number) * fraction;
  }

  private buildLeads(answerTotal: number): void {
    let seen = 0;
    let meanMs = 0;
    let next = 0;
    for (let bin = 0; bin < BINS; bin += 1) {
      this.tail[bin] = Math.max(0, 1 - seen);
      const mass = (this.answered[bin] as number) / answerTotal;
      meanMs += mass * (bin + 0.5) * BIN_MS;
      while (next < LEADS && seen + mass >= (next + 0.5) / LEADS) {
        const inside = mass > 0 ? ((next + 0.5) / LEADS - seen) / mass : 0.5;
        this.quantilesMs[next] = (bin + inside) * BIN_MS + this.detectMeanMs;
        next += 1;
      }
      seen += mass;
    }
    this.tail[BINS] = 0;
    this.meanAnswerMs = meanMs;
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
