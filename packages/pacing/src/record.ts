/** A simulated campaign as the recording that its events would make: what replay is checked against. */
import { policyByName } from './policy-names.ts';
import type { PacingPolicy } from './port.ts';
import type { RecordedAttempt, RecordedConversation, Recording } from './replay.ts';
import { ScenarioSource } from './simulator/call-source.ts';
import type { CallSource } from './simulator/call-source.ts';
import type { Scenario } from './simulator/scenario.ts';
import { isSteps } from './simulator/scenario.ts';
import { Simulation } from './simulator/simulation.ts';

type Conversation = { -readonly [Field in keyof RecordedConversation]: RecordedConversation[Field] };

/** Of the only campaign of the scenario. */
export function recordSimulation(scenario: Scenario, policyName: string, seed: number): Recording {
  const attempts: RecordedAttempt[] = [];
  const conversations: Conversation[] = [];
  const abandonedAtMs: number[] = [];
  const inner = new ScenarioSource(scenario, seed);
  let wrapped = 0;
  let delivered = { atMs: 0, waitMs: 0 };
  const source: CallSource = {
    draw(campaign, atMs, fate) {
      inner.draw(campaign, atMs, fate);
      attempts.push({ atMs, ringMs: fate.ringMs, answered: fate.answered, machine: fate.answered && !fate.deliver });
    },
    talkMs(campaign, machine) {
      const ms = inner.talkMs(campaign, machine);
      conversations.push({ ...delivered, talkMs: ms, wrapMs: 0 });
      return ms;
    },
    wrapMs(campaign) {
      const ms = inner.wrapMs(campaign);
      // Any talk time will do as its partner: the laws are independent here.
      const partner = conversations[wrapped++];
      if (partner !== undefined) partner.wrapMs = ms;
      return ms;
    },
  };
  const abandon = { capPct: scenario.abandonCapPct, graceMs: scenario.graceS * 1_000 };
  const policy = policyByName(policyName, { cap: scenario.abandonCapPct / 100, agentPart: 1, endMs: scenario.durationS * 1_000, abandon });
  const listening: PacingPolicy = {
    observe(fact) {
      if (fact.type === 'delivered') delivered = { atMs: fact.atMs, waitMs: fact.waitMs };
      if (fact.type === 'abandoned') abandonedAtMs.push(fact.atMs);
      policy.observe(fact);
    },
    decide: (observation) => policy.decide(observation),
  };
  new Simulation(scenario, source, [listening], { seed }).run();
  return {
    name: scenario.name ?? 'simulated', durationMs: scenario.durationS * 1_000, capPct: scenario.abandonCapPct, graceMs: scenario.graceS * 1_000, detectMs: (scenario.amd?.delayS ?? 0) * 1_000,
    attempts, conversations, abandonedAtMs,
    presence: isSteps(scenario.agents) ? scenario.agents.map(([atS, count]) => [atS * 1_000, count] as const) : [[0, scenario.agents]],
    channels: scenario.channels, cps: scenario.cps,
  };
}
