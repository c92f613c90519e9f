import type { Answer, RunResult } from '../src/index.ts';

/** One policy on one scenario. */
export interface Entry {
  readonly answer: Answer;
  readonly capPct: number;
  readonly runs: readonly RunResult[];
}

/** One thing that is judged, and how it went. */
export interface Check {
  readonly scenario: string;
  readonly text: string;
  readonly holds: boolean;
}
