/** One campaign inside the simulation, and what its policy may see of the world. */
import type { PacingObservation, PacingPolicy } from '../port.ts';
import { AgeList } from './age-list.ts';
import { emptyCount } from './metrics.ts';
import type { CampaignCount } from './metrics.ts';

class View implements PacingObservation {
  nowMs = 0;
  freeAgents = 0;
  waitingCalls = 0;
  channelsFree = Infinity;
  startsAllowed = Infinity;
  claimedByOthers = 0;
  share = 1;
  othersRiskPct = Infinity;
  private readonly talking: AgeList;
  private readonly wrapping: AgeList;
  private readonly ringing: AgeList;
  private readonly detecting: AgeList;

  constructor(talking: AgeList, wrapping: AgeList, ringing: AgeList, detecting: AgeList) {
    this.talking = talking;
    this.wrapping = wrapping;
    this.ringing = ringing;
    this.detecting = detecting;
  }

  get talkingMs(): ArrayLike<number> {
    return this.talking.agesAt(this.nowMs);
  }
  get wrapUpMs(): ArrayLike<number> {
    return this.wrapping.agesAt(this.nowMs);
  }
  get ringingMs(): ArrayLike<number> {
    return this.ringing.agesAt(this.nowMs);
  }
  get detectingMs(): ArrayLike<number> {
    return this.detecting.agesAt(this.nowMs);
  }
}

export interface CampaignState {
  readonly policy: PacingPolicy;
  readonly ringing: AgeList;
  readonly detecting: AgeList;
  readonly view: View;
  count: CampaignCount;
  waiting: number;
  expected: number;
  wishedRiskPct: number;
}

export function campaignState(policy: PacingPolicy, share: number, talking: AgeList, wrapping: AgeList): CampaignState {
  const ringing = new AgeList();
  const detecting = new AgeList();
  const view = new View(talking, wrapping, ringing, detecting);
  view.share = share;
  return { policy, ringing, detecting, view, count: emptyCount(), waiting: 0, expected: 0, wishedRiskPct: Infinity };
}

/** What the other campaigns are about to take of the agents, and the risk that they wish for. */
export function seeOthers(campaign: CampaignState, campaigns: readonly CampaignState[]): void {
  let claimed = 0;
  let riskPct = Infinity;
  for (const other of campaigns) {
    if (other === campaign) continue;
    claimed += other.expected;
    if (other.wishedRiskPct < riskPct) riskPct = other.wishedRiskPct;
  }
  campaign.view.othersRiskPct = riskPct;
  campaign.view.claimedByOthers = claimed;
}
