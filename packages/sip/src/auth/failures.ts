/** Wrong passwords that an address may show within a window before it is no longer heard. */
const MAX_FAILURES = 10;
/**
 * The same where someone showed a right one within that window: an office behind one address goes on though some of its phones are set up
 * wrongly, and a guesser who knows one password has no more than this.
 */
const MAX_FAILURES_BESIDE_GOOD = 100;
const WINDOW_MS = 60_000;
/** Addresses remembered at a time. A flood from forged addresses must not cost memory. */
const MAX_ADDRESSES = 10_000;

interface Window {
  failures: number;
  isGood: boolean;
  untilMs: number;
}

/** Counts wrong passwords (RFC 3261 22) per address and minute: guessing is slowed, and the guesser is told nothing. */
export class FailureLimiter {
  private readonly byAddress = new Map<string, Window>();

  blocked(host: string, nowMs: number): boolean {
    const window = this.byAddress.get(host);
    if (window === undefined) return false;
    if (window.untilMs > nowMs) return isOver(window);
    this.byAddress.delete(host);
    return false;
  }

  failed(host: string, nowMs: number): void {
    const window = this.windowOf(host, nowMs);
    window.failures++;
    // The silence lasts a whole window.
    if (isOver(window)) window.untilMs = nowMs + WINDOW_MS;
  }

  succeeded(host: string, nowMs: number): void {
    this.windowOf(host, nowMs).isGood = true;
  }

  private windowOf(host: string, nowMs: number): Window {
    const held = this.byAddress.get(host);
    if (held !== undefined && held.untilMs > nowMs) return held;
    this.byAddress.delete(host);
    if (this.byAddress.size >= MAX_ADDRESSES) {
      const oldest = this.byAddress.keys().next();
      if (oldest.done !== true) this.byAddress.delete(oldest.value);
    }
    const window: Window = { failures: 0, isGood: false, untilMs: nowMs + WINDOW_MS };
    this.byAddress.set(host, window);
    return window;
  }
}

function isOver(window: Window): boolean {
  return window.failures >= (window.isGood ? MAX_FAILURES_BESIDE_GOOD : MAX_FAILURES);
}
