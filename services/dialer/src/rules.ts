/** The rules of the directory, as the contact's own rules ask for them. */
import type { CampaignId, CallWindow, DialRules, DispositionId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';

export function rulesOf({ directory }: ServiceContext, campaignId: CampaignId): DialRules | undefined {
  const campaign = directory.get('campaign', campaignId);
  if (!campaign) return undefined;
  return { campaign, window: windowOf({ directory }, campaign.callWindowId), dayZone: dayZoneOf({ directory }) };
}

/** Zone in which a day begins and ends. */
export const dayZoneOf = ({ directory }: Pick<ServiceContext, 'directory'>): string => directory.get('settings', 1)?.timeZone ?? 'America/Sao_Paulo';

/** A campaign that names a window that is gone is never open: when the check cannot be made the answer is no. */
const closed: CallWindow = { id: 1, name: 'a call window that does not exist', periods: [], holidays: [], timeZones: {} };

function windowOf({ directory }: Pick<ServiceContext, 'directory'>, callWindowId: number | undefined): CallWindow | undefined {
  return callWindowId === undefined ? undefined : (directory.get('call-window', callWindowId) ?? closed);
}

export const isFinishing = ({ directory }: ServiceContext) => (dispositionId: DispositionId): boolean =>
  directory.get('disposition', dispositionId)?.finishing ?? false;
