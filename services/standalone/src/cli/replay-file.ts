/** Replays a recording file (the JSON of a Recording of packages/pacing) without an installation. */
import { readFile } from 'node:fs/promises';
import { comparison, recordedFigures, replay, type Recording } from '@ritmo/pacing';
import { UserError } from '@ritmo/runtime';

export async function replayFile(file: string, options: { readonly policy?: string | undefined; readonly agents?: string | undefined; readonly seeds?: string | undefined; readonly json: boolean }): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UserError(`${file} cannot be read`);
  });
  const recording = JSON.parse(text) as Recording;
  const seeds = Array.from({ length: Number(options.seeds ?? 5) }, (_, index) => index + 1);
  const agents = options.agents === undefined ? {} : { agents: Number(options.agents) };
  const results = (options.policy ?? 'ritmo').split(',').map((policy) => replay(recording, { policy, seeds, ...agents }));
  process.stdout.write(`${options.json ? JSON.stringify({ recorded: recordedFigures(recording), results }) : comparison(recording, results)}\n`);
  return 0;
}
