/** `ritmo pacing` and `ritmo replay`: why a campaign was paced as it was, and what would have been otherwise. */
import type { ReplayStatus, Requests } from '@ritmo/bus';
import { UserError } from '@ritmo/runtime';
import type { AdminClient } from './client.ts';
import { idOf, wholeNumberOf, type Answer, type RemoteOptions } from './command.ts';
import { clock, table } from './table.ts';

type Pacing = Requests['dialer.pacing']['reply'];

const pollMs = 500;

export async function pacing(client: AdminClient, args: readonly string[]): Promise<Answer> {
  const id = idOf(args[0], 'campaign');
  const answer = await client.get<Pacing>(`/v1/campaigns/${id}/pacing`);
  const { lastDecision: decision, decisions } = answer;
  if (decision === null) return { data: answer, text: `campaign ${id} has made no pacing decision yet` };
  const inputs = table(Object.entries(decision.inputs), [
    { title: 'input', of: ([name]) => name },
    { title: 'value', of: ([, value]) => Number(value.toFixed(4)), right: true },
  ]);
  const figure = (name: string) => (sample: Pacing['decisions'][number]) => (sample.inputs[name] === undefined ? null : Number(sample.inputs[name].toFixed(2)));
  const samples = table(decisions, [
    { title: 'sampled at', of: ({ at }) => clock(at) },
    { title: 'start', of: ({ start }) => start, right: true },
    { title: 'free', of: figure('freeAgents'), right: true },
    { title: 'in flight', of: figure('inFlight'), right: true },
    { title: 'abandoned %', of: figure('abandonRatePct'), right: true },
    { title: 'risk %', of: figure('riskPct'), right: true },
    { title: 'reason', of: ({ reason }) => reason },
  ]);
  return { data: answer, text: `start ${decision.start} calls: ${decision.reason}\n\n${inputs}\n\n${samples}` };
}

export async function replay(client: AdminClient, args: readonly string[], options: RemoteOptions): Promise<Answer> {
  const id = idOf(args[0] ?? options.campaign, 'campaign');
  const agents = wholeNumberOf(options.agents, 'agents');
  const seeds = wholeNumberOf(options.seeds, 'seeds');
  const order = { policy: options.policy ?? 'ritmo', ...(agents === undefined ? {} : { agents }), ...(seeds === undefined ? {} : { seeds }) };
  const { replayId } = await client.post<{ replayId: string }>(`/v1/campaigns/${id}/replay`, order);
  for (let said = ''; ; ) {
    const status = await client.get<ReplayStatus>(`/v1/replays/${encodeURIComponent(replayId)}`);
    if (status.state === 'done') return { data: { recorded: status.recorded, results: status.results }, text: status.text };
    if (status.state === 'failed') throw new UserError(status.reason ?? 'the replay failed');
    const news = `${status.state === 'reading' ? 'reading the events' : 'running'}: ${status.percent} %`;
    if (news !== said) process.stderr.write(`${news}\n`);
    said = news;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
