import type { StoredEvent, SubscribeOptions, Subscription } from './port.ts';

const DEFAULT_BATCH_SIZE = 500;
const DEFAULT_PACE_MS = 20;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 5_000;

export interface Page {
  readonly events: readonly StoredEvent[];
  /** Everything up to here has been looked at, matching or not. Undefined: nothing is stored after the position asked for. */
  readonly scannedTo: bigint | undefined;
}

export interface PumpSource {
  readPage(options: { readonly after?: bigint; readonly limit: number; readonly types?: readonly string[] }): Promise<Page>;
  /** Calls back when there may be more events. Answers how to stop that. */
  onAppended(wake: () => void): () => void;
  /** Looks anyway after this long: a wake-up can be lost with a connection. */
  readonly pollMs: number;
  readonly log: (message: string) => void;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Catch-up and live in one loop: read a page, hand it over, remember how far; nothing new means wait for a wake-up. */
export function pump(
  source: PumpSource,
  options: SubscribeOptions,
  handler: (events: readonly StoredEvent[]) => Promise<void>,
): Subscription {
  const limit = options.batchSize ?? DEFAULT_BATCH_SIZE;
  const paceMs = options.paceMs ?? DEFAULT_PACE_MS;
  let position = options.after;
  let scanned = options.after;
  let stopped = false;
  let retryMs = RETRY_FIRST_MS;
  let wakened = false;
  let interrupt: (() => void) | undefined;

  const wake = (): void => {
    wakened = true;
    interrupt?.();
  };
  const stopWaking = source.onAppended(wake);

  /** `wakeable`: a wake-up ends the pause. A back-off is only ended by stop. */
  function pause(ms: number, wakeable: boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      timer.unref();
      function done(): void {
        clearTimeout(timer);
        interrupt = undefined;
        resolve();
      }
      interrupt = () => {
        if (wakeable || stopped) done();
      };
    });
  }

  async function backOff(what: string, error: unknown): Promise<void> {
    source.log(`${what}, again in ${retryMs} ms: ${messageOf(error)}`);
    await pause(retryMs, false);
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  }

  async function nextPage(): Promise<Page | undefined> {
    try {
      return await source.readPage({
        limit,
        ...(scanned === undefined ? {} : { after: scanned }),
        ...(options.types === undefined ? {} : { types: options.types }),
      });
    } catch (error) {
      if (!stopped) await backOff('events could not be read', error);
      return undefined;
    }
  }

  async function deliver(events: readonly StoredEvent[]): Promise<boolean> {
    while (!stopped) {
      try {
        await handler(events);
        retryMs = RETRY_FIRST_MS;
        return true;
      } catch (error) {
        await backOff('a batch of events was not handled', error);
      }
    }
    return false;
  }

  async function run(): Promise<void> {
    while (!stopped) {
      wakened = false;
      const readAt = performance.now();
      const page = await nextPage();
      if (page === undefined) continue;
      if (page.events.length > 0) {
        if (stopped || !(await deliver(page.events))) return;
        position = page.events.at(-1)?.position;
      }
      scanned = page.scannedTo ?? scanned;
      // A full page means that there is more.
      if (page.events.length === limit || stopped) continue;
      if (!wakened) await pause(source.pollMs, true);
      // Many appends in a row wake for each of them; a read for each would cost more than they did.
      const tooSoonMs = paceMs - (performance.now() - readAt);
      if (tooSoonMs > 1 && !stopped) await pause(tooSoonMs, false);
    }
  }

  const ended = run();
  return {
    async stop() {
      stopped = true;
      stopWaking();
      interrupt?.();
      await ended;
    },
    get position() {
      return position;
    },
  };
}
