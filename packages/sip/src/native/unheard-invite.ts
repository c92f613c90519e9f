import type { SipAddress, WireEnd } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import { trouble } from './core.ts';
import type { Core } from './core.ts';
import { dialogOfResponse } from './dialog.ts';
import type { Dialog } from './dialog.ts';
import { reasonLine } from './reason.ts';
import type { ChallengeMeeter } from './retry-auth.ts';
import { sendUnowned } from './unowned.ts';

export const UNHEARD: WireEnd = { by: 'transport', sipCode: 408, reasonPhrase: 'the INVITE was not answered' };

export interface UnheardInviteParts {
  readonly core: Core;
  readonly invite: RequestDraft;
  readonly destination: SipAddress;
  readonly localTag: string;
  readonly meeter: ChallengeMeeter | undefined;
  readonly authLine: string;
}

/**
 * An INVITE of ours that was given up because nothing at all was heard of it, before timer B (RFC 3261 17.1.1.2) would have done so. The call
 * is tried elsewhere by then, or was told to have failed; but the INVITE may have arrived. It is not sent again, or it could arrive only now.
 * CANCEL may not be sent before a 1xx (9.1): so who answers late is cancelled then, and who picks up is acknowledged and hung up.
 * silent -> cancelled on 1xx (CANCEL sent) -> gone on a final response, the answer to the BYE of a 2xx, or 64*T1 of waiting for one of these.
 */
export class UnheardInvite implements ClientOwner, TimerOwner {
  /** Resolves when nothing can come of it any more. */
  readonly gone: Promise<void>;
  private readonly parts: UnheardInviteParts;
  private readonly transaction: ClientTransaction;
  private timer: WheelTimer | undefined;
  private resolve: () => void = () => undefined;
  private cancelSent = false;
  /** To tags of the dialogs that were hung up. */
  private readonly hungUp = new Set<string>();

  constructor(parts: UnheardInviteParts, sent: ClientTransaction) {
    const { core, destination } = parts;
    const { method, uri, branch, from, to, callId, cseq, routes } = parts.invite;
    const invite = { method, uri, branch, from, to, callId, cseq, routes, headers: '', body: '' };
    this.parts = { ...parts, invite };
    this.gone = new Promise((resolve) => (this.resolve = resolve));
    sent.abandon();
    // The same branch, so responses find it, and no timer A that would send it again.
    this.transaction = core.transactions.adoptInvite(invite, destination, this);
    this.wait();
  }

  private wait(): void {
    const { core } = this.parts;
    core.wheel.cancel(this.timer);
    this.timer = core.wheel.start(this, 0, core.transactions.timers.timeoutMs);
  }

  timerFired(): void {
    this.timer = undefined;
    this.transaction.abandon();
    this.resolve();
  }

  received(_transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    if (response.status < 200) this.cancel();
    else if (response.status < 300) this.hangUp(response, flow);
    else this.over();
  }

  private cancel(): void {
    if (this.cancelSent) return;
    this.cancelSent = true;
    const { core, invite, destination } = this.parts;
    sendUnowned(core, { ...invite, method: 'CANCEL', headers: lateReason }, destination);
    this.wait();
  }

  /** Each 2xx is acknowledged (13.2.2.4), and each dialog ended once. */
  private hangUp(response: SipMessage, flow: Flow): void {
    const { core, invite, localTag, meeter, authLine } = this.parts;
    const dialog: Dialog = dialogOfResponse(invite, response, flow, localTag);
    const { destination } = dialog;
    core.stats.sent++;
    core.transports.send(destination, writeRequest(dialog.draft('ACK', core.lines.userAgent + authLine, '', invite.cseq), core.transports.viaOf(destination.transport)), undefined, flow.connection);
    if (this.hungUp.has(dialog.remoteTag)) return;
    this.hungUp.add(dialog.remoteTag);
    trouble(core, new Error(`${destination.host}:${destination.port} was given up because it said nothing to an INVITE, and answered it later: hung up`));
    this.wait();
    sendUnowned(core, dialog.draft('BYE', core.lines.userAgent + lateReason, '', dialog.nextCSeq()), destination, { flow, ...(meeter === undefined ? {} : { meeter }), done: () => this.over() });
  }

  private over(): void {
    this.parts.core.wheel.cancel(this.timer);
    this.timer = undefined;
    this.resolve();
  }

  unanswered(): void {
    this.over();
  }
}

/** Q.850 102: recovery on timer expiry. */
const lateReason = reasonLine({ q850: 102, text: 'answered too late' });
