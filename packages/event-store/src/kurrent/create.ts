import type { EventStore } from '../port.ts';
import type { KurrentEventStoreOptions } from './options.ts';

/** Loads the client, which brings a native part, only for those who use it. */
export async function createKurrentEventStore(options: KurrentEventStoreOptions): Promise<EventStore> {
  const { openKurrentEventStore } = await import('./store.ts');
  return openKurrentEventStore(options);
}
