/** The rows of telephony.open_calls: what is written of a call, and what a later process reads. */
import type { Database } from '@ritmo/database';
import type { CallId, TrunkId } from '@ritmo/domain';
import type { DialogSnapshot } from '@ritmo/sip';
import type { CallIdentity, FoundCall, OpenCall } from './open-call.ts';

/** What is written at once. No call is in more than one of the three. */
export interface CallNotes {
  readonly begun: readonly OpenCall[];
  readonly changed: readonly OpenCall[];
  readonly over: readonly CallId[];
}

// One statement: each costs a turn of two processes and a commit, whatever it carries.
const writeNotes = `
WITH begun AS (
  INSERT INTO telephony.open_calls (call_id, trunk_id, node, placed_at, ring_ms, identity, dialog, agent_dialog)
  SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS r(call_id text, trunk_id integer, node text, placed_at bigint, ring_ms integer, identity jsonb, dialog jsonb, agent_dialog jsonb)
  ON CONFLICT (call_id) DO NOTHING RETURNING call_id
), changed AS (
  UPDATE telephony.open_calls AS c SET answered_at = r.answered_at, identity = r.identity, dialog = r.dialog, agent_dialog = r.agent_dialog
    FROM jsonb_to_recordset($2::jsonb) AS r(call_id text, answered_at bigint, identity jsonb, dialog jsonb, agent_dialog jsonb)
   WHERE c.call_id = r.call_id
), over AS (
  UPDATE telephony.open_calls SET over = true WHERE call_id = ANY($3::text[])
)
SELECT call_id FROM begun`;

export interface OpenCallRows {
  /** All or nothing. Answers the calls begun that were not there before. */
  write(notes: CallNotes): Promise<Set<CallId>>;
  remove(callIds: readonly CallId[]): Promise<void>;
  ofTrunk(trunkId: TrunkId): Promise<readonly FoundCall[]>;
}

export function createOpenCallRows(database: Database, node: string): OpenCallRows {
  const json = (calls: readonly OpenCall[]): string => JSON.stringify(calls.map((call) => rowOf(call, node)));
  return {
    async write({ begun, changed, over }) {
      const { rows } = await database.query<{ call_id: CallId }>(writeNotes, [json(begun), json(changed), over], { prepared: 'open-calls' });
      return new Set(rows.map((row) => row.call_id));
    },
    async remove(callIds) {
      await database.query('DELETE FROM telephony.open_calls WHERE call_id = ANY($1)', [callIds]);
    },
    async ofTrunk(trunkId) {
      const { rows } = await database.query<OpenCallRow>('SELECT * FROM telephony.open_calls WHERE trunk_id = $1', [trunkId]);
      return rows.map((row) => ({
        identity: row.identity,
        placedAt: Number(row.placed_at),
        ringMs: row.ring_ms,
        answeredAt: row.answered_at === null ? null : Number(row.answered_at),
        dialog: row.dialog,
        agentDialog: row.agent_dialog,
        node: row.node,
        over: row.over,
      }));
    },
  };
}

interface OpenCallRow {
  readonly placed_at: number | bigint;
  readonly ring_ms: number;
  readonly answered_at: number | bigint | null;
  readonly identity: CallIdentity;
  readonly dialog: DialogSnapshot | null;
  readonly agent_dialog: DialogSnapshot | null;
  readonly node: string;
  readonly over: boolean;
}

const rowOf = (call: OpenCall, node: string): Readonly<Record<string, unknown>> => ({
  call_id: call.identity.callId,
  trunk_id: call.identity.trunkId,
  node,
  placed_at: call.placedAt,
  ring_ms: call.ringMs,
  answered_at: call.answeredAt,
  identity: call.identity,
  dialog: call.dialog,
  agent_dialog: call.agentDialog,
});
