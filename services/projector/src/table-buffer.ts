import type { SqlSession } from '@ritmo/database';

/** A table whose rows change. `columns` are the row's properties with their SQL types; the first one is the key. */
export interface TableShape<Row> {
  readonly name: string;
  readonly columns: Readonly<Record<keyof Row & string, string>>;
}

export interface TableBuffer<Row> {
  /** Says that a row will be looked at. */
  want(key: string | number): void;
  /** Reads the rows wanted since the last time. */
  load(session: SqlSession, schema: string): Promise<void>;
  /** Reads all rows that have one of these values in a column. */
  loadBy(session: SqlSession, schema: string, column: keyof Row & string, values: readonly (string | number)[]): Promise<void>;
  /** Rows that were read or written, as the batch has left them so far. */
  rows(): Iterable<Row>;
  /** The row as the batch has left it so far. A key that was not wanted is a bug of ours and throws. */
  get(key: string | number): Row | undefined;
  put(row: Row): void;
  remove(key: string | number): void;
  /** Rows as they were read and as they are now, of those that changed. */
  changes(): Iterable<{ readonly before: Row | undefined; readonly after: Row | undefined }>;
  flush(session: SqlSession, schema: string): Promise<void>;
}

/** Rows of one table during one batch: read at once, changed in memory, written at once. */
export function createTableBuffer<Row>(shape: TableShape<Row>): TableBuffer<Row> {
  const columns = Object.keys(shape.columns) as (keyof Row & string)[];
  const keyColumn = columns[0] as keyof Row & string;
  const keyType = shape.columns[keyColumn];
  const wanted = new Set<string | number>();
  const known = new Set<string | number>();
  const before = new Map<string | number, Row>();
  const now = new Map<string | number, Row>();
  const changed = new Set<string | number>();
  const keyOf = (row: Row): string | number => row[keyColumn] as string | number;

  async function update(session: SqlSession, schema: string, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const sets = columns.slice(1).map((column) => `${column} = s.${column}`);
    const types = columns.map((column) => `${column} ${shape.columns[column]}`);
    await session.query(
      `UPDATE ${schema}.${shape.name} AS t SET ${sets.join(', ')}
         FROM json_to_recordset($1::json) AS s (${types.join(', ')}) WHERE t.${keyColumn} = s.${keyColumn}`,
      [JSON.stringify(rows)],
    );
  }

  /** What the batch has changed stays as it is. */
  function learn(rows: readonly Row[]): void {
    for (const row of rows) {
      const key = keyOf(row);
      if (before.has(key)) continue;
      known.add(key);
      before.set(key, row);
      now.set(key, row);
    }
  }

  return {
    want(key) {
      if (!known.has(key)) wanted.add(key);
    },
    async load(session, schema) {
      if (wanted.size === 0) return;
      const keys = [...wanted];
      wanted.clear();
      const { rows } = await session.query<Row>(
        `SELECT ${columns.join(', ')} FROM ${schema}.${shape.name} WHERE ${keyColumn} = ANY ($1::${keyType}[])`,
        [keys],
      );
      for (const key of keys) known.add(key);
      learn(rows);
    },
    async loadBy(session, schema, column, values) {
      if (values.length === 0) return;
      const { rows } = await session.query<Row>(
        `SELECT ${columns.join(', ')} FROM ${schema}.${shape.name} WHERE ${column} = ANY ($1::${shape.columns[column]}[])`,
        [values],
      );
      learn(rows);
    },
    rows: () => now.values(),
    get(key) {
      if (!known.has(key)) throw new Error(`${shape.name} ${key} was not read before it was asked for`);
      return now.get(key);
    },
    put(row) {
      const key = keyOf(row);
      if (!known.has(key)) throw new Error(`${shape.name} ${key} was not read before it was written`);
      now.set(key, row);
      changed.add(key);
    },
    remove(key) {
      if (now.delete(key)) changed.add(key);
    },
    *changes() {
      for (const key of changed) yield { before: before.get(key), after: now.get(key) };
    },
    async flush(session, schema) {
      const inserted: Row[] = [];
      const updated: Row[] = [];
      const removed: (string | number)[] = [];
      for (const key of changed) {
        const row = now.get(key);
        if (row === undefined) {
          if (before.has(key)) removed.push(key);
        } else if (before.has(key)) updated.push(row);
        else inserted.push(row);
      }
      if (removed.length > 0) await session.query(`DELETE FROM ${schema}.${shape.name} WHERE ${keyColumn} = ANY ($1::${keyType}[])`, [removed]);
      if (inserted.length > 0) {
        await session.copyIn({ table: `${schema}.${shape.name}`, columns }, inserted.map((row) => columns.map((column) => row[column])));
      }
      await update(session, schema, updated);
    },
  };
}
