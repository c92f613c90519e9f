/** Who a timer rings. One object may own several timers, told apart by `kind`. */
export interface TimerOwner {
  timerFired(kind: number): void;
}

const GRANULARITY_MS = 10;
const SLOTS = 4_096;

/** One armed timer: a link of a slot's ring. */
export class WheelTimer {
  readonly owner: TimerOwner;
  readonly kind: number;
  readonly dueTick: number;
  previous: WheelTimer | undefined;
  next: WheelTimer | undefined;
  slot: number;

  constructor(owner: TimerOwner, kind: number, dueTick: number) {
    this.owner = owner;
    this.kind = kind;
    this.dueTick = dueTick;
    this.slot = dueTick & (SLOTS - 1);
  }
}

/**
 * A hashed timer wheel: arming and cancelling are a few pointer writes, whatever number of timers run. One unref'd interval
 * drives it, and only while something is armed. A timer may ring up to 10 ms late, never early.
 */
export class TimerWheel {
  private readonly slots: (WheelTimer | undefined)[] = new Array<WheelTimer | undefined>(SLOTS).fill(undefined);
  /** In ms, of a clock that never goes back. */
  readonly now: () => number;
  private tick: number;
  private armed = 0;
  private ticker: NodeJS.Timeout | undefined;
  private readonly onError: (error: Error) => void;

  constructor(onError: (error: Error) => void, now: () => number = () => performance.now()) {
    this.onError = onError;
    this.now = now;
    this.tick = this.currentTick();
  }

  get size(): number {
    return this.armed;
  }

  private currentTick(): number {
    return Math.floor(this.now() / GRANULARITY_MS);
  }

  start(owner: TimerOwner, kind: number, delayMs: number): WheelTimer {
    if (this.ticker === undefined) {
      this.tick = this.currentTick();
      this.ticker = setInterval(() => this.advance(), GRANULARITY_MS);
      this.ticker.unref();
    }
    const due = Math.max(this.tick + 1, Math.ceil((this.now() + delayMs) / GRANULARITY_MS));
    const timer = new WheelTimer(owner, kind, due);
    const head = this.slots[timer.slot];
    timer.next = head;
    if (head !== undefined) head.previous = timer;
    this.slots[timer.slot] = timer;
    this.armed++;
    return timer;
  }

  cancel(timer: WheelTimer | undefined): void {
    if (timer === undefined || timer.slot === -1) return;
    this.unlink(timer);
    if (this.armed === 0) this.rest();
  }

  private unlink(timer: WheelTimer): void {
    if (timer.previous !== undefined) timer.previous.next = timer.next;
    else this.slots[timer.slot] = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    timer.previous = undefined;
    timer.next = undefined;
    timer.slot = -1;
    this.armed--;
  }

  private rest(): void {
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  /** Rings what is due. Public for tests with a clock of their own. */
  advance(): void {
    const target = this.currentTick();
    // After a pause longer than one turn of the wheel one turn sees every slot.
    if (target - this.tick > SLOTS) this.tick = target - SLOTS;
    while (this.tick < target) {
      this.tick++;
      this.ring(this.tick & (SLOTS - 1));
    }
    if (this.armed === 0 && this.ticker !== undefined) this.rest();
  }

  private ring(slot: number): void {
    // What rings may cancel or arm others, of this slot too: collect first, then look at each again.
    let due: WheelTimer[] | undefined;
    for (let timer = this.slots[slot]; timer !== undefined; timer = timer.next) {
      if (timer.dueTick <= this.tick) (due ??= []).push(timer);
    }
    if (due === undefined) return;
    // New ones stand at the head of a slot: from its end, equal times ring in the order they were armed.
    for (let at = due.length - 1; at >= 0; at--) {
      const timer = due[at];
      if (timer === undefined || timer.slot === -1) continue;
      this.unlink(timer);
      try {
        timer.owner.timerFired(timer.kind);
      } catch (error) {
        this.onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  stop(): void {
    this.rest();
    this.slots.fill(undefined);
    this.armed = 0;
  }
}
