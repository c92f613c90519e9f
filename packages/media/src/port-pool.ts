/**
 * The even ports of a range. A port given back rests before it is handed out again: the peer of the call before may
 * still be sending to it. Oldest first, so that a large range rests its ports by itself.
 */
export class PortPool {
  /** In the order in which their rests end: they all rest equally long. What is before `head` was taken. */
  private free: { readonly port: number; readonly restsUntilMs: number }[] = [];
  private head = 0;
  private readonly used = new Set<number>();
  private readonly quarantineMs: number;

  constructor(range: readonly [number, number], quarantineMs: number) {
    this.quarantineMs = quarantineMs;
    const [from, to] = range;
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to > 65_535 || from > to) throw new RangeError(`port range ${from}-${to}`);
    for (let port = from + (from % 2); port <= to; port += 2) this.free.push({ port, restsUntilMs: 0 });
  }

  /** Undefined when every port is in use. Always the one that rests longest, though it should rest on: a call is worth more. */
  take(): number | undefined {
    const entry = this.free[this.head];
    if (!entry) return undefined;
    this.head += 1;
    if (this.head * 2 > this.free.length) {
      this.free = this.free.slice(this.head);
      this.head = 0;
    }
    this.used.add(entry.port);
    return entry.port;
  }

  giveBack(port: number, nowMs: number): void {
    if (!this.used.delete(port)) return;
    this.free.push({ port, restsUntilMs: nowMs + this.quarantineMs });
  }

  get inUse(): number {
    return this.used.size;
  }

  get size(): number {
    return this.used.size + this.free.length - this.head;
  }
}
