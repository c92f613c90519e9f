/** Running what others gave us: its failure is told and costs nobody else anything. */

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The machine-readable cause of an error, when it carries one. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

export function hand(subject: string, handler: (message: unknown) => unknown, message: unknown, log: (message: string) => void): void {
  const report = (error: unknown): void => log(`a handler of ${subject} failed: ${messageOf(error)}`);
  try {
    const result = handler(message);
    if (result instanceof Promise) result.catch(report);
  } catch (error) {
    report(error);
  }
}
