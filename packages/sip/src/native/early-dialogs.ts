import type { OutgoingInviteEvents } from '../port.ts';
import type { Answerable } from '../transactions/server.ts';
import type { Flow } from '../transport/flow.ts';
import { sdpOf } from '../wire/body.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import type { RequestDraft } from '../wire/write.ts';
import { ALLOWED_METHODS, guarded, laterLine, SDP_TYPE } from './core.ts';
import type { Core } from './core.ts';
import { dialogOfResponse } from './dialog.ts';
import type { Dialog } from './dialog.ts';
import type { ChallengeMeeter } from './retry-auth.ts';
import { sendUnowned } from './unowned.ts';

/** Forks that rang, per INVITE. More than a proxy would ever make. */
const MAX_EARLY_DIALOGS = 32;

/** What was said in one early dialog. Byte strings. */
export interface Early {
  readonly dialog: Dialog;
  lastRSeq: number;
  /** Offer and answer have passed, reliably: no later response may change them (RFC 3261 13.2.1). */
  agreed: boolean;
  /** The peer's last description; of an unreliable response a preview, which the 2xx may replace. */
  remoteSdp: string;
  /** Ours, where it is not the one of the INVITE. */
  localSdp: string;
}

/** The early dialogs of one INVITE of ours, one per To tag (RFC 3261 12.1, 13.2.2.1), and PRACK and UPDATE inside them (RFC 3262, 3311). */
export class EarlyDialogs {
  private readonly core: Core;
  private readonly localTag: string;
  private readonly events: OutgoingInviteEvents;
  private readonly byTag = new Map<string, Early>();

  constructor(core: Core, localTag: string, events: OutgoingInviteEvents) {
    this.core = core;
    this.localTag = localTag;
    this.events = events;
  }

  of(remoteTag: string): Early | undefined {
    return this.byTag.get(remoteTag);
  }

  /** False when the response is a repetition or out of order, and not to be told. */
  progressed(draft: RequestDraft, response: SipMessage, flow: Flow, meeter: ChallengeMeeter | undefined): boolean {
    let early = this.byTag.get(response.toTag);
    if (early === undefined) {
      if (this.byTag.size >= MAX_EARLY_DIALOGS) return true;
      early = { dialog: dialogOfResponse(draft, response, flow, this.localTag), lastRSeq: 0, agreed: false, remoteSdp: '', localSdp: '' };
      this.byTag.set(early.dialog.remoteTag, early);
    }
    const sdp = sdpOf(response);
    const rseq = response.lists('require', '100rel') ? Number.parseInt(response.get('rseq') ?? '', 10) : Number.NaN;
    if (!Number.isInteger(rseq)) {
      if (sdp !== '' && !early.agreed) early.remoteSdp = sdp;
      return true;
    }
    // RFC 3262 4: in order only, and no second PRACK for a repetition: that of the first is repeated by its own transaction.
    if (early.lastRSeq !== 0 && rseq !== early.lastRSeq + 1) return false;
    early.lastRSeq = rseq;
    const body = sdp === '' || early.agreed ? '' : this.agree(early, draft, sdp);
    const headers = `RAck: ${rseq} ${draft.cseq} INVITE\r\n${this.core.lines.userAgent}${body === '' ? '' : SDP_TYPE}`;
    const { dialog } = early;
    const prack = dialog.draft('PRACK', headers, body, dialog.nextCSeq());
    sendUnowned(this.core, prack, dialog.destination, { flow: dialog.flow, ...(meeter === undefined ? {} : { meeter }) });
    return true;
  }

  /** The first description that comes reliably: the answer to our offer, or an offer whose answer goes with the PRACK (RFC 3262 5). */
  private agree(early: Early, draft: RequestDraft, sdp: string): string {
    early.agreed = true;
    early.remoteSdp = sdp;
    if (draft.body === '') early.localSdp = lateAnswer(this.core, this.events, sdp);
    return early.localSdp;
  }

  request(message: SipMessage, flow: Flow, transaction: Answerable): void {
    const early = this.byTag.get(message.fromTag);
    if (early === undefined) {
      transaction.reply(481);
      return;
    }
    answerEarly(this.core, early.dialog, { message, flow, transaction }, (offer) => this.answerTo(early, offer));
  }

  /** RFC 3311 5.2: 491 while our offer waits for its answer. */
  private answerTo(early: Early, offer: string): string | number {
    const { reoffer } = this.events;
    if (!early.agreed) return 491;
    if (reoffer === undefined) return 488;
    let answer = '';
    guarded(this.core, () => {
      answer = toBytes(reoffer.call(this.events, fromBytes(offer)));
    });
    if (answer === '') return 488;
    early.remoteSdp = offer;
    early.localSdp = answer;
    return answer;
  }
}

/** Ours to the offer of a peer to whom we made none. Empty where the owner has no answer. Byte strings. */
export function lateAnswer(core: Core, events: OutgoingInviteEvents, offer: string): string {
  let answer = '';
  guarded(core, () => {
    answer = toBytes(events.answerOffer?.(fromBytes(offer)) ?? '');
  });
  return answer;
}

/**
 * The peer's description as it counts when its 2xx comes. What a reliable provisional response settled stands, whatever the 2xx repeats
 * (RFC 3261 13.2.1). Departure: after an unreliable one the 2xx may bring another, as it does where an announcement server played first.
 */
export function remoteSdpOf(early: Early | undefined, response: SipMessage): string {
  const sdp = early?.agreed === true ? '' : sdpOf(response);
  return sdp === '' ? (early?.remoteSdp ?? '') : sdp;
}

/** The dialog of a 2xx. CSeq numbers that were used inside its early dialog go on in the confirmed one, each side's own. */
export function confirmedDialog(invite: RequestDraft, response: SipMessage, flow: Flow, { localTag, early }: { readonly localTag: string; readonly early: EarlyDialogs | undefined }): { readonly dialog: Dialog; readonly before: Early | undefined } {
  const dialog = dialogOfResponse(invite, response, flow, localTag);
  const before = early?.of(dialog.remoteTag);
  if (before !== undefined) {
    dialog.localCSeq = Math.max(dialog.localCSeq, before.dialog.localCSeq);
    dialog.remoteCSeq = before.dialog.remoteCSeq;
  }
  return { dialog, before };
}

export interface EarlyRequest {
  readonly message: SipMessage;
  readonly flow: Flow;
  readonly transaction: Answerable;
}

/** Requests inside an early dialog, whichever side began it. `answerTo` gives our SDP for an offer, or the status of its refusal. */
export function answerEarly(core: Core, dialog: Dialog, { message, flow, transaction }: EarlyRequest, answerTo: (offer: string) => string | number): void {
  // Out of order: 500 (RFC 3261 12.2.2).
  if (message.cseq <= dialog.remoteCSeq) {
    transaction.reply(500, { headers: laterLine() });
    return;
  }
  dialog.remoteCSeq = message.cseq;
  switch (message.method) {
    case 'UPDATE': {
      const offer = sdpOf(message);
      const answer = offer === '' ? '' : answerTo(offer);
      if (typeof answer === 'number') {
        transaction.reply(answer, { headers: answer === 500 ? laterLine() : core.lines.server });
        return;
      }
      dialog.refresh(message, flow);
      const contact = `Contact: ${core.transports.contactOf(flow.transport)}\r\n`;
      transaction.reply(200, { headers: contact + core.lines.allow + core.lines.server + (answer === '' ? '' : SDP_TYPE), body: answer });
      return;
    }
    case 'INFO':
    case 'OPTIONS':
      transaction.reply(200, { headers: core.lines.server });
      return;
    case 'BYE':
      // Only the caller may end an early dialog by BYE (RFC 3261 15).
      transaction.reply(481);
      return;
    default:
      transaction.reply(405, { headers: `Allow: ${ALLOWED_METHODS}\r\n` });
  }
}
