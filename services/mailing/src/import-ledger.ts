/** The imports on record. */
import type { ListImport, RejectedLine } from '@ritmo/bus';
import type { Database, SqlSession } from '@ritmo/database';
import type { Actor, CampaignId } from '@ritmo/domain';

export interface OpenImport {
  readonly importId: number;
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly copy: string;
  readonly by: Actor;
  readonly state: ListImport['state'];
  readonly positionBytes: number;
  readonly lastLine: number;
  readonly batches: number;
}

export interface NewImport {
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly digest: string;
  readonly copy: string;
  readonly bytes: number;
  readonly by: Actor;
  /** A new import even when the same file was imported before. */
  readonly again: boolean;
  readonly nowMs: number;
}

/** What is done when a batch is. */
export interface Step {
  readonly importId: number;
  readonly positionBytes: number;
  readonly lastLine: number;
  readonly batches: number;
  readonly lines: number;
  readonly imported: number;
  readonly rejected: readonly RejectedLine[];
  readonly busyMs: number;
}

export interface ImportLedger {
  /** The import of this file: a new one, or the one that is on record already. */
  open(given: NewImport): Promise<{ readonly opened: OpenImport; readonly isNew: boolean }>;
  running(): Promise<readonly OpenImport[]>;
  step(step: Step): Promise<void>;
  resumed(importId: number): Promise<void>;
  end(importId: number, state: 'done' | 'failed', reason: string | null, atMs: number): Promise<void>;
  list(importId: number | null, limit: number): Promise<readonly ListImport[]>;
  rejected(importId: number): Promise<readonly RejectedLine[]>;
  /** Runs the work unless another process works on the same import; false then. */
  alone(importId: number, work: () => Promise<void>): Promise<boolean>;
}

/** First keys of the advisory locks. */
const sameFileLock = 7_246_060;
const importLock = 7_246_061;
/** Bad lines that are listed one by one; more are only counted, so that a wrong file fills no table. */
const mostListed = 10_000;

const columns = `import_id AS "importId", campaign_id AS "campaignId", name, copy, by, state, position_bytes AS "positionBytes", last_line AS "lastLine", batches`;

export function createImportLedger(database: Database): ImportLedger {
  return {
    open: (given) =>
      database.tx(async (session) => {
        await session.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [sameFileLock, `${given.campaignId} ${given.digest} ${given.name}`]);
        const { rows: before } = await session.query<OpenImport>(
          `SELECT ${columns} FROM mailing.imports WHERE campaign_id = $1 AND digest = $2 AND name = $3
             AND (state = 'running' OR state = 'done' AND NOT $4::boolean) ORDER BY import_id DESC LIMIT 1`,
          [given.campaignId, given.digest, given.name, given.again],
        );
        if (before[0]) return { opened: before[0], isNew: false };
        const { rows } = await session.query<OpenImport>(
          `INSERT INTO mailing.imports (campaign_id, name, digest, copy, total_bytes, by, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${columns}`,
          [given.campaignId, given.name, given.digest, given.copy, given.bytes, JSON.stringify(given.by), new Date(given.nowMs)],
        );
        return { opened: rows[0] as OpenImport, isNew: true };
      }),
    async running() {
      const { rows } = await database.query<OpenImport>(`SELECT ${columns} FROM mailing.imports WHERE state = 'running' ORDER BY import_id`);
      return rows;
    },
    step: (step) => database.tx((session) => write(session, step)),
    async resumed(importId) {
      await database.query('UPDATE mailing.imports SET resumed = resumed + 1 WHERE import_id = $1', [importId]);
    },
    async end(importId, state, reason, atMs) {
      await database.query(`UPDATE mailing.imports SET state = $2, reason = $3, ended_at = $4 WHERE import_id = $1 AND state = 'running'`, [importId, state, reason, new Date(atMs)]);
    },
    async list(importId, limit) {
      const { rows } = await database.query<Omit<ListImport, 'begunAt' | 'endedAt'> & { begunAt: Date; endedAt: Date | null }>(
        `SELECT import_id AS "importId", campaign_id AS "campaignId", name, state, reason, lines, imported, rejected, resumed, begun_at AS "begunAt", ended_at AS "endedAt",
                CASE WHEN state = 'done' OR total_bytes = 0 THEN 100 ELSE round(100.0 * position_bytes / total_bytes, 1)::float8 END AS percent,
                CASE WHEN busy_ms = 0 THEN 0 ELSE round(1000.0 * lines / busy_ms)::int END AS "linesPerSecond"
           FROM mailing.imports WHERE $1::bigint IS NULL OR import_id = $1 ORDER BY import_id DESC LIMIT $2`,
        [importId, limit],
      );
      return rows.map((row) => ({ ...row, begunAt: row.begunAt.getTime(), endedAt: row.endedAt?.getTime() ?? null }));
    },
    async rejected(importId) {
      const { rows } = await database.query<RejectedLine>(
        'SELECT line, column_name AS "column", reason FROM mailing.rejections WHERE import_id = $1 ORDER BY line',
        [importId],
      );
      const { rows: counted } = await database.query<{ rejected: number }>('SELECT rejected FROM mailing.imports WHERE import_id = $1', [importId]);
      const further = (counted[0]?.rejected ?? rows.length) - rows.length;
      return further > 0 ? [...rows, { line: 0, column: null, reason: `${further} further bad lines are not listed` }] : rows;
    },
    alone: (importId, work) =>
      database.session(async (session) => {
        const { rows } = await session.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [importLock, importId]);
        if (rows[0]?.taken !== true) return false;
        try {
          await work();
          return true;
        } finally {
          await session.query('SELECT pg_advisory_unlock($1, $2)', [importLock, importId]).catch(() => undefined);
        }
      }),
  };
}

async function write(session: SqlSession, step: Step): Promise<void> {
  const { rows } = await session.query<{ before: number }>(
    `UPDATE mailing.imports SET position_bytes = $2, last_line = $3, batches = $4, lines = lines + $5, imported = imported + $6,
       rejected = rejected + $7, busy_ms = busy_ms + $8 WHERE import_id = $1 AND batches = $4::int - 1 RETURNING rejected - $7 AS before`,
    [step.importId, step.positionBytes, step.lastLine, step.batches, step.lines, step.imported, step.rejected.length, Math.round(step.busyMs)],
  );
  // Whoever else works on it, because our lock was lost with its connection, has counted this batch.
  if (!rows[0]) throw new Error(`batch ${step.batches - 1} of import ${step.importId} is written down already`);
  const listed = step.rejected.slice(0, Math.max(0, mostListed - Number(rows[0].before)));
  if (listed.length === 0) return;
  await session.query(
    'INSERT INTO mailing.rejections (import_id, line, column_name, reason) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING',
    [step.importId, listed.map(({ line }) => line), listed.map(({ column }) => column), listed.map(({ reason }) => reason)],
  );
}
