/** T1 of RFC 3261, to which the pauses are given. */
const USUAL_T1_MS = 500;
const STEP_MS = 10;

/**
 * How long an offer that met another waits before it is made again (RFC 3261 14.1): 2.1 to 4 s for the side that chose the Call-ID, 0 to 2 s for
 * the other, in steps of 10 ms. Scaled with T1 like all timers. `random` is of [0, 1).
 */
export function glarePauseMs(choseCallId: boolean, t1Ms: number, random: number): number {
  const [least, most] = choseCallId ? [2_100, 4_000] : [0, 2_000];
  const steps = Math.floor(random * ((most - least) / STEP_MS + 1));
  return (least + steps * STEP_MS) * (t1Ms / USUAL_T1_MS);
}

/**
 * The pause that a 500 asks for when an offer met one that was not answered yet (14.2, RFC 3311 5.2): whole seconds, at most 10. Undefined when it
 * asks for none, or for more than those who mean glare do.
 */
export function tooEarlyPauseMs(retryAfter: string | undefined): number | undefined {
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  return seconds >= 0 && seconds <= 10 ? seconds * 1_000 : undefined;
}
