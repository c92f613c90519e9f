/**
 * The even ports of a range, oldest first: one that was given back is the last to be handed out again, so that the peer of the call before,
 * which may still be sending to it, has as long as the range allows.
 */
export class PortPool {
  /** In the order in which they came back. What is before `head` was taken. */
  private free: number[] = [];
  private head = 0;
  private readonly used = new Set<number>();

  constructor(range: readonly [number, number]) {
    const [from, to] = range;
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to > 65_535 || from > to) throw new RangeError(`port range ${from}-${to}`);
    for (let port = from + (from % 2); port <= to; port += 2) this.free.push(port);
  }

  /** Undefined when every port is in use. */
  take(): number | undefined {
    const port = this.free[this.head];
    if (port === undefined) return undefined;
    this.head += 1;
    if (this.head * 2 > this.free.length) {
      this.free = this.free.slice(this.head);
      this.head = 0;
    }
    this.used.add(port);
    return port;
  }

  giveBack(port: number): void {
    if (this.used.delete(port)) this.free.push(port);
  }

  get inUse(): number {
    return this.used.size;
  }

  get size(): number {
    return this.used.size + this.free.length - this.head;
  }
}
