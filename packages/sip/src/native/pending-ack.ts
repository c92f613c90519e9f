import type { SipAddress } from '../port.ts';
import type { Connection } from '../transport/flow.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Core } from './core.ts';

const RETRANSMIT = 1;
const GIVE_UP = 2;

export interface AckAwaiter {
  neverAcknowledged(pending: PendingAck): void;
}

/** A 2xx to INVITE, sent again until its ACK comes (RFC 3261 13.3.1.4). Also by TCP: a proxy may have crossed to UDP. */
export class PendingAck implements TimerOwner {
  readonly cseq: number;
  private readonly core: Core;
  private readonly owner: AckAwaiter;
  private readonly to: SipAddress;
  private readonly connection: Connection | undefined;
  private wire: string;
  private intervalMs: number;
  private retransmitTimer: WheelTimer;
  private readonly endTimer: WheelTimer;

  constructor(core: Core, owner: AckAwaiter, cseq: number, wire: string, to: SipAddress, connection: Connection | undefined) {
    this.core = core;
    this.owner = owner;
    this.cseq = cseq;
    this.wire = wire;
    this.to = to;
    this.connection = connection;
    const { t1Ms, timeoutMs } = core.transactions.timers;
    this.intervalMs = t1Ms;
    this.retransmitTimer = core.wheel.start(this, RETRANSMIT, t1Ms);
    this.endTimer = core.wheel.start(this, GIVE_UP, timeoutMs);
  }

  stop(): void {
    this.core.wheel.cancel(this.retransmitTimer);
    this.core.wheel.cancel(this.endTimer);
    this.wire = '';
  }

  timerFired(kind: number): void {
    if (kind === GIVE_UP) {
      this.stop();
      this.owner.neverAcknowledged(this);
      return;
    }
    this.core.stats.retransmissions++;
    this.core.stats.sent++;
    this.core.transports.send(this.to, this.wire, undefined, this.connection);
    this.intervalMs = Math.min(this.intervalMs * 2, this.core.transactions.timers.t2Ms);
    this.retransmitTimer = this.core.wheel.start(this, RETRANSMIT, this.intervalMs);
  }
}
