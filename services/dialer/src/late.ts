/** Calls that were given an agent after the grace time, by the clock of their campaign: abandoned in the eyes of the rule. */
import type { SqlSession } from '@ritmo/database';
import type { CallId, CampaignId, DomainEvent } from '@ritmo/domain';
import type { GraceClock } from '@ritmo/pacing';

export interface Grace {
  readonly ms: number;
  readonly clock: GraceClock;
}

const dayMs = 86_400_000;

/**
 * Of a batch of events. A call's verdict may stand in an earlier batch, which another process may have applied, so verdicts are kept in the index. A call
 * that detection said nothing of has waited since its answer.
 */
export async function lateCalls(session: SqlSession, facts: readonly DomainEvent[], graceOf: (campaignId: CampaignId) => Grace): Promise<ReadonlySet<CallId>> {
  const heard = new Map<CallId, number>();
  for (const fact of facts) if (fact.type === 'AnswerClassified' && fact.data.verdict === 'person') heard.set(fact.data.callId, Math.min(fact.at, heard.get(fact.data.callId) ?? fact.at));
  const personFrom = await keep(session, heard);
  const slow = facts.flatMap((fact) => (fact.type === 'CallDelivered' && fact.data.campaignId !== null && fact.data.waitMs > graceOf(fact.data.campaignId).ms ? [{ at: fact.at, grace: graceOf(fact.data.campaignId), callId: fact.data.callId }] : []));
  const asked = slow.flatMap(({ grace, callId }) => (grace.clock === 'detection-end' && !personFrom.has(callId) ? [callId] : []));
  if (asked.length > 0) {
    const { rows } = await session.query<{ call_id: CallId; at: number }>('SELECT call_id, at FROM dialer.person_from WHERE call_id = ANY($1)', [asked]);
    for (const { call_id, at } of rows) personFrom.set(call_id, Number(at));
  }
  return new Set(slow.flatMap(({ at, grace, callId }) => {
    const from = grace.clock === 'detection-end' ? personFrom.get(callId) : undefined;
    return from === undefined || at - from > grace.ms ? [callId] : [];
  }));
}

/** The first word counts: a detector that speaks after the time for it, or again, makes nobody's wait shorter. As they stand then. */
async function keep(session: SqlSession, heard: ReadonlyMap<CallId, number>): Promise<Map<CallId, number>> {
  if (heard.size === 0) return new Map();
  const { rows } = await session.query<{ call_id: CallId; at: number }>(
    `INSERT INTO dialer.person_from AS known SELECT * FROM unnest($1::text[], $2::bigint[])
     ON CONFLICT (call_id) DO UPDATE SET at = LEAST(known.at, EXCLUDED.at) RETURNING call_id, at`,
    [[...heard.keys()], [...heard.values()]],
  );
  await session.query('DELETE FROM dialer.person_from WHERE at < $1', [Math.max(...heard.values()) - dayMs]);
  return new Map(rows.map(({ call_id, at }) => [call_id, Number(at)]));
}
