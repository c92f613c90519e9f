/** What a heap holds knows its own place there, so that it can be taken out of the middle. -1: it is in no heap. */
export interface HeapItem {
  heapIndex: number;
}

/** A binary heap with removal: push, pop and remove are O(log n). An item is in at most one heap. */
export class IndexedHeap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => number;

  /** `before` is negative when `a` comes first. It must give a total order. */
  constructor(before: (a: T, b: T) => number) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** In no order. */
  values(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    if (item.heapIndex !== -1) throw new Error('the item is in a heap already');
    item.heapIndex = this.#items.length;
    this.#items.push(item);
    this.#up(item.heapIndex);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first) this.remove(first);
    return first;
  }

  /** False when the item is in no heap. */
  remove(item: T): boolean {
    const index = item.heapIndex;
    if (index === -1) return false;
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return true;
    this.#items[index] = last;
    last.heapIndex = index;
    this.#up(index);
    this.#down(last.heapIndex);
    return true;
  }

  #up(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #down(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const [a, b] = [this.#items[left], this.#items[right]];
      if (a === undefined) return;
      const child = b !== undefined && this.#before(b, a) < 0 ? right : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const [a, b] = [this.#items[lower], this.#items[upper]];
    if (a === undefined || b === undefined || this.#before(a, b) >= 0) return false;
    this.#items[lower] = b;
    this.#items[upper] = a;
    b.heapIndex = lower;
    a.heapIndex = upper;
    return true;
  }
}
