/** Attempts of this process's campaigns that have begun and not ended. A belief: reconciliation proves it. */
import type { AgentId, CallId, CampaignId, ContactId, DomainEvent, PhoneId, TrunkId, WithdrawReason } from '@ritmo/domain';

export interface CallInFlight {
  readonly callId: CallId;
  readonly campaignId: CampaignId;
  readonly contactId: ContactId;
  readonly phoneId: PhoneId;
  readonly trunkId: TrunkId;
  readonly startedAt: number;
  stage: 'dialing' | 'waiting' | 'offering' | 'delivered';
  answeredAt: number | null;
  deliveredAt: number | null;
  agentId: AgentId | null;
  /** Machine detection: null where the campaign has none. `running` until its word comes, or somebody takes the call. */
  detection: 'running' | 'person' | 'machine' | null;
  /** When the grace clock began: at the answer, or with detection's word; null until then. */
  graceFrom: number | null;
  /** Pacing knows that the grace time is over. */
  late: boolean;
  /** The acd said that the person was given up, or gave up. */
  abandoned: boolean;
  /** What telephony said last; kept until the end of the attempt is stored. */
  ended: DomainEvent<'CallEnded'> | null;
  /** Telephony refused it for certain: it is withdrawn as soon as the store takes that. */
  refused: WithdrawReason | null;
  /** The end is being stored. */
  ending: boolean;
  /** Reconciliations in a row in which nobody knew of it. */
  unknownTimes: number;
}

export interface CallsInFlight {
  add(call: Pick<CallInFlight, 'callId' | 'campaignId' | 'contactId' | 'phoneId' | 'trunkId' | 'startedAt'>): CallInFlight;
  get(callId: CallId): CallInFlight | undefined;
  remove(callId: CallId): void;
  ofCampaign(campaignId: CampaignId): Iterable<CallInFlight>;
  hasContact(contactId: ContactId): boolean;
  all(): Iterable<CallInFlight>;
  dropCampaign(campaignId: CampaignId): void;
  readonly size: number;
}

export function createCallsInFlight(): CallsInFlight {
  const calls = new Map<CallId, CallInFlight>();
  const campaigns = new Map<CampaignId, Set<CallInFlight>>();
  const contacts = new Map<ContactId, CallId>();
  const remove = (callId: CallId): void => {
    const call = calls.get(callId);
    if (!call) return;
    calls.delete(callId);
    campaigns.get(call.campaignId)?.delete(call);
    if (contacts.get(call.contactId) === callId) contacts.delete(call.contactId);
  };
  return {
    add(begun) {
      const known = calls.get(begun.callId);
      if (known) return known;
      // Written out: an object made by spreading is slow to read, and every tick reads all of them.
      const { callId, campaignId, contactId, phoneId, trunkId, startedAt } = begun;
      const call: CallInFlight = {
        callId, campaignId, contactId, phoneId, trunkId, startedAt, stage: 'dialing', answeredAt: null, deliveredAt: null, agentId: null, detection: null, graceFrom: null,
        late: false, abandoned: false, ended: null, refused: null, ending: false, unknownTimes: 0,
      };
      calls.set(call.callId, call);
      let set = campaigns.get(call.campaignId);
      if (!set) campaigns.set(call.campaignId, (set = new Set()));
      set.add(call);
      contacts.set(call.contactId, call.callId);
      return call;
    },
    get: (callId) => calls.get(callId),
    remove,
    ofCampaign: (campaignId) => campaigns.get(campaignId) ?? [],
    hasContact: (contactId) => contacts.has(contactId),
    all: () => calls.values(),
    dropCampaign(campaignId) {
      for (const call of [...(campaigns.get(campaignId) ?? [])]) remove(call.callId);
    },
    get size() {
      return calls.size;
    },
  };
}

/** How long the person has waited for an agent by the campaign's grace clock; null when the clock has not begun. */
export function waitedMs(call: CallInFlight, nowMs: number): number | null {
  return call.graceFrom === null || call.detection === 'machine' ? null : Math.max(0, nowMs - call.graceFrom);
}
