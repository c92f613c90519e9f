import type { EndReason, SipAddress } from '../port.ts';
import type { ClientOwner } from '../transactions/layer.ts';
import type { Connection, Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import { SDP_TYPE } from './core.ts';
import type { Core } from './core.ts';
import { dialogOfResponse } from './dialog.ts';
import type { Dialog } from './dialog.ts';
import { reasonLine } from './reason.ts';
import type { ChallengeMeeter } from './retry-auth.ts';
import { sendUnowned } from './unowned.ts';

export interface AnsweredInviteParts {
  readonly core: Core;
  readonly invite: RequestDraft;
  readonly localTag: string;
  readonly meeter: ChallengeMeeter | undefined;
  readonly authLine: string;
}

/**
 * An INVITE of ours that has its 2xx, for as long as its transaction may still hand on others (RFC 6026 7.2, 32 s): the 2xx that comes again
 * is acknowledged again, and a second fork's is acknowledged and its dialog ended (RFC 3261 13.2.2.4). There are many of these at
 * a time, one per call of the last 32 s, so it keeps nothing else alive.
 */
export class AnsweredInvite implements ClientOwner {
  private readonly core: Core;
  private readonly invite: RequestDraft;
  private readonly localTag: string;
  private readonly meeter: ChallengeMeeter | undefined;
  private readonly authLine: string;
  private toTag = '';
  private ack = '';
  private to: SipAddress | undefined;
  private connection: Connection | undefined;
  private held = false;

  constructor(parts: AnsweredInviteParts) {
    this.core = parts.core;
    const { method, uri, branch, from, to, callId, cseq, routes } = parts.invite;
    this.invite = { method, uri, branch, from, to, callId, cseq, routes, headers: '', body: '' };
    this.localTag = parts.localTag;
    this.meeter = parts.meeter;
    this.authLine = parts.authLine;
  }

  /** The first 2xx: its dialog is acknowledged at once, or when `noted` settles (OutgoingInviteEvents.confirms). */
  confirm(dialog: Dialog, answer: string, noted: Promise<void> | undefined): void {
    this.toTag = dialog.remoteTag;
    this.ack = this.ackOf(dialog, answer);
    this.to = dialog.destination;
    this.connection = dialog.flow.connection;
    if (noted === undefined) {
      this.sendAck();
      return;
    }
    this.held = true;
    const release = (): void => dialog.heldAck?.();
    dialog.heldAck = () => {
      dialog.heldAck = undefined;
      this.held = false;
      this.sendAck();
    };
    noted.then(release, release);
  }

  private ackOf(dialog: Dialog, body: string): string {
    const { core } = this;
    const headers = `${core.lines.userAgent}${this.authLine}${body === '' ? '' : SDP_TYPE}`;
    return writeRequest(dialog.draft('ACK', headers, body, this.invite.cseq), core.transports.viaOf(dialog.destination.transport));
  }

  private sendAck(): void {
    if (this.to === undefined) return;
    this.core.stats.sent++;
    this.core.transports.send(this.to, this.ack, undefined, this.connection);
  }

  /** A dialog nobody wants: BYE. */
  end(dialog: Dialog, reason: EndReason | undefined): void {
    const { core, meeter } = this;
    const bye = dialog.draft('BYE', `${core.lines.userAgent}${reasonLine(reason)}`, '', dialog.nextCSeq());
    sendUnowned(core, bye, dialog.destination, { flow: dialog.flow, ...(meeter === undefined ? {} : { meeter }) });
  }

  received(_transaction: unknown, response: SipMessage, flow: Flow): void {
    if (response.status < 200 || response.status >= 300) return;
    const { core } = this;
    if (response.toTag === this.toTag && this.to !== undefined) {
      // The ACK was lost, unless it is held.
      if (this.held) return;
      core.stats.retransmissions++;
      this.sendAck();
      return;
    }
    const dialog = dialogOfResponse(this.invite, response, flow, this.localTag);
    core.stats.sent++;
    core.transports.send(dialog.destination, this.ackOf(dialog, ''), undefined, dialog.flow.connection);
    this.end(dialog, undefined);
  }

  unanswered(): void {
    // It has its answer.
  }
}
