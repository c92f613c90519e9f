import type { Bus, BusSubscription } from '@ritmo/bus';
import type { CampaignId } from '@ritmo/domain';

/** Running totals of a campaign, counted from the facts as they are published. */
export interface Tally {
  readonly attempts: number;
  readonly answered: number;
  readonly delivered: number;
  readonly abandoned: number;
  stop(): void;
}

export function startTally(bus: Bus, campaignId: CampaignId): Tally {
  const counts = { attempts: 0, answered: 0, delivered: 0, abandoned: 0 };
  const count =
    (key: keyof typeof counts) =>
    ({ data }: { readonly data: { readonly campaignId: CampaignId | null } }): void => {
      if (data.campaignId === campaignId) counts[key] += 1;
    };
  const subscriptions: readonly BusSubscription[] = [
    bus.subscribe('fact.AttemptStarted', count('attempts')),
    bus.subscribe('fact.AttemptWithdrawn', ({ data }) => void (data.campaignId === campaignId && (counts.attempts -= 1))),
    bus.subscribe('fact.CallAnswered', count('answered')),
    bus.subscribe('fact.CallDelivered', count('delivered')),
    bus.subscribe('fact.CallAbandoned', count('abandoned')),
  ];
  return {
    get attempts() {
      return counts.attempts;
    },
    get answered() {
      return counts.answered;
    },
    get delivered() {
      return counts.delivered;
    },
    get abandoned() {
      return counts.abandoned;
    },
    stop() {
      for (const subscription of subscriptions) subscription.stop();
    },
  };
}
