import type { SipAddress } from '../port.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Connection } from '../transport/flow.ts';
import type { Core } from './core.ts';

const RETRANSMIT = 1;
const GIVE_UP = 2;

/** A reliable 18x of ours: sent again until its PRACK comes (RFC 3262 3). */
export class ReliableProvisional implements TimerOwner {
  readonly rseq: number;
  private readonly core: Core;
  private readonly wire: string;
  private readonly to: SipAddress;
  private readonly connection: Connection | undefined;
  private readonly settled: (acknowledged: boolean) => void;
  private intervalMs: number;
  private retransmitTimer: WheelTimer;
  private readonly endTimer: WheelTimer;

  constructor(core: Core, rseq: number, wire: string, to: SipAddress, connection: Connection | undefined, settled: (acknowledged: boolean) => void) {
    this.core = core;
    this.rseq = rseq;
    this.wire = wire;
    this.to = to;
    this.connection = connection;
    this.settled = settled;
    const { t1Ms, timeoutMs } = core.transactions.timers;
    this.intervalMs = t1Ms;
    this.retransmitTimer = core.wheel.start(this, RETRANSMIT, t1Ms);
    this.endTimer = core.wheel.start(this, GIVE_UP, timeoutMs);
  }

  stop(): void {
    this.core.wheel.cancel(this.retransmitTimer);
    this.core.wheel.cancel(this.endTimer);
  }

  acknowledged(): void {
    this.stop();
    this.settled(true);
  }

  timerFired(kind: number): void {
    if (kind === GIVE_UP) {
      this.stop();
      this.settled(false);
      return;
    }
    this.core.stats.retransmissions++;
    this.core.stats.sent++;
    this.core.transports.send(this.to, this.wire, undefined, this.connection);
    this.intervalMs *= 2;
    this.retransmitTimer = this.core.wheel.start(this, RETRANSMIT, this.intervalMs);
  }
}
