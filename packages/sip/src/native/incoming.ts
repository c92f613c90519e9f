import type { EndReason, EstablishedCall, IncomingCall, SipAddress, WireEnd } from '../port.ts';
import type { InviteServerOwner, InviteServerTransaction } from '../transactions/invite-server.ts';
import type { Answerable } from '../transactions/server.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { parseNameAddress } from '../wire/address.ts';
import { sdpOf } from '../wire/body.ts';
import { newTag } from '../wire/ids.ts';
import type { SipMessage } from '../wire/message.ts';
import { headerName } from '../wire/names.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { parseUri } from '../wire/uri.ts';
import { NativeCall } from './call.ts';
import { fromUserOf } from './caller.ts';
import { guarded, laterLine, SDP_TYPE } from './core.ts';
import type { Core, DialogOwner } from './core.ts';
import { PendingAck } from './pending-ack.ts';
import type { AckAwaiter } from './pending-ack.ts';
import { reasonLine, wireEnd } from './reason.ts';
import { Ringing } from './ringing.ts';
import { negotiateAsCallee } from './session-timer.ts';
import type { CalleeAnswer } from './session-timer.ts';

/**
 * An INVITE to us (RFC 3261 13.3).
 * ringing -> answered (2xx out, waiting for ACK) -> confirmed | ended; ringing -> ended by reject or CANCEL (9.2).
 */
export class IncomingAttempt implements IncomingCall, DialogOwner, InviteServerOwner, AckAwaiter, TimerOwner {
  readonly sipCallId: string;
  readonly source: SipAddress;
  readonly verdict: 'trunk' | 'extension';
  readonly fromUser: string;
  readonly fromDisplayName?: string;
  readonly toUser: string;
  readonly replaces?: NonNullable<IncomingCall['replaces']>;
  private readonly core: Core;
  private readonly invite: SipMessage;
  private readonly flow: Flow;
  private readonly transaction: InviteServerTransaction;
  private readonly localTag: string;
  private readonly session: CalleeAnswer;
  private state: 'ringing' | 'answered' | 'confirmed' | 'ended' = 'ringing';
  private cancelListener: ((end: WireEnd) => void) | undefined;
  private cancelEnd: WireEnd | undefined;
  private pendingAck: PendingAck | undefined;
  private readonly ringing: Ringing;
  private expiry: WheelTimer | undefined;
  private call: NativeCall | undefined;
  private settle: { readonly resolve: (call: EstablishedCall) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(core: Core, invite: SipMessage, flow: Flow, transaction: InviteServerTransaction, verdict: 'trunk' | 'extension', session: CalleeAnswer, replaces?: IncomingCall['replaces']) {
    this.core = core;
    this.invite = invite;
    this.flow = flow;
    this.transaction = transaction;
    this.verdict = verdict;
    this.session = session;
    this.sipCallId = fromBytes(invite.callId);
    this.source = { host: flow.host, port: flow.port, transport: flow.transport };
    const from = parseNameAddress(invite.get('from') ?? '');
    this.fromUser = fromUserOf(invite);
    if (from?.displayName !== undefined) this.fromDisplayName = fromBytes(from.displayName);
    this.toUser = fromBytes(parseUri(invite.uri)?.user ?? '');
    if (replaces !== undefined) this.replaces = replaces;
    this.localTag = newTag();
    this.ringing = new Ringing({ core, invite, flow, transaction, localTag: this.localTag, unacknowledged: () => this.reject(504) });
    transaction.own(this, this.localTag);
    core.dialogs.set(this.localTag, this);
    const expiresS = expiryOf(invite);
    if (expiresS > 0) this.expiry = core.wheel.start(this, 0, expiresS * 1_000);
  }

  get body(): string {
    return fromBytes(sdpOf(this.invite));
  }

  header(name: string): string | undefined {
    return this.invite.header(name);
  }

  headers(name: string): readonly string[] {
    return this.invite.list(headerName(name)).map(fromBytes);
  }

  ring(body?: string): void {
    if (this.state === 'ringing') this.ringing.ring(body);
  }

  onOffer(listener: (sdp: string) => string): void {
    this.ringing.offered = listener;
  }

  answer(body: string): Promise<EstablishedCall> {
    return new Promise((resolve, reject) => {
      if (this.state !== 'ringing') {
        reject(new Error(this.cancelEnd === undefined ? 'the call was answered or rejected before' : 'the caller cancelled'));
        return;
      }
      this.settle = { resolve, reject };
      this.ringing.whenAcknowledged(() => this.accept(body));
    });
  }

  private accept(body: string): void {
    if (this.state !== 'ringing') return;
    const { ringing, core } = this;
    this.state = 'answered';
    this.stopRinging();
    const timer = this.session.kind === 'agreed' ? this.session.headers : '';
    const sdp = ringing.agreed ? '' : toBytes(body);
    const headers = ringing.dialogLines + core.lines.allow + core.lines.server + timer + (sdp === '' ? '' : SDP_TYPE);
    const wire = this.transaction.reply(200, { toTag: this.localTag, headers, body: sdp });
    const call = new NativeCall(core, ringing.dialog, this.sipCallId, ringing.agreed ? fromBytes(ringing.localSdp) : body, undefined);
    if (ringing.lateAnswer !== '') call.tellAnswer(fromBytes(ringing.lateAnswer));
    this.call = call;
    core.stats.dialogs++;
    this.pendingAck = new PendingAck(core, this, this.invite.cseq, { wire, to: this.transaction.replyTo, connection: this.flow.connection });
  }

  /** The ACK of our 2xx: the call belongs to its own object from now on. */
  acknowledged(message: SipMessage): void {
    if (this.state !== 'answered' || message.cseq !== this.invite.cseq) return;
    const call = this.confirm();
    if (call === undefined) return;
    // Late offer: the INVITE had none, the answer to ours comes with the ACK.
    const sdp = sdpOf(message);
    if (sdp !== '') call.tellAnswer(fromBytes(sdp));
    this.settle?.resolve(call);
    this.settle = undefined;
  }

  private confirm(): NativeCall | undefined {
    const { call } = this;
    this.state = 'confirmed';
    this.pendingAck?.stop();
    this.pendingAck = undefined;
    this.call = undefined;
    if (call === undefined) return undefined;
    this.core.dialogs.set(this.localTag, call);
    call.startSessionTimer(this.session.kind === 'agreed' ? this.session.interval : undefined, this.invite);
    return call;
  }

  /** RFC 3261 13.3.1.4: no ACK in 64*T1: the session ends by BYE. */
  neverAcknowledged(): void {
    const call = this.confirm();
    call?.endBy('timeout', 'no ACK');
    this.settle?.reject(new Error('the caller never acknowledged the answer'));
    this.settle = undefined;
  }

  reject(code: number, options?: { readonly reason?: EndReason; readonly retryAfterS?: number }): void {
    if (this.state !== 'ringing') return;
    const retry = options?.retryAfterS === undefined ? '' : `Retry-After: ${Math.ceil(options.retryAfterS)}\r\n`;
    this.close();
    this.transaction.reply(code, { toTag: this.localTag, headers: retry + reasonLine(options?.reason) + this.core.lines.server });
    this.settle?.reject(new Error(`the call was rejected with ${code}`));
    this.settle = undefined;
  }

  onCancel(listener: (end: WireEnd) => void): void {
    const { cancelEnd } = this;
    this.cancelListener = listener;
    if (cancelEnd !== undefined) queueMicrotask(() => guarded(this.core, () => listener(cancelEnd)));
  }

  cancelled(cancel: SipMessage): void {
    this.giveUp(wireEnd('remote', 487, cancel));
  }

  /** Expires of the INVITE has passed (13.3.1): 487, as if it had been cancelled. */
  timerFired(): void {
    this.giveUp({ by: 'timeout', sipCode: 487, reasonPhrase: 'the invitation expired' });
  }

  private giveUp(end: WireEnd): void {
    if (this.state !== 'ringing') return;
    this.close();
    this.transaction.reply(487, { toTag: this.localTag, headers: this.core.lines.server });
    this.cancelEnd = end;
    this.settle?.reject(new Error('the caller cancelled'));
    this.settle = undefined;
    guarded(this.core, () => this.cancelListener?.(end));
  }

  private stopRinging(): void {
    this.core.wheel.cancel(this.expiry);
    this.expiry = undefined;
    this.ringing.stop();
  }

  private close(): void {
    this.state = 'ended';
    this.stopRinging();
    this.core.dialogs.delete(this.localTag);
  }

  get standing(): 'early-of-peer' | 'confirmed' | 'ended' {
    return this.state === 'ringing' ? 'early-of-peer' : this.state === 'ended' ? 'ended' : 'confirmed';
  }

  owns(message: Pick<SipMessage, 'callId' | 'fromTag'>): boolean {
    return message.callId === this.invite.callId && message.fromTag === this.invite.fromTag;
  }

  request(message: SipMessage, flow: Flow, transaction: Answerable): void {
    if (this.state === 'answered') {
      this.requestBeforeAck(message, flow, transaction);
    } else if (message.method === 'BYE') {
      // The caller may end an early dialog by BYE (RFC 3261 15); the INVITE is then answered 487 (15.1.2).
      transaction.reply(200, { headers: this.core.lines.server });
      this.giveUp(wireEnd('remote', 487, message));
    } else if (message.method === 'INVITE') {
      // A second INVITE while the first is unanswered (14.2).
      transaction.reply(500, { headers: laterLine() });
    } else this.ringing.request({ message, flow, transaction });
  }

  /** The ACK is late or lost, yet the caller goes on: a request of a confirmed dialog proves that the 2xx arrived. */
  private requestBeforeAck(message: SipMessage, flow: Flow, transaction: Answerable): void {
    if (message.method === 'INVITE') {
      transaction.reply(500, { headers: laterLine() });
      return;
    }
    if (message.method !== 'BYE') {
      this.call?.request(message, flow, transaction);
      return;
    }
    const call = this.confirm();
    this.settle?.resolve(call as EstablishedCall);
    this.settle = undefined;
    call?.request(message, flow, transaction);
  }
}

/** Seconds after which the invitation lapses (13.3.1); 0 when it does not. */
function expiryOf(invite: SipMessage): number {
  const text = invite.get('expires');
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/** 422 before anyone hears of the call, or what our 2xx will say (RFC 4028 9). */
export function sessionOf(core: Core, invite: SipMessage): CalleeAnswer {
  return negotiateAsCallee(invite, core.options.minSessionExpiresS ?? 90);
}
