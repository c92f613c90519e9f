import type { TableShape } from './table-buffer.ts';
import type {
  AgentRow,
  AppendedRows,
  AppendedTable,
  BlockedNumberRow,
  CallRow,
  ContactRow,
  DirectoryRow,
  PartHealthRow,
  PhoneRow,
  QueueLogRow,
  ResultRow,
  ServiceLevelRow,
  TrunkUsageRow,
} from './rows.ts';

const contacts: TableShape<ContactRow> = {
  name: 'contacts',
  columns: {
    contact_id: 'integer',
    campaign_id: 'integer',
    parameters: 'text[]',
    imported_at: 'timestamp',
    dialed: 'boolean',
    finished: 'text',
    awaits_agent: 'boolean',
    phones_listed: 'smallint',
    phones_pending: 'smallint',
    phones_retry: 'smallint',
    phones_scheduled: 'smallint',
    phones_operator: 'smallint',
    phones_untabulated: 'smallint',
  },
};

const phones: TableShape<PhoneRow> = {
  name: 'phones',
  columns: {
    phone_id: 'integer',
    contact_id: 'integer',
    campaign_id: 'integer',
    phone: 'text',
    priority: 'smallint',
    imported_at: 'timestamp',
    state: 'text',
    status_id: 'integer',
    dial_at: 'timestamp',
    operator_at: 'timestamp',
    last_call_id: 'text',
  },
};

const results: TableShape<ResultRow> = {
  name: 'results',
  columns: {
    call_id: 'text',
    id: 'bigint',
    campaign_id: 'integer',
    contact_id: 'integer',
    phone_id: 'integer',
    phone: 'text',
    trunk_id: 'integer',
    route_id: 'integer',
    status_id: 'integer',
    marked_at: 'timestamp',
    tabulated: 'boolean',
    started_at: 'timestamp',
    ended_at: 'timestamp',
    phase: 'text',
    answered: 'boolean',
    outcome: 'text',
    agent_id: 'integer',
    extension: 'text',
    bill_ms: 'bigint',
    dial_at: 'timestamp',
    operator_at: 'timestamp',
  },
};

const calls: TableShape<CallRow> = {
  name: 'calls',
  columns: {
    call_id: 'text',
    id: 'bigint',
    direction: 'text',
    from_number: 'text',
    to_number: 'text',
    placed_at: 'timestamp',
    ended: 'boolean',
    duration_s: 'integer',
    billing_s: 'integer',
    status: 'text',
    agent_id: 'integer',
    extension: 'text',
    campaign_id: 'integer',
    contact_id: 'integer',
    route_id: 'integer',
    trunk_id: 'integer',
    kind: 'text',
    branch: 'text',
    cost: 'double precision',
    cost_total: 'double precision',
    cost_rounded: 'double precision',
    billing_rounded: 'integer',
    by_agent: 'boolean',
    leg_id: 'text',
    leg_at: 'bigint',
    queue_id: 'integer',
    queued_at: 'bigint',
  },
};

const agents: TableShape<AgentRow> = {
  name: 'agents',
  columns: { agent_id: 'integer', status_id: 'integer', phone_status: 'smallint', calls: 'text[]' },
};

const queueLogs: TableShape<QueueLogRow> = {
  name: 'queue_logs',
  columns: {
    key: 'text',
    id: 'bigint',
    queue_id: 'integer',
    wait_s: 'integer',
    talk_s: 'integer',
    campaign_id: 'integer',
    agent_id: 'integer',
    number: 'text',
    at: 'timestamp',
    call_id: 'text',
  },
};

const serviceLevels: TableShape<ServiceLevelRow> = {
  name: 'service_levels',
  columns: {
    key: 'text',
    queue_id: 'integer',
    day: 'date',
    half_hour: 'smallint',
    threshold_s: 'integer',
    answered_below: 'integer',
    answered_above: 'integer',
    abandoned_below: 'integer',
    abandoned_above: 'integer',
  },
};

const blockedNumbers: TableShape<BlockedNumberRow> = {
  name: 'blocked_numbers',
  columns: { key: 'text', id: 'bigint', block_list_id: 'integer', number: 'text', description: 'text' },
};

const directory: TableShape<DirectoryRow> = { name: 'directory', columns: { key: 'text', kind: 'text', id: 'integer', entry: 'jsonb', removed: 'boolean' } };
const trunkUsage: TableShape<TrunkUsageRow> = { name: 'trunk_usage', columns: { trunk_id: 'integer', channels_used: 'integer' } };
const partHealth: TableShape<PartHealthRow> = { name: 'part_health', columns: { name: 'text', id: 'bigint', status: 'text' } };

export const changingTables = { contacts, phones, results, calls, agents, queueLogs, serviceLevels, blockedNumbers, directory, trunkUsage, partHealth } as const;

/** Columns of the tables that are only appended to, after `id`. */
export const appendedColumns: { readonly [T in AppendedTable]: readonly (keyof AppendedRows[T] & string)[] } = {
  missed_offers: ['agent_id', 'extension', 'agent_name', 'queue_id', 'queue_name', 'duration_s', 'at', 'call_id'],
  pauses: ['agent_id', 'extension', 'status_id', 'at', 'duration_s'],
  notes: ['campaign_id', 'contact_id', 'phone', 'extension', 'at', 'text'],
  ivr_steps: ['call_id', 'ivr_id', 'ivr_name', 'command', 'sound_file', 'option', 'duration_s', 'at'],
  survey_answers: ['survey', 'command', 'sound_file', 'question', 'answer', 'queue_name', 'agent_id', 'at', 'call_id'],
  messages: ['from_number', 'text', 'at'],
  campaign_logs: ['campaign_id', 'extension', 'description', 'at'],
};
