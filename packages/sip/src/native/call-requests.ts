import type { CallEvents, WireEnd } from '../port.ts';
import type { Answerable, Reply } from '../transactions/server.ts';
import { InviteServerTransaction } from '../transactions/invite-server.ts';
import type { Flow } from '../transport/flow.ts';
import { sdpOf } from '../wire/body.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { ask } from './ask.ts';
import { ALLOWED_METHODS, guarded, laterLine, SDP_TYPE, trouble } from './core.ts';
import type { Core } from './core.ts';
import type { Dialog } from './dialog.ts';
import { PendingAck } from './pending-ack.ts';
import type { AckAwaiter } from './pending-ack.ts';
import { wireEnd } from './reason.ts';
import { referRequest, sipfragStatus } from './refer.ts';
import { negotiateAsCallee } from './session-timer.ts';
import type { SessionInterval } from './session-timer.ts';

/** The call that the peer asks something of. */
export interface AskedCall extends AckAwaiter {
  readonly core: Core;
  readonly dialog: Dialog;
  readonly listener: CallEvents | undefined;
  readonly alive: boolean;
  readonly ended: boolean;
  /** Our description as last agreed. */
  localSdp: string;
  /** Our 2xx to the peer's re-INVITE that waits for its ACK. */
  pendingAck: PendingAck | undefined;
  /** That 2xx had our offer: the answer comes with its ACK. */
  awaitsAnswer: boolean;
  /** An offer of ours is out, or about to be (glare, 14.1). */
  readonly offering: boolean;
  /** The transfer we asked for, until its outcome is known. */
  readonly transfer: ((succeeded: boolean) => void) | undefined;
  startSessionTimer(interval: SessionInterval | undefined, message: SipMessage): void;
  finish(end: WireEnd): void;
}

/** Answers a request inside a confirmed dialog (RFC 3261 12.2.2). */
export function answerInDialog(call: AskedCall, message: SipMessage, flow: Flow, transaction: Answerable): void {
  const { dialog, core } = call;
  if (call.ended) {
    transaction.reply(481);
    return;
  }
  // Out of order: 500, the dialog stays (12.2.2).
  if (message.cseq <= dialog.remoteCSeq) {
    transaction.reply(500, { headers: 'Retry-After: 1\r\n' });
    return;
  }
  dialog.remoteCSeq = message.cseq;
  const simple: Reply = { headers: core.lines.server };
  switch (message.method) {
    case 'BYE':
      transaction.reply(200, simple);
      call.finish(call.alive ? wireEnd('remote', 200, message) : { by: 'local', sipCode: 200 });
      return;
    case 'INVITE':
      answerReinvite(call, message, flow, transaction);
      return;
    case 'UPDATE':
      answerUpdate(call, message, flow, transaction);
      return;
    case 'INFO':
      transaction.reply(200, simple);
      tellDtmf(call, message);
      return;
    case 'REFER':
      answerRefer(call, message, transaction);
      return;
    case 'NOTIFY':
      answerNotify(call, message, transaction);
      return;
    case 'OPTIONS':
      transaction.reply(200, { headers: core.lines.allow + core.lines.server });
      return;
    case 'PRACK':
      transaction.reply(481, simple);
      return;
    default:
      transaction.reply(405, { headers: `Allow: ${ALLOWED_METHODS}\r\n` });
  }
}

/** Our SDP for the peer's offer; undefined means 488. */
function answerTo(call: AskedCall, offer: string): string | undefined {
  const reoffer = call.listener?.reoffer;
  if (reoffer === undefined) return undefined;
  try {
    return toBytes(reoffer.call(call.listener, fromBytes(offer)));
  } catch (error) {
    trouble(call.core, error);
    return undefined;
  }
}

/** Ours for a re-INVITE without one, made as for a new call: what was agreed may be the answer to a hold (14.2). */
function offerOf(call: AskedCall): string {
  let offer = '';
  guarded(call.core, () => {
    offer = toBytes(call.listener?.offer?.() ?? '');
  });
  return offer === '' ? toBytes(call.localSdp) : offer;
}

function answerReinvite(call: AskedCall, message: SipMessage, flow: Flow, transaction: Answerable): void {
  const { core, dialog } = call;
  if (!(transaction instanceof InviteServerTransaction)) return;
  if (!call.alive) {
    transaction.reply(487);
    return;
  }
  // Glare with our own offer is 491; a second INVITE before the ACK of the first is 500 (14.2).
  if (call.offering) {
    transaction.reply(491, { headers: core.lines.server });
    return;
  }
  if (call.pendingAck !== undefined) {
    transaction.reply(500, { headers: laterLine() });
    return;
  }
  const session = negotiateAsCallee(message, core.options.minSessionExpiresS ?? 90);
  if (session.kind === 'too-small') {
    transaction.reply(422, { headers: session.headers });
    return;
  }
  // No offer: ours goes into the 2xx, and the peer's answer comes with the ACK (14.2).
  const offer = sdpOf(message);
  const body = offer === '' ? offerOf(call) : answerTo(call, offer);
  if (body === undefined) {
    transaction.reply(488, { headers: core.lines.server });
    return;
  }
  dialog.refresh(message, flow);
  const contact = `Contact: ${core.transports.contactOf(flow.transport)}\r\n`;
  const timer = session.kind === 'agreed' ? session.headers : '';
  const wire = transaction.reply(200, { headers: contact + core.lines.allow + core.lines.server + timer + (body === '' ? '' : SDP_TYPE), body });
  call.localSdp = fromBytes(body);
  call.awaitsAnswer = offer === '';
  call.pendingAck = new PendingAck(core, call, message.cseq, { wire, to: transaction.replyTo, connection: flow.connection });
  call.startSessionTimer(session.kind === 'agreed' ? session.interval : undefined, message);
}

/** RFC 3311 5.2. */
function answerUpdate(call: AskedCall, message: SipMessage, flow: Flow, transaction: Answerable): void {
  const { core, dialog } = call;
  const session = negotiateAsCallee(message, core.options.minSessionExpiresS ?? 90);
  if (session.kind === 'too-small') {
    transaction.reply(422, { headers: session.headers });
    return;
  }
  let body = '';
  const offer = sdpOf(message);
  if (offer !== '') {
    if (call.offering || call.awaitsAnswer) {
      transaction.reply(491, { headers: core.lines.server });
      return;
    }
    const answer = answerTo(call, offer);
    if (answer === undefined) {
      transaction.reply(488, { headers: core.lines.server });
      return;
    }
    body = answer;
    call.localSdp = fromBytes(body);
  }
  dialog.refresh(message, flow);
  const contact = `Contact: ${core.transports.contactOf(flow.transport)}\r\n`;
  const timer = session.kind === 'agreed' ? session.headers : '';
  transaction.reply(200, { headers: contact + core.lines.allow + core.lines.server + timer + (body === '' ? '' : SDP_TYPE), body });
  if (session.kind === 'agreed') call.startSessionTimer(session.interval, message);
}

/** By INFO (RFC 6086): `Signal=5` of application/dtmf-relay, or the bare digit of application/dtmf. */
function tellDtmf(call: AskedCall, message: SipMessage): void {
  const type = (message.get('content-type') ?? '').toLowerCase();
  if (!type.startsWith('application/dtmf')) return;
  const match = /^\s*(?:signal\s*=\s*)?([0-9a-d*#]|1[0-6])\s*(?:\r?\n|$)/i.exec(message.body);
  const named = match?.[1];
  if (named === undefined) return;
  const digit = named === '10' ? '*' : named === '11' ? '#' : named.toUpperCase();
  guarded(call.core, () => call.listener?.infoDtmf?.(digit));
}

function answerRefer(call: AskedCall, message: SipMessage, transaction: Answerable): void {
  const { core, dialog } = call;
  const contact = `Contact: ${core.transports.contactOf(dialog.destination.transport)}\r\n`;
  const request = referRequest(message, transaction, contact + core.lines.server, (headers, body) => {
    if (call.alive) void ask(core, dialog, undefined, 'NOTIFY', contact + headers + core.lines.userAgent, body);
  });
  const referred = call.listener?.referred;
  if (request === undefined) transaction.reply(400, { reason: 'Bad Refer-To', headers: core.lines.server });
  else if (referred === undefined) transaction.reply(603, { headers: core.lines.server });
  else guarded(core, () => referred.call(call.listener, request));
}

/** RFC 6665 4.1.3, 8.2.1: no package but `refer` is known here. Peers that leave Event out mean their transfer. */
function answerNotify(call: AskedCall, message: SipMessage, transaction: Answerable): void {
  const event = (message.get('event') ?? 'refer').split(';', 1)[0]?.trim().toLowerCase();
  if (event !== 'refer') {
    transaction.reply(489, { headers: `Allow-Events: refer\r\n${call.core.lines.server}` });
    return;
  }
  transaction.reply(200, { headers: call.core.lines.server });
  followTransfer(call, message);
}

function followTransfer(call: AskedCall, message: SipMessage): void {
  const status = sipfragStatus(message);
  if (status >= 200) call.transfer?.(status < 300);
  else if ((message.get('subscription-state') ?? '').toLowerCase().startsWith('terminated')) call.transfer?.(false);
}
