/**
 * Solves optima. Without options: those that shipped scenarios need, printed as optimum/known.ts. With --phases K --agents N --p P: the one for Erlang
 * handling times of K phases whose phases the controller sees, beside the exponential one (H 120 s, ring 15 s, cap 3 %).
 */
import { parseArgs } from 'node:util';
import { solveErlangOptimum } from '../src/optimum/erlang.ts';
import { solveOptimum } from '../src/optimum/mdp.ts';

const { values } = parseArgs({ options: { phases: { type: 'string' }, agents: { type: 'string', default: '10' }, p: { type: 'string', default: '0.3' } } });
const common = { handleS: 120, ringS: 15, cap: 0.03 };

function known(): void {
  const models = [5, 10, 20, 50, 100, 200].flatMap((agents) => [0.1, 0.3, 0.5].map((p) => ({ agents, p, ...common })));
  const lines: string[] = [];
  for (const model of models) {
    const { occupancy } = solveOptimum(model);
    lines.push(`  '${model.agents}/${model.handleS}/${model.ringS}/${model.p}/${model.cap}': ${occupancy.toFixed(5)},`);
    console.error(lines.at(-1));
  }
  console.log(`/** Optima solved by cli/solve-optima.ts, keyed agents/handleS/ringS/p/cap: large models take a minute to solve. */
export const KNOWN_OPTIMA: Readonly<Record<string, number>> = {
${lines.join('\n')}
};`);
}

if (values.phases === undefined) {
  known();
} else {
  const model = { agents: Number(values.agents), p: Number(values.p), ...common };
  const erlang = solveErlangOptimum(model, Number(values.phases));
  const { occupancy } = solveOptimum(model);
  console.log(`${model.agents} agents, p ${model.p}: Erlang-${values.phases} ${(100 * erlang).toFixed(2)} %, exponential ${(100 * occupancy).toFixed(2)} %`);
}
