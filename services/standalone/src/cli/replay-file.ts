/** Replays a recording file (the JSON of a Recording of packages/pacing) without an installation. */
import { readFile } from 'node:fs/promises';
import { comparison, FieldError, parseRecording, recordedFigures, replay, ReplayError, UnknownPolicyError, type Recording, type ReplayResult } from '@ritmo/pacing';
import { UserError } from '@ritmo/runtime';
import { wholeNumberOf } from './command.ts';

const defaultSeeds = 5;

export async function replayFile(file: string, options: { readonly policy?: string | undefined; readonly agents?: string | undefined; readonly seeds?: string | undefined; readonly json: boolean }): Promise<number> {
  const agents = wholeNumberOf(options.agents, 'agents');
  const seeds = Array.from({ length: wholeNumberOf(options.seeds, 'seeds') ?? defaultSeeds }, (_, index) => index + 1);
  const recording = await read(file);
  const results = (options.policy ?? 'ritmo').split(',').map((policy) => run(recording, { policy: policy.trim(), seeds, ...(agents === undefined ? {} : { agents }) }));
  process.stdout.write(`${options.json ? JSON.stringify({ recorded: recordedFigures(recording), results }) : comparison(recording, results)}\n`);
  return 0;
}

async function read(file: string): Promise<Recording> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UserError(`${file} cannot be read`);
  });
  try {
    return parseRecording(JSON.parse(text));
  } catch (error) {
    if (error instanceof FieldError) throw new UserError(`${file}: ${error.message}`);
    if (error instanceof SyntaxError) throw new UserError(`${file} is not JSON: ${error.message}`);
    throw error;
  }
}

function run(...order: Parameters<typeof replay>): ReplayResult {
  try {
    return replay(...order);
  } catch (error) {
    if (error instanceof UnknownPolicyError || error instanceof ReplayError) throw new UserError(error.message);
    throw error;
  }
}
