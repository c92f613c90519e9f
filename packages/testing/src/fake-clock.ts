/** A clock that a test moves. Timers fire in the order of their times, each at its own time. */
export interface FakeClock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): number;
  clearTimeout(id: number | undefined): void;
  /** Moves on; lets promises settle between the timers. */
  advance(ms: number): Promise<void>;
  readonly pendingTimers: number;
}

interface Timer {
  readonly id: number;
  readonly atMs: number;
  readonly callback: () => void;
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 5, 12)): FakeClock {
  let nowMs = startMs;
  let lastId = 0;
  const timers = new Map<number, Timer>();
  const nextDue = (untilMs: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers.values()) {
      if (timer.atMs <= untilMs && (!first || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  };
  return {
    now: () => nowMs,
    setTimeout: (callback, delayMs) => {
      lastId += 1;
      timers.set(lastId, { id: lastId, atMs: nowMs + Math.max(0, delayMs), callback });
      return lastId;
    },
    clearTimeout: (id) => {
      if (id !== undefined) timers.delete(id);
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms;
      for (let timer = nextDue(untilMs); timer; timer = nextDue(untilMs)) {
        timers.delete(timer.id);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.callback();
        await settled();
      }
      nowMs = untilMs;
      await settled();
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
