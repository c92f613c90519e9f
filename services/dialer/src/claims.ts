/** What campaigns of other processes take of the agents, as their dialers last told. Campaigns of this process tell it themselves. */
import type { BusSubscription, CampaignClaim } from '@ritmo/bus';
import type { CampaignId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';

export interface Claims {
  start(): void;
  stop(): void;
  /** Tells the other processes, when it is news or a second old. Right after a decision and before its calls, so that nobody else takes the same agents. */
  tell(claim: CampaignClaim): void;
  /** Claims of campaigns that this process does not run. */
  ofOthers(isMine: (campaignId: CampaignId) => boolean): readonly CampaignClaim[];
}

const repeatMs = 1_000;
/** Who is silent for longer has died, or lost the campaign. */
const silentMs = 3_500;

export function createClaims({ bus }: ServiceContext): Claims {
  const heard = new Map<CampaignId, { readonly claim: CampaignClaim; readonly at: number }>();
  const told = new Map<CampaignId, { readonly text: string; readonly at: number }>();
  let subscription: BusSubscription | undefined;
  return {
    start() {
      subscription = bus.subscribe('signal.campaign-claim', (claim) => void heard.set(claim.campaignId, { claim, at: performance.now() }));
    },
    stop() {
      subscription?.stop();
    },
    tell(claim) {
      const text = JSON.stringify(claim);
      const last = told.get(claim.campaignId);
      const at = performance.now();
      if (last && last.text === text && at - last.at < repeatMs) return;
      told.set(claim.campaignId, { text, at });
      bus.publish('signal.campaign-claim', claim);
    },
    ofOthers(isMine) {
      const since = performance.now() - silentMs;
      const others: CampaignClaim[] = [];
      for (const { claim, at } of heard.values()) if (claim.dialing && at >= since && !isMine(claim.campaignId)) others.push(claim);
      return others;
    },
  };
}
