/**
 * Runs work with two bounds: one at a time per key, in the order in which it came; and so many at once in all. A cold
 * connection of the client hung with over a hundred appends on it.
 */
export function createInFlight(limit: number): { run<T>(key: string, work: () => Promise<T>): Promise<T>; idle(): Promise<void> } {
  const tails = new Map<string, Promise<unknown>>();
  const waiting: (() => void)[] = [];
  const running = new Set<Promise<unknown>>();
  let free = limit;

  async function acquire(): Promise<void> {
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    await acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  return {
    run(key, work) {
      const before = tails.get(key) ?? Promise.resolve();
      const result = before.then(() => bounded(work));
      const tail = result.catch(() => undefined).finally(() => {
        running.delete(tail);
        if (tails.get(key) === tail) tails.delete(key);
      });
      tails.set(key, tail);
      running.add(tail);
      return result;
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
