/** Solves optima: those of the shipped scenarios, those of handling times with phases, and how near a constant risk comes. */
import { parseArgs } from 'node:util';
import { bestConstantRisk } from '../src/optimum/constant-risk.ts';
import { solveOptimum } from '../src/optimum/mdp.ts';
import type { ExponentialModel } from '../src/optimum/mdp.ts';
import { KNOWN_OPTIMA } from '../src/optimum/known.ts';
import { lognormalPhases } from '../src/optimum/lognormal-phases.ts';
import { erlang } from '../src/optimum/phase-law.ts';
import type { PhaseLaw } from '../src/optimum/phase-law.ts';
import { solvePhaseOptimum } from '../src/optimum/phase-optimum.ts';
import { PhaseSolver } from '../src/optimum/phases.ts';

const HELP = `Solves the constrained Markov decision processes that results are measured against (ringing 15 s).

  node --import tsx packages/pacing/cli/solve-optima.ts [options]

  (none)              the optima of the shipped scenarios, as src/optimum/known.ts
  --phases K          handling times of K equal phases (Erlang), the controller sees every conversation's phase
  --lognormal K       the same for K phases (5 to 7) fitted to lognormal handling times of cv 0.5
  --price FACTOR      of phases: no search, one price of an abandoned call, FACTOR times the exponential optimum's; the bound
                      is as true there, and near the least one for FACTOR 1
  --constant-risk     the best constant risk per call, by the exact stationary distribution, beside the optimum
  --agents N,M        10 unless given
  --p P,Q             share of the calls that a person answers, 0.3 unless given
  --handle S          mean handling time, 120 s unless given
  --cap PCT           3 unless given
  --help              this text`;

const { values } = parseArgs({
  options: {
    phases: { type: 'string' },
    lognormal: { type: 'string' },
    price: { type: 'string' },
    'constant-risk': { type: 'boolean', default: false },
    agents: { type: 'string', default: '10' },
    p: { type: 'string', default: '0.3' },
    handle: { type: 'string', default: '120' },
    cap: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
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
    console.log(`  '${model.agents}/${model.handleS}/${model.ringS}/${model.p}/${model.cap}': { occupancy: ${occupancy.toFixed(5)}, price: ${price.toPrecision(4)} },`);
  }
  console.log('};');
}

function withPhases(name: string, lawOf: (handleS: number) => PhaseLaw): void {
  for (const model of chosen()) {
    const begun = performance.now();
    const exponential = KNOWN_OPTIMA[`${model.agents}/${model.handleS}/${model.ringS}/${model.p}/${model.cap}`] ?? solveOptimum(model);
    const law = lawOf(model.handleS);
    const { high, low, price } = values.price === undefined ? leastBound(model, law, exponential.price) : boundAt(model, law, Number(values.price) * exponential.price);
    const side = high < exponential.occupancy ? 'no controller reaches the exponential optimum' : low > exponential.occupancy ? 'above the exponential optimum' : 'near the exponential optimum';
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
    console.log(`${model.agents} agents, H ${model.handleS} s, p ${model.p}, cap ${pct(model.cap)} %: constant risk ${best.risk.toFixed(4)} gives ${pct(best.occupancy)} %, optimum ${pct(solveOptimum(model).occupancy)} %`);
  }
}

const numbers = (text: string): number[] => text.split(',').map(Number);

function chosen(): ExponentialModel[] {
  return numbers(values.agents).flatMap((agents) => numbers(values.p).map((p) => ({ agents, p, handleS: Number(values.handle), ringS: 15, cap: Number(values.cap) / 100 })));
}

if (values.help) console.log(HELP);
else if (values['constant-risk']) constantRisk();
else if (values.lognormal !== undefined) withPhases(`lognormal of ${values.lognormal} phases`, (handleS) => lognormalPhases(handleS, Number(values.lognormal)));
else if (values.phases !== undefined) withPhases(`Erlang-${values.phases}`, (handleS) => erlang(Number(values.phases), handleS));
else known();
