import type { DialogSnapshot, EndReason, OutgoingCall, OutgoingInvite, SipAddress, WireEnd } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { Answerable } from '../transactions/server.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { branchOfRetry } from '../wire/ids.ts';
import { sdpOf } from '../wire/body.ts';
import { MAX_UDP_REQUEST_BYTES } from '../wire/limits.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import { AnsweredInvite } from './answered-invite.ts';
import { NativeCall } from './call.ts';
import { guarded, headerLines, SDP_TYPE } from './core.ts';
import type { Core, DialogOwner } from './core.ts';
import { Demands } from './demands.ts';
import type { Dialog } from './dialog.ts';
import { confirmedDialog, EarlyDialogs, lateAnswer, remoteSdpOf } from './early-dialogs.ts';
import { callingSnapshot, firstInvite, hopOfInvite, idsOf } from './invite-draft.ts';
import { reasonLine, wireEnd } from './reason.ts';
import { ServerChoice } from './server-choice.ts';
import { negotiateAsCaller } from './session-timer.ts';
import { UNHEARD, UnheardInvite } from './unheard-invite.ts';
import { sendUnowned } from './unowned.ts';

const RING_TIMEOUT = 1;
const CANCEL_TIMEOUT = 2;
const SILENCE = 3;
const DEFAULT_RING_TIMEOUT_MS = 60_000;
const DEFAULT_SESSION_EXPIRES_S = 1_800;

/**
 * An INVITE of ours (RFC 3261 13.2).
 * inviting -> established on 2xx (ACK sent) | failed; inviting -> cancelling (CANCEL sent or waiting for a 1xx, 9.1) -> failed.
 * inviting -> inviting at the next server, or failed, when not even 100 came in time: what was sent is left to an UnheardInvite.
 * A 2xx that comes while cancelling is acknowledged and its dialog ended at once, and so is a 2xx of a second fork (13.2.2.4).
 */
export class OutgoingAttempt implements OutgoingCall, ClientOwner, TimerOwner, DialogOwner {
  readonly sipCallId: string;
  private readonly core: Core;
  private readonly callId: string;
  private readonly localTag: string;
  private readonly firstBranch: string;
  private readonly server: ServerChoice;
  private state: 'inviting' | 'cancelling' | 'established' | 'failed' = 'inviting';
  private asked: OutgoingInvite | undefined;
  private draft: RequestDraft;
  private provisional = false;
  private cancelSent = false;
  private isSending = false;
  private endAs: WireEnd | undefined;
  private cancelReason: EndReason | undefined;
  private timer: WheelTimer | undefined;
  private silence: WheelTimer | undefined;
  /** Of what was sent and given up unheard: resolves when nothing can come of it any more. */
  private gone: Promise<void> | undefined;
  private transaction: ClientTransaction | undefined;
  private readonly demands: Demands;
  private early: EarlyDialogs | undefined;
  private dialog: Dialog | undefined;

  constructor(core: Core, request: OutgoingInvite) {
    this.core = core;
    this.asked = request;
    this.sipCallId = request.sipCallId;
    this.callId = toBytes(request.sipCallId);
    const ids = idsOf(request);
    this.localTag = ids.localTag;
    this.firstBranch = ids.inviteBranch;
    this.demands = new Demands(request.sessionExpiresS ?? DEFAULT_SESSION_EXPIRES_S, core.options.minSessionExpiresS ?? 90);
    const wanted = hopOfInvite(request);
    this.server = new ServerChoice(core, wanted ?? { host: '', port: 0, transport: 'udp' }, request.alternatives);
    this.draft = firstInvite(core, request, ids, this.headers(request));
    core.dialogs.set(this.localTag, this);
    if (wanted === undefined) {
      const end: WireEnd = { by: 'transport', reasonPhrase: `not a SIP URI: ${request.uri}` };
      queueMicrotask(() => this.fail(end));
      return;
    }
    if (request.mayBeShed !== true) core.admission.began();
    else if (!core.admission.admits()) {
      queueMicrotask(() => this.fail({ by: 'transport', sipCode: 503, reasonPhrase: 'shed: this process is overloaded' }));
      return;
    }
    this.timer = core.wheel.start(this, RING_TIMEOUT, request.ringTimeoutMs ?? DEFAULT_RING_TIMEOUT_MS);
    const found = core.transports.locate(wanted);
    if (found === undefined) this.send();
    else found.then((servers) => this.located(servers), (error: unknown) => this.fail({ by: 'transport', reasonPhrase: String((error as Error).message) }));
  }

  private located(servers: readonly SipAddress[]): void {
    if (this.state !== 'inviting' || this.asked === undefined || !this.server.found(servers)) return;
    this.draft = { ...this.draft, headers: this.headers(this.asked) };
    this.send();
  }

  /** To the next server, when this one failed. False when there is none, or it does not matter any more. */
  private failsOver(response?: SipMessage): boolean {
    if (this.state !== 'inviting' || !this.server.next(response)) return false;
    this.early = undefined;
    this.resend();
    guarded(this.core, () => this.asked?.events.failedOver?.());
    return true;
  }

  private headers(request: OutgoingInvite): string {
    const contact = this.core.transports.contactOf(this.server.now.transport);
    return (
      `Contact: ${contact}\r\n${this.core.lines.inviteCapabilities}${this.demands.lines}` +
      `${headerLines(request.headers)}${request.body === undefined ? '' : SDP_TYPE}`
    );
  }

  private send(): void {
    const { core, server, asked } = this;
    // RFC 3261 18.1.1, only where the peer is known to listen on TCP. Its CANCEL takes the same way, so the attempt moves there for good.
    if (asked?.largeByTcp === true && server.mayBeTcp && writeRequest(this.draft, core.transports.viaOf('udp')).length > MAX_UDP_REQUEST_BYTES) {
      server.byTcp();
      this.draft = { ...this.draft, headers: this.headers(asked) };
    }
    this.isSending = true;
    this.transaction = core.transactions.invite(this.draft, server.now, this);
    this.isSending = false;
    if (asked?.silenceTimeoutMs === undefined) return;
    core.wheel.cancel(this.silence);
    this.silence = core.wheel.start(this, SILENCE, asked.silenceTimeoutMs);
  }

  /** The same INVITE again in a new transaction (RFC 3261 8.1.3.5, 22.2; RFC 4028 7.3). */
  private resend(): void {
    const request = this.asked;
    if (request === undefined) return;
    this.provisional = false;
    const cseq = this.draft.cseq + 1;
    this.draft = { ...this.draft, branch: branchOfRetry(this.firstBranch, cseq), cseq, headers: this.headers(request) };
    this.send();
  }

  snapshot(): DialogSnapshot {
    if (this.dialog !== undefined) return this.dialog.snapshot();
    return callingSnapshot(this.core, this.draft, this.localTag, this.server.now);
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
    this.core.wheel.cancel(this.silence);
    // RFC 3261 9.1: not before a provisional response; and after 64*T1 without a final one the INVITE counts as cancelled.
    this.timer = this.core.wheel.start(this, CANCEL_TIMEOUT, this.core.transactions.timers.timeoutMs);
    if (this.provisional) this.sendCancel();
    // Nothing has left yet: the server's address is still being asked for.
    if (this.transaction === undefined) queueMicrotask(() => this.fail(endAs));
  }

  private sendCancel(): void {
    if (this.cancelSent) return;
    this.cancelSent = true;
    sendUnowned(this.core, { ...this.draft, method: 'CANCEL', headers: reasonLine(this.cancelReason), body: '' }, this.server.now);
  }

  timerFired(kind: number): void {
    if (kind === SILENCE) {
      this.leave();
      if (!this.failsOver()) this.fail(UNHEARD);
    } else if (kind === RING_TIMEOUT) {
      if (this.provisional) {
        // Q.850 102: recovery on timer expiry.
        this.startCancel({ by: 'timeout', sipCode: 487, reasonPhrase: 'ring timeout' }, { q850: 102, text: 'ring timeout' });
        return;
      }
      // Where not even 100 came nobody was rung: as at timer B, which a ring time under 64*T1 does not wait for.
      this.leave();
      this.fail(UNHEARD);
    } else if (this.endAs !== undefined) {
      this.transaction?.abandon();
      this.fail(this.endAs);
    }
  }

  /** Nothing was heard of what was sent last. RFC 3261 17.1.1.2 would send it again until timer B. */
  private leave(): void {
    const { core, draft: invite, server, localTag, demands, transaction, gone: before } = this;
    if (transaction === undefined) return;
    this.transaction = undefined;
    const { gone } = new UnheardInvite({ core, invite, destination: server.now, localTag, meeter: demands.meeter, authLine: demands.authLine }, transaction);
    this.gone = before === undefined ? gone : before.then(() => gone);
  }

  received(transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    const { status } = response;
    this.core.wheel.cancel(this.silence);
    if (status < 200) this.progressed(response, flow);
    else if (status < 300) this.accepted(transaction, response, flow);
    else if (this.state === 'inviting' || this.state === 'cancelling') this.refused(response);
  }

  private progressed(response: SipMessage, flow: Flow): void {
    this.provisional = true;
    if (this.state === 'cancelling') this.sendCancel();
    if (this.state !== 'inviting' || response.status === 100) return;
    if (response.toTag !== '') {
      if (this.asked !== undefined) this.early ??= new EarlyDialogs(this.core, this.localTag, this.asked.events);
      if (this.early?.progressed(this.draft, response, flow, this.demands.meeter) === false) return;
    }
    const sdp = sdpOf(response);
    const body = sdp === '' ? undefined : fromBytes(sdp);
    guarded(this.core, () => this.asked?.events.provisional?.(response.status, body));
  }

  private refused(response: SipMessage): void {
    if (this.state === 'cancelling') {
      // 487 is what the CANCEL asked for; any other refusal ended the call as well, and we had given up already.
      this.fail(this.endAs ?? wireEnd('local', response.status, response));
      return;
    }
    if (this.demands.meets(response, this.asked?.credentials, this.draft.uri)) {
      this.resend();
      return;
    }
    if (response.status === 503 && this.failsOver(response)) return;
    this.fail(wireEnd('remote', response.status, response));
  }

  private accepted(transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    const { meeter, authLine } = this.demands;
    const { dialog, before: early } = confirmedDialog(this.draft, response, flow, { localTag: this.localTag, early: this.early });
    const remoteSdp = remoteSdpOf(early, response);
    const offersLate = this.draft.body === '' && early?.agreed !== true && remoteSdp !== '';
    const answer = offersLate && this.asked !== undefined ? lateAnswer(this.core, this.asked.events, remoteSdp) : '';
    const answered = new AnsweredInvite({ core: this.core, transaction, invite: this.draft, localTag: this.localTag, meeter, authLine });
    let noted: Promise<void> | undefined;
    if (this.state === 'inviting') {
      guarded(this.core, () => {
        noted = this.asked?.events.confirms?.(dialog.snapshot());
      });
    }
    answered.confirm(dialog, answer, noted);
    if (this.state === 'inviting') this.establish(dialog, response, { localSdp: answer === '' ? (early?.localSdp ?? '') : answer, remoteSdp });
    else {
      // Cancelled too late: nobody wants this dialog.
      answered.end(dialog, this.cancelReason);
      if (this.endAs !== undefined) this.fail(this.endAs);
    }
  }

  private establish(dialog: Dialog, response: SipMessage, { localSdp, remoteSdp }: { readonly localSdp: string; readonly remoteSdp: string }): void {
    const request = this.asked;
    this.state = 'established';
    this.dialog = dialog;
    this.release();
    if (request === undefined) return;
    const call = new NativeCall(this.core, dialog, this.sipCallId, localSdp === '' ? (request.body ?? '') : fromBytes(localSdp), this.demands.meeter);
    this.core.dialogs.set(this.localTag, call);
    this.core.stats.dialogs++;
    call.startSessionTimer(negotiateAsCaller(response, this.demands.session.intervalS), response);
    guarded(this.core, () => request.events.answered(call, fromBytes(remoteSdp)));
  }

  unanswered(transaction: ClientTransaction, cause: 'timeout' | 'transport', error: Error): void {
    // It cannot even be sent: told when whoever calls has this object.
    if (this.isSending) queueMicrotask(() => this.unanswered(transaction, cause, error));
    else if (this.state === 'cancelling' && this.endAs !== undefined) this.fail(this.endAs);
    // Only its size took it to TCP: where nobody listens there it goes by UDP after all (18.1.1).
    else if (cause === 'transport' && this.server.backToUdp()) this.resend();
    else if (this.failsOver()) return;
    // Nothing at all came back: the peer is dead, which is a fault of the way there and not of the callee (timer B).
    else if (cause === 'timeout') this.fail({ by: 'transport', sipCode: 408, reasonPhrase: error.message });
    else this.fail({ by: 'transport', reasonPhrase: error.message });
  }

  private fail(end: WireEnd): void {
    if (this.state === 'failed' || this.state === 'established') return;
    const { gone } = this;
    const events = this.asked?.events;
    this.state = 'failed';
    this.core.dialogs.delete(this.localTag);
    this.release();
    guarded(this.core, () => events?.failed(end, gone));
  }

  /** The transaction may keep this object for 32 s more; what the application gave us need not wait that long. */
  private release(): void {
    this.core.wheel.cancel(this.timer);
    this.core.wheel.cancel(this.silence);
    this.timer = undefined;
    this.silence = undefined;
    this.gone = undefined;
    this.asked = undefined;
    this.early = undefined;
    this.transaction = undefined;
    this.draft = { ...this.draft, headers: '', body: '' };
  }

  get standing(): 'early' | 'ended' {
    return this.state === 'inviting' ? 'early' : 'ended';
  }

  owns(message: Pick<SipMessage, 'callId' | 'fromTag'>): boolean {
    return message.callId === this.callId && this.early?.of(message.fromTag) !== undefined;
  }

  request(message: SipMessage, flow: Flow, transaction: Answerable): void {
    this.early?.request(message, flow, transaction);
  }

  acknowledged(): void {
    // Nobody acknowledges what we have not answered.
  }
}
