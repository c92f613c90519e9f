import type { AgentState, Bus, CampaignStatus, LiveCall, TrunkStatus } from '@ritmo/bus';
import type { CampaignId } from '@ritmo/domain';
import type { Tally } from './tally.ts';

export const agentStates = ['talking', 'ringing', 'wrap-up', 'reserved', 'free', 'paused', 'logged-out'] as const satisfies readonly AgentState['state'][];
export type AgentStateName = (typeof agentStates)[number];

/** What a supervisor sees at one moment. */
export interface Sample {
  /** Since the run began. */
  readonly atMs: number;
  readonly agents: Readonly<Record<AgentStateName, number>>;
  readonly callsByState: Readonly<Partial<Record<LiveCall['state'], number>>>;
  readonly callsInFlight: number;
  readonly channelsUsed: number;
  readonly channelLimit: number;
  readonly attempts: number;
  readonly answered: number;
  readonly delivered: number;
  readonly abandoned: number;
  readonly abandonRatePct: number;
  /** Share of the logged-in agents who are on a call, being rung, or wrapping up. Null while nobody is logged in. */
  readonly occupancyPct: number | null;
  readonly byDisposition: Readonly<Record<number, number>>;
  readonly pacing: string;
}

/** A queue whose facts come in late shows the last figures instead of holding up the screen. */
const patienceMs = 2_000;

export async function takeSample(bus: Bus, campaignId: CampaignId, tally: Tally, atMs: number): Promise<Sample> {
  const options = { timeoutMs: patienceMs };
  const [{ agents }, { calls }, { trunks }, { campaigns }] = await Promise.all([
    bus.request('acd.agents', {}, options),
    bus.request('telephony.calls', {}, options),
    bus.request('telephony.trunks', {}, options),
    bus.request('dialer.status', { campaignId }, options),
  ]);
  return summarise(atMs, agents, calls, trunks, campaigns[0], tally);
}

function summarise(
  atMs: number,
  agents: readonly AgentState[],
  calls: readonly LiveCall[],
  trunks: readonly TrunkStatus[],
  campaign: CampaignStatus | undefined,
  tally: Tally,
): Sample {
  const byState = Object.fromEntries(agentStates.map((state) => [state, 0])) as Record<AgentStateName, number>;
  for (const { state } of agents) byState[state] += 1;
  const callsByState: Partial<Record<LiveCall['state'], number>> = {};
  for (const { state } of calls) callsByState[state] = (callsByState[state] ?? 0) + 1;
  const live = tally.delivered + tally.abandoned;
  const busy = byState.talking + byState.ringing + byState['wrap-up'] + byState.reserved;
  const workable = busy + byState.free;
  const sum = (of: (trunk: TrunkStatus) => number): number => trunks.reduce((total, trunk) => total + of(trunk), 0);
  return {
    atMs,
    agents: byState,
    callsByState,
    callsInFlight: calls.length,
    channelsUsed: sum((trunk) => trunk.channelsUsed),
    channelLimit: sum((trunk) => trunk.channelLimit),
    attempts: tally.attempts,
    answered: tally.answered,
    delivered: tally.delivered,
    abandoned: tally.abandoned,
    abandonRatePct: live === 0 ? 0 : (100 * tally.abandoned) / live,
    occupancyPct: workable === 0 ? null : (100 * busy) / workable,
    byDisposition: campaign?.byDisposition ?? {},
    pacing: campaign?.lastDecision?.reason ?? '',
  };
}

/** Mean over the samples between two moments. */
export function meanOccupancyPct(samples: readonly Sample[], fromMs: number, toMs: number): number | null {
  const values = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).flatMap(({ occupancyPct }) => (occupancyPct === null ? [] : [occupancyPct]));
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
}
