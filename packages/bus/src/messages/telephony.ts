import type { AgentId, CallDirection, CallId, CampaignId, ContactId, Extension, LegId, PhoneId, QueueId, RouteId, TrunkId } from '@ritmo/domain';
import type { Done, Refusal } from './answers.ts';

export interface LiveCall {
  readonly callId: CallId;
  readonly direction: CallDirection;
  readonly state: 'dialing' | 'ringing' | 'answered' | 'offering' | 'delivered' | 'ending';
  readonly campaignId: CampaignId | null;
  readonly contactId: ContactId | null;
  readonly queueId: QueueId | null;
  readonly trunkId: TrunkId | null;
  readonly extension: Extension | null;
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
  readonly answeredAt: number | null;
  /** internal: the extension that called, and is the customer's side. */
  readonly caller?: Extension | null;
  /** The agent's leg that rings or talks. `upAt`: since when both hear each other. */
  readonly agentLeg?: { readonly legId: LegId; readonly agentId: AgentId; readonly upAt: number | null } | null;
}

export interface TrunkStatus {
  readonly trunkId: TrunkId;
  readonly name: string;
  readonly up: boolean;
  readonly registered: boolean | null;
  readonly channelsUsed: number;
  readonly channelLimit: number;
  readonly callsPerSecondLimit: number;
  readonly detail: string;
}

/** What telephony serves. Slots are reserved first, so that an attempt is only recorded when its INVITE may leave. */
export interface TelephonyRequests {
  'telephony.reserve': {
    request: { trunkId: TrunkId; count: number };
    /** Each slot is one channel and one place in the rate; unused it lapses after `leaseMs`. */
    reply: { slots: readonly string[]; leaseMs: number; channelsFree: number; up: boolean; detail: string };
  };
  'telephony.release': { request: { slots: readonly string[] }; reply: Done };
  'telephony.originate': {
    request: {
      slot: string;
      callId: CallId;
      campaignId: CampaignId;
      contactId: ContactId;
      phoneId: PhoneId;
      queueId: QueueId;
      dialString: string;
      /** What facts call who was dialed: without what only this trunk wants before it. Absent: the dial string. */
      number?: string;
      trunkId: TrunkId;
      routeId: RouteId;
      callerId: string;
      ringTimeoutMs: number;
      record: boolean;
    };
    reply: Done | Refusal<'slot-lapsed' | 'unknown-trunk' | 'duplicate' | 'shutting-down'>;
  };
  /** Rings an agent's extension for a call that is up; both are bridged when it answers. Facts follow on `telephony.leg`. */
  'telephony.offer': {
    request: {
      callId: CallId;
      legId: LegId;
      agentId: AgentId;
      extension: Extension;
      ringTimeoutMs: number;
      autoAnswer: boolean;
      callerNumber: string;
      callerName: string;
      headers: Readonly<Record<string, string>>;
      record: boolean;
    };
    reply: Done | Refusal<'unknown-call' | 'not-registered' | 'busy'>;
  };
  'telephony.cancel-offer': { request: { callId: CallId; legId: LegId }; reply: Done | Refusal<'unknown-call'> };
  'telephony.hangup': { request: { callId: CallId; by: 'agent' | 'system'; reason: string; q850?: number }; reply: Done | Refusal<'unknown-call'> };
  /** Ends the agent's leg only; the customer stays. */
  'telephony.drop-agent': { request: { callId: CallId; legId: LegId }; reply: Done | Refusal<'unknown-call'> };
  'telephony.play': {
    request: { callId: CallId; file: string; loop: boolean; thenHangup: boolean };
    reply: Done | Refusal<'unknown-call' | 'no-file'>;
  };
  /** Takes an inbound call that `telephony.incoming` announced. */
  'telephony.answer': { request: { callId: CallId; queueId: QueueId | null; record: boolean }; reply: Done | Refusal<'unknown-call'> };
  /** `asCallOf`: this agent called a colleague who cannot be rung now; told as a call that came to nothing. */
  'telephony.reject': { request: { callId: CallId; sipCode: number; asCallOf?: AgentId }; reply: Done | Refusal<'unknown-call'> };
  /** `discar`: rings the extension, then the number, and bridges them. Also second half of an agent's own INVITE. */
  'telephony.dial-for-agent': {
    request: {
      callId: CallId;
      agentId: AgentId;
      extension: Extension;
      dialString: string;
      /** As in `telephony.originate`. */
      number?: string;
      trunkId: TrunkId;
      routeId: RouteId;
      callerId: string;
      ringTimeoutMs: number;
      /** True when the agent's own INVITE began it: the extension's leg is up already. */
      agentLegUp: boolean;
      record: boolean;
    };
    /** extension-calls, trunk-calls: a ceiling against toll fraud is reached; no other trunk changes the first. */
    reply: Done | Refusal<'not-registered' | 'channel-limit' | 'rate-limit' | 'trunk-down' | 'unknown-trunk' | 'unknown-call' | 'extension-calls' | 'trunk-calls'>;
  };
  /** Connects the customer of a call to an outside number (transfer). */
  'telephony.transfer-out': {
    request: { callId: CallId; newCallId: CallId; extension: Extension; dialString: string; number?: string; trunkId: TrunkId; routeId: RouteId; callerId: string; ringTimeoutMs: number };
    reply: Done | Refusal<'unknown-call' | 'channel-limit' | 'rate-limit' | 'trunk-down' | 'extension-calls' | 'trunk-calls'>;
  };
  /** The transfer that this leg asked for is not carried out: its REFER's NOTIFY says so, and the agent keeps the call. */
  'telephony.refuse-transfer': { request: { callId: CallId; legId: LegId; sipCode: number }; reply: Done | Refusal<'unknown-call'> };
  /** Joins the customers' and agents' sides of two calls (attended transfer). */
  'telephony.join': { request: { callId: CallId; otherCallId: CallId }; reply: Done | Refusal<'unknown-call'> };
  /** An extension's INVITE to another extension or to a queue rings from now on; `telephony.offer` or `telephony.answer` follows. */
  'telephony.take-internal': {
    request: { callId: CallId; agentId: AgentId; extension: Extension; record: boolean };
    /** refused: the phone was told why. */
    reply: Done | Refusal<'unknown-call' | 'refused'>;
  };
  /** Internal: the extension that called leaves by a transfer, and who it called waits in its place. */
  'telephony.turn': { request: { callId: CallId }; reply: Done | Refusal<'unknown-call'> };
  /** Attended transfer: the agent's phone of the other call takes the place of this call's agent or caller; the other call ends. */
  'telephony.take-over': {
    request: { callId: CallId; otherCallId: CallId; place: 'agent' | 'caller'; legId: LegId };
    reply: Done | Refusal<'unknown-call'>;
  };
  'telephony.calls': { request: Record<string, never>; reply: { node: string; calls: readonly LiveCall[] } };
  'telephony.trunks': { request: Record<string, never>; reply: { trunks: readonly TrunkStatus[] } };
  'telephony.bindings': {
    request: Record<string, never>;
    reply: { bindings: readonly { extension: Extension; contact: string; expiresAt: number; userAgent: string | null }[] };
  };
}
