/** Solves the optima that shipped scenarios need and prints optimum/known.ts; run it again when a model changes. */
import { solveOptimum } from '../src/optimum/mdp.ts';

const models = [5, 10, 20, 50, 100, 200].flatMap((agents) =>
  [0.1, 0.3, 0.5].map((p) => ({ agents, handleS: 120, ringS: 15, p, cap: 0.03 })),
);
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
