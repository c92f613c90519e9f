/** What the report judges, check by check, and how each check went. */
import type { Scenario } from '../src/index.ts';
import { bestBaseline, byScenario, recovery } from './report.ts';
import type { Entry } from './report.ts';

export interface Check {
  readonly scenario: string;
  readonly text: string;
  readonly holds: boolean;
}

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
  const controlled = answer.gapControlled === null || answer.gapControlledError === null ? '' : ` (talk times controlled: ${answer.gapControlled.toFixed(3)} ± ${answer.gapControlledError.toFixed(3)})`;
  return [[`gap closed ${answer.gapClosed.toFixed(3)} ± ${answer.gapError.toFixed(3)}${controlled}, wanted ${wanted}`, answer.gapClosed >= wanted]];
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
    [`worst campaign of any seed ${worst.toFixed(2)} %, wanted at most ${(1.1 * capPct).toFixed(1)} %`, worst <= 1.1 * capPct],
    [`worst campaign of any seed counted from its first call (the window of the rule) ${whole.toFixed(2)} %, wanted at most ${capPct} %`, whole <= capPct],
    ...(scenario === 'cold-start' ? [[way, seedsOver === 0] as const] : []),
  ];
}

/** On the seeds that both ran, which share their talk times and attempts. */
function rivalChecks(ritmo: Entry, list: readonly Entry[]): Verdict[] {
  const best = bestBaseline(list);
  if (best === undefined) return [];
  const seeds = new Set(best.answer.seeds);
  const own = ritmo.answer.perSeed.filter((seed) => seeds.has(seed.seed));
  const occupancy = own.reduce((sum, seed) => sum + seed.occupancy, 0) / Math.max(1, own.length);
  const rival = best.answer.occupancy;
  const text = `occupancy ${(100 * occupancy).toFixed(2)} % against ${(100 * rival).toFixed(2)} % of ${best.answer.policy}, the best baseline that holds the cap (${own.length} same seeds)`;
  return [[text, occupancy >= rival - EQUAL]];
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
