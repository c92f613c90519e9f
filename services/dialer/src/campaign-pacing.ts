/** A campaign's policy: begun from what the campaign has shown, and begun again, without forgetting, when its configuration changes. */
import { createPolicy, type AbandonRule, type PacingConfig, type PacingDecision, type PacingFact, type PacingObservation, type PacingPolicy } from '@ritmo/pacing';
import { startOfDayMs, type Campaign, type CampaignId, type QueueId } from '@ritmo/domain';
import { readLearnt } from './learning.ts';
import type { DialerParts } from './parts.ts';
import { dayZoneOf } from './rules.ts';
import { readTallies } from './tallies.ts';

export interface CampaignPacing {
  observe(fact: PacingFact): void;
  decide(observation: PacingObservation): PacingDecision | null;
  /** Reads what was learnt and begins a policy with it, if the configuration has changed. The old one goes on meanwhile. */
  renew(): Promise<void>;
}

const abandonRuleOf = (campaign: Campaign): AbandonRule => ({
  capPct: campaign.abandonCapPct,
  graceMs: campaign.graceMs,
  window: campaign.abandonWindow ?? 'campaign',
  denominator: campaign.abandonDenominator ?? 'live',
  machineShare: (campaign.machineSharePct ?? 0) / 100,
  clock: campaign.graceClock ?? 'answer',
});

export function createCampaignPacing(parts: DialerParts, campaignId: CampaignId): CampaignPacing {
  const { context, agents } = parts;
  let policy: PacingPolicy | null = null;
  let configured = '';
  /** Facts heard while what was learnt is being read. */
  let meanwhile: PacingFact[] | null = null;
  let renewing: Promise<void> = Promise.resolve();

  const begin = async (config: PacingConfig, queueId: QueueId): Promise<void> => {
    const heard: PacingFact[] = [];
    meanwhile = heard;
    try {
      const { facts, history } = await readLearnt(context.database, {
        campaignId,
        tally: (await readTallies(context.database)).get(campaignId),
        window: config.abandon?.window ?? 'campaign',
        graceClock: config.abandon?.clock ?? 'answer',
        dayZone: dayZoneOf(context),
        nowMs: context.clock.nowMs(),
        agentIds: agents.ofQueue(queueId).map(({ agentId }) => agentId),
      });
      const startOfDay = (atMs: number): number => startOfDayMs(dayZoneOf(context), atMs);
      const begun = createPolicy({ ...config, abandon: { ...config.abandon, startOfDay }, ...(history ? { history } : {}) });
      for (const fact of [...facts, ...heard]) begun.observe(fact);
      policy = begun;
    } finally {
      meanwhile = null;
    }
  };
  const renew = async (): Promise<void> => {
    const campaign = context.directory.get('campaign', campaignId);
    if (!campaign) return;
    const config: PacingConfig = { mode: campaign.mode, ratio: campaign.ratio, abandon: abandonRuleOf(campaign) };
    const key = JSON.stringify(config);
    // A change that the policy does not see is none.
    if (key === configured && policy) return;
    try {
      await begin(config, campaign.queueId as QueueId);
      configured = key;
    } catch (error) {
      // Tried again at the next change or start; without a policy nothing is dialed.
      context.log.error({ err: error, campaignId }, 'what the campaign has learnt could not be read');
    }
  };

  return {
    observe(fact) {
      policy?.observe(fact);
      meanwhile?.push(fact);
    },
    decide: (observation) => policy?.decide(observation) ?? null,
    renew() {
      renewing = renewing.then(renew);
      return renewing;
    },
  };
}
