import type { CallEvents, DialogSnapshot, EndReason, EstablishedCall, WireEnd } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { Answerable } from '../transactions/server.ts';
import type { TimerWheel } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { sdpOf } from '../wire/body.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, oneLine, toBytes } from '../wire/text.ts';
import { ask } from './ask.ts';
import { answerInDialog } from './call-requests.ts';
import type { AskedCall } from './call-requests.ts';
import { guarded, SDP_TYPE } from './core.ts';
import type { Core, DialogOwner } from './core.ts';
import type { Dialog } from './dialog.ts';
import { glarePauseMs, tooEarlyPauseMs } from './glare.ts';
import type { PendingAck } from './pending-ack.ts';
import { reasonLine } from './reason.ts';
import { Reinvite } from './reinvite.ts';
import type { ReinviteResult } from './reinvite.ts';
import type { ChallengeMeeter } from './retry-auth.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { TimedCall } from './session-keeper.ts';
import type { SessionInterval } from './session-timer.ts';

const MAX_GLARE_RETRIES = 6;
const MAX_HELD_REQUESTS = 8;

/**
 * A confirmed dialog with its call (RFC 3261 12, 14, 15).
 * confirmed -> ending (our BYE is out) -> ended; confirmed -> ended on the peer's BYE, on session expiry, or on a 481/408 to a request
 * of ours (12.2.1.2).
 */
export class NativeCall implements EstablishedCall, DialogOwner, ClientOwner, AskedCall, TimedCall {
  readonly sipCallId: string;
  readonly core: Core;
  readonly dialog: Dialog;
  /** Our description as last agreed: repeated in a refresh. */
  localSdp: string;
  listener: CallEvents | undefined;
  /** Our 2xx to the peer's re-INVITE that waits for its ACK. */
  pendingAck: PendingAck | undefined;
  /** An offer of ours is out, or about to be (glare, 14.1). */
  offering = false;
  /** That 2xx had our offer: the answer comes with its ACK. */
  awaitsAnswer = false;
  /** The peer takes UPDATE, as its last Allow said. */
  takesUpdate = false;
  /** The transfer we asked for, until its outcome is known. */
  transfer: ((succeeded: boolean) => void) | undefined;
  private readonly meeter: ChallengeMeeter | undefined;
  private state: 'confirmed' | 'ending' | 'ended' = 'confirmed';
  private untoldEnd: WireEnd | undefined;
  private untoldAnswer: string | undefined;
  private readonly session: SessionKeeper;
  private byeHeaders = '';
  private heldRequests: { readonly message: SipMessage; readonly flow: Flow; readonly transaction: Answerable }[] | undefined;

  constructor(core: Core, dialog: Dialog, sipCallId: string, localSdp: string, meeter: ChallengeMeeter | undefined) {
    this.core = core;
    this.dialog = dialog;
    this.sipCallId = sipCallId;
    this.localSdp = localSdp;
    this.meeter = meeter;
    this.session = new SessionKeeper(this);
  }

  get alive(): boolean {
    return this.state === 'confirmed';
  }

  get ended(): boolean {
    return this.state === 'ended';
  }

  listen(events: CallEvents): void {
    this.listener = events;
    const { untoldEnd, untoldAnswer } = this;
    this.untoldEnd = undefined;
    this.untoldAnswer = undefined;
    if (untoldAnswer !== undefined) queueMicrotask(() => guarded(this.core, () => events.reanswer?.(untoldAnswer)));
    const held = this.heldRequests;
    this.heldRequests = undefined;
    for (const each of held ?? []) answerInDialog(this, each.message, each.flow, each.transaction);
    if (untoldEnd !== undefined) queueMicrotask(() => guarded(this.core, () => events.ended(untoldEnd)));
  }

  tellAnswer(sdp: string): void {
    const { listener } = this;
    if (listener === undefined) this.untoldAnswer = sdp;
    else guarded(this.core, () => listener.reanswer?.(sdp));
  }

  snapshot(): DialogSnapshot {
    return this.dialog.snapshot();
  }

  get standing(): 'confirmed' | 'ended' {
    return this.alive ? 'confirmed' : 'ended';
  }

  owns(message: Pick<SipMessage, 'callId' | 'fromTag'>): boolean {
    return message.callId === this.dialog.callId && message.fromTag === this.dialog.remoteTag;
  }

  request(message: SipMessage, flow: Flow, transaction: Answerable): void {
    // An ACK and a re-INVITE may come in one piece, before the owner had its turn to listen: the question waits for it.
    if (this.listener === undefined && message.method !== 'BYE' && (this.heldRequests?.length ?? 0) < MAX_HELD_REQUESTS) {
      (this.heldRequests ??= []).push({ message, flow, transaction });
      return;
    }
    answerInDialog(this, message, flow, transaction);
  }

  acknowledged(message: SipMessage): void {
    const pending = this.pendingAck;
    if (pending === undefined || pending.cseq !== message.cseq) return;
    pending.stop();
    this.pendingAck = undefined;
    this.awaitsAnswer = false;
    const sdp = sdpOf(message);
    if (sdp !== '') this.tellAnswer(fromBytes(sdp));
  }

  /** The ACK of our 2xx to a re-INVITE never came: the dialog's state is unknown to the peer, so it ends (14.2). */
  neverAcknowledged(): void {
    this.pendingAck = undefined;
    this.endBy('timeout', 'no ACK');
  }

  hangup(reason?: EndReason): void {
    if (this.state !== 'confirmed') return;
    this.state = 'ending';
    this.byeHeaders = `${this.core.lines.userAgent}${reasonLine(reason)}`;
    this.session.stop();
    this.meeter?.reset();
    this.sendBye('');
  }

  private sendBye(authLine: string): void {
    const { dialog } = this;
    const bye = dialog.draft('BYE', this.byeHeaders + authLine, '', dialog.nextCSeq());
    this.core.transactions.request(bye, dialog.destination, this, dialog.flow);
  }

  /** The answer to our BYE. */
  received(_transaction: ClientTransaction, response: SipMessage): void {
    if (response.status < 200) return;
    if (response.status === 401 || response.status === 407) {
      const line = this.meeter?.meet(response, 'BYE', fromBytes(this.dialog.remoteTarget));
      if (line !== undefined) {
        this.sendBye(line);
        return;
      }
    }
    // Whatever it says, the dialog is over (15.1.1).
    this.finish({ by: 'local', sipCode: 200 });
  }

  unanswered(): void {
    this.finish({ by: 'local', sipCode: 200, reasonPhrase: 'BYE was not answered' });
  }

  finish(end: WireEnd): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.session.stop();
    this.pendingAck?.stop();
    this.pendingAck = undefined;
    this.core.dialogs.delete(this.dialog.localTag);
    this.core.stats.dialogs--;
    for (const held of this.heldRequests ?? []) held.transaction.reply(481);
    this.heldRequests = undefined;
    // The transferor is often left by BYE before the last NOTIFY: the transfer was accepted, and the call is gone.
    this.transfer?.(end.by === 'remote');
    const { listener } = this;
    if (listener === undefined) this.untoldEnd = end;
    else guarded(this.core, () => listener.ended(end));
  }

  /** We end it because the wire left us no choice; the listener learns the cause and not our BYE. */
  endBy(by: 'timeout' | 'transport', text: string): void {
    if (this.state !== 'confirmed') return;
    const { dialog } = this;
    const headers = `${this.core.lines.userAgent}${reasonLine({ q850: 102, text })}`;
    this.core.transactions.request(dialog.draft('BYE', headers, '', dialog.nextCSeq()), dialog.destination, this, dialog.flow);
    this.finish({ by, reasonPhrase: text });
  }

  /** Begins or begins again the session interval (RFC 4028 10). `message` tells whether the peer takes UPDATE. */
  startSessionTimer(interval: SessionInterval | undefined, message: SipMessage): void {
    if (message.get('allow') !== undefined) this.takesUpdate = message.lists('allow', 'update');
    this.session.begin(interval);
  }

  /** A request inside the dialog. 481 says that the peer has no such dialog, 408 or nothing that it is gone: ours ends as well (12.2.1.2). */
  private async asked(method: string, headers: string, body: string): Promise<SipMessage | undefined> {
    const response = await ask(this.core, this.dialog, this.meeter, method, headers, body);
    if (response === undefined) this.endBy('timeout', `${method} was not answered`);
    else if (response.status === 481 || response.status === 408) this.endBy('timeout', `${method} got ${response.status}`);
    return response;
  }

  /** A refresh of the session that changes nothing (RFC 4028 7.4): by UPDATE where the peer takes it, else the description once more. */
  async refresh(headers: string): Promise<SipMessage | undefined> {
    if (!this.takesUpdate) return (await this.offer(toBytes(this.localSdp), headers)).response;
    const contact = `Contact: ${this.core.transports.contactOf(this.dialog.destination.transport)}\r\n`;
    return ask(this.core, this.dialog, this.meeter, 'UPDATE', contact + this.core.lines.inviteCapabilities + headers, '');
  }

  private offer(sdp: string, headers: string): Promise<ReinviteResult> {
    return this.exchange(() => new Reinvite(this.core, this.dialog, this.meeter, headers, sdp).run());
  }

  /** One offer at a time, and none while the peer's waits for its ACK (14.1). Glare is retried after a random time, what came too early when its 500 says. */
  private async exchange(send: () => Promise<ReinviteResult>): Promise<ReinviteResult> {
    for (let attempt = 0; ; attempt++) {
      while (this.alive && (this.offering || this.pendingAck !== undefined)) await pause(this.core.wheel, 20);
      if (!this.alive) return { response: undefined, error: new Error('the call has ended') };
      this.offering = true;
      const result = await send();
      this.offering = false;
      const again = attempt < MAX_GLARE_RETRIES && result.response !== undefined ? this.againIn(result.response) : undefined;
      if (again === undefined) return result;
      await pause(this.core.wheel, again);
    }
  }

  /** In how many ms a refused offer may be made once more; undefined when its refusal is one. */
  private againIn(response: SipMessage): number | undefined {
    if (response.status === 491) return glarePauseMs(this.dialog.initiator, this.core.transactions.timers.t1Ms, Math.random());
    return response.status === 500 ? tooEarlyPauseMs(response.get('retry-after')) : undefined;
  }

  async reinvite(sdp: string): Promise<string> {
    return this.agreed('re-INVITE', sdp, await this.offer(toBytes(sdp), this.session.lines));
  }

  async update(sdp: string): Promise<string> {
    if (!this.takesUpdate) return this.reinvite(sdp);
    const contact = `Contact: ${this.core.transports.contactOf(this.dialog.destination.transport)}\r\n`;
    const result = await this.exchange(async () => {
      const response = await ask(this.core, this.dialog, this.meeter, 'UPDATE', contact + this.core.lines.inviteCapabilities + this.session.lines + SDP_TYPE, toBytes(sdp));
      return response === undefined ? { response, error: new Error('no answer to UPDATE') } : { response };
    });
    // Its 2xx is a target refresh as well (RFC 3311 5.1).
    if (result.response !== undefined && result.response.status < 300) this.dialog.refresh(result.response, this.dialog.flow);
    return this.agreed('UPDATE', sdp, result);
  }

  private agreed(method: string, sdp: string, result: ReinviteResult): string {
    const { response } = result;
    if (response === undefined) {
      if (this.alive) this.endBy('timeout', `${method} was not answered`);
      throw 'error' in result ? result.error : new Error('no answer');
    }
    if (response.status >= 300) {
      if (response.status === 481 || response.status === 408) this.endBy('timeout', `${method} got ${response.status}`);
      throw new Error(`${method} refused: ${response.status} ${fromBytes(response.reason)}`);
    }
    this.session.renewed(response);
    this.localSdp = sdp;
    return fromBytes(sdpOf(response));
  }

  async refer(targetUri: string): Promise<boolean> {
    if (!this.alive) return false;
    const outcome = new Promise<boolean>((resolve) => {
      this.transfer = (succeeded) => {
        this.transfer = undefined;
        resolve(succeeded);
      };
    });
    const contact = this.core.transports.contactOf(this.dialog.destination.transport);
    const headers = `Refer-To: <${oneLine(targetUri)}>\r\nReferred-By: ${contact}\r\nContact: ${contact}\r\n${this.core.lines.inviteCapabilities}`;
    const response = await this.asked('REFER', headers, '');
    if (response === undefined || response.status >= 300) {
      this.transfer = undefined;
      return false;
    }
    return outcome;
  }

  async info(contentType: string, body: string): Promise<boolean> {
    if (!this.alive) return false;
    const headers = `Content-Type: ${oneLine(contentType)}\r\n${this.core.lines.userAgent}`;
    const response = await this.asked('INFO', headers, toBytes(body));
    return response !== undefined && response.status < 300;
  }
}

function pause(wheel: TimerWheel, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    wheel.start({ timerFired: () => resolve() }, 0, delayMs);
  });
}
