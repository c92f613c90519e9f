import type { DialogSnapshot, EndReason, OutgoingCall, OutgoingInvite, SipAddress, WireEnd } from '../port.ts';
import type { ClientTransaction } from '../transactions/client.ts';
import type { ClientOwner } from '../transactions/layer.ts';
import type { Answerable } from '../transactions/server.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { newBranch, newTag } from '../wire/ids.ts';
import { MAX_UDP_REQUEST_BYTES } from '../wire/limits.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, quoted, toBytes } from '../wire/text.ts';
import { escapeUser } from '../wire/uri.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import { NativeCall } from './call.ts';
import { guarded, headerLines, SDP_TYPE } from './core.ts';
import type { Core, DialogOwner } from './core.ts';
import { destinationOf, dialogOfResponse } from './dialog.ts';
import type { Dialog } from './dialog.ts';
import { answerEarly, EarlyDialogs } from './early-dialogs.ts';
import { reasonLine, wireEnd } from './reason.ts';
import { ChallengeMeeter } from './retry-auth.ts';
import { negotiateAsCaller, sessionOffer } from './session-timer.ts';
import { sendUnowned } from './unowned.ts';

const RING_TIMEOUT = 1;
const CANCEL_TIMEOUT = 2;
const DEFAULT_RING_TIMEOUT_MS = 60_000;
const DEFAULT_SESSION_EXPIRES_S = 1_800;

/**
 * An INVITE of ours (RFC 3261 13.2).
 * inviting -> established on 2xx (ACK sent) | failed; inviting -> cancelling (CANCEL sent or waiting for a 1xx, 9.1) -> failed.
 * A 2xx that comes while cancelling is acknowledged and its dialog ended at once, and so is a 2xx of a second fork (13.2.2.4).
 */
export class OutgoingAttempt implements OutgoingCall, ClientOwner, TimerOwner, DialogOwner {
  readonly sipCallId: string;
  private readonly core: Core;
  private readonly callId: string;
  private readonly localTag: string;
  private readonly destination: SipAddress;
  private state: 'inviting' | 'cancelling' | 'established' | 'failed' = 'inviting';
  private asked: OutgoingInvite | undefined;
  private draft: RequestDraft;
  private provisional = false;
  private cancelSent = false;
  private endAs: WireEnd | undefined;
  private cancelReason: EndReason | undefined;
  private timer: WheelTimer | undefined;
  private transaction: ClientTransaction | undefined;
  private meeter: ChallengeMeeter | undefined;
  private authLine = '';
  private sessionS: number;
  private minSessionS: number;
  private early: EarlyDialogs | undefined;
  /** ACK of the 2xx that won, repeated for each repetition of it; with the peer's tag. */
  private ack: { readonly toTag: string; readonly wire: string; readonly dialog: Dialog } | undefined;

  constructor(core: Core, request: OutgoingInvite) {
    this.core = core;
    this.asked = request;
    this.sipCallId = request.sipCallId;
    this.callId = toBytes(request.sipCallId);
    this.localTag = newTag();
    this.sessionS = request.sessionExpiresS ?? DEFAULT_SESSION_EXPIRES_S;
    this.minSessionS = Math.min(core.options.minSessionExpiresS ?? 90, this.sessionS);
    const wanted = request.destination ?? destinationOf(request.uri, request.transport);
    this.destination = wanted ?? { host: '', port: 0, transport: 'udp' };
    this.draft = this.firstDraft(request);
    core.dialogs.set(this.localTag, this);
    if (wanted === undefined) {
      const end: WireEnd = { by: 'transport', reasonPhrase: `not a SIP URI: ${request.uri}` };
      queueMicrotask(() => this.fail(end));
      return;
    }
    if (request.mayBeShed === true && core.shedder.sheds()) {
      queueMicrotask(() => this.fail({ by: 'transport', sipCode: 503, reasonPhrase: 'shed: this process is overloaded' }));
      return;
    }
    this.timer = core.wheel.start(this, RING_TIMEOUT, request.ringTimeoutMs ?? DEFAULT_RING_TIMEOUT_MS);
    this.send();
  }

  private firstDraft(request: OutgoingInvite): RequestDraft {
    const { from } = request;
    const name = from.displayName === undefined ? '' : `${quoted(from.displayName)} `;
    const uri = toBytes(request.uri);
    const host = from.host === undefined ? this.core.transports.hostOf() : toBytes(from.host);
    return {
      method: 'INVITE',
      uri,
      branch: newBranch(),
      from: `${name}<sip:${escapeUser(from.user)}@${host}>;tag=${this.localTag}`,
      to: `<${request.toUri === undefined ? uri : toBytes(request.toUri)}>`,
      callId: this.callId,
      cseq: 1,
      routes: [],
      headers: this.headers(request),
      body: request.body === undefined ? '' : toBytes(request.body),
    };
  }

  private headers(request: OutgoingInvite): string {
    const contact = this.core.transports.contactOf(this.destination.transport);
    return (
      `Contact: ${contact}\r\n${this.core.lines.inviteCapabilities}${sessionOffer(this.sessionS, this.minSessionS)}` +
      `${this.authLine}${headerLines(request.headers)}${request.body === undefined ? '' : SDP_TYPE}`
    );
  }

  private send(): void {
    const { destination } = this;
    // RFC 3261 18.1.1, only where the peer is known to listen on TCP.
    if (this.asked?.largeByTcp === true && destination.transport === 'udp') {
      const size = writeRequest(this.draft, this.core.transports.viaOf('udp')).length;
      if (size > MAX_UDP_REQUEST_BYTES) {
        const tcp: SipAddress = { ...destination, transport: 'tcp' };
        this.transaction = this.core.transactions.invite(this.draft, tcp, this);
        return;
      }
    }
    this.transaction = this.core.transactions.invite(this.draft, destination, this);
  }

  /** The same INVITE again in a new transaction (RFC 3261 8.1.3.5, 22.2; RFC 4028 7.3). */
  private resend(): void {
    const request = this.asked;
    if (request === undefined) return;
    this.provisional = false;
    this.draft = { ...this.draft, branch: newBranch(), cseq: this.draft.cseq + 1, headers: this.headers(request) };
    this.send();
  }

  snapshot(): DialogSnapshot {
    if (this.state === 'established' && this.ack !== undefined) return this.ack.dialog.snapshot();
    const { host, port, transport } = this.destination;
    return {
      state: 'calling',
      sipCallId: this.sipCallId,
      localTag: this.localTag,
      localUri: fromBytes(this.draft.from),
      remoteUri: fromBytes(this.draft.to),
      remoteTarget: fromBytes(this.draft.uri),
      routeSet: [],
      localCSeq: this.draft.cseq,
      inviteBranch: this.draft.branch,
      destination: { host, port, transport },
    };
  }

  cancel(reason?: EndReason): void {
    this.startCancel({ by: 'local', sipCode: 487, ...(reason?.q850 === undefined ? {} : { q850: reason.q850 }) }, reason);
  }

  private startCancel(endAs: WireEnd, reason: EndReason | undefined): void {
    if (this.state !== 'inviting') return;
    this.state = 'cancelling';
    this.endAs = endAs;
    this.cancelReason = reason;
    this.core.wheel.cancel(this.timer);
    // RFC 3261 9.1: not before a provisional response; and after 64*T1 without a final one the INVITE counts as cancelled.
    this.timer = this.core.wheel.start(this, CANCEL_TIMEOUT, this.core.transactions.timers.timeoutMs);
    if (this.provisional) this.sendCancel();
  }

  private sendCancel(): void {
    if (this.cancelSent) return;
    this.cancelSent = true;
    sendUnowned(this.core, { ...this.draft, method: 'CANCEL', headers: reasonLine(this.cancelReason), body: '' }, this.destination);
  }

  timerFired(kind: number): void {
    if (kind === RING_TIMEOUT) {
      // Q.850 102: recovery on timer expiry.
      this.startCancel({ by: 'timeout', sipCode: 487, reasonPhrase: 'ring timeout' }, { q850: 102, text: 'ring timeout' });
    } else if (this.endAs !== undefined) {
      this.transaction?.abandon();
      this.fail(this.endAs);
    }
  }

  received(transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    const { status } = response;
    if (status < 200) this.progressed(response, flow);
    else if (status < 300) this.accepted(response, flow);
    else if (this.state === 'inviting' || this.state === 'cancelling') this.refused(transaction, response);
  }

  private progressed(response: SipMessage, flow: Flow): void {
    this.provisional = true;
    if (this.state === 'cancelling') this.sendCancel();
    if (this.state !== 'inviting' || response.status === 100) return;
    if (response.toTag !== '') {
      this.early ??= new EarlyDialogs(this.core, this.localTag);
      // A repetition of a reliable response is acknowledged again, not told again (RFC 3262 4).
      if (!this.early.progressed(this.draft, response, flow, this.meeter)) return;
    }
    const body = response.body === '' ? undefined : fromBytes(response.body);
    guarded(this.core, () => this.asked?.events.provisional?.(response.status, body));
  }

  private refused(transaction: ClientTransaction, response: SipMessage): void {
    if (this.state === 'cancelling') {
      // 487 is what the CANCEL asked for; any other refusal ended the call as well, and we had given up already.
      this.fail(this.endAs ?? wireEnd('local', response.status, response));
      return;
    }
    if (response.status === 401 || response.status === 407) {
      const credentials = this.asked?.credentials;
      if (credentials !== undefined) this.meeter ??= new ChallengeMeeter(credentials);
      const line = this.meeter?.meet(response, 'INVITE', this.draft.uri);
      if (line !== undefined) {
        this.authLine = line;
        this.resend();
        return;
      }
    }
    if (response.status === 422 && this.raiseSession(response)) return;
    void transaction;
    this.fail(wireEnd('remote', response.status, response));
  }

  /** 422: the peer wants a longer session interval (RFC 4028 7.3). */
  private raiseSession(response: SipMessage): boolean {
    const least = Number.parseInt(response.get('min-se') ?? '', 10);
    if (!(least > this.sessionS) || this.sessionS === 0) return false;
    this.sessionS = least;
    this.minSessionS = least;
    this.resend();
    return true;
  }

  private accepted(response: SipMessage, flow: Flow): void {
    if (this.ack !== undefined && response.toTag === this.ack.toTag) {
      // The ACK was lost (RFC 3261 13.2.2.4).
      this.core.stats.retransmissions++;
      this.transmitAck(this.ack.wire, this.ack.dialog);
      return;
    }
    const dialog = dialogOfResponse(this.draft, response, flow, this.localTag);
    dialog.localCSeq = Math.max(dialog.localCSeq, this.early?.lastCSeq(dialog.remoteTag) ?? 0);
    const answer = this.lateAnswer(response);
    const ack = this.writeAck(dialog, answer);
    this.transmitAck(ack, dialog);
    if (this.state === 'inviting') {
      this.ack = { toTag: dialog.remoteTag, wire: ack, dialog };
      this.establish(dialog, response, answer);
      return;
    }
    // Cancelled too late, or a second fork answered: nobody wants this dialog.
    if (this.state === 'cancelling') this.ack = { toTag: dialog.remoteTag, wire: ack, dialog };
    sendUnowned(this.core, dialog.draft('BYE', `${this.core.lines.userAgent}${reasonLine(this.cancelReason)}`, '', dialog.nextCSeq()), dialog.destination, {
      flow: dialog.flow,
      ...(this.meeter === undefined ? {} : { meeter: this.meeter }),
    });
    if (this.state === 'cancelling' && this.endAs !== undefined) this.fail(this.endAs);
  }

  private lateAnswer(response: SipMessage): string {
    const request = this.asked;
    if (request === undefined || request.body !== undefined || response.body === '') return '';
    let answer = '';
    guarded(this.core, () => {
      answer = toBytes(request.events.answerOffer?.(fromBytes(response.body)) ?? '');
    });
    return answer;
  }

  private writeAck(dialog: Dialog, body: string): string {
    const headers = `${this.core.lines.userAgent}${this.authLine}${body === '' ? '' : SDP_TYPE}`;
    return writeRequest(dialog.draft('ACK', headers, body, this.draft.cseq), this.core.transports.viaOf(dialog.destination.transport));
  }

  private transmitAck(wire: string, dialog: Dialog): void {
    this.core.stats.sent++;
    this.core.transports.send(dialog.destination, wire, undefined, dialog.flow.connection);
  }

  private establish(dialog: Dialog, response: SipMessage, answer: string): void {
    const request = this.asked;
    this.state = 'established';
    this.release();
    if (request === undefined) return;
    const call = new NativeCall(this.core, dialog, this.sipCallId, answer === '' ? (request.body ?? '') : fromBytes(answer), this.meeter);
    this.core.dialogs.set(this.localTag, call);
    this.core.stats.dialogs++;
    call.startSessionTimer(negotiateAsCaller(response, this.sessionS), response);
    const body = fromBytes(response.body);
    guarded(this.core, () => request.events.answered(call, body));
  }

  unanswered(_transaction: ClientTransaction, cause: 'timeout' | 'transport', error: Error): void {
    if (this.state === 'cancelling' && this.endAs !== undefined) this.fail(this.endAs);
    // Nothing at all came back: the peer is dead, which is a fault of the way there and not of the callee (timer B).
    else if (cause === 'timeout') this.fail({ by: 'transport', sipCode: 408, reasonPhrase: error.message });
    else this.fail({ by: 'transport', reasonPhrase: error.message });
  }

  private fail(end: WireEnd): void {
    if (this.state === 'failed' || this.state === 'established') return;
    const events = this.asked?.events;
    this.state = 'failed';
    this.core.dialogs.delete(this.localTag);
    this.release();
    guarded(this.core, () => events?.failed(end));
  }

  /** The transaction may keep this object for 32 s more; what the application gave us need not wait that long. */
  private release(): void {
    this.core.wheel.cancel(this.timer);
    this.timer = undefined;
    this.asked = undefined;
    this.early = undefined;
    this.transaction = undefined;
    this.draft = { ...this.draft, headers: '', body: '' };
  }

  owns(message: SipMessage): boolean {
    return message.callId === this.callId && this.early?.has(message.fromTag) === true;
  }

  request(message: SipMessage, _flow: Flow, transaction: Answerable): void {
    answerEarly(this.core, message, transaction);
  }

  acknowledged(): void {
    // Nobody acknowledges what we have not answered.
  }
}
