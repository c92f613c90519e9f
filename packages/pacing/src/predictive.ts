/**
 * Ritmo's predictive controller. docs/pacing.md derives it; in short:
 *
 * 1. Demand: every call in flight becomes a person with a probability that depends on its age (ring-model.ts).
 * 2. Supply: every busy agent is free by the time a new call would need one with a probability that depends on the age of
 *    the conversation (duration-model.ts, supply-model.ts).
 * 3. A call is started as long as supply exceeds demand by `z` standard deviations.
 * 4. `z` is the price of an abandoned call: it rises while the realised abandoned rate is above its course, and falls
 *    while it is below, so the cap is met and no more.
 */
import { AbandonBudget } from './abandon-budget.ts';
import { DurationModel } from './duration-model.ts';
import type { PacingConfig, PacingDecision, PacingFact, PacingObservation, PacingPolicy } from './port.ts';
import { RingModel } from './ring-model.ts';
import { quantilesMs, SupplyTable } from './supply-model.ts';

const MIN_EVIDENCE_ATTEMPTS = 30;
const MIN_EVIDENCE_TALKS = 8;
const COLD_P = 0.5;
const COLD_RING_MS = 15_000;
const COLD_TALK_MS = 120_000;

interface Moments {
  mean: number;
  variance: number;
}

export class PredictivePolicy implements PacingPolicy {
  private readonly config: PacingConfig;
  private readonly budget: AbandonBudget;
  private readonly ring: RingModel;
  private readonly talk: DurationModel;
  private wrap: DurationModel | null = null;
  private readonly talkSupply = new SupplyTable();
  private readonly wrapSupply = new SupplyTable();
  private readonly warm: boolean;
  private attempts = 0;
  private builtFor = -1;
  private readonly supply: Moments = { mean: 0, variance: 0 };
  private readonly demand: Moments = { mean: 0, variance: 0 };

  constructor(config: PacingConfig) {
    this.config = config;
    const history = config.history;
    this.warm = history !== undefined && history.attempts >= MIN_EVIDENCE_ATTEMPTS;
    const weight = Math.min(history?.attempts ?? 4, 400);
    this.budget = new AbandonBudget(config.abandon ?? {}, history?.live ?? 0, history?.abandoned ?? 0);
    this.ring = new RingModel(history?.liveP ?? COLD_P, weight, history?.meanRingMs ?? COLD_RING_MS);
    this.talk = new DurationModel(history?.meanHandleMs ?? COLD_TALK_MS, Math.min(weight, 50) / 4);
  }

  observe(fact: PacingFact): void {
    switch (fact.type) {
      case 'dialed':
        this.attempts += 1;
        return;
      case 'failed':
        return this.ring.addFailed(fact.ringMs);
      case 'answered':
        this.ring.addAnswered(fact.ringMs);
        if (fact.detecting !== true) this.budget.addAnswered(fact.atMs, true);
        return;
      case 'machine':
        this.ring.addVerdict(false, fact.detectMs);
        return this.budget.addAnswered(fact.atMs, false);
      case 'live':
        this.ring.addVerdict(true, fact.detectMs);
        return this.budget.addAnswered(fact.atMs, true);
      case 'delivered':
        return;
      case 'abandoned':
        return this.budget.addAbandoned(fact.atMs);
      case 'talked':
        return this.talk.add(fact.talkMs);
      case 'wrapped':
        this.wrap ??= new DurationModel(fact.wrapMs, 2);
        return this.wrap.add(fact.wrapMs);
    }
  }

  decide(observation: PacingObservation): PacingDecision {
    this.refresh(observation);
    const share = observation.share ?? 1;
    const claimed = observation.claimedByOthers ?? 0;
    const { supply, demand } = this;
    supply.mean = observation.freeAgents;
    supply.variance = 0;
    this.talkSupply.add(observation.talkingMs, supply);
    if (this.wrap !== null) this.wrapSupply.add(observation.wrapUpMs, supply);
    this.ring.expectLive(observation.ringingMs, demand);
    const detecting = observation.detectingMs?.length ?? 0;
    const live = this.ring.liveGivenAnswer;
    demand.mean += observation.waitingCalls + detecting * live + claimed;
    demand.variance += detecting * live * (1 - live) + claimed / 2;

    const p = Math.max(this.ring.liveP, 0.005);
    const evident = this.warm || (this.attempts >= MIN_EVIDENCE_ATTEMPTS && this.talk.count >= MIN_EVIDENCE_TALKS);
    const z = this.price();
    const inFlight = observation.ringingMs.length + detecting;
    // One line per free agent is never too many: none of these calls can find every agent busy.
    const floor = Math.floor(observation.freeAgents * share) - inFlight - observation.waitingCalls - Math.ceil(claimed);
    const wanted = evident ? this.startsWithin(supply.mean * share, supply.variance * share, demand, p, z) : floor;
    const agents = observation.freeAgents + observation.talkingMs.length + observation.wrapUpMs.length;
    const lines = (this.config.maxLinesPerAgent ?? 20) * agents - inFlight;
    const start = Math.max(0, Math.min(Math.max(wanted, floor), lines, observation.channelsFree, observation.startsAllowed));
    const whole = Math.floor(start);
    return {
      start: whole,
      reason: this.reason(evident, wanted, floor, start, observation),
      inputs: {
        supply: supply.mean,
        expectedAnswers: demand.mean - claimed + whole * p,
        liveP: p,
        z,
        abandonRatePct: 100 * this.budget.rate,
        freeAgents: observation.freeAgents,
        inFlight,
        meanTalkMs: this.talk.meanMs,
        claimedByOthers: claimed,
      },
    };
  }

  /** The largest k with supply − demand − k·p ≥ z·√(both variances + k·p(1 − p)). */
  private startsWithin(supplyMean: number, supplyVariance: number, demand: Moments, p: number, z: number): number {
    const room = supplyMean - demand.mean;
    const base = supplyVariance + demand.variance;
    let low = 0;
    let high = Math.max(0, Math.ceil((room + 6 * Math.sqrt(base + 4)) / p));
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const fits = room - middle * p >= z * Math.sqrt(base + middle * p * (1 - p)) - 0.5 * p;
      if (fits) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private price(): number {
    const live = Math.max(this.budget.live, 1);
    const slack = this.budget.slack / Math.sqrt(this.budget.cap * live + 1);
    return Math.max(-1, Math.min(4, 1.6 - 0.6 * slack));
  }

  private refresh(observation: PacingObservation): void {
    if (this.talk.due) this.talk.rebuild(observation.talkingMs);
    if (this.wrap?.due === true) this.wrap.rebuild(observation.wrapUpMs);
    const revision = this.talk.revision + (this.wrap?.revision ?? 0);
    if (revision === this.builtFor) return;
    this.builtFor = revision;
    const leadMs = this.ring.leadQuantilesMs;
    this.talkSupply.build(this.talk, leadMs, this.wrap === null ? [] : quantilesMs(this.wrap, 5));
    if (this.wrap !== null) this.wrapSupply.build(this.wrap, leadMs, []);
  }

  private reason(evident: boolean, wanted: number, floor: number, start: number, observation: PacingObservation): string {
    if (start === 0 && observation.channelsFree <= 0) return 'no channel is free';
    if (start === 0 && observation.startsAllowed <= 0) return 'the limit of calls per second is reached';
    if (!evident) return 'too little evidence yet: one line per free agent';
    if (wanted <= 0 && floor <= 0) return 'the calls in flight are enough for the agents who will be free';
    if (start < Math.max(wanted, floor)) return 'fewer than wanted: a limit of lines, channels or calls per second';
    if (wanted > floor) return 'agents will be free when these calls are answered';
    return 'one line per free agent';
  }
}
