/** The calls on the wire, kept in PostgreSQL for the process that comes after a crash. Written in batches. */
import type { Database } from '@ritmo/database';
import type { CallDirection, CallId, CampaignId, ContactId, Extension, PhoneId, QueueId, RouteId, TrunkId } from '@ritmo/domain';
import type { DialogSnapshot } from '@ritmo/sip';
import type { Logger } from 'pino';

/** What names a call in every fact about it. */
export interface CallIdentity {
  readonly callId: CallId;
  readonly direction: CallDirection;
  readonly campaignId: CampaignId | null;
  readonly contactId: ContactId | null;
  readonly phoneId: PhoneId | null;
  readonly queueId: QueueId | null;
  readonly trunkId: TrunkId;
  readonly routeId: RouteId | null;
  readonly extension: Extension | null;
  readonly from: string;
  readonly to: string;
}

export interface OpenCall {
  readonly identity: CallIdentity;
  readonly placedAt: number;
  readonly ringMs: number;
  readonly answeredAt: number | null;
  readonly dialog: DialogSnapshot | null;
  readonly agentDialog: DialogSnapshot | null;
}

/** A call that a process before this one, or another one, has written down. */
export interface FoundCall extends OpenCall {
  readonly node: string;
  /** Its far end was done with it: nothing is left to end on the wire, and it holds no channel. */
  readonly over: boolean;
}

export interface OpenCalls {
  /** Durable when it resolves: the INVITE may leave. False when a call of this id is there already. */
  begin(call: OpenCall): Promise<boolean>;
  /** Soon, and only the last state of a call. Resolves when it is written, or could not be. */
  update(call: OpenCall): Promise<void>;
  /** The far end is done with it: noted soon; the row goes once the call's facts are likely to be stored. */
  end(callId: CallId): void;
  ofTrunk(trunkId: TrunkId): Promise<readonly FoundCall[]>;
  /** Writes what waits. */
  close(): Promise<void>;
}

/** A row outlives its call for this long: the call's last fact must be stored first. */
const keepEndedMs = 3_000;
/** With more facts than this waiting for the store, rows of ended calls are kept. */
const storeIsBehind = 2_000;
const retryMs = 500;
/** Nobody waits for the note that a call is over: those of this span go together, and the statements that calls do wait for go first. */
const oversEveryMs = 50;

interface Beginning {
  readonly call: OpenCall;
  readonly resolve: (isNew: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export function createOpenCalls(parts: {
  readonly database: Database;
  readonly node: string;
  readonly log: Logger;
  /** Facts that are not yet durable. */
  readonly pendingFacts: () => number;
}): OpenCalls {
  const { database, node, log } = parts;
  let beginnings: Beginning[] = [];
  const updates = new Map<CallId, OpenCall>();
  let updated: (() => void)[] = [];
  let overs: CallId[] = [];
  let oversAt = -Infinity;
  let oversTimer: NodeJS.Timeout | undefined;
  const ended = new Map<CallId, number>();
  let working: Promise<void> | undefined;
  let closed = false;

  const writeBeginnings = async (): Promise<void> => {
    const batch = beginnings;
    beginnings = [];
    try {
      const { rows } = await database.query<{ call_id: CallId }>(
        `INSERT INTO telephony.open_calls (call_id, trunk_id, node, placed_at, ring_ms, identity, dialog, agent_dialog)
         SELECT * FROM jsonb_to_recordset($1::jsonb)
           AS r(call_id text, trunk_id integer, node text, placed_at bigint, ring_ms integer, identity jsonb, dialog jsonb, agent_dialog jsonb)
         ON CONFLICT (call_id) DO NOTHING RETURNING call_id`,
        [JSON.stringify(batch.map(({ call }) => rowOf(call, node)))],
      );
      const stored = new Set(rows.map((row) => row.call_id));
      for (const { call, resolve } of batch) resolve(stored.delete(call.identity.callId));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const writeUpdates = async (): Promise<void> => {
    const [batch, told] = [[...updates.values()], updated];
    updates.clear();
    updated = [];
    await database.query(
      `UPDATE telephony.open_calls AS c SET answered_at = r.answered_at, identity = r.identity, dialog = r.dialog, agent_dialog = r.agent_dialog
         FROM jsonb_to_recordset($1::jsonb) AS r(call_id text, answered_at bigint, identity jsonb, dialog jsonb, agent_dialog jsonb)
        WHERE c.call_id = r.call_id`,
      [JSON.stringify(batch.map((call) => rowOf(call, node)))],
    ).finally(() => {
      for (const tell of told) tell();
    });
  };
  const writeOvers = async (): Promise<void> => {
    const batch = overs;
    overs = [];
    oversAt = performance.now();
    await database.query('UPDATE telephony.open_calls SET over = true WHERE call_id = ANY($1)', [batch]);
  };
  const writeEnds = async (due: readonly CallId[]): Promise<void> => {
    await database.query('DELETE FROM telephony.open_calls WHERE call_id = ANY($1)', [due]);
    for (const callId of due) ended.delete(callId);
  };
  const dueEnds = (): readonly CallId[] => {
    if (!closed && parts.pendingFacts() > storeIsBehind) return [];
    const before = performance.now() - keepEndedMs;
    return [...ended].filter(([, at]) => closed || at <= before).map(([callId]) => callId);
  };
  const oversAreDue = (): boolean => overs.length > 0 && (closed || performance.now() - oversAt >= oversEveryMs);
  const work = async (): Promise<void> => {
    while (beginnings.length > 0 || updates.size > 0 || oversAreDue()) {
      if (beginnings.length > 0) await writeBeginnings();
      if (updates.size > 0) await writeUpdates();
      if (oversAreDue()) await writeOvers();
    }
  };
  const wakeForOvers = (): void => {
    oversTimer = undefined;
    wake();
  };
  const wake = (): void => {
    working ??= work()
      .catch(async (error: unknown) => {
        log.error({ err: error }, 'open calls could not be written');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      })
      .finally(() => {
        working = undefined;
        if (beginnings.length > 0 || updates.size > 0 || oversAreDue()) wake();
        else if (overs.length > 0 && !closed) oversTimer ??= setTimeout(wakeForOvers, oversEveryMs);
      });
  };
  const sweep = setInterval(() => {
    const due = dueEnds();
    if (due.length > 0) writeEnds(due).catch((error: unknown) => log.error({ err: error }, 'ended calls could not be removed'));
  }, 1_000);
  sweep.unref();

  return {
    begin(call) {
      return new Promise((resolve, reject) => {
        beginnings.push({ call, resolve, reject });
        wake();
      });
    },
    update(call) {
      if (ended.has(call.identity.callId)) return Promise.resolve();
      return new Promise((resolve) => {
        updates.set(call.identity.callId, call);
        updated.push(resolve);
        wake();
      });
    },
    end(callId) {
      if (ended.has(callId)) return;
      updates.delete(callId);
      ended.set(callId, performance.now());
      overs.push(callId);
      wake();
    },
    async ofTrunk(trunkId) {
      const { rows } = await database.query<OpenCallRow>(
        'SELECT * FROM telephony.open_calls WHERE trunk_id = $1',
        [trunkId],
      );
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
    async close() {
      clearInterval(sweep);
      closed = true;
      clearTimeout(oversTimer);
      wake();
      while (working !== undefined) await working;
      const due = dueEnds();
      if (due.length > 0) await writeEnds(due);
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
