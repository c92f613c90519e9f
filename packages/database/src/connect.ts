import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { copyChunks } from './copy-format.ts';
import { DatabaseClosedError } from './errors.ts';
import { createListener } from './listener.ts';
import type { CopyTarget, Database, Listening, QueryResult, SqlSession, SqlValue, TransactionOptions } from './port.ts';
import { columnTypes } from './column-types.ts';

export interface ConnectOptions {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  /** Most connections at once, the one that listens not counted. Default 10. */
  readonly maxConnections?: number;
  /** Shown in pg_stat_activity. Default ritmo. */
  readonly applicationName?: string;
  /** A statement that takes longer is cancelled. Default none. */
  readonly statementTimeoutMs?: number;
  /** How long a caller waits for a free connection before it is told so. Default 30,000. */
  readonly acquireTimeoutMs?: number;
  readonly log?: (message: string) => void;
}

/** A pool of connections behind the Database port. Connects when first used. */
export function connectDatabase(options: ConnectOptions): Database {
  const log = options.log ?? (() => undefined);
  const applicationName = options.applicationName ?? 'ritmo';
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.acquireTimeoutMs ?? 30_000,
    idleTimeoutMillis: 60_000,
    application_name: applicationName,
    keepAlive: true,
    types: columnTypes,
    ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
  });
  // An idle connection that breaks is replaced at the next use; unhandled, its error would end the process.
  pool.on('error', (error) => log(`database connection: ${error.message}`));
  const listener = createListener({ url: options.url, applicationName: `${applicationName}-listen`, log });
  let closing: Promise<void> | undefined;

  async function borrow<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    if (closing !== undefined) throw new DatabaseClosedError();
    const client = await pool.connect();
    let broken: Error | undefined;
    const onError = (error: Error): void => void (broken = error);
    client.on('error', onError);
    try {
      return await work(client);
    } catch (error) {
      // A server's refusal (it has an SQLSTATE) leaves the connection whole; anything else may not.
      if (!(error instanceof pg.DatabaseError)) broken = error as Error;
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  return {
    async query<Row>(text: string, values?: readonly SqlValue[], how: { readonly prepared?: string } = {}): Promise<QueryResult<Row>> {
      if (closing !== undefined) throw new DatabaseClosedError();
      return shape<Row>(await pool.query({ text, ...(values ? { values: [...values] } : {}), ...(how.prepared === undefined ? {} : { name: how.prepared }) }));
    },
    copyIn: (target, rows) => borrow((client) => copyInto(client, target, rows)),
    tx: (work, txOptions) => borrow((client) => transact(client, work, txOptions)),
    session: (work) =>
      borrow(async (client) => {
        try {
          return await work(sessionOn(client));
        } catch (error) {
          // It may hold session locks or settings: the connection must not go back to the pool.
          throw error instanceof pg.DatabaseError ? new Error(error.message, { cause: error }) : error;
        }
      }),
    listen: (channel: string, handler: (payload: string | undefined) => void): Promise<Listening> => {
      if (closing !== undefined) throw new DatabaseClosedError();
      return listener.listen(channel, handler);
    },
    close() {
      closing ??= Promise.all([pool.end(), listener.close()]).then(() => undefined);
      return closing;
    },
  };
}

function shape<Row>(result: pg.QueryResult): QueryResult<Row> {
  // Several statements in one text answer an array; the last one counts.
  const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1) : result;
  return { rows: (last?.rows ?? []) as Row[], rowCount: last?.rowCount ?? 0 };
}

function sessionOn(client: pg.ClientBase): SqlSession {
  return {
    async query<Row>(text: string, values?: readonly SqlValue[]): Promise<QueryResult<Row>> {
      return shape<Row>(await client.query(text, values === undefined ? undefined : [...values]));
    },
    copyIn: (target, rows) => copyInto(client, target, rows),
  };
}

async function transact<T>(
  client: pg.ClientBase,
  work: (session: SqlSession) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const isolation = options.isolation === undefined ? '' : ` ISOLATION LEVEL ${options.isolation.toUpperCase()}`;
  await client.query(`BEGIN${isolation}${options.readOnly === true ? ' READ ONLY' : ''}`);
  try {
    const result = await work(sessionOn(client));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function copyInto(
  client: pg.ClientBase,
  target: CopyTarget,
  rows: Iterable<readonly SqlValue[]> | AsyncIterable<readonly SqlValue[]>,
): Promise<number> {
  const table = target.table.split('.').map(pg.escapeIdentifier).join('.');
  const columns = target.columns.map(pg.escapeIdentifier).join(', ');
  const stream = client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN`));
  let total = 0;
  await pipeline(Readable.from(copyChunks(rows, (count) => (total = count)), { objectMode: true }), stream);
  return total;
}
