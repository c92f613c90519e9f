import type { Bus, BusSubscription } from '@ritmo/bus';
import { directorySchemas, type DirectoryEntry, type DirectoryKind, type DomainEvent } from '@ritmo/domain';

/** The configured things as they are now. Reads are synchronous: a map kept up to date by facts. */
export interface DirectoryReader {
  get<K extends DirectoryKind>(kind: K, id: number): DirectoryEntry<K> | undefined;
  all<K extends DirectoryKind>(kind: K): readonly DirectoryEntry<K>[];
  /** Called after each change. */
  onChange(listener: (kind: DirectoryKind, id: number) => void): () => void;
  /** Loads the snapshot and follows changes. Waits for the directory service up to the limit. */
  start(options?: { readonly timeoutMs?: number }): Promise<void>;
  stop(): void;
}

export function createDirectoryReader(parts: { readonly bus: Bus }): DirectoryReader {
  const { bus } = parts;
  const entries = new Map<DirectoryKind, Map<number, Record<string, unknown>>>();
  for (const kind of Object.keys(directorySchemas) as DirectoryKind[]) entries.set(kind, new Map());
  const sorted = new Map<DirectoryKind, readonly unknown[]>();
  const listeners = new Set<(kind: DirectoryKind, id: number) => void>();
  const subscriptions: BusSubscription[] = [];

  const changed = (kind: DirectoryKind, id: number): void => {
    sorted.delete(kind);
    for (const listener of listeners) listener(kind, id);
  };
  const put = ({ data }: DomainEvent<'DirectoryEntryPut'>): void => {
    entries.get(data.kind)?.set(data.id, data.entry as Record<string, unknown>);
    changed(data.kind, data.id);
  };
  const remove = ({ data }: DomainEvent<'DirectoryEntryRemoved'>): void => {
    entries.get(data.kind)?.delete(data.id);
    changed(data.kind, data.id);
  };

  return {
    get<K extends DirectoryKind>(kind: K, id: number) {
      return entries.get(kind)?.get(id) as DirectoryEntry<K> | undefined;
    },
    all<K extends DirectoryKind>(kind: K) {
      let list = sorted.get(kind);
      if (!list) {
        const byId = entries.get(kind) ?? new Map<number, unknown>();
        list = [...byId.entries()].sort(([a], [b]) => a - b).map(([, entry]) => entry);
        sorted.set(kind, list);
      }
      return list as readonly DirectoryEntry<K>[];
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start(options) {
      // Subscribe before the snapshot is asked for: a change between the two is seen twice, never missed.
      subscriptions.push(bus.subscribe('fact.DirectoryEntryPut', put), bus.subscribe('fact.DirectoryEntryRemoved', remove));
      const deadline = performance.now() + (options?.timeoutMs ?? 30_000);
      for (;;) {
        try {
          const snapshot = await bus.request('directory.snapshot', {}, { timeoutMs: 5_000 });
          for (const { kind, id, entry } of snapshot.entries) {
            entries.get(kind)?.set(id, entry);
            changed(kind, id);
          }
          return;
        } catch (error) {
          if (performance.now() > deadline) throw new Error('the directory service does not answer; is it running?', { cause: error });
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    stop() {
      for (const subscription of subscriptions) subscription.stop();
      subscriptions.length = 0;
    },
  };
}
