import type { SipAddress } from '../port.ts';
import type { Connection, Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import { ClientTransaction, GIVE_UP, LINGER, RETRANSMIT } from './client.ts';
import type { ClientOwner } from './client.ts';
import type { TransactionContext } from './context.ts';

/**
 * INVITE client transaction (RFC 3261 17.1.1, RFC 6026 8.4).
 * calling -> proceeding on 1xx; -> accepted on 2xx (timer M absorbs and hands on its repetitions); -> completed on 300–699
 * (timer D, each repetition is acknowledged here); -> terminated.
 */
export class InviteClientTransaction extends ClientTransaction {
  private state: 'calling' | 'proceeding' | 'accepted' | 'completed' = 'calling';
  private draft: RequestDraft | undefined;
  private refusalAck = '';

  constructor(layer: TransactionContext, draft: RequestDraft, destination: SipAddress, owner: ClientOwner, connection: Connection | undefined) {
    super(layer, draft, destination, owner, connection);
    this.draft = draft;
  }

  /** Waits for responses of an INVITE that was sent before a crash. */
  adopt(): void {
    this.state = 'proceeding';
  }

  timerFired(kind: number): void {
    if (kind === RETRANSMIT) this.retransmit(Number.MAX_SAFE_INTEGER); // Timer A doubles without a ceiling.
    else if (kind === GIVE_UP) this.giveUp('timeout', new Error('no answer to INVITE (timer B)'));
    else if (kind === LINGER) this.terminate();
  }

  sendFailed(error: Error): void {
    if (this.state === 'calling') this.giveUp('transport', error);
  }

  response(message: SipMessage, flow: Flow): void {
    const { status } = message;
    switch (this.state) {
      case 'calling':
      case 'proceeding': {
        if (status < 200) {
          this.state = 'proceeding';
          // Timer B belongs to calling only: how long it may ring is the transaction user's business.
          this.stopTimers();
          this.owner?.received(this, message, flow);
        } else if (status < 300) {
          this.state = 'accepted';
          this.draft = undefined;
          this.stopTimers();
          this.wire = '';
          this.owner?.received(this, message, flow);
          // Unless its user has acknowledged it meanwhile.
          if (this.owner !== undefined) this.linger(this.layer.timers.timeoutMs);
        } else this.refused(message, flow);
        return;
      }
      case 'accepted': {
        if (status >= 200 && status < 300) this.owner?.received(this, message, flow);
        return;
      }
      case 'completed': {
        if (status >= 300) this.acknowledge();
      }
    }
  }

  /** ACK of 17.1.1.3: same branch, the To of the response, the Route of the request. */
  private refused(message: SipMessage, flow: Flow): void {
    const draft = this.draft;
    this.state = 'completed';
    this.draft = undefined;
    if (draft !== undefined) {
      const ack: RequestDraft = { ...draft, method: 'ACK', to: message.get('to') ?? draft.to, headers: '', body: '' };
      this.refusalAck = writeRequest(ack, this.layer.sentBy(this.destination.transport));
      this.acknowledge();
    }
    const owner = this.owner;
    this.owner = undefined;
    if (!this.reliable && this.layer.ended.addRefused(this, this.refusalAck)) this.rest();
    else this.linger(this.reliable ? 0 : this.layer.timers.completedMs);
    owner?.received(this, message, flow);
  }

  private acknowledge(): void {
    this.layer.stats.sent++;
    this.layer.transports.send(this.destination, this.refusalAck, undefined, this.connection);
  }
}
