import { randomFillSync } from 'node:crypto';
import { MAGIC_COOKIE } from './via.ts';

/** Tags and branches are unguessable (RFC 3261 19.3). Randomness is drawn in bulk: a call to the generator per id is slow. */
const POOL_BYTES = 8_192;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

export function randomHex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

export function newTag(): string {
  return randomHex(8);
}

export function newBranch(): string {
  return MAGIC_COOKIE + randomHex(8);
}

/** Branch of the n-th INVITE of an attempt (its CSeq), of which only the first one's is known after a crash. */
export function branchOfRetry(firstBranch: string, cseq: number): string {
  return cseq === 1 ? firstBranch : `${firstBranch}.${cseq}`;
}
