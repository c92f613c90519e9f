import type { Expected } from './expected.ts';

/** One thing that must hold at the end of a run. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What a run came to: the object that `--json` prints. */
export interface RunResult {
  readonly ok: boolean;
  readonly invitesSeen: number;
  readonly attemptsStored: number;
  readonly resultRows: number;
  /** Most calls at once that the carrier saw on the trunk. */
  readonly maxChannels: number;
  readonly channelLimit: number;
  /** Most INVITEs that the carrier saw in any second. */
  readonly maxCps: number;
  readonly cpsLimit: number;
  readonly answered: number;
  readonly delivered: number;
  readonly abandoned: number;
  /** Per cent of the calls that people answered. */
  readonly abandonRate: number;
  /** Per cent, mean over the time of dialing. */
  readonly occupancy: number;
  /** What the simulator says of the same scenario, over many seeds. */
  readonly expected: Expected;
  readonly tna: number;
  readonly recordings: number;
  readonly byDisposition: Readonly<Record<string, number>>;
  /** Path of the HTML file. */
  readonly report: string;
  readonly checks: readonly Check[];
  readonly agents: number;
  readonly contacts: number;
  readonly seconds: number;
  readonly seed: number;
}
