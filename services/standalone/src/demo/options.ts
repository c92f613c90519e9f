import { parseArgs } from 'node:util';
import { UserError } from '@ritmo/runtime';

export interface DemoOptions {
  readonly json: boolean;
  readonly keep: boolean;
  readonly seconds: number;
  readonly agents: number;
  readonly contacts: number;
  readonly seed: number;
  readonly drachtio: { readonly host: string; readonly port: number; readonly secret: string } | undefined;
}

export const demoHelp = `ritmo demo: the whole system on loopback, with a simulated carrier and simulated agents that speak SIP and RTP

usage: npm run demo -- [options]

  --seconds N    length of the run (90, at least 30)
  --agents N     agents (20, at most 200)
  --contacts N   contacts of the list (500)
  --seed N       who answers, who is busy, who hangs up first (1)
  --drachtio A   SIP on the drachtio-server whose admin port is at A, host:port; its secret in DRACHTIO_SECRET
  --keep         leave the data folder with recordings and logs in place
  --json         print one JSON object last
  --help         this text

Exit code 0: the reconciliation holds. 1: it does not. 2: the run could not be made.
`;

/** Undefined: help was asked for. */
export function readDemoOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): DemoOptions | undefined {
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
      drachtio: { type: 'string' },
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
    drachtio: values.drachtio === undefined ? undefined : readDrachtio(values.drachtio, env['DRACHTIO_SECRET']),
  };
}

function readDrachtio(address: string, secret: string | undefined): NonNullable<DemoOptions['drachtio']> {
  const [, host, port] = /^([^\s:]+):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || port === undefined) throw new UserError(`--drachtio ${address}: give host:port of its admin port`);
  if (secret === undefined) throw new UserError('--drachtio: its secret is missing; set DRACHTIO_SECRET');
  return { host, port: Number(port), secret };
}
