/** Replays a recording file (the JSON of src/replay.ts) through policies and prints the comparison. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { comparison, recordedFigures, replay } from '../src/index.ts';
import type { Recording } from '../src/index.ts';

const HELP = `Replays a recorded campaign with another policy or another number of agents.

  --recording FILE  JSON of a recorded campaign
  --policy NAMES    ritmo unless given; several with commas
  --agents N        another number of agents
  --seeds N         number of resamplings, 5 unless given
  --json            print JSON`;

const { values } = parseArgs({
  options: {
    recording: { type: 'string' },
    policy: { type: 'string', default: 'ritmo' },
    agents: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

try {
  if (values.help || values.recording === undefined) {
    console.log(HELP);
    process.exitCode = values.help ? 0 : 2;
  } else {
    const recording = JSON.parse(readFileSync(values.recording, 'utf8')) as Recording;
    const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
    const agents = values.agents === undefined ? {} : { agents: Number(values.agents) };
    const results = values.policy.split(',').map((policy) => replay(recording, { policy, seeds, ...agents }));
    console.log(values.json ? JSON.stringify({ recorded: recordedFigures(recording), results }) : comparison(recording, results));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
