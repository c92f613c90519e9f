import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { SipMessage } from '../wire/message.ts';
import type { Core } from './core.ts';
import { expiryDelayMs, leastIn, negotiateAsCaller, refreshLines } from './session-timer.ts';
import type { SessionInterval } from './session-timer.ts';

const REFRESH = 1;
const EXPIRED = 2;

/** The call whose session it is. */
export interface TimedCall {
  readonly core: Core;
  readonly alive: boolean;
  takesUpdate: boolean;
  startSessionTimer(interval: SessionInterval | undefined, message: SipMessage): void;
  refresh(headers: string): Promise<SipMessage | undefined>;
  endBy(by: 'timeout', text: string): void;
}

/** The session timer of one call (RFC 4028 10): refreshes in time where that is ours to do, and ends a session that nobody refreshed. */
export class SessionKeeper implements TimerOwner {
  private readonly call: TimedCall;
  private interval: SessionInterval | undefined;
  private refreshTimer: WheelTimer | undefined;
  private expiryTimer: WheelTimer | undefined;

  constructor(call: TimedCall) {
    this.call = call;
  }

  /** From a 2xx on, either side's. Undefined: without a timer. */
  begin(interval: SessionInterval | undefined): void {
    this.stop();
    this.interval = interval;
    if (interval === undefined) return;
    const { wheel } = this.call.core;
    if (interval.weRefresh) this.refreshTimer = wheel.start(this, REFRESH, interval.intervalS * 500);
    this.expiryTimer = wheel.start(this, EXPIRED, expiryDelayMs(interval));
  }

  /** What an offer of ours says, which refreshes as well: without a word the session would go on without its timer (7.4). */
  get lines(): string {
    const { interval } = this;
    return interval === undefined ? '' : refreshLines(interval, this.minS);
  }

  /** By the 2xx to that offer. */
  renewed(response: SipMessage): void {
    if (this.interval !== undefined) this.call.startSessionTimer(negotiateAsCaller(response, this.interval.intervalS), response);
  }

  private get minS(): number {
    return this.call.core.options.minSessionExpiresS ?? 90;
  }

  stop(): void {
    const { wheel } = this.call.core;
    wheel.cancel(this.refreshTimer);
    wheel.cancel(this.expiryTimer);
    this.refreshTimer = undefined;
    this.expiryTimer = undefined;
  }

  timerFired(kind: number): void {
    const { interval } = this;
    if (kind === EXPIRED) this.call.endBy('timeout', 'session expired');
    else if (interval !== undefined) void this.refresh(interval.intervalS);
  }

  private async refresh(intervalS: number): Promise<void> {
    const { call } = this;
    const byUpdate = call.takesUpdate;
    const response = await call.refresh(refreshLines({ intervalS, weRefresh: true }, this.minS));
    if (!call.alive) return;
    if (response === undefined || response.status === 481 || response.status === 408) call.endBy('timeout', 'session refresh failed');
    else if (response.status < 300) call.startSessionTimer(negotiateAsCaller(response, intervalS), response);
    else this.refused(response, intervalS, byUpdate);
  }

  /** Not this way: another at once. Not now (491, 500): again in a while. The session ends when none of it helps in time. */
  private refused(response: SipMessage, intervalS: number, byUpdate: boolean): void {
    const leastS = leastIn(response);
    if (byUpdate && (response.status === 405 || response.status === 501)) {
      this.call.takesUpdate = false;
      void this.refresh(intervalS);
    } else if (response.status === 422 && leastS > intervalS) void this.refresh(leastS);
    else this.refreshTimer = this.call.core.wheel.start(this, REFRESH, intervalS * 125);
  }
}
