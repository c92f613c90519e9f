/** Versions of the facts' schemas. An old fact is brought to the present shape when it is read, never rewritten. */
import type { DomainEvent, EventType } from './events.ts';

/** Present version per type; 1 where nothing is said. */
export const eventSchemas: Readonly<Partial<Record<EventType, number>>> = {};

type Upcaster = (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** `upcasters[type][n]` takes a fact from version n to n + 1. */
export type Upcasters = Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;

const shipped: Upcasters = {};

export interface StoredFact {
  readonly type: string;
  readonly schema: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: number;
}

export class UnknownSchemaError extends Error {
  readonly type: string;
  readonly schema: number;
  constructor(type: string, schema: number, present: number) {
    super(`a stored ${type} has schema ${schema}, this version knows up to ${present}: it was written by a newer version`);
    this.name = 'UnknownSchemaError';
    this.type = type;
    this.schema = schema;
  }
}

export function upcast(
  stored: StoredFact,
  schemas: Readonly<Record<string, number | undefined>> = eventSchemas,
  upcasters: Upcasters = shipped,
): DomainEvent {
  const present = schemas[stored.type] ?? 1;
  if (stored.schema > present) throw new UnknownSchemaError(stored.type, stored.schema, present);
  let data = stored.data;
  for (let schema = stored.schema; schema < present; schema += 1) {
    const step = upcasters[stored.type]?.[schema];
    if (!step) throw new UnknownSchemaError(stored.type, schema, present);
    data = step(data);
  }
  return { type: stored.type, data, at: stored.at } as unknown as DomainEvent;
}
