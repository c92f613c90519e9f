/** What is counted per campaign: the change that a batch of events makes, and the sums kept in dialer.campaigns. */
import type { SqlSession } from '@ritmo/database';
import type { AttemptOutcome, CampaignId, ContactState, DispositionId, DomainEvent } from '@ritmo/domain';

export interface Tally {
  active: boolean | null;
  attempts: number;
  answered: number;
  delivered: number;
  abandoned: number;
  late: number;
  /** Sum over ended attempts. */
  ringMs: number;
  /** Sum over delivered calls, from answer to end. */
  talkMs: number;
  remaining: number;
  readonly outcomes: Partial<Record<AttemptOutcome, number>>;
  readonly byDisposition: Record<number, number>;
}

const emptyTally = (): Tally => ({ active: null, attempts: 0, answered: 0, delivered: 0, abandoned: 0, late: 0, ringMs: 0, talkMs: 0, remaining: 0, outcomes: {}, byDisposition: {} });

export interface Tallies {
  of(campaignId: CampaignId): Tally;
  /** Counts what a contact's fact means for its campaign. */
  contact(before: ContactState, after: ContactState, fact: DomainEvent, isDueByItself: (state: ContactState) => boolean): void;
  readonly all: ReadonlyMap<CampaignId, Tally>;
}

export function createTallies(): Tallies {
  const all = new Map<CampaignId, Tally>();
  const of = (campaignId: CampaignId): Tally => {
    let tally = all.get(campaignId);
    if (!tally) all.set(campaignId, (tally = emptyTally()));
    return tally;
  };
  const dispose = (tally: Tally, id: DispositionId, count: number): void => {
    tally.byDisposition[id] = (tally.byDisposition[id] ?? 0) + count;
  };
  return {
    all,
    of,
    contact(before, after, fact, isDueByItself) {
      if (after.status === 'none') return;
      const tally = of(after.contact.campaignId);
      tally.remaining += Number(isDueByItself(after) || after.status === 'dialing') - Number(isDueByItself(before) || before.status === 'dialing');
      if (fact.type === 'AttemptStarted') tally.attempts += 1;
      if (fact.type === 'AttemptWithdrawn') tally.attempts -= 1;
      if (fact.type === 'AttemptEnded') {
        const { outcome, dispositionId, ringMs, billMs } = fact.data;
        tally.ringMs += ringMs;
        if (outcome === 'delivered') tally.talkMs += billMs;
        tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
        dispose(tally, dispositionId, 1);
        if (outcome === 'delivered') tally.delivered += 1;
        if (outcome === 'abandoned') tally.abandoned += 1;
        if (outcome === 'delivered' || outcome === 'abandoned' || outcome === 'machine') tally.answered += 1;
      }
      // The agent's word comes after the call as often as during it: the call is counted once, under the last word.
      if (fact.type === 'DispositionSet' && before.status !== 'none' && before.status !== 'dialing') {
        const { last } = before.contact;
        if (last && last.phoneId === fact.data.phoneId && (fact.data.callId === null || fact.data.callId === last.callId)) {
          dispose(tally, last.dispositionId, -1);
          dispose(tally, fact.data.dispositionId, 1);
        }
      }
    },
  };
}

interface CampaignRow {
  readonly campaign_id: CampaignId;
  readonly active: boolean | null;
  readonly attempts: number;
  readonly answered: number;
  readonly delivered: number;
  readonly abandoned: number;
  readonly late: number;
  readonly ring_ms: number;
  readonly talk_ms: number;
  readonly remaining: number;
  readonly outcomes: Partial<Record<AttemptOutcome, number>>;
  readonly by_disposition: Record<number, number>;
}

export async function readTallies(session: SqlSession): Promise<ReadonlyMap<CampaignId, Tally>> {
  const { rows } = await session.query<CampaignRow>('SELECT * FROM dialer.campaigns');
  return new Map(rows.map(({ campaign_id, by_disposition, ring_ms, talk_ms, ...row }) => [campaign_id, { ...row, ringMs: ring_ms, talkMs: talk_ms, byDisposition: by_disposition }]));
}

const added = <K extends string | number>(sum: Partial<Record<K, number>>, change: Partial<Record<K, number>>): Partial<Record<K, number>> => {
  const result = { ...sum };
  for (const key of Object.keys(change) as K[]) result[key] = (result[key] ?? 0) + (change[key] ?? 0);
  return result;
};

/** Under the lock of the checkpoint, so that read and write are one. */
export async function applyTallies(session: SqlSession, tallies: Tallies): Promise<void> {
  if (tallies.all.size === 0) return;
  const sums = await readTallies(session);
  for (const [campaignId, change] of tallies.all) {
    const sum = sums.get(campaignId) ?? emptyTally();
    await session.query(
      `INSERT INTO dialer.campaigns (campaign_id, active, attempts, answered, delivered, abandoned, late, ring_ms, talk_ms, remaining, outcomes, by_disposition)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       ON CONFLICT (campaign_id) DO UPDATE SET active = EXCLUDED.active, attempts = EXCLUDED.attempts, answered = EXCLUDED.answered,
         delivered = EXCLUDED.delivered, abandoned = EXCLUDED.abandoned, late = EXCLUDED.late, ring_ms = EXCLUDED.ring_ms,
         talk_ms = EXCLUDED.talk_ms, remaining = EXCLUDED.remaining,
         outcomes = EXCLUDED.outcomes, by_disposition = EXCLUDED.by_disposition`,
      [
        campaignId, change.active ?? sum.active, sum.attempts + change.attempts, sum.answered + change.answered, sum.delivered + change.delivered,
        sum.abandoned + change.abandoned, sum.late + change.late, Math.round(sum.ringMs + change.ringMs), Math.round(sum.talkMs + change.talkMs), sum.remaining + change.remaining,
        JSON.stringify(added(sum.outcomes, change.outcomes)), JSON.stringify(added(sum.byDisposition, change.byDisposition)),
      ],
    );
  }
}
