/** Keeps the thread that moves packets alive: one that dies is started anew, unless it dies again and again. */
import type { RelayOptions, RelayReport } from './commands.ts';
import { startInWorker, type RelayThread, type WorkerHandle } from './relay-thread.ts';

/** Waits before the starts after a death. */
const restartDelaysMs = [0, 200, 1_000, 3_000] as const;
/** More deaths than this within the window: it will not live, and whoever watches the process must know. */
const mostDeaths = 5;
const windowMs = 60_000;

export interface ThreadKeeperParts {
  readonly options: RelayOptions;
  readonly report: (report: RelayReport) => void;
  /** The thread died: nothing is heard until `revive` has run. */
  readonly down: (thread: RelayThread, error: Error) => void;
  /** A new thread runs and knows nothing. */
  readonly revive: (thread: RelayThread) => Promise<void>;
  readonly gaveUp: (error: Error) => void;
  readonly onThread?: (thread: WorkerHandle) => void;
}

export class ThreadKeeper {
  thread: RelayThread | undefined;
  /** While a new one is being started; resolves also when it cannot be. */
  restarting: Promise<void> | undefined;
  restarts = 0;
  lastFailure: { readonly atMs: number; readonly error: Error } | undefined;
  #deaths: number[] = [];
  #isEnding = false;
  readonly #parts: ThreadKeeperParts;

  constructor(parts: ThreadKeeperParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.thread = await this.#begin();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.restarting;
    const { thread } = this;
    this.thread = undefined;
    await thread?.end();
  }

  #begin(): Promise<RelayThread> {
    let own: RelayThread | undefined;
    const listener = {
      report: this.#parts.report,
      died: (error: Error) => {
        if (own) this.#died(own, error);
      },
    };
    return startInWorker(this.#parts.options, listener, this.#parts.onThread).then((thread) => (own = thread));
  }

  #died(dead: RelayThread, error: Error): void {
    if (this.thread !== dead || this.#isEnding) return;
    this.thread = undefined;
    const nowMs = performance.now();
    this.lastFailure = { atMs: nowMs, error };
    this.#deaths = [...this.#deaths.filter((atMs) => nowMs - atMs < windowMs), nowMs];
    this.#parts.down(dead, error);
    this.restarting ??= this.#restart(error).finally(() => {
      this.restarting = undefined;
    });
  }

  async #restart(cause: Error): Promise<void> {
    let last = cause;
    for (let tries = 0; !this.#isEnding; tries += 1) {
      if (this.#deaths.length > mostDeaths || tries >= mostDeaths) return this.#parts.gaveUp(last);
      await new Promise((resolve) => setTimeout(resolve, restartDelaysMs[Math.min(tries, restartDelaysMs.length - 1)]));
      try {
        const thread = await this.#begin();
        this.thread = thread;
        this.restarts += 1;
        await this.#parts.revive(thread);
        // It may have died while the calls were being moved.
        if (this.thread === thread) return;
      } catch (error) {
        last = error as Error;
      }
    }
  }
}
