import { UserError } from '@ritmo/runtime';
import type { Meter } from './meter.ts';
import type { LoadOptions } from './options.ts';
import type { Profile } from './profile.ts';
import type { Usage } from './product.ts';
import type { ProductFigures } from './run-metrics.ts';
import type { Sipp } from './sipp.ts';

/** What a run is made of, whoever calls whom. */
export interface LoadRun {
  readonly sipp: Sipp;
  /** What the far end is asked for at a rate; the product's limit is whole. */
  quantise(rate: number): number;
  /** The rate of the second that begins. */
  setRate(rate: number, meter: Meter): Promise<void>;
  /** No new calls; those that are up may end. */
  endDialing(): Promise<void>;
  /** Nothing is left that will end by itself. */
  isOver(meter: Meter): Promise<boolean>;
  figures(meter: Meter): Promise<ProductFigures>;
  /** Of the product's process, each second. */
  usage?(): Promise<Usage | null>;
  readonly agents: number;
  readonly target: string | null;
  /** Hard cap on calls, for what was asked. */
  readonly maxCalls: number;
}

export interface RunParts {
  readonly options: LoadOptions;
  readonly profile: Profile;
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly lost: AbortController;
  readonly closing: (() => Promise<unknown>)[];
  readonly agents: number;
  readonly channels: number;
  /** Mean. */
  readonly talkMs: number;
}

/** Everything that a run cannot live without says so here. */
export function loseWith(lost: AbortController, message: string): void {
  lost.abort(new UserError(message));
}
