/**
 * The share p of attempts that are answered, which another list, hour or carrier may change at once.
 *
 * A long memory of ended attempts gives p₀. Beside it attempts are counted by when they were dialed: of n dialed a while ago, n·Fa(age) should have led to an
 * answer by now if all did, so y answers among them say p₁ = y/Σ n·Fa(age), without waiting for the failures, which ring longest. Over every stretch of
 * attempts up to now the evidence for p₁ against p₀ is the log-likelihood ratio (the generalised likelihood ratio test, Basseville & Nikiforov 1993, 2.4.3).
 * Against it stands how rare changes are; what remains is the chance that p has changed, by which the two are mixed. When it is certain, the long memory
 * begins anew with what the stretch says.
 */

const MEMORY = 2500;
/** Attempts are counted in cohorts of at least so many and at least so long. */
const COHORT = 8;
const COHORT_MS = 1500;
const COHORTS = 64;
const LOOK_EVERY_MS = 1000;
/** Attempts before p₀ is known well enough to have changed, and the least that a stretch rests on. */
const LEAST_BEFORE = 160;
const LEAST_EVIDENCE = 30;
/** Log odds against a change; and beyond which it is taken for certain. */
const RARE = 8;
const CERTAIN = 4;

export class AnswerRate {
  private yes = 0;
  private all = 0;
  private priorYes: number;
  private priorAll: number;
  private readonly fromMs = new Float64Array(COHORTS);
  private readonly sumMs = new Float64Array(COHORTS);
  private readonly dialedIn = new Int32Array(COHORTS);
  private readonly answeredIn = new Int32Array(COHORTS);
  /** Cohorts begun and kept; the newest is at (begun − 1) mod COHORTS. */
  private begun = 0;
  private kept = 0;
  private lookedMs = -Infinity;
  /** Attempts dialed before it are in the long memory already. */
  private countFromMs = -Infinity;
  private other = 0;
  private otherWeight = 1;
  private changed = 0;

  constructor(prior: number, weight: number) {
    this.priorYes = prior * weight;
    this.priorAll = weight;
  }

  dialed(atMs: number): void {
    const last = (this.begun + COHORTS - 1) % COHORTS;
    if (this.kept === 0 || ((this.dialedIn[last] as number) >= COHORT && atMs - (this.fromMs[last] as number) >= COHORT_MS)) this.open(atMs);
    const cohort = (this.begun + COHORTS - 1) % COHORTS;
    this.dialedIn[cohort] = (this.dialedIn[cohort] as number) + 1;
    this.sumMs[cohort] = (this.sumMs[cohort] as number) + atMs;
  }

  ended(dialedMs: number, answered: boolean): void {
    const hit = answered ? 1 : 0;
    if (answered) this.credit(dialedMs);
    if (dialedMs < this.countFromMs) return;
    this.yes += hit - this.yes / MEMORY;
    this.all += 1 - this.all / MEMORY;
  }

  get value(): number {
    return (1 - this.changed) * this.steady + this.changed * this.other;
  }

  /** Standard error of `value` relative to it; that p may have changed is part of it. */
  get relativeError(): number {
    const p = Math.max(this.value, 1e-3);
    const spread = (share: number, weight: number): number => (share * (1 - share)) / Math.max(1, weight);
    const within = (1 - this.changed) * spread(this.steady, this.all + this.priorAll) + this.changed * spread(this.other, this.otherWeight);
    const between = this.changed * (1 - this.changed) * (this.other - this.steady) ** 2;
    return Math.sqrt(within + between) / p;
  }

  /** Looks for a change, at most once a second. `answeredBy(age)`: the share of answers that come within this time of ringing. */
  look(nowMs: number, answeredBy: (ageMs: number) => number): void {
    if (nowMs - this.lookedMs < LOOK_EVERY_MS) return;
    this.lookedMs = nowMs;
    this.changed = 0;
    if (this.all < LEAST_BEFORE) return;
    const before = Math.max(1e-3, Math.min(0.999, this.steady));
    let evidence = 0;
    let answers = 0;
    let most = 0;
    let since = 0;
    for (let back = 1; back <= this.kept; back += 1) {
      const cohort = (this.begun + COHORTS - back) % COHORTS;
      const dialed = this.dialedIn[cohort] as number;
      evidence += dialed * answeredBy(nowMs - (this.sumMs[cohort] as number) / dialed);
      answers += this.answeredIn[cohort] as number;
      if (evidence < LEAST_EVIDENCE) continue;
      const share = Math.max(0.5 / evidence, Math.min(1 - 0.5 / evidence, answers / evidence));
      // What p₀ rests on is finite too, and holds the stretch itself.
      const trust = Math.max(0, this.all - evidence) / Math.max(1, this.all);
      const ratio = trust * evidence * (share * Math.log(share / before) + (1 - share) * Math.log((1 - share) / (1 - before)));
      if (ratio <= most) continue;
      most = ratio;
      since = back;
      this.other = share;
      this.otherWeight = evidence;
    }
    if (most - RARE > CERTAIN) return this.begin(nowMs, since);
    this.changed = 1 / (1 + Math.exp(RARE - most));
  }

  private get steady(): number {
    const all = this.all + this.priorAll;
    return all > 0 ? (this.yes + this.priorYes) / all : 0;
  }

  /** The long memory begins anew with the stretch that shows the change. */
  private begin(nowMs: number, cohorts: number): void {
    this.yes = this.other * this.otherWeight;
    this.all = this.otherWeight;
    this.priorYes = 0;
    this.priorAll = 0;
    this.kept = cohorts;
    this.countFromMs = nowMs;
  }

  private open(atMs: number): void {
    const cohort = this.begun % COHORTS;
    this.begun += 1;
    this.kept = Math.min(COHORTS, this.kept + 1);
    this.fromMs[cohort] = atMs;
    this.sumMs[cohort] = 0;
    this.dialedIn[cohort] = 0;
    this.answeredIn[cohort] = 0;
  }

  private credit(dialedMs: number): void {
    for (let back = 1; back <= this.kept; back += 1) {
      const cohort = (this.begun + COHORTS - back) % COHORTS;
      // The clock of a ring time and that of the dialing may differ by a little.
      if (dialedMs < (this.fromMs[cohort] as number) - 1) continue;
      this.answeredIn[cohort] = (this.answeredIn[cohort] as number) + 1;
      return;
    }
  }
}
