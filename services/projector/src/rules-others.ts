/** What the facts of agents, campaigns, lists, trunks, parts and configured things do. */
import type { Actor, DomainEvent, EventDataByType } from '@ritmo/domain';
import type { Batch } from './batch.ts';
import type { AgentRow } from './rows.ts';

type Data<T extends keyof EventDataByType> = Readonly<EventDataByType[T]>;

const LOGGED_IN = 1;
const LOGGED_OUT = 2;
const PHONE_UNREACHABLE = 4;
const seconds = (ms: number): number => Math.round(ms / 1_000);

/** Who changed it, for those who have no extension. */
const doors: Readonly<Record<Actor['kind'], string>> = {
  http: 'pela API',
  socket: 'pelo socket',
  sql: 'pelo banco de dados',
  admin: 'pela administração',
  agent: 'pelo ramal',
  file: 'pelo arquivo de configuração',
  system: 'pelo sistema',
};

/** RAMAL of 1.3.1.33 is an extension or nothing; an address or a program that made the change is told in the description. */
function logCampaign(batch: Batch, campaignId: number, change: string, by: Actor, at: number): void {
  const extension = by.kind === 'agent' || (by.id !== undefined && batch.directoryNow.agentByExtension(by.id) !== undefined) ? (by.id ?? null) : null;
  const address = by.kind === 'http' || by.kind === 'socket' || by.kind === 'admin' ? `, ${by.id ?? ''}`.replace(/, $/, '') : '';
  batch.append('campaign_logs', {
    campaign_id: campaignId,
    extension,
    description: extension === null ? `Campanha ${change} ${doors[by.kind]}${address}` : `Campanha ${change}`,
    at: batch.timestamp(at),
  });
}

/** How status_servidores calls a trunk: the names are given where the parts are measured (services/api). */
const partOfTrunk = (name: unknown): string => `SIP TRUNK ${String(name)}`;

/** Rows of status_servidores that a change of a trunk may end: by its name of before, and by that of now. */
export function partsOfTrunk(batch: Batch, { data }: DomainEvent<'DirectoryEntryPut' | 'DirectoryEntryRemoved'>): readonly string[] {
  if (data.kind !== 'trunk') return [];
  const names = [batch.entry('trunk', data.id)?.name, 'entry' in data ? data.entry['name'] : undefined];
  return names.filter((name) => name !== undefined).map(partOfTrunk);
}

/** Nobody measures it under this name any more. */
function endPartOfTrunk(batch: Batch, id: number, now: Readonly<Record<string, unknown>> | undefined): void {
  const before = batch.entry('trunk', id)?.name;
  if (before !== undefined && (now?.['name'] !== before || now['enabled'] === false)) batch.partHealth.remove(partOfTrunk(before));
}

export function directoryPut(batch: Batch, data: Data<'DirectoryEntryPut'>, at: number): void {
  const key = `${data.kind}/${data.id}`;
  const isNew = batch.directory.get(key)?.removed !== false;
  if (data.kind === 'trunk') endPartOfTrunk(batch, data.id, data.entry);
  batch.directory.put({ key, kind: data.kind, id: data.id, entry: data.entry, removed: false });
  batch.directoryNow.put(data.kind, data.id, data.entry);
  if (data.kind === 'campaign') logCampaign(batch, data.id, `${String(data.entry['name'])} ${isNew ? 'criada' : 'alterada'}`, data.by, at);
}

export function directoryRemoved(batch: Batch, data: Data<'DirectoryEntryRemoved'>, at: number): void {
  const known = batch.directory.get(`${data.kind}/${data.id}`);
  if (data.kind === 'trunk') endPartOfTrunk(batch, data.id, undefined);
  batch.directoryNow.remove(data.kind, data.id);
  if (known === undefined || known.removed) return;
  const name = String(known.entry['name'] ?? '');
  batch.directory.put({ ...known, entry: { name }, removed: true });
  if (data.kind === 'campaign') logCampaign(batch, data.id, `${name} removida`, data.by, at);
}

export function campaignActivity(batch: Batch, data: Data<'CampaignActivated'> | Data<'CampaignDeactivated'>, at: number, active: boolean): void {
  batch.setActive(data.campaignId, active);
  const name = batch.entry('campaign', data.campaignId)?.name ?? String(data.campaignId);
  logCampaign(batch, data.campaignId, `${name} ${active ? 'ativada' : 'desativada'}`, data.by, at);
}

export function numberBlocked(batch: Batch, data: Data<'NumberBlocked'>): void {
  const key = `${data.blockListId}/${data.number}`;
  const id = batch.blockedNumbers.get(key)?.id ?? batch.nextId('blocked_numbers');
  batch.blockedNumbers.put({ key, id, block_list_id: data.blockListId, number: data.number, description: data.description });
}

export function numberUnblocked(batch: Batch, data: Data<'NumberUnblocked'>): void {
  batch.blockedNumbers.remove(`${data.blockListId}/${data.number}`);
}

function changeAgent(batch: Batch, agentId: number, change: Partial<AgentRow>): void {
  const agent = batch.agents.get(agentId) ?? { agent_id: agentId, status_id: LOGGED_OUT, phone_status: PHONE_UNREACHABLE, calls: [] };
  batch.agents.put({ ...agent, ...change });
}

export function statusChanged(batch: Batch, data: Data<'AgentStatusChanged'>, at: number): void {
  changeAgent(batch, data.agentId, { status_id: data.statusId });
  const previous = data.previousStatusId;
  // 1.3.1.20 is about pauses: being logged in or out is none.
  if (previous === null || previous === LOGGED_IN || previous === LOGGED_OUT) return;
  batch.append('pauses', {
    agent_id: data.agentId,
    extension: data.extension,
    status_id: previous,
    at: batch.timestamp(at - data.previousMs),
    duration_s: seconds(data.previousMs),
  });
}

export function phoneStatusChanged(batch: Batch, data: Data<'PhoneStatusChanged'>): void {
  changeAgent(batch, data.agentId, { phone_status: data.phoneStatus });
}

export function trunkUsage(batch: Batch, data: Data<'TrunkUsage'>): void {
  batch.trunkUsage.put({ trunk_id: data.trunkId, channels_used: data.channelsUsed });
}

export function partHealth(batch: Batch, data: Data<'PartHealthReported'>): void {
  const id = batch.partHealth.get(data.part)?.id ?? batch.nextId('part_health');
  // `OK`, or as 1.1.17 shows it: `WARNING - Particao /backup 84%`.
  const status = data.status === 'OK' || data.detail === '' ? data.status : `${data.status} - ${data.detail}`;
  batch.partHealth.put({ name: data.part, id, status });
}

export function smsReceived(batch: Batch, data: Data<'SmsReceived'>, at: number): void {
  batch.append('messages', { from_number: data.from, text: data.text, at: batch.timestamp(at) });
}

export function ivrStepTaken(batch: Batch, data: Data<'IvrStepTaken'>, at: number): void {
  batch.append('ivr_steps', {
    call_id: data.callId,
    ivr_id: data.ivrId,
    ivr_name: data.ivrName,
    command: data.command,
    sound_file: data.soundFile,
    option: data.option,
    duration_s: seconds(data.durationMs),
    at: batch.timestamp(at),
  });
}

export function surveyAnswered(batch: Batch, data: Data<'SurveyAnswered'>, at: number): void {
  batch.append('survey_answers', {
    survey: data.survey,
    command: data.command,
    sound_file: data.soundFile,
    question: data.question,
    answer: data.answer,
    queue_name: data.queueName,
    agent_id: data.agentId,
    at: batch.timestamp(at),
    call_id: data.callId,
  });
}
