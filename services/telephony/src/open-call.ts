import type { CallDirection, CallId, CampaignId, ContactId, Extension, PhoneId, QueueId, RouteId, TrunkId } from '@ritmo/domain';
import type { DialogSnapshot } from '@ritmo/sip';

/** What names a call in every fact about it. */
export interface CallIdentity {
  readonly callId: CallId;
  readonly direction: CallDirection;
  readonly campaignId: CampaignId | null;
  readonly contactId: ContactId | null;
  readonly phoneId: PhoneId | null;
  readonly queueId: QueueId | null;
  readonly trunkId: TrunkId;
  readonly routeId: RouteId | null;
  readonly extension: Extension | null;
  readonly from: string;
  readonly to: string;
}

export interface OpenCall {
  readonly identity: CallIdentity;
  readonly placedAt: number;
  readonly ringMs: number;
  readonly answeredAt: number | null;
  readonly dialog: DialogSnapshot | null;
  readonly agentDialog: DialogSnapshot | null;
}

/** A call that a process before this one, or another one, has written down. */
export interface FoundCall extends OpenCall {
  readonly node: string;
  /** Its far end was done with it: nothing is left to end on the wire, and it holds no channel. */
  readonly over: boolean;
}
