/**
 * What a campaign dials next, read ahead in batches. Memory is bounded by the batch, whatever the length of the list; what
 * is urgent is read by itself, so that it never waits behind a batch.
 */
import { isOpen, nextDial, zoneGroups, type CallWindow, type CampaignId, type ContactId } from '@ritmo/domain';
import type { Database } from '@ritmo/database';
import type { ContactBook, KnownContact } from './contact-book.ts';
import { readDue, readUrgent } from './work-index.ts';

export interface DueWork {
  /** The next contact that is due, as it is known now; undefined when the batch is empty. */
  take(nowMs: number): KnownContact | undefined;
  /** Puts back what could not be dialed for lack of room. Comes first again. */
  putBack(contacts: readonly KnownContact[]): void;
  /** Reads more when little is left. Cheap to call at every tick. */
  refill(nowMs: number, window: CallWindow | undefined): Promise<void>;
  /** Something became due: read at the next refill. */
  wake(): void;
  readonly length: number;
  /** At the last read the campaign's window was open in no zone. */
  readonly outsideWindow: boolean;
}

export interface DueWorkOptions {
  readonly campaignId: CampaignId;
  readonly database: Database;
  readonly book: ContactBook;
  readonly isInFlight: (contactId: ContactId) => boolean;
  readonly batchSize: number;
}

/** An empty campaign looks again after this. */
const idleMs = 1_000;
const urgentEveryMs = 300;
const urgentBatch = 100;
/** Most contacts by which a read is enlarged because the index is behind. */
const mostAhead = 2_000;
const allZones = zoneGroups.map(({ group }) => group);

export function createDueWork(options: DueWorkOptions): DueWork {
  const { campaignId, database, book, isInFlight, batchSize } = options;
  let ordinary: KnownContact[] = [];
  let urgent: KnownContact[] = [];
  const queued = new Set<ContactId>();
  let emptyUntilMs = 0;
  let urgentReadAt = 0;
  let outsideWindow = false;

  const usable = (contact: KnownContact, nowMs: number): boolean => {
    const dial = nextDial(contact.state);
    return dial !== null && dial.at <= nowMs && !isInFlight(contact.contactId);
  };
  const enqueue = (list: KnownContact[], read: readonly KnownContact[], nowMs: number): number => {
    let taken = 0;
    for (const row of read) {
      const contact = book.newest(row);
      if (queued.has(contact.contactId) || !usable(contact, nowMs)) continue;
      queued.add(contact.contactId);
      list.push(contact);
      taken += 1;
    }
    return taken;
  };
  const openZones = (nowMs: number, window: CallWindow | undefined): readonly number[] => {
    // With zones of its own a window says nothing about the shipped groups: each phone is asked when its turn comes.
    if (!window || Object.keys(window.timeZones).length > 0) return allZones;
    return zoneGroups.filter(({ zones }) => isOpen(window, zones, nowMs)).map(({ group }) => group);
  };

  return {
    take(nowMs) {
      for (;;) {
        const contact = urgent.shift() ?? ordinary.pop();
        if (!contact) return undefined;
        queued.delete(contact.contactId);
        const newest = book.newest(contact);
        if (usable(newest, nowMs)) return newest;
      }
    },
    putBack(contacts) {
      for (const contact of contacts) queued.add(contact.contactId);
      urgent = [...contacts, ...urgent];
    },
    async refill(nowMs, window) {
      if (nowMs >= urgentReadAt) {
        urgentReadAt = nowMs + urgentEveryMs;
        const read = await readUrgent(database, campaignId, nowMs, urgentBatch + urgent.length);
        // Named after the wait: contacts put back meanwhile have made it another list.
        enqueue(urgent, read, nowMs);
      }
      if (ordinary.length > batchSize / 2 || nowMs < emptyUntilMs) return;
      const limit = batchSize + ordinary.length + Math.min(book.aheadOfIndex(campaignId), mostAhead);
      const open = openZones(nowMs, window);
      outsideWindow = open.length === 0;
      const read = await readDue(database, { campaignId, nowMs, limit, openZones: open });
      const list: KnownContact[] = [];
      const taken = enqueue(list, read, nowMs);
      // Taken from the end: the first to be dialed is last.
      ordinary = [...list.reverse(), ...ordinary];
      if (taken === 0 || read.length < limit) emptyUntilMs = nowMs + idleMs;
    },
    wake() {
      emptyUntilMs = 0;
      urgentReadAt = 0;
    },
    get length() {
      return urgent.length + ordinary.length;
    },
    get outsideWindow() {
      return outsideWindow;
    },
  };
}
