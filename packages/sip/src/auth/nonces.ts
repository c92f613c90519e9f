import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { randomHex } from '../wire/ids.ts';

export type NonceVerdict = 'fresh' | 'stale' | 'forged';

/** How many nonces' counts are remembered. Beyond it the oldest is forgotten, and its owner is asked for a new one. */
const MAX_REMEMBERED = 20_000;

/**
 * Nonces that prove themselves: time, chance and a keyed hash, so that a flood of challenges costs no memory (RFC 7616 5.4).
 * Only nonces used with a right password are remembered, for their count: a repeated count is a replay.
 */
export class Nonces {
  private readonly key = randomBytes(32);
  private readonly counts = new Map<string, number>();
  private readonly ttlMs: number;

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs;
  }

  issue(nowMs: number): string {
    const head = Math.floor(nowMs).toString(16).padStart(12, '0') + randomHex(6);
    return head + this.sign(head);
  }

  private sign(head: string): string {
    return createHmac('sha256', this.key).update(head).digest('hex').slice(0, 24);
  }

  check(nonce: string, nowMs: number): NonceVerdict {
    if (!/^[0-9a-f]{48}$/.test(nonce)) return 'forged';
    const head = nonce.slice(0, 24);
    if (!timingSafeEqual(Buffer.from(this.sign(head)), Buffer.from(nonce.slice(24)))) return 'forged';
    const ageMs = nowMs - parseInt(nonce.slice(0, 12), 16);
    return ageMs >= 0 && ageMs <= this.ttlMs ? 'fresh' : 'stale';
  }

  /** False when this count was used before with this nonce. Without qop there is no count: the nonce then serves once. */
  use(nonce: string, nc: string): boolean {
    const count = nc === '' ? Number.MAX_SAFE_INTEGER : parseInt(nc, 16);
    const last = this.counts.get(nonce) ?? 0;
    if (count <= last) return false;
    this.counts.delete(nonce);
    this.counts.set(nonce, count);
    if (this.counts.size > MAX_REMEMBERED) {
      const oldest = this.counts.keys().next();
      if (oldest.done !== true) this.counts.delete(oldest.value);
    }
    return true;
  }
}
