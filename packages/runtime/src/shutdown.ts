import type { Logger } from 'pino';

export interface ShutdownOptions {
  readonly log: Logger;
  /** How long what is going on may take to finish after the first signal. */
  readonly graceMs: number;
  stop(graceMs: number): Promise<void>;
  /** What is let finish, for the log line: `3 calls`. */
  readonly inProgress?: () => string;
  /** Default: ends the process. */
  readonly exit?: (code: number) => void;
}

/** How long a stop may take beyond its grace before the process ends all the same. */
const overtimeMs = 20_000;
/** The same after the second signal. */
const hurriedMs = 3_000;

/** SIGTERM or SIGINT once: what is going on finishes, up to the limit. Twice: now. */
export function stopOnSignals(options: ShutdownOptions): { remove(): void } {
  const { log } = options;
  const exit = options.exit ?? ((code: number) => process.exit(code));
  let signals = 0;

  const stop = (graceMs: number, limitMs: number): void => {
    const hard = setTimeout(() => {
      log.error('stopping took too long; ending all the same');
      exit(1);
    }, limitMs);
    hard.unref();
    options.stop(graceMs).then(
      () => {
        clearTimeout(hard);
        exit(0);
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        exit(1);
      },
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals === 1) {
      const busy = options.inProgress?.() ?? '';
      log.info({ signal }, `stopping${busy === '' ? '' : `; letting ${busy} finish for up to ${Math.round(options.graceMs / 1000)} s`} (send it again to stop now)`);
      stop(options.graceMs, options.graceMs + overtimeMs);
    } else if (signals === 2) {
      log.warn({ signal }, 'stopping now');
      stop(0, hurriedMs);
    } else exit(1);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    remove() {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}
