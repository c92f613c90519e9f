import type { CallId, DomainEvent, EventType } from '@ritmo/domain';
import type { EventStore } from '@ritmo/event-store';
import type { Talk } from './recording-sound.ts';

/** What the event store says happened: the other half of the reconciliation, beside what the carrier saw. */
export interface Ledger {
  /** Intents that were not taken back: each is one INVITE. */
  readonly attempts: ReadonlySet<CallId>;
  /** Attempts whose end is stored, with their outcome. */
  readonly ended: ReadonlyMap<CallId, string>;
  readonly answered: ReadonlySet<CallId>;
  readonly delivered: ReadonlySet<CallId>;
  readonly abandoned: ReadonlySet<CallId>;
  /** Calls whose end is stored. */
  readonly callsEnded: ReadonlyMap<CallId, string>;
  readonly offersMissed: number;
  /** Calls with at least one recording that was checked and kept, with its files. */
  readonly recorded: ReadonlyMap<CallId, readonly string[]>;
  /** Calls with an agent's leg that has ended: who talked, and for how long. */
  readonly talks: ReadonlyMap<CallId, Talk>;
  /** Attempt ids that were stored twice. */
  readonly doubled: readonly CallId[];
}

const types = [
  'AgentLegEnded',
  'AttemptStarted',
  'AttemptEnded',
  'AttemptWithdrawn',
  'CallAnswered',
  'CallDelivered',
  'CallAbandoned',
  'CallEnded',
  'OfferMissed',
  'RecordingStored',
] as const satisfies readonly EventType[];
type Counted = DomainEvent<(typeof types)[number]>;

const pageSize = 5_000;

export async function readLedger(events: EventStore): Promise<Ledger> {
  const attempts = new Set<CallId>();
  const ended = new Map<CallId, string>();
  const answered = new Set<CallId>();
  const delivered = new Set<CallId>();
  const abandoned = new Set<CallId>();
  const callsEnded = new Map<CallId, string>();
  const recorded = new Map<CallId, string[]>();
  const doubled: CallId[] = [];
  const talks = new Map<CallId, Talk>();
  const dialed = new Map<CallId, string>();
  let offersMissed = 0;

  const count = ({ type, data }: Counted): void => {
    switch (type) {
      case 'AttemptStarted':
        if (attempts.has(data.callId)) doubled.push(data.callId);
        attempts.add(data.callId);
        dialed.set(data.callId, data.dialString);
        return;
      case 'AgentLegEnded':
        talks.set(data.callId, { number: dialed.get(data.callId) ?? '', extension: data.extension, talkMs: data.talkMs + (talks.get(data.callId)?.talkMs ?? 0) });
        return;
      case 'AttemptEnded':
        ended.set(data.callId, data.outcome);
        return;
      case 'AttemptWithdrawn':
        attempts.delete(data.callId);
        return;
      case 'CallAnswered':
        answered.add(data.callId);
        return;
      case 'CallDelivered':
        delivered.add(data.callId);
        return;
      case 'CallAbandoned':
        abandoned.add(data.callId);
        return;
      case 'CallEnded':
        callsEnded.set(data.callId, data.wireOutcome);
        return;
      case 'OfferMissed':
        offersMissed += 1;
        return;
      case 'RecordingStored':
        recorded.set(data.callId, [...(recorded.get(data.callId) ?? []), data.file]);
        return;
    }
  };

  let after: bigint | undefined;
  for (;;) {
    const page = await events.readAll({ ...(after === undefined ? {} : { after }), limit: pageSize, types });
    for (const event of page) {
      count({ type: event.type, data: event.data, at: event.at } as unknown as Counted);
      after = event.position;
    }
    if (page.length < pageSize) break;
  }
  return { attempts, ended, answered, delivered, abandoned, callsEnded, offersMissed, recorded, talks, doubled };
}
