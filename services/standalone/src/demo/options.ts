import { parseArgs } from 'node:util';
import { UserError } from '@ritmo/runtime';

export interface DemoOptions {
  readonly json: boolean;
  readonly keep: boolean;
  readonly seconds: number;
  readonly agents: number;
  readonly contacts: number;
  readonly seed: number;
}

export const demoHelp = `ritmo demo: the whole system on loopback, with a simulated carrier and simulated agents that speak SIP and RTP

usage: npm run demo -- [options]

  --seconds N    length of the run (90, at least 30)
  --agents N     agents (20, at most 200)
  --contacts N   contacts of the list (500)
  --seed N       who answers, who is busy, who hangs up first (1)
  --keep         leave the data folder with recordings and logs in place
  --json         print one JSON object last
  --help         this text

Exit code 0: the reconciliation holds. 1: it does not. 2: the run could not be made.
`;

/** Undefined: help was asked for. */
export function readDemoOptions(args: readonly string[]): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      seconds: { type: 'string', default: '90' },
      agents: { type: 'string', default: '20' },
      contacts: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
    },
  });
  if (values.help) return undefined;
  const number = (name: 'seconds' | 'agents' | 'contacts' | 'seed', min: number, max: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < min || value > max) throw new UserError(`--${name} ${values[name]}: give a whole number from ${min} to ${max}`);
    return value;
  };
  return {
    json: values.json,
    keep: values.keep,
    seconds: number('seconds', 30, 86_400),
    agents: number('agents', 1, 200),
    contacts: number('contacts', 1, 100_000),
    seed: number('seed', 0, 2_147_483_647),
  };
}
