import type { CampaignStatus, Requests } from '@ritmo/bus';
import { fact, streams, type Campaign, type CampaignId } from '@ritmo/domain';
import type { CampaignRunner } from '../campaign-runner.ts';
import type { DialerParts } from '../parts.ts';
import { readTallies, type Tally } from '../tallies.ts';

type SetActive = Requests['dialer.campaign.set-active'];

export async function isActive({ context }: DialerParts, campaign: Campaign): Promise<boolean> {
  const tallies = await readTallies(context.database);
  return tallies.get(campaign.id as CampaignId)?.active ?? campaign.active;
}

/** `current` is what is known to be true now, ahead of the index. */
export async function setActive({ context }: DialerParts, request: SetActive['request'], current: boolean): Promise<SetActive['reply']> {
  const { campaignId, by } = request;
  const active = request.action === 'toggle' ? !current : request.action === 'activate';
  if (active !== current) {
    const at = context.clock.nowMs();
    const changed = active
      ? fact('CampaignActivated', at, { campaignId, by })
      : fact('CampaignDeactivated', at, { campaignId, by, reason: 'requested' });
    await context.journal.commit(streams.campaign(campaignId), 'any', [changed]);
  }
  return { ok: true, active };
}

export function statusOf(parts: DialerParts, campaign: Campaign, active: boolean, tally: Tally | undefined, runner: CampaignRunner | undefined): CampaignStatus {
  let dialing = 0;
  let waiting = 0;
  let delivered = 0;
  for (const call of parts.calls.ofCampaign(campaign.id as CampaignId)) {
    if (call.stage === 'dialing') dialing += 1;
    else if (call.stage === 'delivered') delivered += 1;
    else waiting += 1;
  }
  const answered = tally?.answered ?? 0;
  const abandoned = (tally?.abandoned ?? 0) + (tally?.late ?? 0);
  const abandonRatePct = answered === 0 ? 0 : (100 * abandoned) / answered;
  parts.metrics.abandonRate.set({ campaign: campaign.id }, abandonRatePct);
  const decision = runner?.lastDecision ?? null;
  return {
    campaignId: campaign.id as CampaignId,
    name: campaign.name,
    active,
    mode: campaign.mode,
    dialing,
    waiting,
    delivered,
    attempts: tally?.attempts ?? 0,
    answered,
    abandoned,
    abandonRatePct,
    outcomes: tally?.outcomes ?? {},
    byDisposition: Object.fromEntries(Object.entries(tally?.byDisposition ?? {}).filter(([, count]) => count > 0)),
    remainingDue: tally?.remaining ?? 0,
    lastDecision: decision && { start: decision.start, reason: decision.reason, inputs: decision.inputs },
  };
}
