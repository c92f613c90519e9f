/**
 * A trunk's channels and its rate. Channels are sets of what occupies them, never a count that runs free.
 *
 * The rate holds for what leaves: never more INVITEs than the limit in any window, and spaced, so that no edge of a window sees two
 * bursts. Places are promised a little before they are there, so that who holds one spends no time of the window on the way to its
 * INVITE: `turn` says when that may leave.
 */
import type { CallId } from '@ritmo/domain';

export interface LedgerLimits {
  readonly channels: number;
  readonly callsPerSecond: number;
}

export interface LedgerOptions {
  readonly limits: LedgerLimits;
  /** Prefix of slot names; another one for each ledger that ever lived. */
  readonly name: string;
  readonly leaseMs: number;
  /**
   * How long an INVITE counts: a second, and what the way to the far end may squeeze out of the distance between two
   * of them. There the limit must hold.
   */
  readonly windowMs: number;
  /** How long before a place is free it may be promised. Default 0. */
  readonly aheadMs?: number;
  /** Monotonic. The window is full at the start: what a process before this one sent is unknown. */
  readonly nowMs: number;
}

/** INVITEs are at least this part of their mean distance apart; what is left makes up for a late one. */
const spacing = 0.8;
/** Shorter distances than a timer can keep are kept in groups. */
const groupMs = 10;
/** A call that had its turn may be given up, and its place is free before its time. */
const lookAgainMs = 100;

export type NoRoom = 'channel-limit' | 'rate-limit';

export class ChannelLedger {
  #limits: LedgerLimits;
  readonly #options: LedgerOptions;
  /** Slot to the end of its lease. */
  readonly #slots = new Map<string, number>();
  readonly #calls = new Set<CallId>();
  /** Calls that hold a place in the rate and whose INVITE has not left. */
  readonly #promised = new Set<CallId>();
  /** Those of them that had their turn. */
  readonly #leaving = new Set<CallId>();
  /** When the INVITEs of the window left, oldest first. */
  #sent: number[];
  #lastSlot = 0;
  /** INVITEs that may leave now as far as the spacing goes; whole ones count. */
  #credit = 1;
  #creditAtMs: number;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#creditAtMs = options.nowMs;
    this.#sent = Array.from({ length: options.limits.callsPerSecond }, () => options.nowMs);
  }

  get leaseMs(): number {
    return this.#options.leaseMs;
  }

  setLimits(limits: LedgerLimits): void {
    this.#limits = limits;
  }

  /** Channels occupied by calls, by calls of a process before, and by slots. */
  get used(): number {
    return this.#calls.size + this.#slots.size;
  }

  get free(): number {
    return Math.max(0, this.#limits.channels - this.used);
  }

  #forget(nowMs: number): void {
    const since = nowMs - this.#options.windowMs;
    let old = 0;
    while (old < this.#sent.length && (this.#sent[old] ?? 0) <= since) old += 1;
    if (old > 0) this.#sent = this.#sent.slice(old);
    for (const [slot, untilMs] of this.#slots) {
      // Leases are given in order of time, so the first that holds ends the look.
      if (untilMs > nowMs) break;
      this.#slots.delete(slot);
    }
  }

  #ratePlaces(nowMs: number): number {
    const since = nowMs - this.#options.windowMs + (this.#options.aheadMs ?? 0);
    const sent = this.#sent.filter((time) => time > since).length;
    return Math.max(0, this.#limits.callsPerSecond - sent - this.#slots.size - this.#promised.size);
  }

  /** As many slots as there is room for, at most `count`. */
  reserve(count: number, nowMs: number): readonly string[] {
    this.#forget(nowMs);
    const slots: string[] = [];
    const room = Math.min(count, this.free, this.#ratePlaces(nowMs));
    while (slots.length < room) {
      this.#lastSlot += 1;
      const slot = `${this.#options.name}-${this.#lastSlot}`;
      this.#slots.set(slot, nowMs + this.#options.leaseMs);
      slots.push(slot);
    }
    return slots;
  }

  /** Why `reserve` gave nothing. */
  noRoom(nowMs: number): NoRoom | null {
    this.#forget(nowMs);
    if (this.free === 0) return 'channel-limit';
    return this.#ratePlaces(nowMs) === 0 ? 'rate-limit' : null;
  }

  release(slot: string): boolean {
    return this.#slots.delete(slot);
  }

  /** The slot becomes the call's. False when its lease is over. */
  take(slot: string, callId: CallId, nowMs: number): boolean {
    this.#forget(nowMs);
    if (!this.#slots.delete(slot)) return false;
    this.#calls.add(callId);
    this.#promised.add(callId);
    return true;
  }

  /** A channel without a place in the rate: calls from outside, and calls whose INVITE leaves later. */
  takeChannel(callId: CallId, nowMs: number): boolean {
    this.#forget(nowMs);
    if (this.free === 0) return false;
    this.#calls.add(callId);
    return true;
  }

  /** A place in the rate for a call that has its channel. False when there is none now. */
  promise(callId: CallId, nowMs: number): boolean {
    this.#forget(nowMs);
    if (this.#ratePlaces(nowMs) === 0) return false;
    this.#promised.add(callId);
    return true;
  }

  /** 0: the INVITE of a call that holds a place may leave, now or a moment later. Else how long it waits, ms. */
  turn(callId: CallId, nowMs: number): number {
    this.#forget(nowMs);
    const { callsPerSecond } = this.#limits;
    const over = this.#sent.length + this.#leaving.size - callsPerSecond;
    // Those that are leaving count as of now, so only what was sent makes room.
    if (over >= 0) return Math.max(1, Math.min(lookAgainMs, (this.#sent[over] ?? Infinity) + this.#options.windowMs - nowMs));
    const gapMs = (spacing * 1_000) / callsPerSecond;
    this.#credit = Math.min(Math.max(1, groupMs / gapMs), this.#credit + (nowMs - this.#creditAtMs) / gapMs);
    this.#creditAtMs = nowMs;
    if (this.#credit < 1) return (1 - this.#credit) * gapMs;
    this.#credit -= 1;
    this.#leaving.add(callId);
    return 0;
  }

  /** The INVITE of the call leaves now. */
  sent(callId: CallId, nowMs: number): void {
    this.#promised.delete(callId);
    this.#leaving.delete(callId);
    this.#sent.push(nowMs);
  }

  /** A call of a process that died: it occupies its channel until it is ended, whatever the limit says. */
  addOrphan(callId: CallId): void {
    this.#calls.add(callId);
  }

  /** The call is over. Idempotent. */
  freeCall(callId: CallId): boolean {
    this.#promised.delete(callId);
    this.#leaving.delete(callId);
    return this.#calls.delete(callId);
  }
}
