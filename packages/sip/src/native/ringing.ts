import type { InviteServerTransaction } from '../transactions/invite-server.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { sdpOf } from '../wire/body.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { guarded, laterLine, SDP_TYPE } from './core.ts';
import type { Core } from './core.ts';
import { dialogOfRequest } from './dialog.ts';
import type { Dialog } from './dialog.ts';
import { answerEarly } from './early-dialogs.ts';
import type { EarlyRequest } from './early-dialogs.ts';
import { ReliableProvisional } from './reliable-provisional.ts';
import type { SentResponse } from './repeater.ts';

/** A provisional response is repeated each minute, or proxies give up (RFC 3261 13.3.1.1). */
const KEEP_RINGING_MS = 60_000;

export interface RingingParts {
  readonly core: Core;
  readonly invite: SipMessage;
  readonly flow: Flow;
  readonly transaction: InviteServerTransaction;
  readonly localTag: string;
  /** No PRACK came in 64*T1 (RFC 3262 3). */
  readonly unacknowledged: () => void;
}

/**
 * An INVITE to us before its final answer: our provisional responses, reliable where the caller requires it (RFC 3262 3), and what the
 * caller may ask inside the early dialog meanwhile.
 */
export class Ringing implements TimerOwner {
  /** Its SDP in a reliable response, or PRACK or UPDATE after it, has settled the session: the 2xx holds none (RFC 3261 13.2.1). */
  agreed = false;
  /** Ours, as agreed. Byte string. */
  localSdp = '';
  /** The caller's answer to an offer of ours that went out in a reliable response. Byte string. */
  lateAnswer = '';
  offered: ((sdp: string) => string) | undefined;
  readonly dialog: Dialog;
  private readonly parts: RingingParts;
  private readonly isReliable: boolean;
  private readonly hasOffer: boolean;
  private reliable: ReliableProvisional | undefined;
  private nextRSeq = 1;
  private body: string | undefined;
  /** Rang again while a reliable response waited for its PRACK. */
  private again = false;
  private afterPrack: (() => void) | undefined;
  private timer: WheelTimer | undefined;

  constructor(parts: RingingParts) {
    this.parts = parts;
    this.isReliable = parts.invite.lists('require', '100rel');
    this.hasOffer = sdpOf(parts.invite) !== '';
    this.dialog = dialogOfRequest(parts.invite, parts.flow, parts.localTag);
  }

  /** What every response that makes a dialog has (12.1.1). */
  get dialogLines(): string {
    const { core, invite, flow } = this.parts;
    let routes = '';
    for (const line of invite.lines('record-route')) routes += `Record-Route: ${line}\r\n`;
    return `${routes}Contact: ${core.transports.contactOf(flow.transport)}\r\n`;
  }

  ring(body: string | undefined): void {
    const { core } = this.parts;
    this.body = body;
    core.wheel.cancel(this.timer);
    this.timer = core.wheel.start(this, 0, KEEP_RINGING_MS);
    if (!this.isReliable) this.reply('', body);
    // One at a time: the next waits for the PRACK of this.
    else if (this.reliable !== undefined) this.again = true;
    else this.ringReliably(body);
  }

  timerFired(): void {
    this.timer = undefined;
    this.ring(this.body);
  }

  private reply(lines: string, body: string | undefined): SentResponse {
    const { core, transaction, localTag, flow } = this.parts;
    const headers = lines + this.dialogLines + core.lines.server + (body === undefined ? '' : SDP_TYPE);
    const wire = transaction.reply(body === undefined ? 180 : 183, { toTag: localTag, headers, body: body === undefined ? '' : toBytes(body) });
    return { wire, to: transaction.replyTo, connection: flow.connection };
  }

  private ringReliably(body: string | undefined): void {
    // The first reliable response to an INVITE without an offer must have ours (RFC 3262 5): without one the caller hears 100 only.
    if (!this.hasOffer && this.localSdp === '' && body === undefined) return;
    // Once agreed, no response changes it (RFC 3261 13.2.1).
    const sdp = this.agreed ? undefined : body;
    if (sdp !== undefined) this.localSdp = toBytes(sdp);
    const rseq = this.nextRSeq++;
    const sent = this.reply(`Require: 100rel\r\nRSeq: ${rseq}\r\n${this.parts.core.lines.allow}`, sdp);
    this.reliable = new ReliableProvisional(this.parts.core, rseq, sent, (acknowledged) => {
      this.reliable = undefined;
      if (!acknowledged) this.parts.unacknowledged();
      else if (this.afterPrack !== undefined) this.afterPrack();
      else if (this.again) {
        this.again = false;
        this.ringReliably(this.body);
      }
    });
  }

  /** RFC 3262 3: no 2xx while a reliable provisional response waits for its PRACK. */
  whenAcknowledged(action: () => void): void {
    if (this.reliable === undefined) action();
    else this.afterPrack = action;
  }

  request(request: EarlyRequest): void {
    if (request.message.method === 'PRACK') this.prack(request);
    else answerEarly(this.parts.core, this.dialog, request, (offer) => this.answerTo(offer));
  }

  /** Our SDP for an offer by UPDATE: 500 while the caller's first offer waits for its answer, 491 while ours does (RFC 3311 5.2). */
  private answerTo(offer: string): string | number {
    if (!this.agreed) return this.hasOffer ? 500 : 491;
    const answer = this.ask(offer);
    return answer === '' ? 488 : answer;
  }

  private ask(offer: string): string {
    const { offered } = this;
    let answer = '';
    if (offered !== undefined) {
      guarded(this.parts.core, () => {
        answer = toBytes(offered(fromBytes(offer)));
      });
    }
    if (answer !== '') this.localSdp = answer;
    return answer;
  }

  private prack({ message, transaction }: EarlyRequest): void {
    const { core, invite } = this.parts;
    const match = /^(\d+)\s+(\d+)\s+INVITE$/i.exec(message.get('rack') ?? '');
    const { reliable } = this;
    if (match === null || reliable === undefined || Number(match[1]) !== reliable.rseq || Number(match[2]) !== invite.cseq) {
      transaction.reply(481);
      return;
    }
    if (message.cseq <= this.dialog.remoteCSeq) {
      transaction.reply(500, { headers: laterLine() });
      return;
    }
    this.dialog.remoteCSeq = message.cseq;
    const answer = this.settledBy(sdpOf(message));
    transaction.reply(200, { headers: core.lines.server + (answer === '' ? '' : SDP_TYPE), body: answer });
    reliable.acknowledged();
  }

  /** What a PRACK says to the session (RFC 3262 5), and our answer where it makes an offer. */
  private settledBy(sdp: string): string {
    const before = this.agreed;
    if (this.localSdp !== '' && (this.hasOffer || sdp !== '')) this.agreed = true;
    if (sdp === '') return '';
    if (!this.hasOffer && !before) {
      this.lateAnswer = sdp;
      return '';
    }
    // An offer in a PRACK can hardly be refused: the INVITE would go on. Who does not listen for offers keeps to what was agreed.
    return this.agreed ? this.ask(sdp) || this.localSdp : '';
  }

  stop(): void {
    this.parts.core.wheel.cancel(this.timer);
    this.timer = undefined;
    this.reliable?.stop();
    this.reliable = undefined;
    this.afterPrack = undefined;
  }
}
