/**
 * θ, the risk that a call may run of being abandoned when it is started.
 *
 * Feed-forward: for exponential times the optimum of the constrained Markov decision process is, within a twentieth of a point, the rule "start
 * another call while its chance of being abandoned is below θ" with one θ for all states; θ as fitted to those optima is
 *
 *     θ₀ = cap · (0.44 + (0.02 + 0.98 p) · c^−(0.35 + 2.5 p)),   c = agents · lead time / handling time,
 *
 * c being the agents who become free while a call rings. Feedback: the slack of the campaign (abandoned calls that the cap still
 * allows) moves θ around θ₀, log-linearly; this is dual ascent on the price of an abandoned call.
 *
 * A campaign earns what it may abandon: one call in 33 people at a cap of 3 %. Abandoned calls come in clusters, when all agents stay busy while
 * a handful of calls in flight is answered, so the feedback aims at a reserve that covers a cluster and keeps θ low until it is earned.
 */

/** Slack that the feedback aims at, in abandoned calls: a cluster, which grows with the agents who become free per lead time … */
const AIM_LEAST = 1.2;
const AIM_CLUSTER = 2.2;
const CLUSTER_POWER = 0.75;
/** Clusters fall on all campaigns that share the agents; the others' caution does not always meet this one's need, so its reserve is that of more agents. */
const CLUSTER_AMONG_OTHERS = 1.6;
const MOST_FREED = 8;
/** … and a part that grows with the campaign, so that the rate ends just under the cap; a wider feedback lets the slack stray further. */
const AIM_GROWTH = 0.1;
const AIM_OF_WIDENING = 0.25;
/** Slack below the aim that divides θ by e (at least this, and half of the aim), and slack above it that multiplies θ by e. */
const SLACK_PER_E_BELOW = 3.5;
const AIM_PER_E_BELOW = 0.5;
const SLACK_PER_E_ABOVE = 5;
/** Both are wider with more agents, whose clusters are larger: one call of slack then says less. Per agent who becomes free in a lead time. */
const BELOW_PER_FREED = 0.25;
const ABOVE_PER_FREED = 0.5;
/** Below so much slack θ falls much faster: the next abandoned call would be one too many. */
const EDGE = 1;
const SLACK_PER_E_AT_EDGE = 0.5;
/** Both widen with the square root of what the cap allowed so far, as chance does, once that is more than a handful. */
const SLACK_GROWTH = 1;
const HANDFUL_ROOT = 5;
/** θ for conversations that all last the same, as a part of θ for exponential ones. */
const REGULAR = 0.36;
/** Per person reached; critically damped together with the proportional part for a cap of 3 %. */
const INTEGRAL = 0.005;
const MAX_BIAS = 0.8;
const MAX_LOG = 1.2;
const MIN_LOG = -4;
/** Abandoned calls that the cap must have allowed before 1 − 1/e of θ is used: a young campaign has nothing to be wrong with. */
const YOUTH = 5;
/** More of them with more agents: their clusters are larger, and the rate on the way counts them all. Per agent who becomes free in a lead time beyond the few of five agents. */
const YOUTH_PER_FREED = 2;
const FEW_FREED = 0.7;
/** The least part of θ for a campaign among others: if it waited, they would leave it nothing. */
const YOUTH_AMONG_OTHERS = 0.25;

export interface RiskInputs {
  readonly cap: number;
  /** Abandoned calls that the cap still allows. */
  readonly slack: number;
  /** Abandoned calls that the cap allowed so far: cap × people reached. */
  readonly allowed: number;
  /** Agents that become free during one lead time. */
  readonly freedPerLead: number;
  /** Share of attempts that become a person. */
  readonly liveP: number;
  /** Standard deviation over mean of the handling times. */
  readonly handleCv: number;
  /** The campaign's part of the agents; below 1 others dial for them too. */
  readonly share: number;
}

export class RiskLimit {
  private bias = 0;
  private freed = 1;

  /** Called for every person reached: the integral part, which takes out what the feed-forward gets wrong for other than exponential times. */
  learn(slack: number, allowed: number): void {
    if (allowed < HANDFUL_ROOT * HANDFUL_ROOT) return;
    const width = widthAbove(allowed, this.freed);
    this.bias += (INTEGRAL * (slack - aimOf(allowed, this.freed))) / (width * width);
    this.bias = Math.max(-MAX_BIAS, Math.min(MAX_BIAS, this.bias));
  }

  value(inputs: RiskInputs): number {
    const { cap, slack, allowed, freedPerLead, liveP, handleCv, share } = inputs;
    const freed = Math.max(freedPerLead, 0.2);
    this.freed = share < 1 ? CLUSTER_AMONG_OTHERS * freed : freed;
    const few = (0.02 + 0.98 * liveP) * freed ** -(0.35 + 2.5 * liveP);
    const base = cap * (0.44 + Math.min(few, 2)) * regularity(handleCv);
    const least = share < 1 ? YOUTH_AMONG_OTHERS : 0;
    // Before the cap allows a single abandoned call there is nothing to steer by.
    if (allowed < 1) return least * base;
    const aim = aimOf(allowed, this.freed);
    const off = slack - aim;
    const below = Math.max(SLACK_PER_E_BELOW + BELOW_PER_FREED * Math.min(this.freed, MOST_FREED) + widening(allowed), AIM_PER_E_BELOW * aim);
    const width = off < 0 ? below : widthAbove(allowed, this.freed);
    const edge = Math.max(0, EDGE - slack) / SLACK_PER_E_AT_EDGE;
    const push = Math.max(MIN_LOG, Math.min(MAX_LOG, off / width) - edge) + this.bias;
    const youth = YOUTH + YOUTH_PER_FREED * Math.max(0, Math.min(this.freed, MOST_FREED) - FEW_FREED);
    const grown = Math.max(least, 1 - Math.exp(-allowed / youth));
    return Math.min(0.9, grown * base * Math.exp(push));
  }
}

function aimOf(allowed: number, freed: number): number {
  const cluster = Math.max(AIM_LEAST, AIM_CLUSTER * Math.min(freed, MOST_FREED) ** CLUSTER_POWER);
  return cluster + AIM_GROWTH * Math.sqrt(allowed) + AIM_OF_WIDENING * widening(allowed);
}

/** Fitted by simulation with constant θ: where conversations last alike, the later starts that the index ignores do more harm. */
function regularity(cv: number): number {
  return Math.max(0.3, Math.min(1.2, REGULAR + (1 - REGULAR) * cv));
}

function widthAbove(allowed: number, freed: number): number {
  return SLACK_PER_E_ABOVE + ABOVE_PER_FREED * Math.min(freed, MOST_FREED) + widening(allowed);
}

function widening(allowed: number): number {
  return SLACK_GROWTH * Math.max(0, Math.sqrt(allowed) - HANDFUL_ROOT);
}
