/** Keeps the work index up to date with the event store. Several processes may run it: each event is applied once. */
import type { Database, SqlSession } from '@ritmo/database';
import { contactFactTypes, evolve, noContact, upcast, type CallId, type CampaignId, type ContactId, type DomainEvent } from '@ritmo/domain';
import type { EventStore, StoredEvent, Subscription } from '@ritmo/event-store';
import { hearDecision, writeDecisions, type StoredDecision } from './decisions.ts';
import { createLessons, taughtBy, writeLessons } from './learning.ts';
import { lateCalls, type Grace } from './late.ts';
import { createParameterChanges, writeParameters } from './parameters.ts';
import { applyTallies, createTallies } from './tallies.ts';
import { addContacts, addPhones, isDueByItself, readContacts, updateContacts, writeBlocked, type BlockedChange, type IndexedContact, type IndexedPhone } from './work-index.ts';

const types = [...new Set([...contactFactTypes, ...taughtBy, 'AnswerClassified', 'PacingDecided', 'CampaignActivated', 'CampaignDeactivated', 'NumberBlocked', 'NumberUnblocked'])];
const contactTypes: ReadonlySet<string> = new Set(contactFactTypes);
const batchSize = 2_000;

export interface Feed {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when everything stored up to now has been applied. */
  caughtUp(): Promise<void>;
}

export interface FeedOptions {
  readonly database: Database;
  readonly events: EventStore;
  /** Zone in which a day begins and ends. */
  readonly dayZone: () => string;
  readonly graceOf: (campaignId: CampaignId) => Grace;
  /** The index has these versions now, whichever process applied them. */
  readonly onApplied: (contacts: readonly { readonly contactId: ContactId; readonly version: number }[]) => void;
  /** In the order of the events: what the bus may have lost. */
  readonly onActive: (campaignId: CampaignId, active: boolean) => void;
}

export function createFeed(options: FeedOptions): Feed {
  const { database, events } = options;
  let subscription: Subscription | undefined;
  let startedAfter: bigint | undefined;

  const tell = (batch: readonly StoredEvent[]): void => {
    const versions = new Map<ContactId, number>();
    for (const stored of batch) {
      const data = stored.data as { readonly contactId?: ContactId; readonly campaignId?: CampaignId };
      if (contactTypes.has(stored.type) && data.contactId !== undefined) versions.set(data.contactId, stored.version);
      else if (stored.type.startsWith('Campaign') && data.campaignId !== undefined) options.onActive(data.campaignId, stored.type === 'CampaignActivated');
    }
    options.onApplied([...versions].map(([contactId, version]) => ({ contactId, version })));
  };
  const handle = async (batch: readonly StoredEvent[]): Promise<void> => {
    await database.tx(async (session) => {
      // The index and its checkpoint are lost together or not at all, and are made again from the events: nobody waits for the disk.
      await session.query('SET LOCAL synchronous_commit = off');
      const { rows } = await session.query<{ position: number | bigint | null }>('SELECT position FROM dialer.checkpoint FOR UPDATE');
      const position = rows[0]?.position ?? null;
      const fresh = position === null ? batch : batch.filter((event) => event.position > BigInt(position));
      const last = fresh.at(-1);
      if (!last) return;
      await apply(session, fresh, options);
      await session.query('UPDATE dialer.checkpoint SET position = $1', [String(last.position)]);
    });
    tell(batch);
  };

  return {
    async start() {
      const { rows } = await database.query<{ position: number | bigint | null }>('SELECT position FROM dialer.checkpoint');
      const position = rows[0]?.position ?? null;
      startedAfter = position === null ? undefined : BigInt(position);
      subscription = events.subscribe({ ...(startedAfter === undefined ? {} : { after: startedAfter }), batchSize, types }, handle);
    },
    async stop() {
      await subscription?.stop();
    },
    async caughtUp() {
      const head = await events.head();
      // Events of other types move the head and not our position: ask for the next one of ours instead. What was stored after the
      // question is not waited for, or a busy store would never let anybody go.
      for (;;) {
        const after = subscription?.position ?? startedAfter;
        const [waiting] = await events.readAll({ ...(after === undefined ? {} : { after }), limit: 1, types });
        if (waiting === undefined || head === undefined || waiting.position > head) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** All of a batch: one read of the contacts it touches, one write of each table. */
async function apply(session: SqlSession, batch: readonly StoredEvent[], { graceOf, dayZone }: Pick<FeedOptions, 'graceOf' | 'dayZone'>): Promise<void> {
  const tallies = createTallies();
  const parameters = createParameterChanges();
  const decisions: StoredDecision[] = [];
  const phones: IndexedPhone[] = [];
  const blocked: BlockedChange[] = [];
  const facts = batch.map((stored) => ({ stored, fact: upcast(stored) }));
  const late = await lateCalls(session, facts.map(({ fact }) => fact), graceOf);
  const lessons = createLessons(dayZone(), late);
  const known = await readTouched(session, facts.map(({ fact }) => fact));
  const changed = new Map<ContactId, IndexedContact>();
  for (const { stored, fact } of facts) {
    collectOther(fact, stored.position, { tallies, phones, blocked, late });
    lessons.hear(fact, stored.position);
    parameters.hear(fact);
    hearDecision(fact, stored.position, decisions);
    const contactId = contactOf(fact);
    if (contactId === null) continue;
    const before = changed.get(contactId) ?? known.get(contactId);
    if (before && before.version >= stored.version) continue;
    if (fact.type === 'AttemptEnded' && before?.state.status === 'dialing') lessons.hearAttempt(fact, before.state.attempt.trunkId);
    const state = evolve(before?.state ?? noContact, fact);
    tallies.contact(before?.state ?? noContact, state, fact, isDueByItself);
    const campaignId = state.status === 'none' ? before?.campaignId : state.contact.campaignId;
    if (campaignId !== undefined) changed.set(contactId, { contactId, campaignId, version: stored.version, state });
  }
  const contacts = [...changed.values()];
  await addContacts(session, contacts.filter(({ contactId }) => !known.has(contactId)));
  await updateContacts(session, contacts.filter(({ contactId }) => known.has(contactId)));
  await addPhones(session, phones);
  await writeParameters(session, parameters);
  await writeBlocked(session, blocked);
  await applyTallies(session, tallies);
  await writeLessons(session, lessons);
  await writeDecisions(session, decisions);
}

async function readTouched(session: SqlSession, facts: readonly DomainEvent[]): Promise<ReadonlyMap<ContactId, IndexedContact>> {
  const touched = new Set<ContactId>();
  for (const fact of facts) {
    const contactId = contactOf(fact);
    if (contactId !== null) touched.add(contactId);
  }
  const found = await readContacts(session, [...touched]);
  return new Map(found.map((contact) => [contact.contactId, contact]));
}

function contactOf(fact: DomainEvent): ContactId | null {
  if (!contactTypes.has(fact.type)) return null;
  return (fact.data as { readonly contactId: ContactId }).contactId;
}

interface Collected {
  readonly tallies: ReturnType<typeof createTallies>;
  readonly phones: IndexedPhone[];
  readonly blocked: BlockedChange[];
  readonly late: ReadonlySet<CallId>;
}

function collectOther(fact: DomainEvent, position: bigint, { tallies, phones, blocked, late }: Collected): void {
  if (fact.type === 'ContactImported') {
    const { contactId, campaignId } = fact.data;
    for (const phone of fact.data.phones) phones.push({ phoneId: phone.phoneId, contactId, campaignId, number: phone.number });
  } else if (fact.type === 'PhoneAdded') {
    const { contactId, campaignId, phone } = fact.data;
    phones.push({ phoneId: phone.phoneId, contactId, campaignId, number: phone.number });
  } else if (fact.type === 'NumberBlocked') {
    blocked.push({ ...fact.data, blocked: true, position });
  } else if (fact.type === 'NumberUnblocked') {
    blocked.push({ ...fact.data, description: '', blocked: false, position });
  } else if (fact.type === 'CampaignActivated' || fact.type === 'CampaignDeactivated') {
    tallies.of(fact.data.campaignId).active = fact.type === 'CampaignActivated';
  } else if (fact.type === 'CallDelivered' && fact.data.campaignId !== null) {
    if (late.has(fact.data.callId)) tallies.of(fact.data.campaignId).late += 1;
  }
}

