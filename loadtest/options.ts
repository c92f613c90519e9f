import { parseArgs } from 'node:util';
import { UserError } from '@ritmo/runtime';
import { defaultSeconds, shapeAbout, shapeNames, type ShapeName } from './shapes.ts';
import { defaultMaxCalls } from './target.ts';

export interface LoadOptions {
  readonly profile: string;
  readonly shape: ShapeName;
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  readonly channels: number;
  readonly agents: number | undefined;
  readonly inbound: boolean;
  readonly speaks: boolean;
  readonly limits: string | undefined;
  readonly json: boolean;
  readonly keep: boolean;
  readonly report: string | undefined;
  readonly compare: string | undefined;
  readonly target: string | undefined;
  readonly mayCall: string | undefined;
  readonly maxCalls: number;
  readonly numbers: string | undefined;
  readonly callerId: string;
  readonly username: string | undefined;
}

const shapesHelp = shapeNames.map((name) => `                     ${name.padEnd(9)} ${shapeAbout[name]}`).join('\n');

export const loadHelp = `ritmo load test: SIPp as the carrier, as callers, or against a trunk

usage: npm run loadtest -- --profile NAME|FILE [options]

  the far end calls nobody outside this machine unless both --target and --i-may-call say so.

what meets the calls
  --profile NAME|FILE   brazil-mobile, brazil-fixed, hostile, or a file
  --seed N              which call meets what (1)

how many
  --shape NAME          ${shapeNames.join(', ')} (constant)
${shapesHelp}
  --rate N              new calls a second at the highest (5)
  --seconds N           length, without the end of the last calls (60; soak 3600)
  --channels N          channel limit of the trunk, and of SIPp when it calls (by rate and profile)

who
  (default)             Ritmo is started on loopback and dials a list; SIPp is the carrier; simulated agents take the calls
  --inbound             SIPp calls a queue of Ritmo's; simulated agents take the calls
  --agents N            simulated agents (as many as rate and profile need, at most 600)
  --speaks              agents send sound; without it the load is signalling alone
  --target HOST:PORT    SIPp calls this trunk instead; Ritmo is not started
    --i-may-call HOST:PORT   the same, again: needed off loopback. You have the owner's consent
    --max-calls N       never more than this (${defaultMaxCalls})
    --numbers FILE|N,N  who is called: numbers that are yours to call
    --caller-id N       From (1130001000)
    --username NAME     for 401/407; the password comes from RITMO_LOADTEST_PASSWORD

what comes out
  --limits NAME|FILE    limits that judge the run (the profile's; with --target: trunk; for a soak: soak)
  --json                one JSON document last; people's lines go to standard error
  --report FILE         HTML with charts
  --compare FILE        JSON of an earlier run: what got better or worse
  --keep                leave SIPp's logs and the product's in place

Exit code 0: the limits hold. 1: they do not. 2: the run could not be made.
`;

/** Undefined: help was asked for. */
export function readLoadOptions(args: readonly string[]): LoadOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      profile: text, shape: { ...text, default: 'constant' }, rate: { ...text, default: '5' }, seconds: text, seed: { ...text, default: '1' }, channels: text, agents: text,
      inbound: flag, speaks: flag, limits: text, json: flag, keep: flag, report: text, compare: text, target: text, 'i-may-call': text, 'max-calls': text, numbers: text,
      'caller-id': { ...text, default: '1130001000' }, username: text, help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  const number = (name: 'rate' | 'seconds' | 'seed' | 'channels' | 'agents' | 'max-calls', given: string, min: number, max: number, whole = true): number => {
    const value = Number(given);
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value)) || value < min || value > max) throw new UserError(`--${name} ${given}: give a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
    return value;
  };
  const { profile, target, inbound, numbers } = values;
  if (profile === undefined) throw new UserError('which profile? --profile brazil-mobile, for one; --help says more');
  const shape = shapeNames.find((name) => name === values.shape);
  if (!shape) throw new UserError(`--shape ${values.shape}: give ${shapeNames.join(', ')}`);
  if (target !== undefined && inbound) throw new UserError('--target and --inbound are two different runs');
  if (target !== undefined && numbers === undefined) throw new UserError('--target calls real numbers: say which, with --numbers');
  if (target === undefined) {
    for (const name of ['i-may-call', 'numbers', 'username'] as const) if (values[name] !== undefined) throw new UserError(`--${name} goes with --target`);
  }
  // Both are written into SIPp's CSV and into headers.
  for (const name of ['caller-id', 'username'] as const) if (!/^[\w.+*#@-]{1,64}$/.test(values[name] ?? '1')) throw new UserError(`--${name} ${values[name] ?? ''}: digits, letters and . + * # @ _ -`);
  return {
    profile, shape, target, inbound, numbers,
    // Through the product the rate is a trunk's limit, which is whole.
    rate: number('rate', values.rate, target !== undefined || inbound ? 0.1 : 1, 5000, target === undefined && !inbound),
    seconds: values.seconds === undefined ? defaultSeconds(shape) : number('seconds', values.seconds, 5, 7 * 86_400),
    seed: number('seed', values.seed, 0, 2_147_483_647),
    channels: values.channels === undefined ? 0 : number('channels', values.channels, 1, 100_000),
    agents: values.agents === undefined ? undefined : number('agents', values.agents, 1, 600),
    speaks: values.speaks, limits: values.limits, json: values.json, keep: values.keep, report: values.report, compare: values.compare,
    mayCall: values['i-may-call'], username: values.username, callerId: values['caller-id'],
    maxCalls: values['max-calls'] === undefined ? defaultMaxCalls : number('max-calls', values['max-calls'], 1, 10_000_000),
  };
}
