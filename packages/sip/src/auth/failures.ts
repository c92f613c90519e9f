/** Failed attempts an address may make within the window before it is no longer heard. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** Addresses remembered at a time. A flood from forged addresses must not cost memory. */
const MAX_ADDRESSES = 10_000;

/** Counts wrong passwords (RFC 3261 22) per address: guessing is slowed to ten a minute, and the guesser is told nothing. */
export class FailureLimiter {
  private readonly byAddress = new Map<string, { count: number; untilMs: number }>();

  blocked(host: string, nowMs: number): boolean {
    const entry = this.byAddress.get(host);
    if (entry === undefined) return false;
    if (entry.untilMs > nowMs) return entry.count >= MAX_FAILURES;
    this.byAddress.delete(host);
    return false;
  }

  failed(host: string, nowMs: number): void {
    const entry = this.byAddress.get(host);
    if (entry !== undefined && entry.untilMs > nowMs) {
      entry.count++;
      entry.untilMs = nowMs + WINDOW_MS;
      return;
    }
    this.byAddress.delete(host);
    if (this.byAddress.size >= MAX_ADDRESSES) {
      const oldest = this.byAddress.keys().next();
      if (oldest.done !== true) this.byAddress.delete(oldest.value);
    }
    this.byAddress.set(host, { count: 1, untilMs: nowMs + WINDOW_MS });
  }

  succeeded(host: string): void {
    this.byAddress.delete(host);
  }
}
