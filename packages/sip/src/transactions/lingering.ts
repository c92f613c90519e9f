import { randomBytes } from 'node:crypto';
import type { TimerOwner, TimerWheel, WheelTimer } from './wheel.ts';

const CHUNK_WORDS = 1 << 16;
const CHUNK_BYTES = CHUNK_WORDS * 4;
const CHUNK_BITS = 16;
const MAX_CHUNKS = 1 << 15;
const FIRST_BUCKETS = 1_024;
const TICK_MS = 10;

/** Words before the bytes of a record. */
const NEXT = 0;
const HASH = 1;
const DUE = 2;
const KIND_AND_NUMBER = 3;
const KEY_LENGTH = 4;
const HEAD_LENGTH = 5;
const TEXT_LENGTH = 6;
const RECORD_WORDS = 7;
const HEADER_WORDS = 8;

/** What was kept of a transaction. */
export interface Remains {
  readonly head: string;
  readonly text: string;
  /** 0 to 65,535. */
  readonly number: number;
  readonly companion: object | undefined;
}

interface Chunk {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  used: number;
}

/**
 * What must still answer repetitions for a fixed time after it ended (RFC 3261 17 and RFC 6026: timers D, I, J, K, L, M), by key. At 3,000 calls a
 * second that is 200,000 ended transactions, and as objects they were most of what the collector walks. Here they are bytes outside the
 * heap: records in chunks, oldest first, found by a hash table of chained positions. All live equally long, so they end in the order they came.
 */
export class Lingering implements TimerOwner {
  private readonly wheel: TimerWheel;
  private readonly lifeMs: number;
  private readonly ended: (kind: number) => void;
  /** Of the hash, both: else a stranger could choose keys that share one chain. With a known factor two keys that share it do so for 2^24 seeds. */
  private readonly seed = randomBytes(4).readInt32LE();
  private readonly factor = randomBytes(4).readInt32LE() | 1;
  private chunks: (Chunk | undefined)[] = [];
  /** Slots of `chunks` that hold records, oldest first. */
  private order: number[] = [];
  private spare: number[] = [];
  private buckets = new Int32Array(FIRST_BUCKETS);
  private oldest = 0;
  private count = 0;
  private readonly companions = new Map<number, object>();
  private timer: WheelTimer | undefined;

  /** `ended` is told the kind of each record that has lived for `lifeMs`. */
  constructor(wheel: TimerWheel, lifeMs: number, ended: (kind: number) => void) {
    this.wheel = wheel;
    this.lifeMs = lifeMs;
    this.ended = ended;
  }

  get size(): number {
    return this.count;
  }

  /** Byte strings. `kind` 0 to 255 is part of the key, `number` 0 to 65,535 is not. False when it is too large to be kept. */
  add(kind: number, key: string, head = '', text = '', number = 0, companion?: object): boolean {
    const words = HEADER_WORDS + ((key.length + head.length + text.length + 3) >> 2);
    const slot = words > CHUNK_WORDS ? undefined : this.room(words);
    const chunk = slot === undefined ? undefined : this.chunks[slot];
    if (slot === undefined || chunk === undefined) return false;
    const at = chunk.used;
    chunk.used += words;
    const { words: w, bytes } = chunk;
    const hash = this.hashOf(kind, key);
    const position = (slot << CHUNK_BITS) | at;
    w[at + HASH] = hash;
    w[at + DUE] = this.now() + Math.ceil(this.lifeMs / TICK_MS) + 1;
    w[at + KIND_AND_NUMBER] = (kind << 16) | number;
    w[at + KEY_LENGTH] = key.length;
    w[at + HEAD_LENGTH] = head.length;
    w[at + TEXT_LENGTH] = text.length;
    w[at + RECORD_WORDS] = words;
    let from = (at + HEADER_WORDS) * 4;
    from += bytes.write(key, from, 'latin1');
    if (head !== '') from += bytes.write(head, from, 'latin1');
    if (text !== '') bytes.write(text, from, 'latin1');
    if (companion !== undefined) this.companions.set(position, companion);
    if (++this.count > this.buckets.length) this.rehash();
    else this.link(w, at, position);
    this.timer ??= this.wheel.start(this, 0, this.lifeMs);
    return true;
  }

  has(kind: number, key: string): boolean {
    return this.count > 0 && this.positionOf(kind, key) !== -1;
  }

  /** The newest of that key. */
  find(kind: number, key: string): Remains | undefined {
    const position = this.count === 0 ? -1 : this.positionOf(kind, key);
    const chunk = position === -1 ? undefined : this.chunks[position >> CHUNK_BITS];
    if (chunk === undefined) return undefined;
    const at = position & (CHUNK_WORDS - 1);
    const word = (field: number): number => chunk.words[at + field] ?? 0;
    const headAt = (at + HEADER_WORDS) * 4 + word(KEY_LENGTH);
    const textAt = headAt + word(HEAD_LENGTH);
    return {
      head: chunk.bytes.toString('latin1', headAt, textAt),
      text: chunk.bytes.toString('latin1', textAt, textAt + word(TEXT_LENGTH)),
      number: word(KIND_AND_NUMBER) & 0xffff,
      companion: this.companions.get(position),
    };
  }

  timerFired(): void {
    const now = this.now();
    this.timer = undefined;
    for (;;) {
      const slot = this.order[0];
      const chunk = slot === undefined ? undefined : this.chunks[slot];
      if (slot === undefined || chunk === undefined) return;
      if (this.oldest === chunk.used) {
        this.order.shift();
        this.oldest = 0;
        chunk.used = 0;
        // A peak's memory goes back, what the next seconds need stays.
        this.spare.push(slot);
        while (this.spare.length > this.order.length + 1) this.chunks[this.spare.pop() ?? slot] = undefined;
        continue;
      }
      const leftTicks = ((chunk.words[this.oldest + DUE] ?? 0) - now) | 0;
      if (leftTicks > 0) {
        this.timer = this.wheel.start(this, 0, leftTicks * TICK_MS);
        return;
      }
      this.drop(slot, chunk, this.oldest);
    }
  }

  private drop(slot: number, { words }: Chunk, at: number): void {
    const position = (slot << CHUNK_BITS) | at;
    this.unlink(position, words[at + HASH] ?? 0, words[at + NEXT] ?? 0);
    this.companions.delete(position);
    this.oldest = at + (words[at + RECORD_WORDS] ?? 0);
    this.count--;
    this.ended((words[at + KIND_AND_NUMBER] ?? 0) >> 16);
  }

  /** In ticks; wraps as 32-bit numbers do, and is only ever compared by difference. */
  private now(): number {
    return Math.floor(this.wheel.now() / TICK_MS) | 0;
  }

  private room(words: number): number | undefined {
    const last = this.order.at(-1);
    const chunk = last === undefined ? undefined : this.chunks[last];
    if (last !== undefined && chunk !== undefined && chunk.used + words <= CHUNK_WORDS) return last;
    let slot = this.spare.pop();
    if (slot === undefined) {
      const free = this.chunks.indexOf(undefined);
      slot = free === -1 ? this.chunks.length : free;
      if (slot >= MAX_CHUNKS) return undefined;
      // Whole words over the same bytes: numbers are read without a call.
      const bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      this.chunks[slot] = { bytes, words: new Int32Array(bytes.buffer, bytes.byteOffset, CHUNK_WORDS), used: 0 };
    }
    this.order.push(slot);
    return slot;
  }

  private bucketOf(hash: number): number {
    return hash & (this.buckets.length - 1);
  }

  /** Chains hold positions plus one: 0 ends them. */
  private link(words: Int32Array, at: number, position: number): void {
    const bucket = this.bucketOf(words[at + HASH] ?? 0);
    words[at + NEXT] = this.buckets[bucket] ?? 0;
    this.buckets[bucket] = position + 1;
  }

  private unlink(position: number, hash: number, next: number): void {
    const bucket = this.bucketOf(hash);
    let link = this.buckets[bucket] ?? 0;
    if (link === position + 1) {
      this.buckets[bucket] = next;
      return;
    }
    while (link !== 0) {
      const words = this.chunks[(link - 1) >> CHUNK_BITS]?.words;
      const at = (link - 1) & (CHUNK_WORDS - 1);
      if (words === undefined) return;
      link = words[at + NEXT] ?? 0;
      if (link === position + 1) {
        words[at + NEXT] = next;
        return;
      }
    }
  }

  private rehash(): void {
    this.buckets = new Int32Array(this.buckets.length * 2);
    for (const [index, slot] of this.order.entries()) {
      const chunk = this.chunks[slot];
      if (chunk === undefined) continue;
      for (let at = index === 0 ? this.oldest : 0; at < chunk.used; at += chunk.words[at + RECORD_WORDS] ?? CHUNK_WORDS) {
        this.link(chunk.words, at, (slot << CHUNK_BITS) | at);
      }
    }
  }

  private positionOf(kind: number, key: string): number {
    const hash = this.hashOf(kind, key);
    for (let link = this.buckets[this.bucketOf(hash)] ?? 0; link !== 0; ) {
      const chunk = this.chunks[(link - 1) >> CHUNK_BITS];
      const at = (link - 1) & (CHUNK_WORDS - 1);
      if (chunk === undefined) return -1;
      const { words } = chunk;
      if (words[at + HASH] === hash && words[at + KEY_LENGTH] === key.length && (words[at + KIND_AND_NUMBER] ?? 0) >> 16 === kind && isAt(chunk.bytes, (at + HEADER_WORDS) * 4, key)) return link - 1;
      link = words[at + NEXT] ?? 0;
    }
    return -1;
  }

  /** FNV-1a with a secret factor, and a last stir because the low bits choose the chain. */
  private hashOf(kind: number, key: string): number {
    const { factor } = this;
    let hash = this.seed ^ kind;
    for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), factor);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }
}

function isAt(bytes: Buffer, from: number, key: string): boolean {
  for (let at = 0; at < key.length; at++) if (bytes[from + at] !== (key.charCodeAt(at) & 0xff)) return false;
  return true;
}
