import type { SipAddress } from '../port.ts';
import { isReliable } from '../transport/flow.ts';
import type { Connection, Flow, SendListener } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import type { TransactionContext } from './context.ts';
import type { TimerOwner, WheelTimer } from './wheel.ts';

export const RETRANSMIT = 1;
export const GIVE_UP = 2;
export const LINGER = 3;

/** A transaction user on the client side. Objects, not closures: a call has a handful of transactions. */
export interface ClientOwner {
  /** Each provisional response and each final one that the transaction lets through. */
  received(transaction: ClientTransaction, response: SipMessage, flow: Flow): void;
  /** No final response will come: timer B or F, or the transport refused (RFC 3261 8.1.3.1). */
  unanswered(transaction: ClientTransaction, cause: 'timeout' | 'transport', error: Error): void;
}

/** What both client machines share: sending, sending again, and ending once. */
export abstract class ClientTransaction implements TimerOwner, SendListener {
  readonly branch: string;
  readonly method: string;
  readonly destination: SipAddress;
  protected readonly layer: TransactionContext;
  protected readonly reliable: boolean;
  protected readonly connection: Connection | undefined;
  protected owner: ClientOwner | undefined;
  /** The request as sent; let go as soon as it cannot be needed again. */
  protected wire: string;
  protected retransmitTimer: WheelTimer | undefined;
  protected endTimer: WheelTimer | undefined;
  private intervalMs: number;

  constructor(layer: TransactionContext, draft: RequestDraft, destination: SipAddress, owner: ClientOwner, connection: Connection | undefined) {
    this.layer = layer;
    this.branch = draft.branch;
    this.method = draft.method;
    this.destination = destination;
    this.owner = owner;
    this.connection = connection;
    this.reliable = isReliable(destination.transport);
    this.intervalMs = layer.timers.t1Ms;
    this.wire = writeRequest(draft, layer.sentBy(destination.transport));
  }

  start(): void {
    this.endTimer = this.layer.wheel.start(this, GIVE_UP, this.layer.timers.timeoutMs);
    if (!this.reliable) this.retransmitTimer = this.layer.wheel.start(this, RETRANSMIT, this.intervalMs);
    this.layer.stats.sent++;
    this.layer.transports.send(this.destination, this.wire, this, this.connection);
  }

  protected retransmit(limitMs: number): void {
    this.layer.stats.retransmissions++;
    this.layer.stats.sent++;
    this.layer.transports.send(this.destination, this.wire, undefined, this.connection);
    this.intervalMs = Math.min(this.intervalMs * 2, limitMs);
    this.retransmitTimer = this.layer.wheel.start(this, RETRANSMIT, this.intervalMs);
  }

  protected slowDown(intervalMs: number): void {
    this.intervalMs = intervalMs;
  }

  protected stopRetransmitting(): void {
    this.layer.wheel.cancel(this.retransmitTimer);
    this.retransmitTimer = undefined;
  }

  protected stopTimers(): void {
    this.stopRetransmitting();
    this.layer.wheel.cancel(this.endTimer);
    this.endTimer = undefined;
  }

  /** Its owner is not told anything more, and its repetitions are absorbed elsewhere. */
  rest(): void {
    this.stopTimers();
    this.wire = '';
    this.owner = undefined;
    this.layer.clientHasEnded(this);
  }

  /** Absorbs them itself. */
  protected linger(delayMs: number): void {
    this.stopTimers();
    this.wire = '';
    if (delayMs <= 0) this.terminate();
    else this.endTimer = this.layer.wheel.start(this, LINGER, delayMs);
  }

  terminate(): void {
    this.stopTimers();
    this.wire = '';
    this.owner = undefined;
    this.layer.removeClient(this);
  }

  protected giveUp(cause: 'timeout' | 'transport', error: Error): void {
    const owner = this.owner;
    this.terminate();
    owner?.unanswered(this, cause, error);
  }

  /** The request is given up without telling anyone: for a stack that stops, or an owner that no longer cares. */
  abandon(): void {
    this.terminate();
  }

  /** Another object follows what this transaction still hands on; the one before can be freed. */
  handTo(owner: ClientOwner): void {
    if (this.owner !== undefined) this.owner = owner;
  }

  abstract sendFailed(error: Error): void;
  abstract timerFired(kind: number): void;
  abstract response(message: SipMessage, flow: Flow): void;
}
