import type { SipAddress } from '../port.ts';
import { isReliable } from '../transport/flow.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import type { TransactionContext } from './context.ts';
import { ServerTransaction } from './server.ts';
import type { Reply } from './server.ts';
import type { TimerOwner, WheelTimer } from './wheel.ts';

const RETRANSMIT = 1;
const NEVER_ACKNOWLEDGED = 2;
const LINGER = 3;

export interface InviteServerOwner {
  /** A CANCEL came for it while it was unanswered. */
  cancelled(cancel: SipMessage): void;
}

/**
 * INVITE server transaction (RFC 3261 17.2.1, RFC 6026 8.5, 8.7).
 * proceeding -> accepted on our 2xx (timer L; the 2xx itself is repeated by the transaction user) | completed on 300–699 (timers
 * G and H) -> confirmed on ACK (timer I) -> terminated.
 */
export class InviteServerTransaction extends ServerTransaction implements TimerOwner {
  private state: 'proceeding' | 'accepted' | 'completed' | 'confirmed' = 'proceeding';
  /** To tag of our responses: that of a CANCEL should have it as well (RFC 3261 9.2). */
  localTag = '';
  private owner: InviteServerOwner | undefined;
  private timer: WheelTimer | undefined;
  private retransmitTimer: WheelTimer | undefined;
  private intervalMs: number;
  private readonly reliable: boolean;

  constructor(layer: TransactionContext, key: string, request: SipMessage, flow: Flow) {
    super(layer, key, request, flow);
    this.intervalMs = layer.timers.t1Ms;
    this.reliable = isReliable(flow.transport);
  }

  own(owner: InviteServerOwner, localTag: string): void {
    this.owner = owner;
    this.localTag = localTag;
  }

  get replyTo(): SipAddress {
    return this.to;
  }

  get answered(): boolean {
    return this.state !== 'proceeding';
  }

  /** Returns what was sent, so that the transaction user can repeat a 2xx. */
  reply(status: number, reply?: Reply): string {
    if (this.state !== 'proceeding') return '';
    this.last = this.write(status, reply);
    const wire = this.last;
    this.send();
    if (status < 200) return wire;
    this.head = undefined;
    this.owner = undefined;
    if (status < 300) {
      this.state = 'accepted';
      this.last = '';
      if (this.layer.ended.addAccepted(this.key, this.localTag, this.mergeKey)) this.layer.inviteServerHasEnded(this);
      else this.timer = this.layer.wheel.start(this, LINGER, this.layer.timers.timeoutMs);
    } else {
      this.state = 'completed';
      this.timer = this.layer.wheel.start(this, NEVER_ACKNOWLEDGED, this.layer.timers.timeoutMs);
      if (!this.reliable) this.retransmitTimer = this.layer.wheel.start(this, RETRANSMIT, this.intervalMs);
    }
    return wire;
  }

  /** The INVITE came again. */
  repeated(): boolean {
    if (this.state === 'proceeding' || this.state === 'completed') {
      if (this.last !== '') this.layer.stats.retransmissions++;
      this.send();
    }
    return true;
  }

  /** An ACK with the INVITE's branch. False when it is not ours: a 2xx's ACK belongs to the dialog. */
  acknowledged(): boolean {
    if (this.state === 'completed') {
      this.state = 'confirmed';
      this.last = '';
      this.layer.wheel.cancel(this.retransmitTimer);
      this.layer.wheel.cancel(this.timer);
      if (this.reliable) this.terminate();
      else if (this.layer.ended.addConfirmed(this.key, this.localTag, this.mergeKey)) this.layer.inviteServerHasEnded(this);
      else this.timer = this.layer.wheel.start(this, LINGER, this.layer.timers.t4Ms);
    }
    // Some peers send the ACK of a 2xx with the branch of the INVITE; it is let through to the dialog (departure, harmless).
    return this.state !== 'accepted';
  }

  cancel(message: SipMessage): void {
    this.owner?.cancelled(message);
  }

  timerFired(kind: number): void {
    if (kind === RETRANSMIT) {
      this.layer.stats.retransmissions++;
      this.send();
      this.intervalMs = Math.min(this.intervalMs * 2, this.layer.timers.t2Ms);
      this.retransmitTimer = this.layer.wheel.start(this, RETRANSMIT, this.intervalMs);
    } else this.terminate();
  }

  /** The request is ignored: nothing is sent, and its repetition is judged anew. */
  forget(): void {
    this.terminate();
  }

  private terminate(): void {
    this.layer.wheel.cancel(this.retransmitTimer);
    this.layer.wheel.cancel(this.timer);
    this.layer.removeInviteServer(this);
  }
}
