/**
 * Ritmo's predictive controller. docs/pacing.md derives it; in short:
 *
 * 1. Demand: every call in flight needs an agent before a time T with a chance that depends on its age (ring-model.ts).
 * 2. Supply: every busy agent is free by T with a chance that depends on the age of the conversation (duration-model.ts,
 *    supply-model.ts).
 * 3. A call is started as long as its own chance of being abandoned is at most θ (abandon-chance.ts), averaged over what is not yet known of p
 *    and of the talk times.
 * 4. θ starts at what is optimal for exponential times and follows the slack of the realised abandoned rate (risk-limit.ts).
 */
import { AbandonBudget } from './abandon-budget.ts';
import { shortageChance } from './abandon-chance.ts';
import { DurationModel } from './duration-model.ts';
import type { PacingConfig, PacingDecision, PacingFact, PacingObservation, PacingPolicy } from './port.ts';
import { LEADS, Outlook } from './outlook.ts';
import { RingModel } from './ring-model.ts';
import { RiskLimit } from './risk-limit.ts';
import { quantilesMs, SupplyTable } from './supply-model.ts';

const MIN_EVIDENCE_ATTEMPTS = 30;
const MIN_EVIDENCE_TALKS = 5;
const COLD_P = 0.5;
const COLD_RING_MS = 15_000;
const COLD_TALK_MS = 120_000;
/** How far over its share of the answers in flight a campaign may go. */
const SHARE_EXCESS = 1.25;
const DEFAULT_LINES_PER_AGENT = 20;

export class PredictivePolicy implements PacingPolicy {
  private readonly config: PacingConfig;
  private readonly budget: AbandonBudget;
  private readonly limit = new RiskLimit();
  private readonly ring: RingModel;
  private readonly talk: DurationModel;
  private wrap: DurationModel | null = null;
  private readonly talkSupply = new SupplyTable();
  private readonly wrapSupply = new SupplyTable();
  private readonly warm: boolean;
  private attempts = 0;
  private builtTalk = -1;
  private builtWrap = -1;
  private builtRing = -1;
  private readonly outlook = new Outlook();

  constructor(config: PacingConfig) {
    this.config = config;
    const history = config.history;
    this.warm = history !== undefined && history.attempts >= MIN_EVIDENCE_ATTEMPTS;
    const weight = Math.min(history?.attempts ?? 4, 400);
    this.budget = new AbandonBudget(config.abandon ?? {}, history?.counted);
    this.ring = new RingModel(history?.liveP ?? COLD_P, weight, history?.meanRingMs ?? COLD_RING_MS);
    this.talk = new DurationModel(history?.meanHandleMs ?? COLD_TALK_MS, Math.min(weight, 50) / 4);
  }

  observe(fact: PacingFact): void {
    switch (fact.type) {
      case 'dialed':
        this.attempts += 1;
        return this.ring.addDialed(fact.atMs);
      case 'failed':
        return this.ring.addFailed(fact.atMs, fact.ringMs);
      case 'answered':
        this.ring.addAnswered(fact.atMs, fact.ringMs);
        if (fact.detecting !== true) this.reached(fact.atMs);
        return;
      case 'machine':
        if (fact.counted === true) return this.budget.wasMachine(fact.atMs);
        this.ring.addVerdict(false, fact.detectMs);
        return this.budget.addAnswered(fact.atMs, false);
      case 'live':
        this.ring.addVerdict(true, fact.detectMs);
        return this.reached(fact.atMs);
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

  decide(o: PacingObservation): PacingDecision {
    this.refresh(o);
    const free = o.freeAgents;
    const busy = o.talkingMs.length + o.wrapUpMs.length;
    const inFlight = o.ringingMs.length + (o.detectingMs?.length ?? 0);
    const claimed = o.claimedByOthers ?? 0;
    this.lookAhead(o, claimed);
    const evident = this.warm || (this.attempts >= MIN_EVIDENCE_ATTEMPTS && this.talk.count >= MIN_EVIDENCE_TALKS);
    const p = Math.max(this.ring.liveP, 0.002);
    const allowed = this.budget.cap * this.budget.live;
    const handleMs = this.talk.meanMs + (this.wrap?.meanMs ?? 0);
    const freedPerLead = ((free + busy) * this.ring.meanLeadMs) / handleMs;
    const share = o.share ?? 1;
    const steering = { cap: this.budget.cap, slack: this.budget.slack, allowed, freedPerLead, liveP: p, handleCv: this.talk.cv, share };
    const wished = evident ? (this.config.fixedRisk ?? this.limit.value(steering)) : 0;
    const risk = Math.min(wished, o.othersRiskPct === undefined ? 1 : o.othersRiskPct / 100);
    // One line per free agent is never too many: none of these calls can find every agent busy.
    const own = Math.floor(share < 1 ? free * share + 0.5 : free - claimed);
    const floor = own - inFlight - o.waitingCalls;
    const roof = (this.config.maxLinesPerAgent ?? DEFAULT_LINES_PER_AGENT) * (free + busy) - inFlight;
    const limit = Math.floor(Math.min(roof, o.channelsFree, o.startsAllowed));
    const filled = risk > 0 ? this.startsWithin(risk, free, p, Math.max(0, floor), limit) : floor;
    const wanted = share < 1 ? Math.min(filled, this.fairPart(share, claimed, filled, p)) : filled;
    const start = Math.max(0, Math.min(Math.max(wanted, floor), limit));
    const { supplyMean, demandMean } = this.outlook;
    return {
      start,
      reason: this.explain(evident, risk, Math.max(wanted, floor), floor, start, o),
      inputs: {
        freeAgents: free,
        busyAgents: busy,
        inFlight,
        freeSoon: supplyMean[LEADS - 1] as number,
        expectedAnswers: (demandMean[LEADS - 1] as number) - claimed + start * p,
        liveP: p,
        riskPct: 100 * risk,
        wishedRiskPct: evident ? 100 * wished : 100,
        abandonRatePct: 100 * this.budget.rate,
        slack: this.budget.slack,
        meanHandleMs: handleMs,
        meanLeadMs: this.ring.meanLeadMs,
        claimedByOthers: claimed,
      },
    };
  }

  private reached(atMs: number): void {
    this.budget.addAnswered(atMs, true);
    this.limit.learn(this.budget.slack, this.budget.cap * this.budget.live);
  }

  private lookAhead(o: PacingObservation, claimed: number): void {
    const { outlook } = this;
    outlook.begin(o.waitingCalls, claimed);
    this.talkSupply.addSupply(o.talkingMs, outlook);
    if (this.wrap !== null) this.wrapSupply.addSupply(o.wrapUpMs, outlook);
    this.ring.addDemand(o.ringingMs, outlook);
    if (o.detectingMs !== undefined) this.ring.addDetecting(o.detectingMs, outlook);
  }

  /** The largest number of starts, from `low` up, whose last call runs at most `risk`; doubling, then halving. */
  private startsWithin(risk: number, free: number, p: number, low: number, limit: number): number {
    if (limit <= low || !this.bears(risk, low, free, p)) return low;
    let good = low + 1;
    let step = 1;
    while (good < limit && this.bears(risk, Math.min(limit, good + step) - 1, free, p)) {
      good = Math.min(limit, good + step);
      step *= 2;
    }
    let bad = Math.min(limit + 1, good + step);
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      if (this.bears(risk, middle - 1, free, p)) good = middle;
      else bad = middle;
    }
    return good;
  }

  /**
   * Campaigns that share agents all see one supply, and the one that accepts the most risk would take it all. None may hold
   * much more than its share of the answers in flight; the excess lets the others use what one cannot.
   */
  private fairPart(share: number, claimed: number, filled: number, p: number): number {
    const all = this.outlook.demandMean[LEADS - 1] as number;
    const mine = all - (claimed * (LEADS - 0.5)) / LEADS;
    return Math.ceil((Math.min(1, SHARE_EXCESS * share) * (all + filled * p) - mine) / p);
  }

  /** Whether a call is abandoned with at most this chance if `others` calls are started with it and before it. */
  private bears(risk: number, others: number, free: number, p: number): boolean {
    const { supplyMean, supplyVariance, demandMean, demandVariance } = this.outlook;
    const demandError = this.ring.relativeError;
    const supplyError = this.talk.relativeError;
    let left = risk * LEADS;
    // The latest answer time runs the highest chance as a rule: looked at first, it mostly decides.
    for (let lead = LEADS - 1; lead >= 0; lead -= 1) {
      const chance = (p * (lead + 0.5)) / LEADS;
      const demand = (demandMean[lead] as number) + others * chance;
      const supply = supplyMean[lead] as number;
      // What is not yet known about p and the talk times makes both sums vary more: the posterior predictive variance.
      const demandSpread = (demandVariance[lead] as number) + others * chance * (1 - chance) + (demand * demandError) ** 2;
      const supplySpread = (supplyVariance[lead] as number) + (supply * supplyError) ** 2;
      left -= shortageChance(free, supply, supplySpread, demand, demandSpread);
      if (left < 0) return false;
    }
    return true;
  }

  private refresh(o: PacingObservation): void {
    this.budget.look(o.nowMs);
    this.ring.look(o.nowMs);
    if (this.talk.due) this.talk.rebuild(o.talkingMs);
    if (this.wrap?.due === true) this.wrap.rebuild(o.wrapUpMs);
    const { revision } = this.ring;
    const wrapRevision = this.wrap?.revision ?? -1;
    if (this.talk.revision === this.builtTalk && wrapRevision === this.builtWrap && revision === this.builtRing) return;
    this.builtTalk = this.talk.revision;
    this.builtWrap = wrapRevision;
    this.builtRing = revision;
    const leadsMs = this.ring.leadsMs;
    const graceMs = this.budget.graceMs;
    this.talkSupply.build(this.talk, leadsMs, graceMs, this.wrap === null ? [] : quantilesMs(this.wrap, 5));
    if (this.wrap !== null) this.wrapSupply.build(this.wrap, leadsMs, graceMs, []);
  }

  private explain(evident: boolean, risk: number, wanted: number, floor: number, start: number, o: PacingObservation): string {
    if (start < wanted && o.channelsFree <= start) return 'no more channels are free';
    if (start < wanted && o.startsAllowed <= start) return 'the limit of calls per second is reached';
    if (start < wanted) return 'the limit of lines per agent is reached';
    if (!evident) return 'too little evidence yet: one line per free agent';
    if (risk === 0) return 'the abandoned rate leaves no room: one line per free agent';
    if (start === 0) return 'one more call would run too high a risk of finding no agent';
    if (start > floor) return 'agents will be free when these calls are answered';
    return 'one line per free agent';
  }
}
