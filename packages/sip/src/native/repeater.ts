import type { SipAddress } from '../port.ts';
import type { Connection } from '../transport/flow.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Core } from './core.ts';

const RETRANSMIT = 1;
const GIVE_UP = 2;

/** One response of ours as it went out, and where it went. */
export interface SentResponse {
  readonly wire: string;
  readonly to: SipAddress;
  readonly connection: Connection | undefined;
}

/** A response that is sent again until something acknowledges it, or for 64*T1; the pause doubles up to `ceilingMs`. */
export abstract class Repeater implements TimerOwner {
  private readonly core: Core;
  private readonly ceilingMs: number;
  private sent: SentResponse | undefined;
  private intervalMs: number;
  private retransmitTimer: WheelTimer;
  private readonly endTimer: WheelTimer;

  constructor(core: Core, sent: SentResponse, ceilingMs: number) {
    this.core = core;
    this.sent = sent;
    this.ceilingMs = ceilingMs;
    const { t1Ms, timeoutMs } = core.transactions.timers;
    this.intervalMs = t1Ms;
    this.retransmitTimer = core.wheel.start(this, RETRANSMIT, t1Ms);
    this.endTimer = core.wheel.start(this, GIVE_UP, timeoutMs);
  }

  stop(): void {
    this.core.wheel.cancel(this.retransmitTimer);
    this.core.wheel.cancel(this.endTimer);
    this.sent = undefined;
  }

  timerFired(kind: number): void {
    const { core, sent } = this;
    if (sent === undefined) return;
    if (kind === GIVE_UP) {
      this.stop();
      this.gaveUp();
      return;
    }
    core.stats.retransmissions++;
    core.stats.sent++;
    core.transports.send(sent.to, sent.wire, undefined, sent.connection);
    this.intervalMs = Math.min(this.intervalMs * 2, this.ceilingMs);
    this.retransmitTimer = core.wheel.start(this, RETRANSMIT, this.intervalMs);
  }

  protected abstract gaveUp(): void;
}
