export interface WaitOptions {
  /** Default 5 000. */
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

/** Resolves with the first truthy value of the condition. A condition that throws is not yet true; the last error is told at the end. */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions = {}): Promise<NonNullable<T>> {
  const timeoutMs = options.timeoutMs ?? 5000;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<T>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${options.what ?? 'a condition'}`, lastError === undefined ? {} : { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 10));
  }
}
