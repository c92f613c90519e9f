/** Contacts as they are at this moment: the index, corrected by what this process did since the index was written. */
import { evolve, noContact, streams, upcast, type CampaignId, type ContactId, type ContactState, type Decided, type DomainEvent } from '@ritmo/domain';
import { WrongExpectedVersionError } from '@ritmo/event-store';
import type { ServiceContext } from '@ritmo/service-kit';
import { readContacts } from './work-index.ts';

export interface KnownContact {
  readonly contactId: ContactId;
  /** Version of the last event of its stream; -1 when there is none. */
  readonly version: number;
  readonly state: ContactState;
}

type Outcome<C extends string> =
  | { readonly ok: true; readonly facts: readonly DomainEvent[]; readonly contact: KnownContact }
  | { readonly ok: false; readonly code: C; readonly detail?: string };

export interface ContactBook {
  load(contactId: ContactId): Promise<KnownContact>;
  /** The newer of what was read and what this process knows. */
  newest(read: KnownContact): KnownContact;
  /** Decides on the newest state and commits with its version; a conflict is read up and decided again. */
  decide<C extends string>(contactId: ContactId, decision: (state: ContactState) => Decided<C>): Promise<Outcome<C>>;
  /**
   * One try on a state that was read before, for attempts: a conflict means that something else happened to the contact,
   * and the answer is no.
   */
  decideOnce<C extends string>(contact: KnownContact, decision: (state: ContactState) => Decided<C>): Promise<Outcome<C | 'conflict'>>;
  /** The index has these versions now. */
  forget(applied: readonly { readonly contactId: ContactId; readonly version: number }[]): void;
  /** Contacts of this campaign that the index may not show as they are. */
  aheadOfIndex(campaignId: CampaignId): number;
  readonly size: number;
}

const mostConflicts = 8;

export function createContactBook({ database, events, journal }: ServiceContext): ContactBook {
  const ahead = new Map<ContactId, KnownContact>();
  const perCampaign = new Map<CampaignId, number>();
  const count = (state: ContactState, by: number): void => {
    if (state.status !== 'none') perCampaign.set(state.contact.campaignId, (perCampaign.get(state.contact.campaignId) ?? 0) + by);
  };
  const mark = (contact: KnownContact): void => {
    const before = ahead.get(contact.contactId);
    if (before && before.version >= contact.version) return;
    if (!before) count(contact.state, 1);
    ahead.set(contact.contactId, contact);
  };
  const newest = (read: KnownContact): KnownContact => {
    const marked = ahead.get(read.contactId);
    return marked && marked.version > read.version ? marked : read;
  };
  const load = async (contactId: ContactId): Promise<KnownContact> => {
    const marked = ahead.get(contactId);
    if (marked) return marked;
    const row = (await readContacts(database, [contactId]))[0];
    if (row) return newest(row);
    return catchUp({ contactId, version: -1, state: noContact });
  };
  const catchUp = async (contact: KnownContact): Promise<KnownContact> => {
    const stored = await events.readStream(streams.contact(contact.contactId), { fromVersion: contact.version + 1 });
    const caught = stored.reduce<KnownContact>(
      (known, event) => ({ ...known, version: event.version, state: evolve(known.state, upcast(event)) }),
      contact,
    );
    if (caught.version > contact.version) mark(caught);
    return caught;
  };
  const commit = async (contact: KnownContact, facts: readonly DomainEvent[]): Promise<KnownContact> => {
    if (facts.length === 0) return contact;
    const { version } = await journal.commit(streams.contact(contact.contactId), contact.version < 0 ? 'none' : contact.version, facts);
    const after = { contactId: contact.contactId, version, state: facts.reduce(evolve, contact.state) };
    mark(after);
    return after;
  };

  return {
    load,
    newest,
    async decide(contactId, decision) {
      let contact = await load(contactId);
      for (let conflicts = 0; ; conflicts += 1) {
        const decided = decision(contact.state);
        if (!decided.ok) {
          // A refusal on an old state is worth nothing: look once at the stream itself.
          const caught = await catchUp(contact);
          if (caught.version === contact.version) return decided;
          contact = caught;
          continue;
        }
        try {
          return { ok: true, facts: decided.facts, contact: await commit(contact, decided.facts) };
        } catch (error) {
          if (!(error instanceof WrongExpectedVersionError) || conflicts >= mostConflicts) throw error;
          contact = await catchUp(newest(contact));
        }
      }
    },
    async decideOnce(read, decision) {
      const contact = newest(read);
      const decided = decision(contact.state);
      if (!decided.ok) return decided;
      try {
        return { ok: true, facts: decided.facts, contact: await commit(contact, decided.facts) };
      } catch (error) {
        if (!(error instanceof WrongExpectedVersionError)) throw error;
        await catchUp(contact);
        return { ok: false, code: 'conflict' };
      }
    },
    forget(applied) {
      for (const { contactId, version } of applied) {
        const marked = ahead.get(contactId);
        if (!marked || marked.version > version) continue;
        ahead.delete(contactId);
        count(marked.state, -1);
      }
    },
    aheadOfIndex: (campaignId) => perCampaign.get(campaignId) ?? 0,
    get size() {
      return ahead.size;
    },
  };
}
