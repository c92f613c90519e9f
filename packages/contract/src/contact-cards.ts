import type { Bus, BusSubscription } from '@ritmo/bus';
import { streams, type ContactId, type ContactPhone, type EventDataByType, type PhoneId } from '@ritmo/domain';
import type { EventStore } from '@ritmo/event-store';

/** What the facades tell of a contact: its parameters and phones. */
export interface ContactCard {
  readonly parameters: readonly string[];
  readonly phones: ReadonlyMap<PhoneId, ContactPhone>;
}

export interface ContactCards {
  /** From memory when it was read before. A contact that does not exist has an empty card. */
  of(contactId: ContactId): Promise<ContactCard>;
  start(): void;
  stop(): void;
}

const mostCards = 20_000;
const empty: ContactCard = { parameters: [], phones: new Map() };

/** Read from the contact's own stream, so it does not wait for any projection. */
export function createContactCards(parts: { readonly events: EventStore; readonly bus: Bus }): ContactCards {
  const { events, bus } = parts;
  const cards = new Map<ContactId, Promise<ContactCard>>();
  let subscriptions: BusSubscription[] = [];

  async function read(contactId: ContactId): Promise<ContactCard> {
    const stored = await events.readStream(streams.contact(contactId));
    return stored.reduce(evolve, empty);
  }

  const forget = (contactId: ContactId): void => void cards.delete(contactId);

  return {
    of(contactId) {
      const known = cards.get(contactId);
      if (known !== undefined) return known;
      const oldest = cards.size >= mostCards ? cards.keys().next() : undefined;
      if (oldest !== undefined && oldest.done !== true) cards.delete(oldest.value);
      const card = read(contactId);
      cards.set(contactId, card);
      card.catch(() => forget(contactId));
      return card;
    },
    start() {
      subscriptions = [
        bus.subscribe('fact.ContactParameterChanged', ({ data }) => forget(data.contactId)),
        bus.subscribe('fact.PhoneAdded', ({ data }) => forget(data.contactId)),
      ];
    },
    stop() {
      for (const subscription of subscriptions) subscription.stop();
      subscriptions = [];
    },
  };
}

function evolve(card: ContactCard, event: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }): ContactCard {
  // The other types of a contact's stream say nothing that a card shows.
  switch (event.type) {
    case 'ContactImported': {
      const data = event.data as unknown as EventDataByType['ContactImported'];
      return { parameters: data.parameters, phones: new Map(data.phones.map((phone) => [phone.phoneId, phone])) };
    }
    case 'PhoneAdded': {
      const { phone } = event.data as unknown as EventDataByType['PhoneAdded'];
      return { ...card, phones: new Map([...card.phones, [phone.phoneId, phone]]) };
    }
    case 'ContactParameterChanged': {
      const { index, value } = event.data as unknown as EventDataByType['ContactParameterChanged'];
      const parameters = [...card.parameters];
      while (parameters.length < index) parameters.push('');
      parameters[index - 1] = value;
      return { ...card, parameters };
    }
  }
  return card;
}
