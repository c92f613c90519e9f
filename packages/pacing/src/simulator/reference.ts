/** What a result is measured against: the floor (one line per free agent) and the optimum or a bound on it. */
import { KNOWN_OPTIMA } from '../optimum/known.ts';
import type { KnownOptimum } from '../optimum/known.ts';
import { MarkovSolver, solveOptimum } from '../optimum/mdp.ts';
import type { ExponentialModel } from '../optimum/mdp.ts';
import type { StateValues } from '../optimum/state-values.ts';
import { meanOf } from './distribution.ts';
import { at, isSteps } from './scenario.ts';
import type { OutcomeLaw, Scenario } from './scenario.ts';

/** How an attempt goes on average, in seconds. */
interface Attempt {
  /** Share that needs an agent. */
  readonly needP: number;
  /** Mean time from the dialing to the end or to the need of an agent. */
  readonly meanS: number;
  /** Mean time that an agent is busy with a delivered call. */
  readonly handleS: number;
  /** Of it, the time that holds a channel. */
  readonly talkS: number;
}

function attemptOf(scenario: Scenario, outcomes: readonly OutcomeLaw[]): Attempt {
  let answered = 0;
  let meanS = 0;
  for (const law of outcomes) {
    meanS += law.p * meanOf(law.ring);
    if (law.outcome === 'answered') answered += law.p;
  }
  const { machineP, amd } = scenario;
  const missed = amd === null ? 1 : amd.falseNegativeP;
  const human = (1 - machineP) * (1 - (amd?.falsePositiveP ?? 0));
  const machine = machineP * missed;
  if (amd !== null) meanS += answered * amd.delayS;
  const share = human + machine;
  const talkS = (human * meanOf(scenario.handle) + machine * scenario.machineHandleS) / Math.max(share, 1e-9);
  const wrapS = scenario.wrapUp === null ? 0 : meanOf(scenario.wrapUp);
  return { needP: answered * share, meanS, handleS: talkS + wrapS, talkS };
}

/**
 * One line per free agent: each agent alternates between dialing (mean/p) and a call, whatever the laws are, so
 * F = H/(H + R/p) by renewal reward. Null where agents, outcomes or limits vary: then the floor is simulated.
 */
export function closedFormFloor(scenario: Scenario): number | null {
  if (isSteps(scenario.agents) || isSteps(scenario.outcomes) || scenario.channels !== null || scenario.cps !== null) return null;
  if (scenario.campaigns !== undefined) return null;
  const attempt = attemptOf(scenario, scenario.outcomes);
  return attempt.handleS / (attempt.handleS + attempt.meanS / attempt.needP);
}

/** The exponential model with the same means, or null when the scenario is not stationary with one campaign. */
export function exponentialTwin(scenario: Scenario): ExponentialModel | null {
  if (closedFormFloor(scenario) === null || isSteps(scenario.agents) || isSteps(scenario.outcomes)) return null;
  const attempt = attemptOf(scenario, scenario.outcomes);
  if (attempt.needP === 0) return null;
  return {
    agents: scenario.agents,
    handleS: attempt.handleS,
    ringS: attempt.meanS,
    p: attempt.needP,
    cap: scenario.abandonCapPct / 100,
  };
}

/** True if the twin is the scenario itself: exponential throughout, one ring time, no grace, no machines. */
export function isExponential(scenario: Scenario): boolean {
  if (isSteps(scenario.outcomes) || isSteps(scenario.agents) || scenario.campaigns !== undefined) return false;
  const means = new Set(scenario.outcomes.map((law) => (law.ring.dist === 'exponential' ? law.ring.meanS : NaN)));
  return (
    closedFormFloor(scenario) !== null && scenario.handle.dist === 'exponential' && scenario.wrapUp === null &&
    scenario.graceS === 0 && scenario.machineP === 0 && scenario.amd === null && means.size === 1 && ![...means].some(Number.isNaN)
  );
}

const keyOf = (model: ExponentialModel): string => `${model.agents}/${model.handleS}/${model.ringS}/${model.p}/${model.cap}`;

export function optimumOf(model: ExponentialModel): KnownOptimum {
  return KNOWN_OPTIMA[keyOf(model)] ?? solveOptimum(model);
}

/** Above it a run is long enough by itself, and the process takes long to solve. */
const MOST_AGENTS_JUDGED = 20;
/** In occupancy: what the values leave uncertain of the result. */
const VALUE_TOLERANCE = 1e-5;
const solved = new Map<string, StateValues>();

/** The values that decisions of this scenario are judged by; null where it is not exponential throughout, or too large. */
export function stateValuesOf(scenario: Scenario): StateValues | null {
  const model = isExponential(scenario) ? exponentialTwin(scenario) : null;
  if (model === null || model.agents > MOST_AGENTS_JUDGED) return null;
  const key = keyOf(model);
  const known = solved.get(key);
  if (known !== undefined) return known;
  const solver = new MarkovSolver(model);
  solver.solve(optimumOf(model).price, VALUE_TOLERANCE);
  const values = solver.values();
  solved.set(key, values);
  return values;
}

/**
 * What not even a clairvoyant can pass: with every ring time, answer and talk time known beforehand, agents are never idle, except where
 * the trunk cannot carry enough attempts. Per stretch of constant laws the rate x of delivered calls is at most
 *
 *     agents / H,   cps · p,   channels / (talk + attempt/p),
 *
 * with the best p of the campaigns, and the occupancy is ∫ min(agents, x·H) / ∫ agents. Fluid: it allows no carry-over between stretches.
 */
export function clairvoyantBound(scenario: Scenario): number {
  const stepS = Math.max(1, (scenario.durationS - scenario.warmupS) / 2000);
  let busy = 0;
  let present = 0;
  for (let timeS = scenario.warmupS + stepS / 2; timeS < scenario.durationS; timeS += stepS) {
    const agents = at(scenario.agents, timeS);
    const laws = (scenario.campaigns ?? [{ name: '' }]).map((campaign) => at(campaign.outcomes ?? scenario.outcomes, timeS));
    let best = 0;
    for (const law of laws) {
      const attempt = attemptOf(scenario, law);
      const byCps = scenario.cps === null ? Infinity : scenario.cps * attempt.needP;
      const byChannels = scenario.channels === null ? Infinity : scenario.channels / (attempt.talkS + attempt.meanS / attempt.needP);
      best = Math.max(best, Math.min(agents, Math.min(byCps, byChannels) * attempt.handleS));
    }
    busy += best;
    present += agents;
  }
  return busy / Math.max(1, present);
}
