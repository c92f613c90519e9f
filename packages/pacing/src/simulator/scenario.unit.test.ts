import { describe, expect, it } from 'vitest';
import { runSeed, simulate } from './answer.ts';
import { at, parseScenario } from './scenario.ts';

const ring = { dist: 'exponential', meanS: 15 };
const answered = { outcome: 'answered', p: 0.3, ring };
const unanswered = { outcome: 'no-answer', p: 0.7, ring };
const file = (more: object = {}): Record<string, unknown> => ({
  agents: 5, durationS: 7200, warmupS: 600, abandonCapPct: 3, graceS: 0, handle: { dist: 'exponential', meanS: 120 }, wrapUp: null,
  outcomes: [answered, unanswered], machineP: 0, amd: { delayS: 0, falsePositiveP: 0, falseNegativeP: 0 }, channels: null, cps: null, ...more,
});
const refusal = (more: object): string => {
  try {
    parseScenario(file(more));
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('a scenario file', () => {
  it.each<[string, object, string]>([
    ['a field of the file', { agentes: 3 }, 'agentes: unknown field'],
    ['a field of a law', { handle: { dist: 'exponential', meanS: 100, sd: 4 } }, 'handle.sd: unknown field'],
    ['a field of an outcome', { outcomes: [answered, { ...unanswered, share: 0.7 }] }, 'outcomes[1].share: unknown field'],
    ['a field of the ringing in a step', { outcomes: [[0, [answered, { ...unanswered, ring: { ...ring, mean: 2 } }]]] }, 'outcomes[0][1][1].ring.mean: unknown field'],
    ['a field of detection', { machineP: 0.2, amd: { delay: 2.5 } }, 'amd.delay: unknown field'],
    ['a field of a campaign', { campaigns: [{ name: 'first' }, { name: 'second', outcome: [] }] }, 'campaigns[1].outcome: unknown field'],
  ])('with a word that means nothing is refused at it: %s', (_, more, message) => {
    expect(refusal(more)).toContain(message);
  });

  it.each<[string, object, string]>([
    ['no agents', { agents: undefined }, 'agents: is missing'],
    ['half an agent', { agents: 2.5 }, 'agents: 2.5 is not a whole number'],
    ['half an agent in a step', { agents: [[0, 5], [60, 5.5]] }, 'agents[1][1]: 5.5 is not a whole number'],
    ['nobody, ever', { agents: [[0, 0], [60, 0]] }, 'agents: nobody ever works'],
    ['steps of nothing', { agents: [] }, 'agents: is empty'],
    ['half a step', { agents: [[0, 5], [60]] }, 'agents[1]: is not [fromS, value]'],
    ['steps that fall', { agents: [[0, 5], [60, 6], [30, 7]] }, 'agents[2]: steps must rise'],
    ['steps that begin late', { agents: [[10, 5]] }, 'agents[0]: the first step must begin at 0'],
    ['no duration', { durationS: undefined }, 'durationS: is missing'],
    ['a warm-up as long as the run', { warmupS: 7200 }, 'warmupS: is not shorter than durationS'],
    ['a cap of 101 %', { abandonCapPct: 101 }, 'abandonCapPct: 101 is not between 0 and 100'],
    ['a grace of less than nothing', { graceS: -1 }, 'graceS: -1 is not between 0 and 3600'],
    ['no talk times', { handle: null }, 'handle: is not an object'],
    ['talks that take no time', { handle: { dist: 'constant', meanS: 0 } }, 'handle: takes no time'],
    ['samples that take no time', { handle: { dist: 'empirical', samples: [0, 0] } }, 'handle: takes no time'],
    ['no samples', { handle: { dist: 'empirical', samples: [] } }, 'handle.samples: is empty'],
    ['a sample that is no number', { wrapUp: { dist: 'empirical', samples: [1, '2'] } }, 'wrapUp.samples[1]: "2" is not a number'],
    ['another law', { handle: { dist: 'normal', meanS: 1 } }, 'handle.dist: "normal" is not exponential, lognormal, gamma, uniform, constant or empirical'],
    ['no coefficient of variation', { handle: { dist: 'lognormal', meanS: 100 } }, 'handle.cv: is missing'],
    ['a range the wrong way round', { handle: { dist: 'uniform', minS: 9, maxS: 3 } }, 'handle.maxS: 3 is not between 9 and'],
    ['shares that do not add up', { outcomes: [answered] }, 'outcomes: probabilities add up to 0.3, not to 1'],
    ['a share below nothing', { outcomes: [{ ...answered, p: -0.3 }] }, 'outcomes[0].p: -0.3 is not between 0 and 1'],
    ['no outcomes', { outcomes: [] }, 'outcomes: is empty'],
    ['outcomes without an answer', { outcomes: [{ ...answered, outcome: 'Answered' }, unanswered] }, 'outcomes: no outcome is "answered"'],
    ['ringing that takes no time', { outcomes: [{ ...answered, ring: { dist: 'constant', meanS: 0 } }, { ...unanswered, ring: { dist: 'constant', meanS: 0 } }] }, 'outcomes: ringing takes no time'],
    ['a name that is none', { name: 5 }, 'name: 5 is not a text'],
    ['half a channel', { channels: 10.5 }, 'channels: 10.5 is not a whole number'],
    ['half a call a second', { cps: 2.5 }, 'cps: 2.5 is not a whole number'],
    ['machines in every call', { machineP: 1.5 }, 'machineP: 1.5 is not between 0 and 1'],
    ['detection that takes a word', { amd: { delayS: 'long' } }, 'amd.delayS: "long" is not a number'],
    ['campaigns of nothing', { campaigns: [] }, 'campaigns: is empty'],
    ['a campaign whose calls nobody answers', { campaigns: [{ name: 'a', outcomes: [{ ...unanswered, p: 1 }] }] }, 'campaigns[0].outcomes: no outcome is "answered"'],
  ])('that says what cannot be is refused at the place: %s', (_, more, message) => {
    expect(refusal(more)).toContain(message);
  });

  it('as it is documented is taken, every field', () => {
    const scenario = parseScenario(file({
      agents: [[0, 5], [3600, 8]], wrapUp: { dist: 'gamma', meanS: 20, cv: 0.8 }, machineP: 0.1, amd: { delayS: 2.5, falsePositiveP: 0.03, falseNegativeP: 0.08 }, channels: 20, cps: 3, graceS: 2,
      outcomes: [[0, [answered, unanswered]], [1800, [{ ...unanswered, p: 1 }]]],
    }));
    expect([at(scenario.agents, 0), at(scenario.agents, 3599), at(scenario.agents, 3600)]).toEqual([5, 5, 8]);
    expect(at(scenario.outcomes, 1800)).toHaveLength(1);
    expect(scenario).toMatchObject({ wrapUp: { dist: 'gamma' }, machineP: 0.1, amd: { delayS: 2.5 }, channels: 20, cps: 3, graceS: 2, abandonCapPct: 3, warmupS: 600 });
  });

  it('without what has a default has a cap of 3 %, no grace, no wrap-up, no machines and no limits', () => {
    const { agents, durationS, handle, outcomes } = file();
    expect(parseScenario({ agents, durationS, handle, outcomes })).toMatchObject({ warmupS: 0, abandonCapPct: 3, graceS: 0, wrapUp: null, machineP: 0, amd: null, channels: null, cps: null });
  });
});

describe('detection of a list without machines', () => {
  const scenario = parseScenario(file({ agents: 20, amd: { delayS: 2.5, falsePositiveP: 0.1, falseNegativeP: 0 } }));

  it('delays every person and loses those it takes for machines', () => {
    const answer = simulate(scenario, 'progressive', [1, 2]);
    expect(answer.lostToDetection / (answer.live + answer.lostToDetection)).toBeGreaterThan(0.07);
    expect(Math.abs(answer.occupancy - answer.floor)).toBeLessThan(0.02);
    expect(answer.optimumKind).toBe('clairvoyant bound');
  });

  it('that takes no time and makes no mistake is none', () => {
    expect(parseScenario(file()).amd).toBeNull();
    expect(simulate(parseScenario(file()), 'progressive', [1]).optimumKind).toBe('markov decision process');
  });
});

describe('campaigns that share agents with one line per free agent', () => {
  it('keep them as busy together as one campaign alone does', () => {
    const alone = runSeed(parseScenario(file({ durationS: 28_800 })), 'progressive', 1).occupancy;
    const three = runSeed(parseScenario(file({ durationS: 28_800, campaigns: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] })), 'progressive', 1);
    expect(Math.abs(three.occupancy - alone)).toBeLessThan(0.03);
    expect(three.campaigns.reduce((sum, { abandoned }) => sum + abandoned, 0)).toBe(0);
    for (const { attempts } of three.campaigns) expect(attempts).toBeGreaterThan(0.25 * three.campaigns.reduce((sum, campaign) => sum + campaign.attempts, 0));
  });
});
