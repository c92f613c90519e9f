import type { Actor, AttemptOutcome, BlockListId, CallId, CampaignId, ContactId, Extension, PhoneId, QueueId } from '@ritmo/domain';
import type { PacingDecision, ReplayFigures, ReplayResult } from '@ritmo/pacing';
import type { Done, Refusal } from './answers.ts';

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

/** Why a contact is not imported. */
export type ContactRefusal = 'parameters-exceeded' | 'no-number' | 'phones-exceeded' | 'invalid-priority' | 'invalid-number';

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
  readonly lastDecision: PacingDecision | null;
}

export interface SampledDecision extends PacingDecision {
  readonly at: number;
}

export interface ReplayStatus {
  readonly replayId: string;
  readonly campaignId: CampaignId;
  readonly state: 'reading' | 'running' | 'done' | 'failed';
  /** Of the present state, 0 to 100. */
  readonly percent: number;
  /** failed: why. */
  readonly reason: string | null;
  readonly recorded: ReplayFigures | null;
  readonly results: readonly ReplayResult[];
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

/** What the dialer serves. */
export interface DialerRequests {
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
    reply: { lastDecision: PacingDecision | null; decisions: readonly SampledDecision[] };
  };
  /** Runs a recorded campaign again with other policies or another number of agents. `dialer.replay.status` tells how far it is. */
  'dialer.replay.start': {
    request: { campaignId: CampaignId; policies: readonly string[]; agents: number | null; seeds: number };
    reply: { ok: true; replayId: string } | Refusal<'unknown-campaign' | 'unknown-policy' | 'busy'>;
  };
  'dialer.replay.status': { request: { replayId: string }; reply: ReplayStatus };
  'dialer.status': { request: { campaignId: CampaignId | null }; reply: { campaigns: readonly CampaignStatus[] } };
}
