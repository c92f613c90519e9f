export type * from './port.ts';
export { WrongExpectedVersionError } from './port.ts';
export { EventStoreClosedError, EventStoreUnavailableError, InvalidAppendError } from './errors.ts';
export { createMemoryEventStore } from './memory.ts';
export { createPostgresEventStore, type PostgresEventStoreOptions } from './postgres/store.ts';
export { createKurrentEventStore } from './kurrent/create.ts';
export type { KurrentEventStoreOptions } from './kurrent/options.ts';
