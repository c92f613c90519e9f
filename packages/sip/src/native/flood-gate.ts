/** Unknown requests an address may send in a second before the rest is dropped unread. */
const MAX_UNKNOWN_PER_S = 50;
const MAX_ADDRESSES = 20_000;

/**
 * Remembers who sends what nobody here asked for, so that a flood costs a look at the first bytes and not a parse. Counts begin anew
 * each second: an address that stops is heard again at once.
 */
export class FloodGate {
  private readonly counts = new Map<string, number>();
  private second = 0;

  /** True when the address has used up its second. */
  closed(host: string, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.second) {
      this.second = second;
      this.counts.clear();
    }
    return (this.counts.get(host) ?? 0) >= MAX_UNKNOWN_PER_S;
  }

  unknown(host: string): void {
    const count = this.counts.get(host);
    if (count === undefined && this.counts.size >= MAX_ADDRESSES) return;
    this.counts.set(host, (count ?? 0) + 1);
  }
}
