import type { SqlSession } from '@ritmo/database';
import { upcast, type DomainEvent, type EventDataByType, type EventType } from '@ritmo/domain';
import type { StoredEvent } from '@ritmo/event-store';
import { openBatch, type Batch } from './batch.ts';
import type { KnownDirectory } from './known-directory.ts';
import * as calls from './rules-calls.ts';
import * as contacts from './rules-contacts.ts';
import * as others from './rules-others.ts';

/** Raised with every change of the rules that makes other rows of the same events: the views are then rebuilt at the start. */
export const RULES_VERSION = 4;

type Rule<T extends EventType> = (batch: Batch, data: Readonly<EventDataByType[T]>, at: number) => void;

const nothing = (): void => undefined;

/** One rule per type; the compiler proves the list complete. `nothing` is a decision: no view shows that fact. */
const rules: { readonly [T in EventType]: Rule<T> } = {
  DirectoryEntryPut: others.directoryPut,
  DirectoryEntryRemoved: others.directoryRemoved,
  CampaignActivated: (batch, data, at) => others.campaignActivity(batch, data, at, true),
  CampaignDeactivated: (batch, data, at) => others.campaignActivity(batch, data, at, false),
  PacingDecided: nothing,
  ContactImported: contacts.contactImported,
  PhoneAdded: contacts.phoneAdded,
  PhoneExcluded: contacts.phoneExcluded,
  ContactParameterChanged: contacts.parameterChanged,
  ContactNoteAdded: contacts.noteAdded,
  AttemptStarted: contacts.attemptStarted,
  AttemptEnded: contacts.attemptEnded,
  AttemptWithdrawn: contacts.attemptWithdrawn,
  PhoneSkipped: contacts.phoneSkipped,
  DispositionSet: contacts.dispositionSet,
  CallbackScheduled: contacts.callbackScheduled,
  AgentCallbackDue: contacts.agentCallbackDue,
  PreviewOffered: nothing,
  PreviewAnswered: nothing,
  ContactFinished: contacts.contactFinished,
  NumberBlocked: others.numberBlocked,
  NumberUnblocked: others.numberUnblocked,
  CallPlaced: calls.callPlaced,
  CallRang: nothing,
  CallAnswered: calls.callAnswered,
  AnswerClassified: nothing,
  OwnCallRefused: nothing,
  CallQueued: calls.callQueued,
  OfferMade: nothing,
  OfferMissed: calls.offerMissed,
  CallDelivered: calls.callDelivered,
  CallAbandoned: calls.callAbandoned,
  CallHeld: nothing,
  CallResumed: nothing,
  TransferRequested: nothing,
  CallTransferred: calls.callTransferred,
  DtmfReceived: nothing,
  RecordingClosed: nothing,
  RecordingStored: nothing,
  RecordingFailed: nothing,
  RecordingRemoved: nothing,
  AgentLegEnded: calls.agentLegEnded,
  CallEnded: calls.callEnded,
  ExtensionRegistered: nothing,
  ExtensionUnregistered: nothing,
  AgentStatusChanged: others.statusChanged,
  PhoneStatusChanged: others.phoneStatusChanged,
  WrapUpStarted: nothing,
  WrapUpEnded: nothing,
  TrunkStateChanged: nothing,
  TrunkUsage: others.trunkUsage,
  PartHealthReported: others.partHealth,
  DiskNearlyFull: nothing,
  SmsReceived: others.smsReceived,
  IvrStepTaken(batch, data, at) {
    others.ivrStepTaken(batch, data, at);
    calls.callInIvr(batch, data, at);
  },
  SurveyAnswered: others.surveyAnswered,
};

/** Types that change a view. The store need not send any other. */
export const projectedTypes: readonly EventType[] = (Object.keys(rules) as EventType[]).filter((type) => rules[type] !== nothing);

const isKnown = (type: string): type is EventType => Object.hasOwn(rules, type);

/** Everything that a fact may name. */
interface Named {
  readonly kind?: string;
  readonly id?: number;
  readonly contactId?: number | null;
  readonly phoneId?: number | null;
  readonly phone?: { readonly phoneId: number };
  readonly phones?: readonly { readonly phoneId: number }[];
  readonly next?: { readonly phoneId?: number };
  readonly callId?: string | null;
  readonly legId?: string;
  readonly agentId?: number | null;
  readonly fromAgentId?: number;
  readonly queueId?: number | null;
  readonly blockListId?: number;
  readonly number?: string;
  readonly trunkId?: number;
  readonly part?: string;
}

const isSet = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

/** Asks for the rows that a fact may touch. */
function want(batch: Batch, event: DomainEvent): void {
  const named = event.data as Named;
  if (event.type === 'DirectoryEntryPut' || event.type === 'DirectoryEntryRemoved') batch.directory.want(`${named.kind}/${named.id}`);
  if (isSet(named.contactId)) batch.contacts.want(named.contactId);
  for (const phoneId of [named.phoneId, named.phone?.phoneId, named.next?.phoneId]) if (isSet(phoneId)) batch.phones.want(phoneId);
  for (const phone of named.phones ?? []) batch.phones.want(phone.phoneId);
  if (isSet(named.callId)) {
    batch.results.want(named.callId);
    batch.calls.want(named.callId);
    batch.queueLogs.want(`${named.callId}/abandoned`);
  }
  if (named.legId !== undefined) batch.queueLogs.want(named.legId);
  for (const agentId of [named.agentId, named.fromAgentId]) if (isSet(agentId)) batch.agents.want(agentId);
  if (event.type === 'NumberBlocked' || event.type === 'NumberUnblocked') batch.blockedNumbers.want(`${named.blockListId}/${named.number}`);
  if (event.type === 'TrunkUsage') batch.trunkUsage.want(event.data.trunkId);
  if (event.type === 'PartHealthReported') batch.partHealth.want(event.data.part);
  if (event.type === 'DirectoryEntryPut' || event.type === 'DirectoryEntryRemoved') for (const part of others.partsOfTrunk(batch, event)) batch.partHealth.want(part);
  if (event.type === 'CallPlaced' || event.type === 'CallEnded') wantAgentOf(batch, event.data.extension);
  // An agent that this very batch makes known may be named by its extension later in it.
  if (event.type === 'DirectoryEntryPut' && event.data.kind === 'agent') batch.agents.want(event.data.id);
}

function wantAgentOf(batch: Batch, extension: string | null): void {
  const agent = extension === null ? undefined : batch.directoryNow.agentByExtension(extension);
  if (agent !== undefined) batch.agents.want(agent.id);
}

/** Rows that the rows just read point at. */
function wantNext(batch: Batch, events: readonly DomainEvent[]): void {
  for (const event of events) {
    const named = event.data as Named;
    if (isSet(named.phoneId)) {
      const lastCallId = batch.phones.get(named.phoneId)?.last_call_id ?? null;
      if (lastCallId !== null) batch.results.want(lastCallId);
    }
    if (!isSet(named.callId)) continue;
    const result = batch.results.get(named.callId);
    if (result !== undefined) {
      batch.phones.want(result.phone_id);
      batch.contacts.want(result.contact_id);
    }
    const call = batch.calls.get(named.callId);
    if (isSet(call?.agent_id)) batch.agents.want(call.agent_id);
    if (event.type === 'CallEnded' && isSet(call?.leg_id)) batch.queueLogs.want(call.leg_id);
  }
}

/** Changes the rows by a batch of events. Within the caller's transaction. */
export async function applyEvents(session: SqlSession, schema: string, directory: KnownDirectory, stored: readonly StoredEvent[]): Promise<void> {
  const batch = await openBatch(session, schema, directory);
  const events = stored.filter((event) => isKnown(event.type)).map((event) => upcast(event));
  for (const event of events) want(batch, event);
  await batch.load();
  wantNext(batch, events);
  await batch.load();
  await batch.phones.loadBy(session, schema, 'contact_id', contacts.maybeReopened(events));
  for (const event of events) {
    // Which row of the service level it is depends on configuration that this batch may have changed: a read of its own.
    if (event.type === 'CallDelivered' || event.type === 'CallAbandoned' || event.type === 'CallEnded') {
      calls.wantServiceLevel(batch, event);
      await batch.serviceLevels.load(session, schema);
    }
    (rules[event.type] as Rule<EventType>)(batch, event.data, event.at);
  }
  await batch.flush();
}
