/** Sampled pacing decisions: written with the index, read by who asks why. */
import type { Requests, SampledDecision } from '@ritmo/bus';
import type { SqlSession } from '@ritmo/database';
import type { DomainEvent } from '@ritmo/domain';
import type { PacingDecision } from '@ritmo/pacing';

/** Of each campaign; half an hour at the shipped rate. */
const kept = 400;

export interface StoredDecision {
  readonly position: bigint;
  readonly decided: DomainEvent<'PacingDecided'>;
}

/** Under the lock of the checkpoint. */
export async function writeDecisions(session: SqlSession, decisions: readonly StoredDecision[]): Promise<void> {
  if (decisions.length === 0) return;
  await session.copyIn(
    { table: 'dialer.decisions', columns: ['position', 'campaign_id', 'at', 'start', 'reason', 'inputs'] },
    decisions.map(({ position, decided: { at, data } }) => [position, data.campaignId, at, data.start, data.reason, data.inputs]),
  );
  for (const campaignId of new Set(decisions.map(({ decided }) => decided.data.campaignId))) {
    await session.query(
      `DELETE FROM dialer.decisions WHERE campaign_id = $1 AND position <
         (SELECT position FROM dialer.decisions WHERE campaign_id = $1 ORDER BY position DESC OFFSET $2 LIMIT 1)`,
      [campaignId, kept],
    );
  }
}

/** The decision of this moment, as far as this process makes them, and the samples, newest first. */
export async function decisionsOf(database: SqlSession, { campaignId, limit }: Requests['dialer.pacing']['request'], current: PacingDecision | null): Promise<Requests['dialer.pacing']['reply']> {
  const { rows } = await database.query<SampledDecision>(
    'SELECT at, start, reason, inputs FROM dialer.decisions WHERE campaign_id = $1 ORDER BY position DESC LIMIT $2',
    [campaignId, Math.min(limit, kept)],
  );
  return { lastDecision: current ?? rows[0] ?? null, decisions: rows };
}

export function hearDecision(fact: DomainEvent, position: bigint, into: StoredDecision[]): void {
  if (fact.type === 'PacingDecided') into.push({ position, decided: fact });
}

