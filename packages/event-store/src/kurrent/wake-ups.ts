import type { Readable } from 'node:stream';

const RETRY_MS = 500;

/**
 * One live subscription of a store, whose events only wake those who read pages: they keep their own place, page size and
 * retries. It begins with the first who waits. While it is broken, their poll looks instead.
 */
export function createWakeUps(
  subscribe: () => Readable,
  log: (message: string) => void,
): { add(wake: () => void): () => void; close(): Promise<void> } {
  const wakers = new Set<() => void>();
  let live: Readable | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let closed = false;

  const wakeAll = (): void => {
    for (const wake of wakers) wake();
  };

  function open(): void {
    if (closed || live !== undefined) return;
    const stream = subscribe();
    live = stream;
    stream.on('data', wakeAll);
    // What was appended before the subscription was in force has woken nobody.
    stream.on('confirmation', wakeAll);
    stream.on('error', (error) => {
      if (!closed) log(`live subscription: ${error.message}`);
    });
    stream.on('close', () => {
      if (live === stream) live = undefined;
      if (closed) return;
      retryTimer = setTimeout(open, RETRY_MS);
    });
  }

  return {
    add(wake) {
      wakers.add(wake);
      open();
      return () => void wakers.delete(wake);
    },
    async close() {
      closed = true;
      clearTimeout(retryTimer);
      const stream = live;
      if (stream === undefined) return;
      await new Promise<void>((resolve) => {
        stream.once('close', resolve);
        stream.destroy();
      });
    },
  };
}
