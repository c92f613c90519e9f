/** What the rooms of the dialer share: built once by app.ts. */
import type { CampaignId, CallWindow, DialRules, DispositionId } from '@ritmo/domain';
import type { CallIdAllocator, ServiceContext } from '@ritmo/service-kit';
import type { AgentBoard } from './agent-board.ts';
import type { CallbackTurns } from './agent-callbacks.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { Claims } from './claims.ts';
import type { ContactBook } from './contact-book.ts';
import type { DialerMetrics } from './metrics.ts';
import type { DialerSettings } from './options.ts';
import type { ShortCalls } from './short-calls.ts';
import type { TrunkRoom } from './trunk-room.ts';

export interface DialerParts {
  readonly context: ServiceContext;
  readonly settings: DialerSettings;
  readonly book: ContactBook;
  readonly calls: CallsInFlight;
  readonly agents: AgentBoard;
  readonly claims: Claims;
  readonly trunks: TrunkRoom;
  readonly shortCalls: ShortCalls;
  readonly callIds: CallIdAllocator;
  readonly metrics: DialerMetrics;
  /** Resolves when the work index has everything stored up to now: who looks for what was just imported waits for it. */
  readonly indexed: () => Promise<void>;
  readonly callbackTurns: CallbackTurns;
}

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
