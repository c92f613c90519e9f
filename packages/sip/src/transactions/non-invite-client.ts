import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { ClientTransaction, GIVE_UP, LINGER, RETRANSMIT } from './client.ts';

/** Non-INVITE client transaction (RFC 3261 17.1.2): trying -> proceeding on 1xx -> completed on a final one (timer K) -> terminated. */
export class NonInviteClientTransaction extends ClientTransaction {
  private state: 'trying' | 'proceeding' | 'completed' = 'trying';

  timerFired(kind: number): void {
    if (kind === RETRANSMIT) this.retransmit(this.layer.timers.t2Ms); // Timer E: doubles up to T2.
    else if (kind === GIVE_UP) this.giveUp('timeout', new Error(`no answer to ${this.method} (timer F)`));
    else if (kind === LINGER) this.terminate();
  }

  sendFailed(error: Error): void {
    if (this.state !== 'completed') this.giveUp('transport', error);
  }

  response(message: SipMessage, flow: Flow): void {
    if (this.state === 'completed') return;
    if (message.status < 200) {
      this.state = 'proceeding';
      this.slowDown(this.layer.timers.t2Ms);
      this.owner?.received(this, message, flow);
      return;
    }
    this.state = 'completed';
    const owner = this.owner;
    this.owner = undefined;
    if (!this.reliable && this.layer.ended.addAsked(this)) this.rest();
    else this.linger(this.reliable ? 0 : this.layer.timers.t4Ms);
    owner?.received(this, message, flow);
  }
}
