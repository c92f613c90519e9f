import { isReliable } from '../transport/flow.ts';
import { ServerTransaction } from './server.ts';
import type { Reply } from './server.ts';
import type { TimerOwner } from './wheel.ts';

const LINGER = 1;

/** Non-INVITE server transaction (RFC 3261 17.2.2): trying -> proceeding -> completed (timer J: repetitions get the same answer) -> terminated. */
export class NonInviteServerTransaction extends ServerTransaction implements TimerOwner {
  private done = false;

  reply(status: number, reply?: Reply): void {
    if (this.done) return;
    this.last = this.write(status, reply);
    this.send();
    if (status < 200) return;
    this.done = true;
    this.head = undefined;
    if (isReliable(this.flow.transport)) this.layer.removeOtherServer(this);
    else if (this.last !== '' && this.layer.ended.addReplied(this.key, this.last, this.mergeKey)) this.layer.otherServerHasEnded(this);
    else this.layer.wheel.start(this, LINGER, this.layer.timers.timeoutMs);
  }

  repeated(): void {
    if (this.last !== '') this.layer.stats.retransmissions++;
    this.send();
  }

  /** The request is ignored: nothing is sent, and its repetition is judged anew. */
  forget(): void {
    this.done = true;
    this.layer.removeOtherServer(this);
  }

  timerFired(): void {
    this.layer.removeOtherServer(this);
  }
}
