/**
 * What pacing learns from, written with the index and read when a policy begins: after a restart, when another process takes
 * the campaign over, and when its configuration changes, a policy starts from what the campaign has shown.
 */
import type { SqlSession } from '@ritmo/database';
import { startOfDayMs, type AgentId, type AttemptOutcome, type CallId, type CampaignId, type DomainEvent, type TrunkId } from '@ritmo/domain';
import { SHORT_CALL_MS, type AbandonWindow, type CountedCalls, type GraceClock, type PacingFact, type PacingHistory } from '@ritmo/pacing';
import type { Tally } from './tallies.ts';

interface Recent {
  readonly position: bigint;
  readonly campaignId: CampaignId | null;
  readonly agentId: AgentId | null;
  readonly at: number;
  readonly outcome: AttemptOutcome | 'wrapped';
  readonly ringMs: number;
  readonly tookMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Attempts kept of each campaign, wrap-ups of each agent. */
const keptAttempts = 1_000;
const keptWraps = 50;
/** Hours and days kept: the longest window, and a little. */
const keptMs = 32 * dayMs;

const isAnswered = (outcome: AttemptOutcome): boolean => outcome === 'delivered' || outcome === 'abandoned' || outcome === 'machine';

/** Collects what a batch of events teaches. `late`: its calls that were given an agent after the grace time. */
export function createLessons(dayZone: string, late: ReadonlySet<CallId>) {
  const recent: Recent[] = [];
  const hours = new Map<string, { readonly campaignId: CampaignId; readonly hour: number; answered: number; machines: number; abandoned: number }>();
  const days = new Map<string, { readonly trunkId: TrunkId; readonly day: number; calls: number; short: number }>();
  const hourOf = (campaignId: CampaignId, at: number) => {
    const hour = Math.floor(at / hourMs) * hourMs;
    const key = `${campaignId} ${hour}`;
    const found = hours.get(key) ?? { campaignId, hour, answered: 0, machines: 0, abandoned: 0 };
    hours.set(key, found);
    return found;
  };
  const dayOf = (trunkId: TrunkId, at: number) => {
    const day = startOfDayMs(dayZone, at);
    const key = `${trunkId} ${day}`;
    const found = days.get(key) ?? { trunkId, day, calls: 0, short: 0 };
    days.set(key, found);
    return found;
  };
  return {
    recent,
    hours,
    days,
    /** A call to a voicemail is a short one however long it was; its `CallEnded` has counted it if it was short. */
    hearAttempt({ at, data }: DomainEvent<'AttemptEnded'>, trunkId: TrunkId): void {
      if (data.outcome === 'machine' && data.billMs >= SHORT_CALL_MS) dayOf(trunkId, at).short += 1;
    },
    hear(fact: DomainEvent, position: bigint): void {
      if (fact.type === 'AttemptEnded') {
        const { campaignId, outcome, ringMs, billMs } = fact.data;
        recent.push({ position, campaignId, agentId: null, at: fact.at, outcome, ringMs, tookMs: billMs });
        const hour = hourOf(campaignId, fact.at);
        if (isAnswered(outcome)) hour.answered += 1;
        if (outcome === 'machine') hour.machines += 1;
        if (outcome === 'abandoned') hour.abandoned += 1;
      } else if (fact.type === 'CallDelivered' && fact.data.campaignId !== null) {
        if (late.has(fact.data.callId)) hourOf(fact.data.campaignId, fact.at).abandoned += 1;
      } else if (fact.type === 'WrapUpEnded') {
        recent.push({ position, campaignId: null, agentId: fact.data.agentId, at: fact.at, outcome: 'wrapped', ringMs: 0, tookMs: fact.data.wrapMs });
      } else if (fact.type === 'CallEnded' && fact.data.direction !== 'inbound') {
        const day = dayOf(fact.data.trunkId, fact.at);
        day.calls += 1;
        if (fact.data.billMs < SHORT_CALL_MS) day.short += 1;
      }
    },
  };
}

export type Lessons = ReturnType<typeof createLessons>;

/** Facts of these types teach. */
export const taughtBy = ['AttemptEnded', 'CallDelivered', 'WrapUpEnded', 'CallEnded'] as const;

/** Under the lock of the checkpoint. */
export async function writeLessons(session: SqlSession, { recent, hours, days }: Lessons): Promise<void> {
  if (recent.length > 0) {
    await session.copyIn(
      { table: 'dialer.recent', columns: ['position', 'campaign_id', 'agent_id', 'at', 'outcome', 'ring_ms', 'took_ms'] },
      recent.map((one) => [one.position, one.campaignId, one.agentId, one.at, one.outcome, Math.round(one.ringMs), Math.round(one.tookMs)]),
    );
    await forgetOld(session, 'campaign_id', new Set(recent.flatMap(({ campaignId }) => campaignId ?? [])), keptAttempts);
    await forgetOld(session, 'agent_id', new Set(recent.flatMap(({ agentId }) => agentId ?? [])), keptWraps);
  }
  for (const { campaignId, hour, answered, machines, abandoned } of hours.values()) {
    const { rowCount } = await session.query(
      `INSERT INTO dialer.campaign_hours AS h VALUES ($1, $2, $3, $4, $5) ON CONFLICT (campaign_id, hour) DO UPDATE
         SET answered = h.answered + EXCLUDED.answered, machines = h.machines + EXCLUDED.machines, abandoned = h.abandoned + EXCLUDED.abandoned`,
      [campaignId, hour, answered, machines, abandoned],
    );
    if (rowCount > 0) await session.query('DELETE FROM dialer.campaign_hours WHERE campaign_id = $1 AND hour < $2', [campaignId, hour - keptMs]);
  }
  for (const { trunkId, day, calls, short } of days.values()) {
    await session.query(
      `INSERT INTO dialer.trunk_days AS d VALUES ($1, $2, $3, $4) ON CONFLICT (trunk_id, day) DO UPDATE
         SET calls = d.calls + EXCLUDED.calls, short = d.short + EXCLUDED.short`,
      [trunkId, day, calls, short],
    );
    await session.query('DELETE FROM dialer.trunk_days WHERE trunk_id = $1 AND day < $2', [trunkId, day - keptMs]);
  }
}

async function forgetOld(session: SqlSession, column: 'campaign_id' | 'agent_id', ids: ReadonlySet<number>, kept: number): Promise<void> {
  for (const id of ids) {
    await session.query(
      `DELETE FROM dialer.recent WHERE ${column} = $1 AND position <
         (SELECT position FROM dialer.recent WHERE ${column} = $1 ORDER BY position DESC OFFSET $2 LIMIT 1)`,
      [id, kept],
    );
  }
}

export interface Learnt {
  readonly history?: PacingHistory;
  /** The latest facts, oldest first, as if they happened again. */
  readonly facts: readonly PacingFact[];
}

export interface LearningQuery {
  readonly campaignId: CampaignId;
  readonly tally: Tally | undefined;
  readonly window: AbandonWindow;
  /** From the end of detection on: calls are in detection until its word comes. */
  readonly graceClock: GraceClock;
  readonly dayZone: string;
  readonly nowMs: number;
  /** Those who may take the campaign's calls. */
  readonly agentIds: readonly AgentId[];
}

interface RecentRow {
  readonly at: number;
  readonly outcome: Recent['outcome'];
  readonly ring_ms: number;
  readonly took_ms: number;
}

/** The latest facts one by one, and what came before them as sums. */
export async function readLearnt(database: SqlSession, query: LearningQuery): Promise<Learnt> {
  const { rows } = await database.query<RecentRow>(
    `SELECT at, outcome, ring_ms, took_ms FROM (
       SELECT * FROM dialer.recent WHERE campaign_id = $1 UNION ALL SELECT * FROM dialer.recent WHERE agent_id = ANY($2::int[])) AS r ORDER BY position`,
    [query.campaignId, query.agentIds],
  );
  const detectMs = query.graceClock === 'detection-end' ? mean(rows.filter(({ outcome }) => outcome === 'machine'), ({ took_ms }) => took_ms, 0) : null;
  const facts = rows.flatMap((row) => factsOf(row, detectMs)).sort((a, b) => a.atMs - b.atMs);
  const history = before(query.tally, rows, await countedBefore(database, query, rows));
  return history ? { history, facts } : { facts };
}

interface HourRow {
  readonly hour: number;
  readonly answered: number;
  readonly machines: number;
  readonly abandoned: number;
}

/** What the window has of the campaign, less what is told again, hour by hour: so old calls leave the window when they are too old. */
async function countedBefore(database: SqlSession, query: LearningQuery, rows: readonly RecentRow[]): Promise<CountedCalls[]> {
  const told = rows.filter(({ outcome }) => outcome !== 'wrapped' && isAnswered(outcome));
  const { tally } = query;
  if (query.window === 'campaign') {
    const all = { hour: 0, answered: tally?.answered ?? 0, machines: tally?.outcomes.machine ?? 0, abandoned: (tally?.abandoned ?? 0) + (tally?.late ?? 0) };
    return [less(all, told)].filter(isAny);
  }
  const { rows: hours } = await database.query<HourRow>('SELECT hour, answered, machines, abandoned FROM dialer.campaign_hours WHERE campaign_id = $1 AND hour >= $2', [query.campaignId, windowStart(query)]);
  return hours.map((row) => less(row, told.filter(({ at }) => at >= row.hour && at < row.hour + hourMs))).filter(isAny);
}

function less({ hour, answered, machines, abandoned }: HourRow, told: readonly RecentRow[]): CountedCalls {
  const of = (wanted: Recent['outcome']) => told.filter(({ outcome }) => outcome === wanted).length;
  const left = Math.max(0, answered - told.length);
  return { atMs: hour + hourMs - 1, answered: left, machines: Math.min(left, Math.max(0, machines - of('machine'))), abandoned: Math.max(0, abandoned - of('abandoned')) };
}

const isAny = ({ answered, abandoned }: CountedCalls): boolean => answered > 0 || abandoned > 0;

/** The first hour of which something may still be in the window. */
function windowStart({ window, dayZone, nowMs }: LearningQuery): number {
  switch (window) {
    case 'campaign':
      return 0;
    case 'day':
      return startOfDayMs(dayZone, nowMs);
    case '24h':
      return nowMs - dayMs - hourMs;
    case '30d':
      return nowMs - 30 * dayMs - hourMs;
  }
}

/** `detectMs`: how long detection took; null where calls are not in detection, and a machine was a person until its word came. */
function factsOf({ at, outcome, ring_ms: ringMs, took_ms: tookMs }: RecentRow, detectMs: number | null): PacingFact[] {
  if (outcome === 'wrapped') return [{ type: 'wrapped', atMs: at, wrapMs: tookMs }];
  const answeredAt = at - tookMs;
  const dialed: PacingFact = { type: 'dialed', atMs: answeredAt - ringMs };
  const answered: PacingFact = { type: 'answered', atMs: answeredAt, ringMs, detecting: detectMs !== null };
  const live: PacingFact[] = detectMs === null ? [] : [{ type: 'live', atMs: Math.min(at, answeredAt + detectMs), detectMs }];
  switch (outcome) {
    case 'delivered':
      return [dialed, answered, ...live, { type: 'talked', atMs: at, talkMs: tookMs }];
    case 'abandoned':
      return [dialed, answered, ...live, { type: 'abandoned', atMs: at, waitMs: tookMs }];
    case 'machine':
      return [dialed, answered, { type: 'machine', atMs: at, detectMs: tookMs, counted: detectMs === null }];
    case 'busy':
    case 'no-answer':
    case 'invalid-number':
    case 'rejected':
    case 'trunk-failure':
    case 'cancelled':
    case 'interrupted':
      return [dialed, { type: 'failed', atMs: at, ringMs }];
  }
}

/** What was counted less what is told again. Undefined when nothing is left. */
function before(tally: Tally | undefined, rows: readonly RecentRow[], counted: readonly CountedCalls[]): PacingHistory | undefined {
  const attempts = rows.filter(({ outcome }) => outcome !== 'wrapped');
  const people = attempts.filter(({ outcome }) => outcome === 'delivered' || outcome === 'abandoned').length;
  const delivered = attempts.filter(({ outcome }) => outcome === 'delivered');
  const earlier = Math.max(0, (tally?.attempts ?? 0) - attempts.length);
  const earlierDelivered = (tally?.delivered ?? 0) - delivered.length;
  if (!tally || earlier === 0 || earlierDelivered <= 0) {
    // Nothing to learn from but what is told again; the window's calls still count, at the least trust there is.
    return counted.length === 0 ? undefined : { attempts: 1, liveP: share(people, attempts.length, 0.5), meanRingMs: mean(attempts, ({ ring_ms }) => ring_ms, 15_000), meanHandleMs: mean(delivered, ({ took_ms }) => took_ms, 120_000), counted };
  }
  return {
    attempts: earlier,
    liveP: share(tally.answered - (tally.outcomes.machine ?? 0) - people, earlier, 0.5),
    meanRingMs: Math.max(1, tally.ringMs - sum(attempts, ({ ring_ms }) => ring_ms)) / earlier,
    meanHandleMs: Math.max(1, tally.talkMs - sum(delivered, ({ took_ms }) => took_ms)) / earlierDelivered,
    counted,
  };
}

const sum = (rows: readonly RecentRow[], of: (row: RecentRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
const mean = (rows: readonly RecentRow[], of: (row: RecentRow) => number, otherwise: number): number => (rows.length === 0 ? otherwise : sum(rows, of) / rows.length);
const share = (part: number, all: number, otherwise: number): number => (all <= 0 ? otherwise : Math.min(1, Math.max(0, part / all)));
