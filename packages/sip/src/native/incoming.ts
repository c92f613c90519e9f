import type { EndReason, EstablishedCall, IncomingCall, SipAddress, WireEnd } from '../port.ts';
import type { InviteServerOwner, InviteServerTransaction } from '../transactions/invite-server.ts';
import type { Answerable } from '../transactions/server.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { parseNameAddress } from '../wire/address.ts';
import { newTag } from '../wire/ids.ts';
import type { SipMessage } from '../wire/message.ts';
import { headerName } from '../wire/names.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { parseUri } from '../wire/uri.ts';
import { NativeCall } from './call.ts';
import { guarded, SDP_TYPE } from './core.ts';
import type { Core, DialogOwner } from './core.ts';
import { dialogOfRequest } from './dialog.ts';
import { answerEarly } from './early-dialogs.ts';
import { PendingAck } from './pending-ack.ts';
import type { AckAwaiter } from './pending-ack.ts';
import { reasonLine, wireEnd } from './reason.ts';
import { ReliableProvisional } from './reliable-provisional.ts';
import type { SentResponse } from './repeater.ts';
import { negotiateAsCallee } from './session-timer.ts';
import type { CalleeAnswer } from './session-timer.ts';

/** A provisional response is repeated each minute, or proxies give up (RFC 3261 13.3.1.1). */
const KEEP_RINGING_MS = 60_000;

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
  private reliable: ReliableProvisional | undefined;
  private nextRSeq = 1;
  private afterPrack: (() => void) | undefined;
  private keepRinging: WheelTimer | undefined;
  private ringBody: string | undefined;
  private call: NativeCall | undefined;
  private settle: { readonly resolve: (call: EstablishedCall) => void; readonly reject: (error: Error) => void } | undefined;
  private prackCSeq = 0;

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
    this.fromUser = fromBytes(parseUri(from?.uri ?? '')?.user ?? '');
    if (from?.displayName !== undefined) this.fromDisplayName = fromBytes(from.displayName);
    this.toUser = fromBytes(parseUri(invite.uri)?.user ?? '');
    if (replaces !== undefined) this.replaces = replaces;
    this.localTag = newTag();
    transaction.own(this, this.localTag);
    core.dialogs.set(this.localTag, this);
  }

  get body(): string {
    return fromBytes(this.invite.body);
  }

  header(name: string): string | undefined {
    return this.invite.header(name);
  }

  headers(name: string): readonly string[] {
    return this.invite.list(headerName(name)).map(fromBytes);
  }

  private dialogLines(): string {
    let routes = '';
    for (const line of this.invite.lines('record-route')) routes += `Record-Route: ${line}\r\n`;
    return `${routes}Contact: ${this.core.transports.contactOf(this.flow.transport)}\r\n`;
  }

  ring(body?: string): void {
    if (this.state !== 'ringing') return;
    this.ringBody = body;
    const status = body === undefined ? 180 : 183;
    const headers = this.dialogLines() + this.core.lines.server + (body === undefined ? '' : SDP_TYPE);
    this.core.wheel.cancel(this.keepRinging);
    this.keepRinging = this.core.wheel.start(this, 0, KEEP_RINGING_MS);
    const reply = { toTag: this.localTag, headers, body: body === undefined ? '' : toBytes(body) };
    if (!this.invite.lists('require', '100rel')) {
      this.transaction.reply(status, reply);
      return;
    }
    // The caller insists on reliable ones (RFC 3262 3); one at a time, the next waits for the PRACK of this.
    if (this.reliable !== undefined) return;
    const rseq = this.nextRSeq++;
    const wire = this.transaction.reply(status, { ...reply, headers: `Require: 100rel\r\nRSeq: ${rseq}\r\n${headers}` });
    this.reliable = new ReliableProvisional(this.core, rseq, this.sent(wire), (acknowledged) => {
      this.reliable = undefined;
      if (!acknowledged) this.reject(504);
      else this.afterPrack?.();
    });
  }

  private sent(wire: string): SentResponse {
    return { wire, to: this.transaction.replyTo, connection: this.flow.connection };
  }

  timerFired(): void {
    this.keepRinging = undefined;
    this.ring(this.ringBody);
  }

  answer(body: string): Promise<EstablishedCall> {
    return new Promise((resolve, reject) => {
      if (this.state !== 'ringing') {
        reject(new Error(this.cancelEnd === undefined ? 'the call was answered or rejected before' : 'the caller cancelled'));
        return;
      }
      this.settle = { resolve, reject };
      // RFC 3262 3: no 2xx while a reliable provisional response waits for its PRACK.
      if (this.reliable === undefined) this.accept(body);
      else this.afterPrack = () => this.accept(body);
    });
  }

  private accept(body: string): void {
    if (this.state !== 'ringing') return;
    this.state = 'answered';
    this.stopRinging();
    const timer = this.session.kind === 'agreed' ? this.session.headers : '';
    const headers = this.dialogLines() + this.core.lines.allow + this.core.lines.server + timer + (body === '' ? '' : SDP_TYPE);
    const dialog = dialogOfRequest(this.invite, this.flow, this.localTag);
    dialog.remoteCSeq = Math.max(dialog.remoteCSeq, this.prackCSeq);
    const wire = this.transaction.reply(200, { toTag: this.localTag, headers, body: toBytes(body) });
    const call = new NativeCall(this.core, dialog, this.sipCallId, body, undefined);
    this.call = call;
    this.core.stats.dialogs++;
    this.pendingAck = new PendingAck(this.core, this, this.invite.cseq, this.sent(wire));
  }

  /** The ACK of our 2xx: the call belongs to its own object from now on. */
  acknowledged(message: SipMessage): void {
    if (this.state !== 'answered' || message.cseq !== this.invite.cseq) return;
    const call = this.confirm();
    if (call === undefined) return;
    // Late offer: the INVITE had none, the answer to ours comes with the ACK.
    if (message.body !== '') call.tellAnswer(fromBytes(message.body));
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
    this.core.wheel.cancel(this.keepRinging);
    this.keepRinging = undefined;
    this.reliable?.stop();
    this.reliable = undefined;
    this.afterPrack = undefined;
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
    } else if (message.method === 'PRACK') this.prack(message, transaction);
    else if (message.method === 'BYE') {
      // The caller may end an early dialog by BYE (RFC 3261 15); the INVITE is then answered 487 (15.1.2).
      transaction.reply(200, { headers: this.core.lines.server });
      this.giveUp(wireEnd('remote', 487, message));
    } else if (message.method === 'INVITE') {
      // A second INVITE while the first is unanswered (14.2).
      transaction.reply(500, { headers: `Retry-After: ${Math.floor(Math.random() * 10)}\r\n` });
    } else answerEarly(this.core, message, transaction, 'theirs');
  }

  /** The ACK is late or lost, yet the caller goes on: a request of a confirmed dialog proves that the 2xx arrived. */
  private requestBeforeAck(message: SipMessage, flow: Flow, transaction: Answerable): void {
    if (message.method === 'INVITE') {
      transaction.reply(500, { headers: `Retry-After: ${Math.floor(Math.random() * 10)}\r\n` });
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

  private prack(message: SipMessage, transaction: Answerable): void {
    const match = /^(\d+)\s+(\d+)\s+INVITE$/i.exec(message.get('rack') ?? '');
    const { reliable } = this;
    if (match === null || reliable === undefined || Number(match[1]) !== reliable.rseq || Number(match[2]) !== this.invite.cseq) {
      transaction.reply(481);
      return;
    }
    this.prackCSeq = message.cseq;
    transaction.reply(200, { headers: this.core.lines.server });
    reliable.acknowledged();
  }
}

/** 422 before anyone hears of the call, or what our 2xx will say (RFC 4028 9). */
export function sessionOf(core: Core, invite: SipMessage): CalleeAnswer {
  return negotiateAsCallee(invite, core.options.minSessionExpiresS ?? 90);
}
