/** Rows of the tables behind the views. Names and meaning are those of sql/tables; timestamps are local time as text. */
import type { AttemptOutcome, CallDirection, QueueId } from '@ritmo/domain';

export interface ContactRow {
  readonly contact_id: number;
  readonly campaign_id: number;
  readonly parameters: readonly string[];
  readonly imported_at: string;
  readonly dialed: boolean;
  readonly finished: 'disposition' | 'exhausted' | 'excluded' | null;
  readonly awaits_agent: boolean;
  readonly phones_listed: number;
  readonly phones_pending: number;
  readonly phones_retry: number;
  readonly phones_scheduled: number;
  readonly phones_operator: number;
  readonly phones_untabulated: number;
}

export interface PhoneRow {
  readonly phone_id: number;
  readonly contact_id: number;
  readonly campaign_id: number;
  readonly phone: string;
  readonly priority: number;
  readonly imported_at: string;
  readonly state: 'fresh' | 'refused' | 'retry' | 'worked' | 'excluded';
  readonly status_id: number | null;
  readonly dial_at: string | null;
  readonly operator_at: string | null;
  readonly last_call_id: string | null;
}

export interface ResultRow {
  readonly call_id: string;
  readonly id: number;
  readonly campaign_id: number;
  readonly contact_id: number;
  readonly phone_id: number;
  readonly phone: string;
  readonly trunk_id: number;
  readonly route_id: number;
  readonly status_id: number;
  readonly marked_at: string;
  readonly tabulated: boolean;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly phase: 'dialing' | 'ivr' | 'queue' | 'talking' | 'ended';
  readonly answered: boolean;
  readonly outcome: AttemptOutcome | null;
  readonly agent_id: number | null;
  readonly extension: string | null;
  readonly bill_ms: number;
  readonly dial_at: string | null;
  readonly operator_at: string | null;
}

export interface CallRow {
  readonly call_id: string;
  readonly id: number;
  readonly direction: CallDirection;
  readonly from_number: string;
  readonly to_number: string;
  readonly placed_at: string;
  readonly ended: boolean;
  readonly duration_s: number;
  readonly billing_s: number;
  readonly status: 'ANSWERED' | 'BUSY' | 'NO ANSWER';
  readonly agent_id: number | null;
  readonly extension: string | null;
  readonly campaign_id: number | null;
  readonly contact_id: number | null;
  readonly route_id: number | null;
  readonly trunk_id: number;
  readonly kind: string;
  readonly branch: string | null;
  readonly cost: number;
  readonly cost_total: number;
  readonly cost_rounded: number;
  readonly billing_rounded: number;
  readonly by_agent: boolean;
  /** The agent's leg: the key of its row in queue_logs, and when it began, ms since the epoch. */
  readonly leg_id: string | null;
  readonly leg_at: number | null;
  /** The queue that it waits in, and since when, ms since the epoch. */
  readonly queue_id: QueueId | null;
  readonly queued_at: number | null;
}

export interface AgentRow {
  readonly agent_id: number;
  readonly status_id: number;
  readonly phone_status: number;
  readonly calls: readonly string[];
}

export interface QueueLogRow {
  readonly key: string;
  readonly id: number | null;
  readonly queue_id: number | null;
  readonly wait_s: number | null;
  readonly talk_s: number | null;
  readonly campaign_id: number | null;
  readonly agent_id: number | null;
  readonly number: string | null;
  readonly at: string | null;
  readonly call_id: string;
}

export interface ServiceLevelRow {
  readonly key: string;
  readonly queue_id: number;
  readonly day: string;
  readonly half_hour: number;
  readonly threshold_s: number;
  readonly answered_below: number;
  readonly answered_above: number;
  readonly abandoned_below: number;
  readonly abandoned_above: number;
}

export interface BlockedNumberRow {
  readonly key: string;
  readonly id: number;
  readonly block_list_id: number;
  readonly number: string;
  readonly description: string;
}

export interface DirectoryRow {
  readonly key: string;
  readonly kind: string;
  readonly id: number;
  readonly entry: Readonly<Record<string, unknown>>;
  /** Only its name is left. */
  readonly removed: boolean;
}

export interface TrunkUsageRow {
  readonly trunk_id: number;
  readonly channels_used: number;
}

export interface PartHealthRow {
  readonly name: string;
  readonly id: number;
  readonly status: string;
}

/** Rows that are written once, per table. `id` comes from the table's counter. */
export interface AppendedRows {
  missed_offers: { agent_id: number; extension: string; agent_name: string | null; queue_id: number; queue_name: string | null; duration_s: number; at: string; call_id: string };
  pauses: { agent_id: number; extension: string; status_id: number; at: string; duration_s: number };
  notes: { campaign_id: number; contact_id: number; phone: string | null; extension: string; at: string; text: string };
  ivr_steps: { call_id: string; ivr_id: number; ivr_name: string; command: string; sound_file: string; option: string; duration_s: number; at: string };
  survey_answers: { survey: string; command: string; sound_file: string; question: string; answer: string; queue_name: string; agent_id: number | null; at: string; call_id: string };
  messages: { from_number: string; text: string; at: string };
  campaign_logs: { campaign_id: number; extension: string | null; description: string; at: string };
}

export type AppendedTable = keyof AppendedRows;

/** Counters of a campaign, by column. */
export const campaignCounters = [
  'remaining',
  'scheduled',
  'operator',
  'finished',
  'open',
  'answered',
  'no_answer',
  'busy',
  'retries',
  'dialing',
  'in_ivr',
  'talking',
  'queued',
  'untouched',
  'untabulated',
] as const;
export type CampaignCounter = (typeof campaignCounters)[number];
export type CounterShares = Readonly<Partial<Record<CampaignCounter, number>>>;
