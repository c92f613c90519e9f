export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | null | undefined;
  readonly right?: boolean;
}

/** A table for people: columns as wide as what is in them. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  if (rows.length === 0) return '(none)';
  const cells = rows.map((row) => columns.map((column) => String(column.of(row) ?? '–')));
  const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)));
  const write = (line: readonly string[]): string =>
    line
      .map((cell, index) => (columns[index]?.right === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd();
  return [write(columns.map(({ title }) => title)), write(widths.map((width) => '─'.repeat(width))), ...cells.map(write)].join('\n');
}

export function clock(atMs: number | null, timeZone?: string): string {
  if (atMs === null) return '–';
  return new Date(atMs).toLocaleString('sv-SE', timeZone === undefined ? {} : { timeZone });
}

export function seconds(ms: number): string {
  const total = Math.max(0, Math.round(ms / 1000));
  return total < 60 ? `${total} s` : `${Math.floor(total / 60)} min ${String(total % 60).padStart(2, '0')} s`;
}
