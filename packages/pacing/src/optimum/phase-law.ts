/** Laws of handling times as rows of phases (Erlang, hypoexponential, Coxian). */

/** A row of phases, entered at the first: rates per second of moving on to the next phase, and of ending. */
export interface PhaseLaw {
  readonly onPerS: readonly number[];
  readonly endPerS: readonly number[];
}

/** Phases one after the other, each with its mean. In which order they stand changes nothing in the law, but what a look at the phase tells. */
export function inARow(meansS: readonly number[]): PhaseLaw {
  const last = meansS.length - 1;
  return { onPerS: meansS.map((mean, phase) => (phase < last ? 1 / mean : 0)), endPerS: meansS.map((mean, phase) => (phase < last ? 0 : 1 / mean)) };
}

/** k equal phases: cv = 1/√k. */
export function erlang(phases: number, meanS: number): PhaseLaw {
  return inARow(Array.from({ length: phases }, () => meanS / phases));
}

/** Mean of the law: each phase is stayed in for 1/(on + end) and moved on from with on/(on + end). */
export function meanS({ onPerS, endPerS }: PhaseLaw): number {
  let reached = 1;
  let mean = 0;
  endPerS.forEach((end, phase) => {
    const all = end + (onPerS[phase] as number);
    mean += reached / all;
    reached *= (onPerS[phase] as number) / all;
  });
  return mean;
}

/** P(handling time > t) at t = 0, step, 2·step …, by small steps of the phases' equations. */
export function survival({ onPerS, endPerS }: PhaseLaw, stepS: number, steps: number): number[] {
  const inner = 40;
  const dt = stepS / inner;
  let share: number[] = endPerS.map((_, phase) => (phase === 0 ? 1 : 0));
  const result: number[] = [];
  const slope = (at: readonly number[]): number[] =>
    at.map((value, phase) => (phase === 0 ? 0 : (at[phase - 1] as number) * (onPerS[phase - 1] as number)) - value * ((onPerS[phase] as number) + (endPerS[phase] as number)));
  for (let step = 0; step <= steps; step += 1) {
    result.push(share.reduce((sum, value) => sum + value, 0));
    for (let small = 0; small < inner; small += 1) {
      const first = slope(share);
      const middle = slope(share.map((value, phase) => value + (dt / 2) * (first[phase] as number)));
      share = share.map((value, phase) => value + dt * (middle[phase] as number));
    }
  }
  return result;
}
