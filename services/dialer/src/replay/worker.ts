/** A thread of its own: a replay is minutes of arithmetic, and the dialer's loop must not wait for it. */
import { parentPort } from 'node:worker_threads';
import { comparison, recordedFigures, replay, type Recording, type ReplayFigures, type ReplayResult } from '@ritmo/pacing';

export interface ReplayOrder {
  readonly recording: Recording;
  readonly policies: readonly string[];
  readonly agents: number | null;
  readonly seeds: number;
}

export type ReplayNews =
  | { readonly percent: number }
  | { readonly recorded: ReplayFigures; readonly results: readonly ReplayResult[]; readonly text: string }
  | { readonly failed: string };

parentPort?.on('message', ({ recording, policies, agents, seeds }: ReplayOrder) => {
  const tell = (news: ReplayNews): void => parentPort?.postMessage(news);
  try {
    const all = Array.from({ length: seeds }, (_, index) => index + 1);
    const results = policies.map((policy, index) => {
      const result = replay(recording, { policy, seeds: all, ...(agents === null ? {} : { agents }) });
      tell({ percent: Math.round((100 * (index + 1)) / policies.length) });
      return result;
    });
    tell({ recorded: recordedFigures(recording), results, text: comparison(recording, results) });
  } catch (error) {
    tell({ failed: error instanceof Error ? error.message : String(error) });
  }
});
