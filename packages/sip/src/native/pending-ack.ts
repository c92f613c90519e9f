import type { Core } from './core.ts';
import { Repeater } from './repeater.ts';
import type { SentResponse } from './repeater.ts';

export interface AckAwaiter {
  neverAcknowledged(pending: PendingAck): void;
}

/** A 2xx to INVITE, sent again until its ACK comes (RFC 3261 13.3.1.4). Also by TCP: a proxy may have crossed to UDP. */
export class PendingAck extends Repeater {
  readonly cseq: number;
  private readonly owner: AckAwaiter;

  constructor(core: Core, owner: AckAwaiter, cseq: number, sent: SentResponse) {
    super(core, sent, core.transactions.timers.t2Ms);
    this.owner = owner;
    this.cseq = cseq;
  }

  protected override gaveUp(): void {
    this.owner.neverAcknowledged(this);
  }
}
