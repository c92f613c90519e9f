/** What pacing sees of a campaign at this moment. One pass over its agents and its calls. */
import type { PacingObservation } from '@ritmo/pacing';
import type { CampaignId, QueueId, TrunkId } from '@ritmo/domain';
import type { DialerParts } from './parts.ts';

/** Attempts begun in one tick at the most, whatever pacing wishes. */
export const mostPerTick = 200;

/** Trunks of the campaign's routes. */
export function trunkIdsOf({ context: { directory } }: DialerParts, campaignId: CampaignId): ReadonlySet<TrunkId> {
  const routeIds = directory.get('campaign', campaignId)?.routeIds ?? [];
  const used = directory.all('route').filter((route) => route.active && (routeIds.length === 0 || routeIds.includes(route.id)));
  return new Set(used.flatMap((route) => route.trunks as TrunkId[]));
}

type Agents = Pick<PacingObservation, 'freeAgents' | 'talkingMs' | 'wrapUpMs'>;

function agentsOf({ agents }: DialerParts, queueId: QueueId, nowMs: number): Agents {
  let freeAgents = 0;
  const talkingMs: number[] = [];
  const wrapUpMs: number[] = [];
  for (const agent of agents.ofQueue(queueId)) {
    switch (agent.state) {
      case 'free':
        freeAgents += 1;
        break;
      case 'talking':
        talkingMs.push(Math.max(0, nowMs - agent.sinceAt));
        break;
      case 'ringing':
      case 'reserved':
        talkingMs.push(0);
        break;
      case 'wrap-up':
        wrapUpMs.push(Math.max(0, nowMs - agent.sinceAt));
        break;
      case 'paused':
      case 'logged-out':
        break;
    }
  }
  return { freeAgents, talkingMs, wrapUpMs };
}

type Trunks = Pick<PacingObservation, 'channelsFree' | 'startsAllowed'>;

/** A trunk at its limit of short calls has no room, one near it has less of its calls per second. */
function roomOf({ trunks, shortCalls }: DialerParts, trunkIds: ReadonlySet<TrunkId>): Trunks {
  let channelsFree = 0;
  let perSecond = 0;
  for (const trunkId of trunkIds) {
    const factor = shortCalls.verdict(trunkId)?.factor ?? 1;
    if (factor <= 0) continue;
    channelsFree += trunks.channelsFree([trunkId]);
    perSecond += factor * trunks.callsPerSecond([trunkId]);
  }
  return { channelsFree, startsAllowed: Math.min(mostPerTick, Math.ceil(perSecond)) };
}

export function observationOf(parts: DialerParts, campaignId: CampaignId, queueId: QueueId, nowMs: number): PacingObservation {
  const ringingMs: number[] = [];
  const detectingMs: number[] = [];
  let waitingCalls = 0;
  for (const call of parts.calls.ofCampaign(campaignId)) {
    if (call.stage === 'dialing') ringingMs.push(Math.max(0, nowMs - call.startedAt));
    else if (call.detection === 'running') detectingMs.push(Math.max(0, nowMs - (call.answeredAt ?? nowMs)));
    else if (call.stage === 'waiting' && call.detection !== 'machine') waitingCalls += 1;
  }
  return { nowMs, ...agentsOf(parts, queueId, nowMs), ringingMs, waitingCalls, ...roomOf(parts, trunkIdsOf(parts, campaignId)), ...(detectingMs.length === 0 ? {} : { detectingMs }) };
}
