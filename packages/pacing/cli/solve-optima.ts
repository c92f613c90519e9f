/** Solves optima: those of the shipped scenarios, those of handling times with phases, and how near a constant risk comes. */
import { benchFlags } from '@ritmo/testing/flags';
import { bestConstantRisk } from '../src/optimum/constant-risk.ts';
import { solveOptimum } from '../src/optimum/mdp.ts';
import type { ExponentialModel } from '../src/optimum/mdp.ts';
import { KNOWN_OPTIMA } from '../src/optimum/known.ts';
import { lognormalPhases } from '../src/optimum/lognormal-phases.ts';
import { erlang } from '../src/optimum/phase-law.ts';
import type { PhaseLaw } from '../src/optimum/phase-law.ts';
import { solvePhaseOptimum } from '../src/optimum/phase-optimum.ts';
import { PhaseSolver } from '../src/optimum/phases.ts';

const flags = benchFlags(
  `Solves the constrained Markov decision processes that results are measured against (ringing 15 s). Without one of the first four flags: the
optima of the shipped scenarios, as src/optimum/known.ts has them.

  node --import tsx packages/pacing/cli/solve-optima.ts [options]`,
  {
    'phases': [0, 'handling times of so many equal phases (Erlang); the controller sees the phase of every conversation'],
    'lognormal': [0, 'the same for 5 to 7 phases fitted to lognormal handling times of cv 0.5'],
    'constant-risk': [false, 'the best constant risk per call, by the exact stationary distribution, beside the optimum'],
    'price': [0, "of phases: no search, one price of an abandoned call, so many times the exponential optimum's; the bound is as true there, and near the least one for 1"],
    'agents': ['10', 'one number or several: 5,10'],
    'p': ['0.3', 'share of the calls that a person answers, one or several'],
    'handle': [120, 'mean handling time, s'],
    'cap': [3, 'most that may be abandoned, %'],
  },
);
/** For --json. */
const results: Readonly<Record<string, number | string>>[] = [];
const pct = (share: number): string => (100 * share).toFixed(2);

function known(): void {
  const models = [5, 10, 20, 50, 100, 200].flatMap((agents) => [0.1, 0.3, 0.5].map((p) => ({ agents, p, handleS: 120, ringS: 15, cap: 0.03 })));
  console.log(`/** Optima solved by cli/solve-optima.ts, keyed agents/handleS/ringS/p/cap: large models take a minute to solve. */
export interface KnownOptimum {
  readonly occupancy: number;
  /** Of an abandoned call, in occupancy · seconds. */
  readonly price: number;
}

export const KNOWN_OPTIMA: Readonly<Record<string, KnownOptimum>> = {`);
  for (const model of models) {
    const { occupancy, price } = solveOptimum(model);
    results.push({ ...model, occupancy, price });
    console.log(`  '${model.agents}/${model.handleS}/${model.ringS}/${model.p}/${model.cap}': { occupancy: ${occupancy.toFixed(5)}, price: ${price.toPrecision(4)} },`);
  }
  console.log('};');
}

function withPhases(name: string, lawOf: (handleS: number) => PhaseLaw): void {
  for (const model of chosen()) {
    const begun = performance.now();
    const exponential = KNOWN_OPTIMA[`${model.agents}/${model.handleS}/${model.ringS}/${model.p}/${model.cap}`] ?? solveOptimum(model);
    const law = lawOf(model.handleS);
    const { high, low, price } = flags.price === 0 ? leastBound(model, law, exponential.price) : boundAt(model, law, flags.price * exponential.price);
    const side = high < exponential.occupancy ? 'no controller reaches the exponential optimum' : low > exponential.occupancy ? 'above the exponential optimum' : 'near the exponential optimum';
    results.push({ ...model, law: name, atMost: high, earned: low, price, exponential: exponential.occupancy });
    console.log(
      `${model.agents} agents, p ${model.p}: ${name}, phases in sight: at most ${upPct(high)} % (at price ${price.toPrecision(4)} a policy earns ${pct(low)} %), exponential ${pct(exponential.occupancy)} %: ${side}; ${((performance.now() - begun) / 1000).toFixed(0)} s`,
    );
  }
}

const TOLERANCE = 1e-4;
/** A bound from above is rounded up. */
const upPct = (share: number): string => (Math.ceil(share * 1e4) / 100).toFixed(2);

function leastBound(model: ExponentialModel, law: PhaseLaw, firstPrice: number) {
  const { atMost, about, price } = solvePhaseOptimum(model, law, TOLERANCE, firstPrice);
  return { high: atMost, low: 2 * about - atMost, price };
}

function boundAt(model: ExponentialModel, law: PhaseLaw, price: number) {
  return { ...new PhaseSolver(model, law).bracket(price, TOLERANCE), price };
}

function constantRisk(): void {
  for (const model of chosen()) {
    const best = bestConstantRisk(model);
    const optimum = solveOptimum(model).occupancy;
    results.push({ ...model, risk: best.risk, occupancy: best.occupancy, optimum });
    console.log(`${model.agents} agents, H ${model.handleS} s, p ${model.p}, cap ${pct(model.cap)} %: constant risk ${best.risk.toFixed(4)} gives ${pct(best.occupancy)} %, optimum ${pct(optimum)} %`);
  }
}

function refuse(message: string): never {
  console.error(`solve-optima: ${message}; --help tells more`);
  process.exit(2);
}

function several(name: 'agents' | 'p', isOne: (value: number) => boolean, what: string): readonly number[] {
  const values = flags[name].split(',').map((text) => (text.trim() === '' ? NaN : Number(text)));
  return values.every(isOne) ? values : refuse(`--${name} wants ${what}, one or several, not "${flags[name]}"`);
}

function chosen(): ExponentialModel[] {
  const allAgents = several('agents', (value) => Number.isInteger(value) && value > 0, 'a number of agents');
  const shares = several('p', (value) => value > 0 && value <= 1, 'a share between 0 and 1');
  return allAgents.flatMap((agents) => shares.map((p) => ({ agents, p, handleS: flags.handle, ringS: 15, cap: flags.cap / 100 })));
}

function main(): void {
  const { phases, lognormal, handle, cap } = flags;
  const modes = [phases > 0, lognormal > 0, flags['constant-risk']].filter(Boolean).length;
  if (modes > 1) refuse('--phases, --lognormal and --constant-risk are one at a time');
  if (!Number.isInteger(phases)) refuse(`--phases wants a whole number, not "${phases}"`);
  if (lognormal !== 0 && ![5, 6, 7].includes(lognormal)) refuse(`--lognormal wants 5, 6 or 7, not "${lognormal}"`);
  if (handle === 0) refuse('--handle wants more than 0 s');
  if (cap === 0 || cap >= 100) refuse(`--cap wants a share above 0 and below 100 %, not "${cap}"`);
  if (flags['constant-risk']) constantRisk();
  else if (lognormal > 0) withPhases(`lognormal of ${lognormal} phases`, (handleS) => lognormalPhases(handleS, lognormal));
  else if (phases > 0) withPhases(`Erlang-${phases}`, (handleS) => erlang(phases, handleS));
  else known();
  if (flags.json) console.log(JSON.stringify({ results }));
}

main();
