/** What the simulator of packages/pacing says of the scenario that a run plays over real SIP: the same answers, talks and limits. */
import { parseScenario, runSeed, type Scenario } from '@ritmo/pacing';
import { createRandom } from '@ritmo/testing';
import { abandonCapPct, queueWrapUpS } from './demo-config.ts';
import { agentsManner, behaviour, usualTalkMs } from './world.ts';

export interface Expected {
  /** Per cent: the mean over the seeds, and where 95 % of them lie. */
  readonly occupancy: number;
  readonly occupancyBand: readonly [number, number];
  readonly abandonRate: number;
  readonly abandonBand: readonly [number, number];
  readonly seeds: number;
}

export interface PlayedScenario {
  readonly agents: number;
  readonly channelLimit: number;
  readonly cpsLimit: number;
  /** From the activation to the deactivation, and how much of it is not measured. */
  readonly dialingMs: number;
  readonly warmUpMs: number;
  readonly talkMs?: { readonly min: number; readonly max: number };
  readonly missP?: number;
  readonly ringTimeoutMs: number;
  /** The simulator counts who is not given an agent within it as abandoned, and takes that person off the line. */
  readonly graceMs: number;
  /** What each call met at the carrier, by the carrier's word: a hundred calls draw other shares than a thousand would. Absent: the shares of `behaviour`. */
  readonly dealt?: readonly string[];
}

const handleSamples = 2_000;
const mostSeeds = 40;
const fewestSeeds = 5;
/** Agents times seconds that are simulated in all: a moment of one core. Longer runs have fewer seeds, the longest none of their end. */
const mostAgentSeconds = 400_000;

/** Agents are taken from the offer on: their phone rings, they talk until one of both hangs up; now and then a phone rings in vain. */
function handleS(talkMs: { readonly min: number; readonly max: number }, missP: number): number[] {
  const random = createRandom(1).fork('expected');
  return Array.from({ length: handleSamples }, () => {
    const missed = random.chance(missP) ? agentsManner.offerMs : 0;
    const rings = random.sample(agentsManner.answerDelayMs);
    const customer = random.chance(behaviour.hangsUpFirstP) ? random.sample(talkMs) : Infinity;
    const agent = random.chance(agentsManner.hangsUpP) ? random.sample(talkMs) : talkMs.max + agentsManner.longerMs;
    return (missed + rings + Math.min(customer, agent)) / 1_000;
  });
}

interface Shares {
  readonly refusedP: number;
  readonly noAnswerP: number;
  readonly lateAnswerP: number;
}

function sharesOf(dealt: readonly string[]): Shares {
  const { busyP, rejectP, invalidP, noAnswerP, lateAnswerP } = behaviour;
  if (dealt.length === 0) return { refusedP: busyP + rejectP + invalidP, noAnswerP, lateAnswerP };
  const share = (...kinds: readonly string[]): number => dealt.filter((kind) => kinds.includes(kind)).length / dealt.length;
  return { refusedP: share('busy', 'reject', 'invalid'), noAnswerP: share('no-answer'), lateAnswerP: share('late-answer') };
}

function scenarioOf(played: PlayedScenario): Scenario {
  const seconds = ({ min, max }: { readonly min: number; readonly max: number }, extraMs = { min: 0, max: 0 }) => ({ dist: 'uniform', minS: (min + extraMs.min) / 1_000, maxS: (max + extraMs.max) / 1_000 });
  const { postDialDelayMs, answerDelayMs, lateAnswerDelayMs } = behaviour;
  const { refusedP, noAnswerP, lateAnswerP } = sharesOf(played.dealt ?? []);
  return parseScenario({
    name: 'demo',
    agents: played.agents,
    durationS: played.dialingMs / 1_000,
    warmupS: played.warmUpMs / 1_000,
    abandonCapPct,
    graceS: played.graceMs / 1_000,
    handle: { dist: 'empirical', samples: handleS(played.talkMs ?? usualTalkMs, played.missP ?? agentsManner.missP) },
    wrapUp: { dist: 'constant', meanS: queueWrapUpS },
    outcomes: [
      { outcome: 'busy', p: refusedP, ring: seconds(postDialDelayMs) },
      { outcome: 'no-answer', p: noAnswerP, ring: { dist: 'constant', meanS: played.ringTimeoutMs / 1_000 } },
      { outcome: 'answered', p: lateAnswerP, ring: seconds(lateAnswerDelayMs, postDialDelayMs) },
      { outcome: 'answered', p: 1 - refusedP - noAnswerP - lateAnswerP, ring: seconds(answerDelayMs, postDialDelayMs) },
    ],
    channels: played.channelLimit,
    cps: played.cpsLimit,
  });
}

export function expectedOf(played: PlayedScenario): Expected {
  const seconds = Math.min(played.dialingMs / 1_000, mostAgentSeconds / fewestSeeds / played.agents);
  const seeds = Math.max(fewestSeeds, Math.min(mostSeeds, Math.floor(mostAgentSeconds / (seconds * played.agents))));
  const scenario = scenarioOf({ ...played, dialingMs: 1_000 * seconds, warmUpMs: Math.min(played.warmUpMs, 500 * seconds) });
  const runs = Array.from({ length: seeds }, (_, index) => runSeed(scenario, 'ritmo', index + 1));
  const occupancies = runs.map(({ occupancy }) => 100 * occupancy).sort((a, b) => a - b);
  const totals = runs.map(({ campaigns }) => campaigns.reduce((sum, { wholeLive, wholeAbandoned }) => ({ live: sum.live + wholeLive, abandoned: sum.abandoned + wholeAbandoned }), { live: 0, abandoned: 0 }));
  const rates = totals.map(({ live, abandoned }) => (live === 0 ? 0 : (100 * abandoned) / live)).sort((a, b) => a - b);
  const live = totals.reduce((sum, total) => sum + total.live, 0);
  return {
    occupancy: round(occupancies.reduce((sum, value) => sum + value, 0) / seeds),
    occupancyBand: bandOf(occupancies),
    abandonRate: round((100 * totals.reduce((sum, { abandoned }) => sum + abandoned, 0)) / Math.max(1, live)),
    abandonBand: bandOf(rates),
    seeds,
  };
}

/** All but the lowest and the highest fortieth. */
function bandOf(sorted: readonly number[]): readonly [number, number] {
  const cut = Math.floor(sorted.length / 40);
  return [round(sorted[cut] ?? 0), round(sorted[sorted.length - 1 - cut] ?? 0)];
}

const round = (value: number): number => Math.round(value * 10) / 10;
