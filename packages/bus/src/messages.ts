/**
 * Subjects and their messages. Commands go down as requests, facts come up as `fact.<type>` with the event itself.
 * A request is served either by one process of the group (`any`) or by the process that owns the thing named (`owner`):
 * every process hears an owner request and all but the owner decline it.
 */
import type {
  Actor,
  AgentId,
  AttemptOutcome,
  BlockListId,
  CallDirection,
  CallId,
  CampaignId,
  ContactId,
  DirectoryKind,
  DispositionId,
  DomainEvent,
  EventType,
  Extension,
  LegId,
  PhoneId,
  PhoneStatus,
  QueueId,
  RouteId,
  TrunkId,
  UserStatusId,
} from '@ritmo/domain';

/** A refusal that the caller is expected to handle. `code` is a closed set per subject; `detail` is for people. */
export interface Refusal<C extends string> {
  readonly ok: false;
  readonly code: C;
  readonly detail?: string;
}
export interface Done {
  readonly ok: true;
}

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

export interface AgentState {
  readonly agentId: AgentId;
  readonly name: string;
  readonly extension: Extension;
  readonly statusId: UserStatusId;
  readonly phoneStatus: PhoneStatus;
  readonly registered: boolean;
  /** free: logged in, not paused, phone free. */
  readonly state: 'free' | 'ringing' | 'talking' | 'wrap-up' | 'paused' | 'logged-out' | 'reserved';
  readonly sinceAt: number;
  readonly queueIds: readonly QueueId[];
  readonly callId: CallId | null;
  readonly campaignId: CampaignId | null;
  /** The desk phone that the agent is logged in at (login_hardphone with a shared extension). */
  readonly sharedExtension?: Extension | null;
}

export interface WaitingCall {
  readonly callId: CallId;
  readonly position: number;
  readonly number: string;
  readonly waitMs: number;
  readonly campaignId: CampaignId | null;
}

/** A contact as an importer hands it over, not yet checked. */
export interface ContactToImport {
  readonly parameters: readonly string[];
  readonly phones: readonly {
    readonly areaCode: string;
    readonly number: string;
    readonly priority?: number;
    readonly dialNow?: boolean;
    readonly dialAt?: number | null;
  }[];
  /** Line or row number in the source, for the report. */
  readonly place?: number;
}

/** An import of a list file. */
export interface ListImport {
  readonly importId: number;
  readonly campaignId: CampaignId;
  readonly name: string;
  /** running: also while it waits for the next start to go on. */
  readonly state: 'running' | 'done' | 'failed';
  readonly reason: string | null;
  /** Of the file, 0 to 100. */
  readonly percent: number;
  readonly linesPerSecond: number;
  readonly lines: number;
  readonly imported: number;
  readonly rejected: number;
  /** How often it was taken up again after a stop or a crash. */
  readonly resumed: number;
  readonly begunAt: number;
  readonly endedAt: number | null;
}

export interface RejectedLine {
  /** From 1; 0 for what is said of lines that are not listed. */
  readonly line: number;
  /** The field's name in the layout; null when it is the line as a whole. */
  readonly column: string | null;
  readonly reason: string;
}

/** Why a contact is not imported. */
export type ContactRefusal = 'parameters-exceeded' | 'no-number' | 'phones-exceeded' | 'invalid-priority' | 'invalid-number';

export interface Requests {
  // ---- directory
  'directory.snapshot': { request: Record<string, never>; reply: { entries: readonly { kind: DirectoryKind; id: number; entry: Record<string, unknown> }[]; position: string } };
  'directory.put': {
    request: { kind: DirectoryKind; id: number | null; entry: Record<string, unknown>; mustBeNew?: boolean; by: Actor };
    reply: { ok: true; id: number } | Refusal<'invalid' | 'exists' | 'conflict'>;
  };
  'directory.remove': { request: { kind: DirectoryKind; id: number; by: Actor }; reply: Done | Refusal<'not-found' | 'in-use'> };

  // ---- telephony. Slots are reserved first, so that an attempt is only recorded when its INVITE may leave.
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

  // ---- acd
  'acd.agents': { request: Record<string, never>; reply: { agents: readonly AgentState[] } };
  'acd.queues': { request: Record<string, never>; reply: { queues: readonly { queueId: QueueId; name: string; waiting: readonly WaitingCall[] }[] } };
  'acd.agent.set-status': {
    request: { extension: Extension; statusId: number; by: Actor };
    reply: Done | Refusal<'unknown-agent' | 'unknown-status' | 'hardphone' | 'blocked' | 'licence'>;
  };
  'acd.agent.login': {
    request: { extension: Extension; sharedExtension: Extension | null; hardphone: boolean; by: Actor };
    reply: Done | Refusal<'unknown-agent' | 'hardphone' | 'not-registered' | 'licence' | 'unknown-shared-extension' | 'blocked'>;
  };
  'acd.agent.logout': { request: { extension: Extension; hardphone: boolean; by: Actor }; reply: Done | Refusal<'unknown-agent' | 'hardphone'> };
  'acd.agent.pause': { request: { extension: Extension; by: Actor }; reply: Done | Refusal<'unknown-agent' | 'already' | 'licence'> };
  'acd.agent.unpause': { request: { extension: Extension; by: Actor }; reply: Done | Refusal<'unknown-agent' | 'already'> };
  /** Ends the wrap-up before its time. */
  'acd.agent.ready': { request: { extension: Extension; by: Actor }; reply: Done | Refusal<'unknown-agent'> };
  'acd.dial': {
    request: { extension: Extension; number: string; by: Actor };
    reply: { ok: true; callId: CallId } | Refusal<'unknown-agent' | 'not-registered' | 'busy' | 'no-route' | 'not-allowed' | 'invalid-number' | 'failed'>;
  };

  // ---- dialer
  'dialer.campaign.set-active': {
    /** `toggle` is the manual's gerenciar_campanha. */
    request: { campaignId: CampaignId; action: 'activate' | 'deactivate' | 'toggle'; by: Actor };
    reply: { ok: true; active: boolean } | Refusal<'unknown-campaign'>;
  };
  'dialer.contacts.import': {
    /** Sent again with the same `batch` and contacts, it makes no contact twice, also after a crash in the middle of it. */
    request: { campaignId: CampaignId; contacts: readonly ContactToImport[]; source: string; batch?: { importId: string; number: number }; by: Actor };
    reply:
      | {
          ok: true;
          imported: number;
          contactIds: readonly ContactId[];
          /** `priority`: of the telephone that is at fault, when it is one. `code` for facades with words of their own, `reason` for people. */
          rejected: readonly { index: number; place: number | null; priority?: number | null; code: ContactRefusal; reason: string }[];
        }
      | Refusal<'unknown-campaign'>;
  };
  'dialer.disposition.set': {
    request: {
      campaignId: CampaignId;
      parameter1: string;
      /** As the integrator wrote it, with or without area code. */
      number: string;
      dispositionId: number;
      extension: Extension;
      /** Callback time. */
      at: number | null;
      callId: CallId | null;
      by: Actor;
    };
    reply: Done | Refusal<'contact-not-found' | 'unknown-disposition' | 'unknown-agent' | 'callbacks-exceeded' | 'not-in-future'>;
  };
  'dialer.phone.add': {
    request: {
      campaignId: CampaignId;
      /** 1-based number of the parameter that names the contact. */
      parameterIndex: number;
      parameterValue: string;
      priority: number;
      areaCode: string;
      number: string;
      by: Actor;
    };
    reply:
      | { ok: true; phoneId: PhoneId }
      | Refusal<
          | 'unknown-campaign'
          | 'contact-not-found'
          | 'several-contacts'
          | 'unknown-parameter'
          | 'priority-taken'
          | 'priority-over-limit'
          | 'phones-exceeded'
          | 'invalid-number'
        >;
  };
  'dialer.phone.exclude': {
    request: { phoneId: PhoneId | null; campaignId: CampaignId | null; by: Actor };
    reply: { ok: true; excluded: number } | Refusal<'not-found' | 'intermediate' | 'unknown-campaign'>;
  };
  'dialer.contact.change': {
    request: { campaignId: CampaignId; parameterIndex: number; value: string; newParameterIndex: number; newValue: string; by: Actor };
    reply: { ok: true; changed: number } | Refusal<'unknown-campaign' | 'contact-not-found' | 'unknown-parameter' | 'several-contacts'>;
  };
  'dialer.note.add': {
    request: { campaignId: CampaignId; contactId: ContactId; phoneId: PhoneId | null; extension: Extension; text: string };
    reply: Done | Refusal<'contact-not-found'>;
  };
  'dialer.blocklist.add': {
    request: { blockListId: BlockListId; number: string; description: string; by: Actor };
    reply: Done | Refusal<'unknown-list' | 'invalid-number' | 'failed'>;
  };
  'dialer.blocklist.remove': {
    /** null: from every list. */
    request: { blockListId: BlockListId | null; number: string; by: Actor };
    reply: { ok: true; removed: number } | Refusal<'unknown-list' | 'invalid-number' | 'failed'>;
  };
  'dialer.preview.answer': {
    request: { extension: Extension; contactId: ContactId; accepted: boolean };
    reply: Done | Refusal<'not-offered'>;
  };
  /** Why a phone was or was not dialed: the rule that decided and when it will be. */
  'dialer.why': {
    request: { number: string; campaignId: CampaignId | null };
    reply: { phone: string; found: readonly WhyAnswer[] };
  };
  /** How a campaign was paced: the decision of this moment and the samples in its events, newest first. */
  'dialer.pacing': {
    request: { campaignId: CampaignId; limit: number };
    reply: { lastDecision: Omit<SampledDecision, 'at'> | null; decisions: readonly SampledDecision[] };
  };
  /** Runs a recorded campaign again with other policies or another number of agents. `dialer.replay.status` tells how far it is. */
  'dialer.replay.start': {
    request: { campaignId: CampaignId; policies: readonly string[]; agents: number | null; seeds: number };
    reply: { ok: true; replayId: string } | Refusal<'unknown-campaign' | 'unknown-policy' | 'busy'>;
  };
  'dialer.replay.status': { request: { replayId: string }; reply: ReplayStatus };
  'dialer.status': { request: { campaignId: CampaignId | null }; reply: { campaigns: readonly CampaignStatus[] } };

  // ---- recorder
  'recorder.find': {
    request: { callId: CallId | null; recordingId: number | null };
    reply: { parts: readonly { recordingId: number; part: number; file: string; bytes: number; durationMs: number }[] };
  };

  // ---- mailing
  'mailing.import': {
    /**
     * `path` is read on the server; else `content` (UTF-8 or Latin-1 bytes, base64). The same file under the same name to the same
     * campaign is the same import, whether it still runs or has ended, unless `again`. `wait: false` answers as soon as the file is
     * taken over; `mailing.imports` tells how far it is.
     */
    request: { campaignId: CampaignId; name: string; path?: string; contentBase64?: string; again?: boolean; wait?: boolean; by: Actor };
    reply:
      | { ok: true; importId: number; state: ListImport['state']; repeated: boolean; lines: number; imported: number; rejected: readonly RejectedLine[] }
      | Refusal<'unknown-campaign' | 'no-file' | 'unknown-format' | 'interrupted'>;
  };
  /** Newest first. */
  'mailing.imports': { request: { importId: number | null; limit?: number }; reply: { imports: readonly ListImport[] } };
  'mailing.rejected': { request: { importId: number }; reply: { rejected: readonly RejectedLine[] } };
  /** The results of a campaign as a file of the manual's layout 1.5, written on the server. */
  'mailing.export': {
    request: { campaignId: CampaignId };
    reply: { ok: true; path: string; lines: number } | Refusal<'unknown-campaign'>;
  };

  // ---- facts whose producers are outside (SMS, IVR): the admin API records them
  'projector.status': { request: Record<string, never>; reply: { position: string; head: string; lagEvents: number; lagMs: number } };
}

export interface WhyAnswer {
  readonly campaignId: CampaignId;
  readonly campaignName: string;
  readonly contactId: ContactId;
  readonly phoneId: PhoneId;
  readonly state: string;
  /** Short code of the rule that decided last: `window`, `blocked`, `finished`, `retry-wait`, `campaign-inactive`, `queue-position`, … */
  readonly rule: string;
  readonly explanation: string;
  readonly nextAt: number | null;
  readonly history: readonly { readonly at: number; readonly what: string }[];
}

export interface CampaignStatus {
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly active: boolean;
  readonly mode: string;
  readonly dialing: number;
  readonly waiting: number;
  readonly delivered: number;
  readonly attempts: number;
  readonly answered: number;
  readonly abandoned: number;
  readonly abandonRatePct: number;
  readonly outcomes: Readonly<Partial<Record<AttemptOutcome, number>>>;
  readonly byDisposition: Readonly<Record<number, number>>;
  readonly remainingDue: number | null;
  readonly lastDecision: { readonly start: number; readonly reason: string; readonly inputs: Readonly<Record<string, number>> } | null;
}

export interface SampledDecision {
  readonly at: number;
  readonly start: number;
  readonly reason: string;
  readonly inputs: Readonly<Record<string, number>>;
}

export interface ReplayedFigures {
  /** Of the agents present, talking or wrapping up: 0 to 1. */
  readonly occupancy: number;
  readonly abandonRate: number;
  readonly attempts: number;
  /** People reached. */
  readonly live: number;
  readonly conversations: number;
  /** Of an agent between two conversations. */
  readonly meanIdleS: number;
  /** Of a person for an agent. */
  readonly meanWaitS: number;
}

export interface ReplayStatus {
  readonly replayId: string;
  readonly campaignId: CampaignId;
  readonly state: 'reading' | 'running' | 'done' | 'failed';
  /** Of the present state, 0 to 100. */
  readonly percent: number;
  /** failed: why. */
  readonly reason: string | null;
  readonly recorded: ReplayedFigures | null;
  readonly results: readonly { readonly policy: string; readonly agents: number | null; readonly figures: ReplayedFigures; readonly occupancyCi95: readonly [number, number] }[];
  /** The comparison as a table for people. */
  readonly text: string;
}

/** What a campaign takes of its queue's agents. Said again every second; who is silent for a few seconds takes nothing. */
export interface CampaignClaim {
  readonly campaignId: CampaignId;
  readonly queueId: QueueId;
  /** It has something to dial, or calls on their way. */
  readonly dialing: boolean;
  /** Agents that its calls in flight are expected to take. */
  readonly expectedAnswers: number;
  /** The risk that its pacing would like to run; null when it does not predict. */
  readonly wishedRiskPct: number | null;
}

/** Published (not requested) messages that are not facts: short-lived signals between services. */
export interface Signals {
  /** Telephony tells how an offered agent leg goes; the acd makes facts of it. */
  'signal.leg': {
    callId: CallId;
    legId: LegId;
    agentId: AgentId;
    extension: Extension;
    state: 'ringing' | 'answered' | 'failed' | 'ended';
    /** failed: why. */
    reason?: 'no-answer' | 'rejected' | 'busy' | 'unreachable' | 'cancelled';
    /** ended: who hung up. */
    by?: 'agent' | 'customer' | 'system';
    at: number;
  };
  /** A call from outside, or an agent's own INVITE. The acd answers or rejects it. */
  'signal.incoming': {
    callId: CallId;
    source: 'trunk' | 'extension';
    trunkId: TrunkId | null;
    extension: Extension | null;
    from: string;
    to: string;
    at: number;
  };
  'signal.registration': { extension: Extension; registered: boolean; contact: string; userAgent: string | null; reason: 'registered' | 'expired' | 'requested'; at: number;
    /** Where the phone is reached, and the process of telephony that says so. */
    place?: { node: string; reachedAt: { host: string; port: number; transport: 'udp' | 'tcp' | 'tls' }; expiresAt: number };
  };
  /** The acd's agents, whenever one changes. The dialer counts free agents from it. */
  'signal.agent-state': AgentState;
  /** A dialer's campaign tells the dialers of other processes what it takes of the agents that they may share with it. */
  'signal.campaign-claim': CampaignClaim;
  /** A trunk's room changed: a call ended, the trunk came up or went down. */
  'signal.trunk': TrunkStatus;
}

export type RequestSubject = keyof Requests;
export type SignalSubject = keyof Signals;
export type FactSubject<T extends EventType = EventType> = `fact.${T}`;
export type PublishedMessage<S extends string> = S extends SignalSubject
  ? Signals[S]
  : S extends `fact.${infer T extends EventType}`
    ? DomainEvent<T>
    : never;
export type { DispositionId };
