import type { EventType } from '@ritmo/domain';
import type { EventStore, StoredEvent } from '@ritmo/event-store';
import type { Claim } from './pending.ts';

const page = 1_000;

/** A command's id, the same at every attempt. It travels in `by` and comes back in the facts. */
export const commandId = (table: string, rowId: number): string => `${table}#${rowId}`;

/**
 * Which of the rows that were begun before took effect: their facts lie in the event store behind the position at which they
 * were begun. Read only after a crash or a lost answer.
 */
export async function tookEffect(
  events: EventStore,
  claims: readonly Claim[],
  types: readonly EventType[],
  rowOf: (event: StoredEvent) => number | undefined,
): Promise<ReadonlySet<number>> {
  const begun = claims.filter(({ begunBefore }) => begunBefore);
  const found = new Set<number>();
  if (begun.length === 0) return found;
  const wanted = new Set(begun.map(({ rowId }) => rowId));
  const positions = begun.map(({ beganPosition }) => (beganPosition === null ? undefined : BigInt(beganPosition)));
  let after = positions.includes(undefined) ? undefined : positions.reduce((least, each) => ((each ?? 0n) < (least ?? 0n) ? each : least));
  for (;;) {
    const events_ = await events.readAll({ limit: page, types, ...(after === undefined ? {} : { after }) });
    for (const event of events_) {
      const rowId = rowOf(event);
      if (rowId !== undefined && wanted.has(rowId)) found.add(rowId);
    }
    const last = events_.at(-1);
    if (last === undefined || events_.length < page) return found;
    after = last.position;
  }
}

/** Of a command whose id is in `by`. */
export function rowByActor(table: string): (event: StoredEvent) => number | undefined {
  const prefix = `${table}#`;
  return ({ data }) => {
    const by = data['by'] as { readonly kind?: unknown; readonly id?: unknown } | undefined;
    return by?.kind === 'sql' && typeof by.id === 'string' && by.id.startsWith(prefix) ? Number(by.id.slice(prefix.length)) : undefined;
  };
}

/** Of an imported contact, whose source names its row. */
export function rowBySource(source: string): (event: StoredEvent) => number | undefined {
  const prefix = `${source}:`;
  return ({ data }) => {
    const written = data['source'];
    return typeof written === 'string' && written.startsWith(prefix) ? Number(written.slice(prefix.length)) : undefined;
  };
}
