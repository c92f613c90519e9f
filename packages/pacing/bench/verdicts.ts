/** What the report judges, check by check, and how each check went. */
import { interval, type Scenario } from '../src/index.ts';
import { occupancyOn } from './contenders.ts';
import type { Check, Entry } from './entry.ts';
import { bestBaseline, byScenario, CAMPAIGN_TOLERANCE, holdsCap, recovery } from './report.ts';

const RECOVERY_LIMIT_S = 300;
/** Occupancies this near are equal: where the trunk is the limit, every policy that fills it ends within thousandths of a point. */
const EQUAL = 0.0005;

export function checksOf(entries: readonly Entry[], scenarios: ReadonlyMap<string, Scenario>): Check[] {
  const checks: Check[] = [];
  for (const [scenario, list] of byScenario(entries)) {
    const ritmo = list.find((entry) => entry.answer.policy === 'ritmo');
    if (ritmo === undefined) continue;
    for (const [text, holds] of [...gapChecks(scenario, ritmo), ...capChecks(scenario, ritmo), ...rivalChecks(ritmo, list), ...recoveryChecks(ritmo, scenarios.get(scenario))]) {
      checks.push({ scenario, text, holds });
    }
  }
  const beaten = checks.filter((check) => !check.holds && check.text.startsWith('occupancy')).map((check) => check.scenario);
  checks.push({
    scenario: 'all scenarios',
    text: beaten.length === 0 ? 'no baseline that holds the cap has a higher occupancy' : `a baseline that holds the cap has a higher occupancy in ${beaten.join(', ')}`,
    holds: beaten.length === 0,
  });
  return checks;
}

type Verdict = readonly [text: string, holds: boolean];

function gapChecks(scenario: string, { answer }: Entry): Verdict[] {
  if (answer.gapClosed === null || answer.gapError === null || answer.optimumKind !== 'markov decision process') return [];
  const agents = Number(/-n(\d+)/.exec(scenario)?.[1] ?? 0);
  const wanted = agents <= 20 ? 0.9 : 0.95;
  const plain = `gap closed ${answer.gapClosed.toFixed(3)} ± ${answer.gapError.toFixed(3)}`;
  if (answer.gapExpected === null || answer.gapExpectedError === null) return [[`${plain}, wanted ${wanted}`, answer.gapClosed >= wanted]];
  // Where agents are few the seeds' chances are larger than what is judged: the verdict leaves them out.
  return [[`${plain}, in expectation ${answer.gapExpected.toFixed(3)} ± ${answer.gapExpectedError.toFixed(3)}, wanted ${wanted}`, answer.gapExpected >= wanted]];
}

/** The mean and the worst seed since the warm-up, and the window of the rule itself: the campaign from its first call on. */
function capChecks(scenario: string, { answer, capPct }: Entry): Verdict[] {
  const worst = 100 * Math.max(...answer.perSeed.map((seed) => seed.worstCampaignAbandonRate));
  const whole = 100 * Math.max(...answer.perSeed.map((seed) => seed.worstCampaignWholeRate));
  const onTheWay = 100 * Math.max(...answer.perSeed.map((seed) => seed.worstRateOnTheWay));
  const seedsOver = answer.perSeed.filter((seed) => 100 * seed.worstRateOnTheWay > capPct).length;
  const way = `highest rate so far at any moment from the 100th person on ${onTheWay.toFixed(2)} %, over the cap at some moment in ${seedsOver} of ${answer.seeds.length} seeds`;
  return [
    [`abandoned ${(100 * answer.abandonRate).toFixed(2)} % on average, cap ${capPct} %`, 100 * answer.abandonRate <= capPct],
    [`worst campaign of any seed ${worst.toFixed(2)} %, wanted at most ${(CAMPAIGN_TOLERANCE * capPct).toFixed(1)} %`, worst <= CAMPAIGN_TOLERANCE * capPct],
    [`worst campaign of any seed counted from its first call (the window of the rule) ${whole.toFixed(2)} %, wanted at most ${capPct} %`, whole <= capPct],
    ...(scenario === 'cold-start' ? [[way, seedsOver === 0] as const] : []),
  ];
}

/** On the seeds that both ran, which share their talk times and attempts: the differences seed by seed have less noise than the occupancies. */
function rivalChecks(ritmo: Entry, list: readonly Entry[]): Verdict[] {
  const best = bestBaseline(list);
  if (best === undefined) return [];
  const { answer } = best;
  const own = occupancyOn(ritmo, answer.seeds);
  const differences = answer.perSeed.flatMap(({ seed, occupancy }) => ritmo.answer.perSeed.filter((other) => other.seed === seed).map((other) => other.occupancy - occupancy));
  const [low, high] = interval(differences);
  const text =
    `occupancy ${(100 * own).toFixed(2)} % against ${(100 * answer.occupancy).toFixed(2)} % of ${answer.policy}, the best baseline that holds the cap` +
    ` (${answer.seeds.length} same seeds; difference ${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)})${higherButOver(ritmo, list)}`;
  return [[text, own >= answer.occupancy - EQUAL]];
}

/** Baselines that are higher because they do not hold the cap, if they were looked at on all seeds. */
function higherButOver(ritmo: Entry, list: readonly Entry[]): string {
  const others = list.filter((entry) => entry !== ritmo && entry.answer.seeds.length === ritmo.answer.seeds.length && !holdsCap(entry) && entry.answer.occupancy > ritmo.answer.occupancy);
  const words = others.map(({ answer, capPct }) => {
    const over = answer.perSeed.filter((seed) => 100 * seed.worstCampaignAbandonRate > CAMPAIGN_TOLERANCE * capPct).length;
    return `${answer.policy} (${(100 * answer.occupancy).toFixed(2)} %, abandoned ${(100 * answer.abandonRate).toFixed(2)} %, ${over} campaigns over ${(CAMPAIGN_TOLERANCE * capPct).toFixed(1)} %)`;
  });
  return words.length === 0 ? '' : `; higher, but over the cap: ${words.join(', ')}`;
}

function recoveryChecks(ritmo: Entry, scenario: Scenario | undefined): Verdict[] {
  if (scenario === undefined || (ritmo.runs[0]?.series.length ?? 0) === 0) return [];
  const steps = stepsOf(scenario);
  const times = recovery(ritmo.runs, steps, scenario.durationS);
  return times.map((timeS, index) => [`step ${index + 1} at ${steps[index]} s: occupancy back after ${timeS} s, wanted ${RECOVERY_LIMIT_S} s`, timeS <= RECOVERY_LIMIT_S]);
}

/** When the chance of an answer changes. */
function stepsOf(scenario: Scenario): number[] {
  const timed = [scenario.outcomes, ...(scenario.campaigns ?? []).map((campaign) => campaign.outcomes ?? [])];
  const times = new Set<number>();
  for (const value of timed) {
    for (const step of value as readonly unknown[]) if (Array.isArray(step) && typeof step[0] === 'number' && step[0] > 0) times.add(step[0]);
  }
  return [...times].sort((a, b) => a - b);
}
