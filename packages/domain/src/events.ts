/**
 * Every fact of the system. A fact is stored in the event store and, the same object, published on the bus as
 * `fact.<type>`. Streams: campaign-<id>, contact-<id>, call-<callId>, agent-<id>, blocklist-<id>, directory-<kind>-<id>, system.
 *
 * Times are ms since the epoch (`…At`) or durations in ms (`…Ms`). `at` of the envelope is when the fact happened.
 * A changed shape gets a higher number in `eventSchemas` and an upcaster in upcast.ts.
 */
import type { AttemptOutcome } from './dispositions.ts';
import type { DirectoryKind } from './directory/entries.ts';
import type {
  AgentId,
  BlockListId,
  CallId,
  CampaignId,
  ContactId,
  DispositionId,
  Extension,
  LegId,
  PhoneId,
  QueueId,
  RouteId,
  TrunkId,
  UserStatusId,
} from './ids.ts';

/** Who did it: an integrator's facade, an agent, an operator, or the system by itself. */
export interface Actor {
  readonly kind: 'http' | 'socket' | 'sql' | 'admin' | 'agent' | 'file' | 'system';
  readonly id?: string;
}

export interface ContactPhone {
  readonly phoneId: PhoneId;
  /** 1 (first) to 10. */
  readonly priority: number;
  readonly areaCode: string;
  readonly number: string;
  /** Ahead of every other number of the campaign. */
  readonly dialNow: boolean;
  /** Dial at this time, ahead of filters and restrictions. */
  readonly dialAt: number | null;
}

/** What happens to the contact after an attempt. */
export type NextStep =
  | { readonly kind: 'retry-phone'; readonly phoneId: PhoneId; readonly at: number }
  | { readonly kind: 'next-phone'; readonly phoneId: PhoneId; readonly at: number }
  | { readonly kind: 'failover'; readonly phoneId: PhoneId; readonly trunkId: TrunkId }
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'finished' };

/** internal: an extension called another one or a queue; `from` and `extension` are the caller's, and there is no trunk (`noTrunk`). */
export type CallDirection = 'campaign' | 'agent' | 'inbound' | 'internal';
/** PhoneStatus codes of the manual: 0 free, 1 2 3 9 busy, 4 disconnected, 8 ringing. */
export type PhoneStatus = 0 | 1 | 2 | 3 | 4 | 8 | 9;

/** Of an internal call: customer is who called, agent who was called. */
export type CallEndedBy = 'customer' | 'agent' | 'system' | 'carrier';

export interface EventDataByType {
  // ---- directory: configured things. One event per put; the whole entry.
  DirectoryEntryPut: { kind: DirectoryKind; id: number; entry: Readonly<Record<string, unknown>>; by: Actor };
  DirectoryEntryRemoved: { kind: DirectoryKind; id: number; by: Actor };

  // ---- campaign-<id>, written by the dialer
  CampaignActivated: { campaignId: CampaignId; by: Actor };
  CampaignDeactivated: { campaignId: CampaignId; by: Actor; reason: string };
  /** Sampled: at most one per campaign every few seconds. */
  PacingDecided: { campaignId: CampaignId; start: number; reason: string; inputs: Readonly<Record<string, number>> };

  // ---- contact-<id>, written by the dialer with expected version
  ContactImported: {
    contactId: ContactId;
    campaignId: CampaignId;
    /** parameters[0] is the manual's Parâmetro 1 (IDENTIFICADOR1). */
    parameters: readonly string[];
    phones: readonly ContactPhone[];
    /** File name, table, or function, with the line or row where there is one. */
    source: string;
    by: Actor;
  };
  PhoneAdded: { contactId: ContactId; campaignId: CampaignId; phone: ContactPhone; by: Actor };
  PhoneExcluded: { contactId: ContactId; campaignId: CampaignId; phoneId: PhoneId; by: Actor };
  ContactParameterChanged: { contactId: ContactId; campaignId: CampaignId; index: number; value: string; by: Actor };
  ContactNoteAdded: { contactId: ContactId; campaignId: CampaignId; phoneId: PhoneId | null; extension: Extension; text: string };
  /** The intent. Durable before the INVITE leaves. */
  AttemptStarted: {
    callId: CallId;
    contactId: ContactId;
    campaignId: CampaignId;
    phoneId: PhoneId;
    areaCode: string;
    number: string;
    /** What is sent in the Request-URI's user part. */
    dialString: string;
    trunkId: TrunkId;
    routeId: RouteId;
    callerId: string;
    reason: 'fresh' | 'retry' | 'callback' | 'dial-now' | 'failover' | 'preview';
    /** Preview: the agent it was offered to. */
    agentId: AgentId | null;
  };
  AttemptEnded: {
    callId: CallId;
    contactId: ContactId;
    campaignId: CampaignId;
    phoneId: PhoneId;
    outcome: AttemptOutcome;
    dispositionId: DispositionId;
    agentId: AgentId | null;
    sipCode: number | null;
    q850: number | null;
    ringMs: number;
    /** From answer to end; 0 when it was not answered. */
    billMs: number;
    next: NextStep;
  };
  /**
   * The intent was taken back: the order to telephony was refused for certain, so its INVITE never left and never will. The
   * contact is as it was before, and no result exists.
   */
  AttemptWithdrawn: {
    callId: CallId;
    contactId: ContactId;
    campaignId: CampaignId;
    phoneId: PhoneId;
    reason: 'slot-lapsed' | 'unknown-trunk' | 'shutting-down' | 'no-telephony';
    /** When it is looked at again. */
    retryAt: number;
    /** As they are again: what the views go back to. */
    before: { attempts: number; phoneAttempts: number; dispositionId: DispositionId | null; dialAt: number | null; lastCallId: CallId | null };
  };
  /** The dialer refused a phone at the moment of dialing. No attempt exists. */
  PhoneSkipped: {
    contactId: ContactId;
    campaignId: CampaignId;
    phoneId: PhoneId;
    rule: 'blocked' | 'window' | 'attempts-per-day' | 'invalid-number' | 'no-route' | 'excluded' | 'finished' | 'check-failed';
    detail: string;
    /** When it is looked at again; null when never. */
    retryAt: number | null;
  };
  DispositionSet: {
    contactId: ContactId;
    campaignId: CampaignId;
    phoneId: PhoneId;
    callId: CallId | null;
    dispositionId: DispositionId;
    agentId: AgentId | null;
    extension: Extension | null;
    by: Actor;
    /** What it does to the contact, decided by the disposition's marks. */
    effect: 'none' | 'finished' | 'rescheduled';
    /** The date of the history entry, when one was named (manual 1.2.2.2). Absent: when the fact happened. */
    historyAt?: number;
  };
  CallbackScheduled: {
    contactId: ContactId;
    campaignId: CampaignId;
    phoneId: PhoneId;
    at: number;
    /** `system` is dialed at its time; `agent` only warns the agent (disposition 1002). */
    kind: 'system' | 'agent';
    agentId: AgentId | null;
    by: Actor;
  };
  /** The minute of an agent's callback has come: the socket's AGOP line. */
  AgentCallbackDue: { contactId: ContactId; campaignId: CampaignId; phoneId: PhoneId; agentId: AgentId | null; at: number };
  PreviewOffered: { contactId: ContactId; campaignId: CampaignId; phoneId: PhoneId; agentId: AgentId };
  PreviewAnswered: { contactId: ContactId; campaignId: CampaignId; phoneId: PhoneId; agentId: AgentId; accepted: boolean };
  ContactFinished: { contactId: ContactId; campaignId: CampaignId; reason: 'disposition' | 'exhausted' | 'excluded'; dispositionId: DispositionId | null };

  // ---- blocklist-<id>, written by the dialer. Numbers are digits with area code where known.
  NumberBlocked: { blockListId: BlockListId; number: string; description: string; by: Actor };
  NumberUnblocked: { blockListId: BlockListId; number: string; by: Actor };

  // ---- call-<callId>, written by telephony (T) and acd (A)
  /** T: the INVITE left (or came in). `dialog` is what ends the call after a crash. */
  CallPlaced: {
    callId: CallId;
    direction: CallDirection;
    campaignId: CampaignId | null;
    contactId: ContactId | null;
    phoneId: PhoneId | null;
    queueId: QueueId | null;
    trunkId: TrunkId;
    routeId: RouteId | null;
    from: string;
    to: string;
    extension: Extension | null;
    /** agent, internal: who began it, at whichever phone (`extension` may be a shared one). Absent: a customer that was passed on to an outside number. */
    agentId?: AgentId;
    dialog: Readonly<Record<string, unknown>>;
  };
  /** T */
  CallRang: { callId: CallId; sipCode: number; earlyMedia: boolean };
  /** T: the customer's side is up. */
  CallAnswered: {
    callId: CallId;
    direction: CallDirection;
    campaignId: CampaignId | null;
    contactId: ContactId | null;
    queueId: QueueId | null;
    trunkId: TrunkId;
    ringMs: number;
    from: string;
    to: string;
    dialog: Readonly<Record<string, unknown>>;
  };
  /**
   * Detection's word on who answered: of the carrier, or of a detector beside the engine, by the admin API. The grace clock of
   * a campaign with `graceClock: detection-end` begins here.
   */
  AnswerClassified: { callId: CallId; campaignId: CampaignId | null; verdict: 'person' | 'machine'; detectMs: number };
  /** A */
  CallQueued: { callId: CallId; queueId: QueueId; campaignId: CampaignId | null; number: string; position: number };
  /** A: an agent's extension is being rung. */
  OfferMade: { callId: CallId; legId: LegId; agentId: AgentId; extension: Extension; queueId: QueueId; campaignId: CampaignId | null };
  /** A: TNA. The caller kept its place. */
  OfferMissed: {
    callId: CallId;
    legId: LegId;
    agentId: AgentId;
    extension: Extension;
    queueId: QueueId;
    durationMs: number;
    reason: 'no-answer' | 'rejected' | 'unreachable';
  };
  /** A: the agent answered and both hear each other. */
  CallDelivered: {
    callId: CallId;
    legId: LegId;
    agentId: AgentId;
    extension: Extension;
    queueId: QueueId | null;
    campaignId: CampaignId | null;
    waitMs: number;
  };
  /** A: answered, never delivered. `grace` tells whether the campaign's grace time had passed. */
  CallAbandoned: {
    callId: CallId;
    queueId: QueueId;
    campaignId: CampaignId | null;
    waitMs: number;
    by: 'customer' | 'system';
    message: boolean;
  };
  /** T */
  CallHeld: { callId: CallId; by: 'customer' | 'agent' };
  /** T */
  CallResumed: { callId: CallId; by: 'customer' | 'agent' };
  /** T: a REFER came; acd decides. */
  TransferRequested: { callId: CallId; legId: LegId; target: string; attended: boolean; otherCallId: CallId | null };
  /** A */
  CallTransferred: {
    callId: CallId;
    fromAgentId: AgentId;
    toAgentId: AgentId | null;
    toQueueId: QueueId | null;
    toNumber: string | null;
    attended: boolean;
  };
  /** T */
  DtmfReceived: { callId: CallId; side: 'customer' | 'agent'; digit: string };
  /** T: a recording part's file is closed. */
  RecordingClosed: { callId: CallId; part: number; file: string; durationMs: number; bytes: number; agentId: AgentId | null };
  /** recorder: checked and kept. */
  RecordingStored: {
    callId: CallId;
    part: number;
    /** The manual's codigo_monitoria. */
    recordingId: number;
    file: string;
    durationMs: number;
    bytes: number;
    sha256: string;
    repaired: boolean;
  };
  /** T: a part, or the rest of it, cannot be written: the disk, or a media process that died. The call goes on. */
  RecordingFailed: { callId: CallId; file: string; error: string };
  /** recorder: the file is gone, because it was older than the retention. */
  RecordingRemoved: { callId: CallId; part: number; recordingId: number; file: string; ageDays: number };
  /** T: the agent's leg ended; the customer's may live on (transfer) or not. */
  AgentLegEnded: { callId: CallId; legId: LegId; agentId: AgentId; extension: Extension; by: CallEndedBy; talkMs: number };
  /** T: the last event of a call. */
  CallEnded: {
    callId: CallId;
    direction: CallDirection;
    campaignId: CampaignId | null;
    contactId: ContactId | null;
    phoneId: PhoneId | null;
    queueId: QueueId | null;
    trunkId: TrunkId;
    routeId: RouteId | null;
    extension: Extension | null;
    from: string;
    to: string;
    /** answered: it was up, whoever hung up. */
    wireOutcome: 'answered' | 'busy' | 'no-answer' | 'invalid-number' | 'rejected' | 'trunk-failure' | 'cancelled' | 'interrupted';
    by: CallEndedBy;
    sipCode: number | null;
    q850: number | null;
    reason: string;
    ringMs: number;
    billMs: number;
  };

  // ---- agent-<id>, written by the acd
  ExtensionRegistered: { agentId: AgentId; extension: Extension; contact: string; userAgent: string | null };
  ExtensionUnregistered: { agentId: AgentId; extension: Extension; reason: 'expired' | 'requested' | 'replaced' };
  AgentStatusChanged: {
    agentId: AgentId;
    extension: Extension;
    statusId: UserStatusId;
    previousStatusId: UserStatusId | null;
    /** How long the previous status lasted. */
    previousMs: number;
    by: Actor;
    reason: 'requested' | 'missed-offers' | 'registration' | 'restart';
  };
  /** A call to an outside number that the extension has no right to, or for which a ceiling is reached. Nothing was dialed. */
  OwnCallRefused: {
    agentId: AgentId;
    extension: Extension;
    number: string;
    /** phone: its own INVITE. discar: click-to-dial. transfer: its REFER. */
    via: 'phone' | 'discar' | 'transfer';
    rule: 'blocked' | 'kind' | 'destination' | 'extension-calls' | 'trunk-calls';
    /** The call that began so, or that was to be transferred. */
    callId: CallId | null;
  };
  PhoneStatusChanged: { agentId: AgentId; extension: Extension; phoneStatus: PhoneStatus; callId: CallId | null };
  WrapUpStarted: { agentId: AgentId; callId: CallId; untilAt: number };
  WrapUpEnded: { agentId: AgentId; callId: CallId; wrapMs: number };

  // ---- trunk-<id>, written by telephony
  TrunkStateChanged: { trunkId: TrunkId; up: boolean; registered: boolean | null; detail: string };
  /** Sampled once a second while it changes: for uso_canais. */
  TrunkUsage: { trunkId: TrunkId; channelsUsed: number; channelLimit: number };

  // ---- system
  PartHealthReported: { part: string; status: 'OK' | 'WARNING' | 'CRITICAL'; detail: string };
  DiskNearlyFull: { folder: string; freeBytes: number };
  /** Facts whose producers are integrators' systems until their own rooms exist. Fed through the admin API. */
  SmsReceived: { from: string; text: string };
  IvrStepTaken: { callId: CallId; ivrId: number; ivrName: string; command: string; soundFile: string; option: string; durationMs: number };
  SurveyAnswered: {
    callId: CallId;
    survey: string;
    command: string;
    soundFile: string;
    question: string;
    answer: string;
    queueName: string;
    agentId: AgentId | null;
  };
}

export type EventType = keyof EventDataByType;

/** A fact: what is stored and what is published. */
export type DomainEvent<T extends EventType = EventType> = {
  [K in T]: { readonly type: K; readonly data: Readonly<EventDataByType[K]>; readonly at: number };
}[T];

/** Builds a fact with its type checked against its data. */
export function fact<T extends EventType>(type: T, at: number, data: EventDataByType[T]): DomainEvent<T> {
  return { type, at, data } as unknown as DomainEvent<T>;
}

export const streams = {
  campaign: (id: CampaignId): string => `campaign-${id}`,
  contact: (id: ContactId): string => `contact-${id}`,
  call: (id: CallId): string => `call-${id}`,
  agent: (id: AgentId): string => `agent-${id}`,
  trunk: (id: TrunkId): string => `trunk-${id}`,
  blockList: (id: BlockListId): string => `blocklist-${id}`,
  directory: (kind: DirectoryKind, id: number): string => `directory-${kind}-${id}`,
  system: 'system',
} as const;
