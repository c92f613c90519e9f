/** Solves optima: those of the shipped scenarios, those of handling times with phases, and how near a constant risk comes. */
import { parseArgs } from 'node:util';
import { bestConstantRisk } from '../src/optimum/constant-risk.ts';
import { solveOptimum } from '../src/optimum/mdp.ts';
import { erlang, meanS, solvePhaseOptimum } from '../src/optimum/phases.ts';
import type { PhaseLaw } from '../src/optimum/phases.ts';
import { lognormalPhases } from '../src/optimum/lognormal-phases.ts';

const HELP = `Solves the constrained Markov decision processes that results are measured against (ringing 15 s).

  node --import tsx packages/pacing/cli/solve-optima.ts [options]

  (none)              the optima of the shipped scenarios, as src/optimum/known.ts
  --phases K          handling times of K equal phases (Erlang), the controller sees every conversation's phase
  --lognormal         the same for phases fitted to lognormal handling times of cv 0.5
  --constant-risk     the best constant risk per call, by the exact stationary distribution, beside the optimum
  --agents N,M        10 unless given
  --p P,Q             share of the calls that a person answers, 0.3 unless given
  --handle S          mean handling time, 120 s unless given
  --cap PCT           3 unless given
  --help              this text`;

const { values } = parseArgs({
  options: {
    phases: { type: 'string' },
    lognormal: { type: 'boolean', default: false },
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
    const law = lawOf(model.handleS);
    const optimum = solvePhaseOptimum(model, law);
    console.log(`${model.agents} agents, p ${model.p}: ${name} (mean ${meanS(law).toFixed(1)} s) ${pct(optimum)} %, exponential ${pct(solveOptimum(model).occupancy)} %`);
  }
}

function constantRisk(): void {
  for (const model of chosen()) {
    const best = bestConstantRisk(model);
    console.log(`${model.agents} agents, H ${model.handleS} s, p ${model.p}, cap ${pct(model.cap)} %: constant risk ${best.risk.toFixed(4)} gives ${pct(best.occupancy)} %, optimum ${pct(solveOptimum(model).occupancy)} %`);
  }
}

const numbers = (text: string): number[] => text.split(',').map(Number);

function chosen() {
  return numbers(values.agents).flatMap((agents) => numbers(values.p).map((p) => ({ agents, p, handleS: Number(values.handle), ringS: 15, cap: Number(values.cap) / 100 })));
}

if (values.help) console.log(HELP);
else if (values['constant-risk']) constantRisk();
else if (values.lognormal) withPhases('lognormal', lognormalPhases);
else if (values.phases !== undefined) withPhases(`Erlang-${values.phases}`, (handleS) => erlang(Number(values.phases), handleS));
else known();
