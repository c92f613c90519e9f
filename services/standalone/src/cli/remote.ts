import type { AgentState, CampaignStatus, LiveCall, TrunkStatus, WhyAnswer } from '@ritmo/bus';
import { UserError } from '@ritmo/runtime';
import { connect, type AdminClient } from './client.ts';
import { idOf, type Answer, type RemoteOptions } from './command.ts';
import { importFile, imports } from './imports.ts';
import { pacing, replay } from './pacing.ts';
import { clock, seconds, table } from './table.ts';

type Command = (client: AdminClient, args: readonly string[], options: RemoteOptions) => Promise<Answer>;

export async function runRemote(name: string, args: readonly string[], options: RemoteOptions, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UserError(`there is no command ${name}: ritmo --help lists them`);
  const answer = await command(await connect(options, env), args, options);
  process.stdout.write(`${options.json ? JSON.stringify(answer.data, null, 2) : answer.text}\n`);
  return answer.exitCode ?? 0;
}

const commands: Readonly<Record<string, Command>> = {
  import: importFile,
  imports,
  campaign,
  agents,
  calls,
  trunks,
  why,
  pacing,
  replay,
};

async function campaign(client: AdminClient, args: readonly string[]): Promise<Answer> {
  const [action = 'list', id] = args;
  switch (action) {
    case 'list': {
      const { campaigns } = await client.get<{ campaigns: readonly CampaignStatus[] }>('/v1/status');
      return { data: campaigns, text: campaignTable(campaigns) };
    }
    case 'show': {
      const found = await client.get<CampaignStatus>(`/v1/campaigns/${idOf(id, 'campaign')}/status`);
      return { data: found, text: [campaignTable([found]), '', outcomesOf(found)].join('\n') };
    }
    case 'activate':
    case 'deactivate': {
      const result = await client.post<{ active: boolean }>(`/v1/campaigns/${idOf(id, 'campaign')}/${action}`);
      return { data: result, text: `campaign ${id} is ${result.active ? 'active' : 'inactive'}` };
    }
    default:
      throw new UserError(`campaign ${action}? Give list, show, activate or deactivate`);
  }
}

function campaignTable(campaigns: readonly CampaignStatus[]): string {
  return table(campaigns, [
    { title: 'id', of: (row) => row.campaignId, right: true },
    { title: 'name', of: (row) => row.name },
    { title: 'mode', of: (row) => row.mode },
    { title: 'active', of: (row) => (row.active ? 'yes' : 'no') },
    { title: 'dialing', of: (row) => row.dialing, right: true },
    { title: 'attempts', of: (row) => row.attempts, right: true },
    { title: 'answered', of: (row) => row.answered, right: true },
    { title: 'delivered', of: (row) => row.delivered, right: true },
    { title: 'abandoned', of: (row) => `${row.abandoned} (${row.abandonRatePct.toFixed(1)} %)`, right: true },
    { title: 'due', of: (row) => row.remainingDue, right: true },
  ]);
}

function outcomesOf(status: CampaignStatus): string {
  return table(Object.entries(status.outcomes), [
    { title: 'outcome', of: ([outcome]) => outcome },
    { title: 'attempts', of: ([, count]) => count, right: true },
  ]);
}

async function agents(client: AdminClient): Promise<Answer> {
  const { agents: rows } = await client.get<{ agents: readonly AgentState[] }>('/v1/live/agents');
  const now = Date.now();
  const text = table(rows, [
    { title: 'id', of: (row) => row.agentId, right: true },
    { title: 'name', of: (row) => row.name },
    { title: 'extension', of: (row) => row.extension },
    { title: 'state', of: (row) => row.state },
    { title: 'for', of: (row) => seconds(now - row.sinceAt), right: true },
    { title: 'registered', of: (row) => (row.registered ? 'yes' : 'no') },
    { title: 'call', of: (row) => row.callId },
  ]);
  return { data: rows, text };
}

async function calls(client: AdminClient): Promise<Answer> {
  const { calls: rows } = await client.get<{ calls: readonly LiveCall[] }>('/v1/live/calls');
  const now = Date.now();
  const text = table(rows, [
    { title: 'call', of: (row) => row.callId },
    { title: 'direction', of: (row) => row.direction },
    { title: 'state', of: (row) => row.state },
    { title: 'from', of: (row) => row.from },
    { title: 'to', of: (row) => row.to },
    { title: 'trunk', of: (row) => row.trunkId, right: true },
    { title: 'campaign', of: (row) => row.campaignId, right: true },
    { title: 'extension', of: (row) => row.extension },
    { title: 'for', of: (row) => seconds(now - row.startedAt), right: true },
  ]);
  return { data: rows, text };
}

async function trunks(client: AdminClient): Promise<Answer> {
  const { trunks: rows } = await client.get<{ trunks: readonly TrunkStatus[] }>('/v1/live/trunks');
  const text = table(rows, [
    { title: 'id', of: (row) => row.trunkId, right: true },
    { title: 'name', of: (row) => row.name },
    { title: 'up', of: (row) => (row.up ? 'yes' : 'NO') },
    { title: 'registered', of: (row) => (row.registered === null ? '–' : row.registered ? 'yes' : 'NO') },
    { title: 'channels', of: (row) => `${row.channelsUsed}/${row.channelLimit}`, right: true },
    { title: 'calls/s', of: (row) => row.callsPerSecondLimit, right: true },
    { title: 'detail', of: (row) => row.detail },
  ]);
  return { data: rows, text };
}

async function why(client: AdminClient, args: readonly string[], options: RemoteOptions): Promise<Answer> {
  const [phone] = args;
  if (phone === undefined) throw new UserError('which phone? ritmo why PHONE');
  const query = new URLSearchParams({ phone, ...(options.campaign === undefined ? {} : { campaign: options.campaign }) });
  const answer = await client.get<{ phone: string; found: readonly WhyAnswer[] }>(`/v1/why?${query.toString()}`);
  if (answer.found.length === 0) return { data: answer, text: `${answer.phone} is in no campaign`, exitCode: 3 };
  const text = answer.found.map((found) =>
    [
      `${answer.phone} in campaign ${found.campaignId} ${found.campaignName}, contact ${found.contactId}, phone ${found.phoneId}: ${found.state}`,
      `  ${found.explanation} (rule: ${found.rule})`,
      `  next: ${clock(found.nextAt)}`,
      ...found.history.map(({ at, what }) => `  ${clock(at)}  ${what}`),
    ].join('\n'),
  );
  return { data: answer, text: text.join('\n\n') };
}
