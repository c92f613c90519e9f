/**
 * Issabel's (before: Elastix's) call-centre dialer, restated from the rule of its published predictor (github.com/IssabelFoundation/callcenter,
 * GPL; only the rule is used here).
 *
 * An agent busy for t counts as free soon if 1 − e^(−(t + Ta)/Td) ≥ q, with Ta the mean time to answer, Td the mean talk time and q the
 * service level (0.97 as shipped). n = free + free soon − waiting, at most the channels, less the originates not yet answered. With overcommit n
 * is divided by the share of answers, at least 0.20, before the originates are taken off.
 */
import type { PacingDecision, PacingFact, PacingObservation, PacingPolicy } from '../port.ts';
import { within } from '../simple-policies.ts';
import { Tally } from './tally.ts';

const SERVICE_LEVEL = 0.97;
const LEAST_ANSWER_RATIO = 0.2;
const PERIOD_MS = 1000;

export class IssabelPolicy implements PacingPolicy {
  private readonly overcommit: boolean;
  private readonly tally = new Tally();
  private nextMs = 0;

  constructor(overcommit: boolean) {
    this.overcommit = overcommit;
  }

  observe(fact: PacingFact): void {
    this.tally.add(fact);
  }

  decide(o: PacingObservation): PacingDecision {
    if (o.nowMs < this.nextMs) return within(0, o, 'between two looks', {});
    this.nextMs = o.nowMs + PERIOD_MS;
    const soonMs = -this.tally.meanTalkMs * Math.log(1 - SERVICE_LEVEL) - this.tally.meanAnswerMs;
    let freeSoon = 0;
    const talking = o.talkingMs;
    for (let index = 0; index < talking.length; index += 1) if ((talking[index] as number) >= soonMs) freeSoon += 1;
    let lines = o.freeAgents + freeSoon - o.waitingCalls;
    if (this.overcommit) {
      const ratio = this.tally.finished > 0 ? this.tally.answered / this.tally.finished : 1;
      lines = Math.round(lines / Math.max(LEAST_ANSWER_RATIO, ratio));
    }
    const pending = o.ringingMs.length + (o.detectingMs?.length ?? 0);
    // Campaigns of one queue have its originates in common.
    return within(lines - pending - Math.ceil(o.claimedByOthers ?? 0), o, 'agents free or free soon', { freeSoon });
  }
}
