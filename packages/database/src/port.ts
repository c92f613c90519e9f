/** The Database port: what our services need of PostgreSQL, in our words. */

export interface QueryResult<Row> {
  readonly rows: readonly Row[];
  /** Rows returned or touched. */
  readonly rowCount: number;
}

/** int8 arrives as number when it is a safe integer, else as bigint. `timestamp` and `date` arrive as text, `timestamptz` as Date. */
export type SqlValue = unknown;

export interface CopyTarget {
  /** Quoted by the adapter; `schema.table` is allowed. */
  readonly table: string;
  readonly columns: readonly string[];
}

export interface SqlSession {
  query<Row = Record<string, SqlValue>>(text: string, values?: readonly SqlValue[]): Promise<QueryResult<Row>>;
  /**
   * COPY FROM STDIN. Values: null, string, number, bigint, boolean, Date, Buffer (bytea), arrays of these (PostgreSQL arrays),
   * other objects (JSON). Answers the number of rows. One bad row rejects and stores nothing.
   */
  copyIn(target: CopyTarget, rows: Iterable<readonly SqlValue[]> | AsyncIterable<readonly SqlValue[]>): Promise<number>;
}

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
}

export interface Listening {
  stop(): Promise<void>;
}

export interface Database extends SqlSession {
  /** `prepared` names a statement that is run often: each connection parses and plans it once. One name, one text. */
  query<Row = Record<string, SqlValue>>(text: string, values?: readonly SqlValue[], options?: { readonly prepared?: string }): Promise<QueryResult<Row>>;
  /** Commits when the work resolves; rolls back and rejects with its error when it rejects. */
  tx<T>(work: (session: SqlSession) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** One connection for the time of the work, for session locks and settings. It is discarded when the work rejects. */
  session<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /**
   * LISTEN. The handler gets each payload, and `undefined` after each (re)connection, the first included: notifications
   * may have been missed, so look. Resolves when it listens. Handlers must not throw; what they throw goes to the log.
   */
  listen(channel: string, handler: (payload: string | undefined) => void): Promise<Listening>;
  close(): Promise<void>;
}
