/** Where simulated calls come from: laws of a scenario, or (replay.ts) recorded attempts drawn again. */
import { sampler } from './distribution.ts';
import { Random } from './random.ts';
import { isSteps } from './scenario.ts';
import type { OutcomeLaw, Scenario } from './scenario.ts';

/** One attempt's fate, drawn when it is dialed. */
export interface Fate {
  ringMs: number;
  answered: boolean;
  /** What detection will say; true also when there is no detection. */
  deliver: boolean;
  /** A machine in truth. */
  machine: boolean;
}

export interface CallSource {
  /** Draws the next attempt of a campaign into `fate`. */
  draw(campaign: number, nowMs: number, fate: Fate): void;
  talkMs(campaign: number, machine: boolean): number;
  /** 0: no wrap-up. */
  wrapMs(campaign: number): number;
}

interface Step {
  readonly fromMs: number;
  readonly cumulative: readonly number[];
  readonly answered: readonly boolean[];
  readonly ring: readonly (() => number)[];
}

export class ScenarioSource implements CallSource {
  private readonly scenario: Scenario;
  private readonly steps: readonly (readonly Step[])[];
  private readonly chance: readonly Random[];
  private readonly talk: () => number;
  private readonly wrap: () => number;

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    const campaigns = scenario.campaigns ?? [{ name: 'campaign' }];
    this.chance = campaigns.map((_, index) => new Random(seed, 10 + 3 * index));
    this.steps = campaigns.map((campaign, index) => {
      const rings = new Random(seed, 11 + 3 * index);
      const value = campaign.outcomes ?? scenario.outcomes;
      const list: readonly (readonly [number, readonly OutcomeLaw[]])[] = isSteps(value) ? value : [[0, value]];
      return list.map(([fromS, laws]) => step(fromS, laws, rings));
    });
    this.talk = sampler(scenario.handle, new Random(seed, 1));
    this.wrap = scenario.wrapUp === null ? () => 0 : sampler(scenario.wrapUp, new Random(seed, 2));
  }

  draw(campaign: number, nowMs: number, fate: Fate): void {
    const steps = this.steps[campaign] as readonly Step[];
    let current = steps[0] as Step;
    for (const candidate of steps) if (candidate.fromMs <= nowMs) current = candidate;
    const chance = this.chance[campaign] as Random;
    const u = chance.uniform();
    let index = 0;
    while (index < current.cumulative.length - 1 && u > (current.cumulative[index] as number)) index += 1;
    fate.ringMs = (current.ring[index] as () => number)();
    fate.answered = current.answered[index] as boolean;
    fate.machine = false;
    fate.deliver = true;
    const { machineP, amd } = this.scenario;
    if (!fate.answered || (machineP === 0 && amd === null)) return;
    fate.machine = chance.uniform() < machineP;
    if (amd === null) return;
    const wrong = chance.uniform() < (fate.machine ? amd.falseNegativeP : amd.falsePositiveP);
    fate.deliver = fate.machine === wrong;
  }

  talkMs(_campaign: number, machine: boolean): number {
    return machine ? this.scenario.machineHandleS * 1000 : this.talk();
  }

  wrapMs(_campaign: number): number {
    return this.wrap();
  }
}

function step(fromS: number, laws: readonly OutcomeLaw[], random: Random): Step {
  let sum = 0;
  return {
    fromMs: fromS * 1000,
    cumulative: laws.map((law) => (sum += law.p)),
    answered: laws.map((law) => law.outcome === 'answered'),
    ring: laws.map((law) => sampler(law.ring, random)),
  };
}
