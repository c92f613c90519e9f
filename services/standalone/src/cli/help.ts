import { variables } from '../variables.ts';

const commands: readonly (readonly [string, string])[] = [
  ['start', 'run everything in this process (npm start)'],
  ['service NAME…', 'run one or some services as a process of a cluster'],
  ['check-config FILE', 'prove a configuration file; problems come with line and column'],
  ['import CAMPAIGN FILE [--again]', 'import a mailing file into a campaign; the same file counts once unless --again'],
  ['imports', 'imports of mailing files with progress and rate'],
  ['campaign list', 'campaigns with their figures'],
  ['campaign show|activate|deactivate ID', 'one campaign'],
  ['agents', 'agents by state'],
  ['calls', 'calls in progress'],
  ['trunks', 'trunks with channels used of their limit'],
  ['trunk-check --trunk NAME [--config FILE] [--number N]', 'what is wrong with a trunk, in plain words, with the SIP ladder; --number makes one call; exit 0 nothing fails, 1 it does, 2 not looked at'],
  ['why PHONE [--campaign ID]', 'why a phone was or was not dialed, the rule that decided, and when it will be'],
  ['pacing CAMPAIGN', 'the last pacing decision with its inputs, and the samples before it'],
  ['replay CAMPAIGN [--policy NAMES] [--agents N]', 'what would have happened with another policy or other agents (--seeds N, --recording FILE)'],
  ['rebuild-views', 'build the views anew from the events and compare'],
];

/** Of commands that have more to say than a line; others show the whole. */
export const commandHelp: ReadonlyMap<string, string> = new Map([
  ['replay', `ritmo replay: what would have happened in a recorded campaign with another policy or another number of agents

usage: ritmo replay CAMPAIGN [options]      (or npm run replay -- --campaign CAMPAIGN [options])

  --campaign ID      the campaign, when it is not given by itself
  --policy A,B       policies to run the recording through (ritmo); npm run simulate -- --list names them
  --agents N         so many agents instead of the recorded ones
  --seeds N          how often its attempts and talks are drawn anew (5)
  --recording FILE   a recording as JSON, without a running installation: npm run simulate -- --recording FILE writes one
  --json             print one JSON document for machines
  --url, --key       of the running installation; by default those of its data folder
  --help             this text

Ring times, answers and talk times are those recorded around the same moment of the campaign, drawn again; progress goes to standard error.
`],
  ['trunk-check', `ritmo trunk-check: what is wrong with a trunk, in plain words, with the SIP ladder

usage: ritmo trunk-check --trunk NAME|ID [options]      (or npm run trunk:check -- --trunk NAME)

  --trunk NAME|ID    which one
  --config FILE      as this file has it; without it as the running installation has it, or RITMO_CONFIG where none runs
  --number N         makes one call to this number, dialed as the product dials; nobody is called without it
  --json             print one JSON document for machines
  --url, --key       of the running installation; by default those of its data folder
  --help             this text

The admin API tells no passwords: RITMO_TRUNK_PASSWORD gives one, or the same account in RITMO_CONFIG does.
What is looked at, each on top of the one before: name, transport (certificate), OPTIONS, registration, authentication, codec, call, sound.

Exit code 0: nothing fails. 1: something does. 2: nothing could be looked at.
`],
]);

export function helpText(): string {
  const width = Math.max(...commands.map(([name]) => name.length), ...Object.keys(variables).map((name) => name.length));
  const lines = (rows: Iterable<readonly [string, string]>): string => [...rows].map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
  return `ritmo: a predictive dialer

usage: ritmo COMMAND [--json] [--url http://host:port] [--key KEY]

${lines(commands)}

Commands on a running installation find its admin key in the data folder, or take --key or RITMO_ADMIN_KEY.
--json prints one JSON document for machines.

environment (goes over the configuration file):

${lines(Object.entries(variables))}
`;
}
