/** Runs a scenario with a policy over seeds and states the result with its floor and its optimum. */
import { policyByName } from '../policy-names.ts';
import type { PacingPolicy } from '../port.ts';
import { ScenarioSource } from './call-source.ts';
import type { RunResult } from './metrics.ts';
import { clairvoyantBound, closedFormFloor, exponentialTwin, isExponential, optimumOf, stateValuesOf } from './reference.ts';
import { RegretMeter } from './regret.ts';
import type { Scenario } from './scenario.ts';
import { Simulation } from './simulation.ts';

export interface SeedAnswer {
  readonly seed: number;
  readonly occupancy: number;
  readonly abandonRate: number;
  /** The worst of the campaigns, each over its own people. */
  readonly worstCampaignAbandonRate: number;
  /** Warm-up included. */
  readonly wholeAbandonRate: number;
  /** The worst of the campaigns, warm-up included: what the window "campaign" counts at the end. */
  readonly worstCampaignWholeRate: number;
  /** Most abandoned calls above the cap at any moment of the run. */
  readonly worstExcess: number;
  /** The highest rate that a campaign had at any moment since its start, from its 100th person on. */
  readonly worstRateOnTheWay: number;
}

export interface Answer {
  readonly scenario: string;
  readonly policy: string;
  readonly seeds: readonly number[];
  readonly occupancy: number;
  readonly occupancyCi95: readonly [number, number];
  readonly abandonRate: number;
  readonly abandonCi95: readonly [number, number];
  readonly attempts: number;
  readonly live: number;
  readonly abandoned: number;
  readonly lostToDetection: number;
  readonly meanWaitS: number;
  readonly meanIdleS: number;
  readonly floor: number;
  readonly floorKind: 'closed form' | 'simulated';
  readonly optimum: number | null;
  readonly optimumKind: 'markov decision process' | 'clairvoyant bound';
  /** Occupancy of the optimum for exponential times with the same means; null where there is none. */
  readonly exponentialOptimum: number | null;
  readonly gapClosed: number | null;
  /** Standard error of `gapClosed` over the seeds. */
  readonly gapError: number | null;
  /**
   * The same in expectation: what the decisions of these runs lose against the optimum, state by state, and what the abandoned calls they left unspent
   * are worth (regret.ts). Null where the process of the scenario is not solved.
   */
  readonly gapExpected: number | null;
  readonly gapExpectedError: number | null;
  readonly maxChannels: number;
  readonly maxStartsPerSecond: number;
  readonly simulatedAttempts: number;
  readonly perSeed: readonly SeedAnswer[];
}

/** One run; `policyName` as in policy-names.ts, one policy object per campaign. */
export function runSeed(scenario: Scenario, policyName: string, seed: number, seriesEveryS?: number): RunResult {
  const count = scenario.campaigns?.length ?? 1;
  const policies: PacingPolicy[] = Array.from({ length: count }, () =>
    policyByName(policyName, {
      cap: scenario.abandonCapPct / 100,
      agentPart: 1 / count,
      endMs: scenario.durationS * 1000,
      abandon: { capPct: scenario.abandonCapPct, graceMs: scenario.graceS * 1000 },
    }),
  );
  const values = stateValuesOf(scenario);
  const options = {
    seed,
    ...(seriesEveryS === undefined ? {} : { seriesEveryS }),
    ...(values === null ? {} : { regret: new RegretMeter(values, scenario.warmupS * 1000) }),
  };
  return new Simulation(scenario, new ScenarioSource(scenario, seed), policies, options).run();
}

export interface Reference {
  readonly floor: number;
  readonly floorKind: Answer['floorKind'];
  readonly optimum: number | null;
  readonly optimumKind: Answer['optimumKind'];
  readonly exponentialOptimum: number | null;
  /** What an abandoned call costs the optimum, in occupancy · seconds, and the cap; null where the process is not solved. */
  readonly price: { readonly perCall: number; readonly cap: number } | null;
}

export function referenceOf(scenario: Scenario, seeds: readonly number[]): Reference {
  const closed = closedFormFloor(scenario);
  const floor = closed ?? mean(seeds.slice(0, 5).map((seed) => runSeed(scenario, 'progressive', seed).occupancy));
  const twin = exponentialTwin(scenario);
  const solved = twin === null ? null : optimumOf(twin);
  const exponentialOptimum = solved?.occupancy ?? null;
  const exact = isExponential(scenario);
  return {
    floor,
    floorKind: closed === null ? 'simulated' : 'closed form',
    optimum: exact ? exponentialOptimum : clairvoyantBound(scenario),
    optimumKind: exact ? 'markov decision process' : 'clairvoyant bound',
    exponentialOptimum,
    price: exact && solved !== null && twin !== null ? { perCall: solved.price, cap: twin.cap } : null,
  };
}

export function summarise(name: string, policy: string, runs: readonly RunResult[], reference: Reference): Answer {
  const perSeed = runs.map(seedAnswer);
  const total = { attempts: 0, live: 0, abandoned: 0, delivered: 0, waitMs: 0, lostToDetection: 0 };
  for (const run of runs) {
    for (const campaign of run.campaigns) {
      total.attempts += campaign.attempts;
      total.live += campaign.live;
      total.abandoned += campaign.abandoned;
      total.delivered += campaign.delivered;
      total.waitMs += campaign.waitMs;
      total.lostToDetection += campaign.lostToDetection;
    }
  }
  const occupancy = mean(perSeed.map((seed) => seed.occupancy));
  const { floor, optimum, price, ...shown } = reference;
  const gap = optimum === null || optimum <= floor ? null : optimum - floor;
  const occupancies = perSeed.map((seed) => seed.occupancy);
  const expected = optimum === null || price === null ? null : runs.flatMap((run) => expectedOccupancy(run, optimum, price));
  return {
    scenario: name,
    policy,
    seeds: runs.map((run) => run.seed),
    occupancy,
    occupancyCi95: interval(occupancies),
    abandonRate: total.live > 0 ? total.abandoned / total.live : 0,
    abandonCi95: wilson(total.abandoned, total.live),
    attempts: total.attempts,
    live: total.live,
    abandoned: total.abandoned,
    lostToDetection: total.lostToDetection,
    meanWaitS: total.delivered > 0 ? total.waitMs / total.delivered / 1000 : 0,
    meanIdleS: mean(runs.map((run) => run.meanIdleMs)) / 1000,
    floor,
    optimum,
    ...shown,
    gapClosed: gap === null ? null : (occupancy - floor) / gap,
    gapError: gap === null ? null : standardError(occupancies) / gap,
    gapExpected: gap === null || expected === null || expected.length === 0 ? null : (mean(expected) - floor) / gap,
    gapExpectedError: gap === null || expected === null || expected.length === 0 ? null : standardError(expected) / gap,
    maxChannels: Math.max(...runs.map((run) => run.maxChannels)),
    maxStartsPerSecond: Math.max(...runs.map((run) => run.maxStartsPerSecond)),
    simulatedAttempts: runs.reduce((sum, run) => sum + run.simulatedAttempts, 0),
    perSeed,
  };
}

function seedAnswer(run: RunResult): SeedAnswer {
  let live = 0;
  let abandoned = 0;
  let wholeLive = 0;
  let wholeAbandoned = 0;
  let worst = 0;
  let worstWhole = 0;
  let worstExcess = 0;
  let worstRateOnTheWay = 0;
  for (const campaign of run.campaigns) {
    live += campaign.live;
    abandoned += campaign.abandoned;
    wholeLive += campaign.wholeLive;
    wholeAbandoned += campaign.wholeAbandoned;
    worst = Math.max(worst, campaign.abandoned / Math.max(1, campaign.live));
    worstWhole = Math.max(worstWhole, campaign.wholeAbandoned / Math.max(1, campaign.wholeLive));
    worstExcess = Math.max(worstExcess, campaign.worstExcess);
    worstRateOnTheWay = Math.max(worstRateOnTheWay, campaign.worstRateOnTheWay);
  }
  return {
    seed: run.seed,
    occupancy: run.occupancy,
    abandonRate: abandoned / Math.max(1, live),
    worstCampaignAbandonRate: worst,
    wholeAbandonRate: wholeAbandoned / Math.max(1, wholeLive),
    worstCampaignWholeRate: worstWhole,
    worstExcess,
    worstRateOnTheWay,
  };
}

export function simulate(scenario: Scenario, policy: string, seeds: readonly number[]): Answer {
  const runs = seeds.map((seed) => runSeed(scenario, policy, seed));
  return summarise(scenario.name ?? 'unnamed', policy, runs, referenceOf(scenario, seeds));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
}

/** The occupancy that these decisions and this many abandoned calls have on average; none where the decisions were not watched. */
function expectedOccupancy({ regret, campaigns }: RunResult, optimum: number, { perCall, cap }: NonNullable<Reference['price']>): number[] {
  if (regret === null) return [];
  const overCap = campaigns.reduce((sum, { abandoned, live }) => sum + abandoned - cap * live, 0);
  return [optimum + (perCall * overCap - regret.lostS) / regret.spanS];
}

/** 95 % of the mean over seeds, by the normal law (±1.96 standard errors); a single seed has no width. */
export function interval(values: readonly number[]): readonly [number, number] {
  const centre = mean(values);
  if (values.length < 2) return [centre, centre];
  const half = 1.96 * standardError(values);
  return [centre - half, centre + half];
}

/** Wilson's score interval of a share (Wilson 1927), at 95 %. */
export function wilson(hits: number, all: number): readonly [number, number] {
  if (all === 0) return [0, 1];
  const z = 1.96;
  const share = hits / all;
  const scale = 1 + (z * z) / all;
  const centre = (share + (z * z) / (2 * all)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
