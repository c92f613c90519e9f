import { eventStoreContract } from './contract.ts';
import { createMemoryEventStore } from './memory.ts';

eventStoreContract('the memory event store', async () => {
  const store = createMemoryEventStore();
  return { store, close: () => store.close() };
});
