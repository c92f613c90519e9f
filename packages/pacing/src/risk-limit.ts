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
 */

/** Slack that the feedback aims at, in abandoned calls; it grows with the campaign, so that the rate ends just under the cap. */
const AIM_BASE = 1.2;
const AIM_GROWTH = 0.1;
/** A wider feedback lets the slack stray further, so it aims further from the cap. */
const AIM_OF_WIDENING = 0.25;
/** Slack below the aim that divides θ by e, and slack above it that multiplies θ by e. */
const SLACK_PER_E_BELOW = 2.5;
const SLACK_PER_E_ABOVE = 5;
/** Both widen with the square root of what the cap allowed so far, as chance does, once that is more than a handful. */
const SLACK_GROWTH = 1;
const HANDFUL_ROOT = 5;
/** Per person reached; critically damped together with the proportional part for a cap of 3 %. */
const INTEGRAL = 0.005;
const MAX_BIAS = 0.8;
const MAX_LOG = 1.2;
const MIN_LOG = -4;

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
  /** Other campaigns dial for the same agents. */
  readonly shared: boolean;
}

export class RiskLimit {
  private bias = 0;

  /** Called for every person reached: the integral part, which takes out what the feed-forward gets wrong for other than exponential times. */
  learn(slack: number, allowed: number): void {
    if (allowed < HANDFUL_ROOT * HANDFUL_ROOT) return;
    const width = SLACK_PER_E_ABOVE + widening(allowed);
    this.bias += (INTEGRAL * (slack - aimOf(allowed))) / (width * width);
    this.bias = Math.max(-MAX_BIAS, Math.min(MAX_BIAS, this.bias));
  }

  value(inputs: RiskInputs): number {
    const { cap, slack, allowed, freedPerLead, liveP, shared } = inputs;
    const few = (0.02 + 0.98 * liveP) * Math.max(freedPerLead, 0.2) ** -(0.35 + 2.5 * liveP);
    const base = cap * (0.44 + Math.min(few, 2));
    // Before the cap allows a single abandoned call there is nothing to steer by: a campaign of its own waits, one
    // among others must not, or they would leave it nothing.
    if (allowed < 1) return shared ? base / 2 : 0;
    const off = slack - aimOf(allowed);
    const width = (off < 0 ? SLACK_PER_E_BELOW : SLACK_PER_E_ABOVE) + widening(allowed);
    const push = Math.max(MIN_LOG, Math.min(MAX_LOG, off / width)) + this.bias;
    return Math.min(0.9, base * Math.exp(push));
  }
}

function aimOf(allowed: number): number {
  return AIM_BASE + AIM_GROWTH * Math.sqrt(allowed) + AIM_OF_WIDENING * widening(allowed);
}

function widening(allowed: number): number {
  return SLACK_GROWTH * Math.max(0, Math.sqrt(allowed) - HANDFUL_ROOT);
}
