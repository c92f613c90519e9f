import type { EndReason, SipAddress } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { AnsweredRemains } from '../transactions/ended.ts';
import type { Connection, Flow } from '../transport/flow.ts';
import { parseMessage, SipMessage } from '../wire/message.ts';
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
  readonly transaction: ClientTransaction;
  readonly invite: RequestDraft;
  readonly localTag: string;
  readonly meeter: ChallengeMeeter | undefined;
  readonly authLine: string;
}

/** What an ACK does not say. Most calls need none. */
interface Companion {
  readonly connection: Connection | undefined;
  readonly meeter: ChallengeMeeter | undefined;
}

/**
 * An INVITE of ours that has its 2xx, until its ACK is out. From then on, for as long as its transaction may still hand on others (RFC 6026 7.2, 32 s),
 * the ACK's bytes are all that is kept of it: see `answeredAgain`.
 */
export class AnsweredInvite implements ClientOwner {
  private readonly parts: AnsweredInviteParts;
  private dialog: Dialog | undefined;

  constructor(parts: AnsweredInviteParts) {
    this.parts = parts;
  }

  /** The first 2xx: its dialog is acknowledged at once, or when `noted` settles (OutgoingInviteEvents.confirms). */
  confirm(dialog: Dialog, answer: string, noted: Promise<void> | undefined): void {
    const { core, invite, authLine, transaction } = this.parts;
    const ack = ackOf(core, dialog, invite.cseq, authLine, answer);
    const to = dialog.destination;
    const { connection } = dialog.flow;
    this.dialog = dialog;
    const acknowledge = (): void => {
      send(core, to, ack, connection);
      core.transactions.restAnswered(transaction, dialog.remoteTag, ack, to, this.companion(connection));
    };
    if (noted === undefined) {
      acknowledge();
      return;
    }
    transaction.handTo(this);
    const release = (): void => dialog.heldAck?.();
    dialog.heldAck = () => {
      dialog.heldAck = undefined;
      acknowledge();
    };
    noted.then(release, release);
  }

  private companion(connection: Connection | undefined): Companion | undefined {
    const { meeter } = this.parts;
    return connection === undefined && meeter === undefined ? undefined : { connection, meeter };
  }

  /** A dialog nobody wants: BYE. */
  end(dialog: Dialog, reason: EndReason | undefined): void {
    endDialog(this.parts.core, dialog, this.parts.meeter, reason);
  }

  /** While the ACK is held: the same 2xx waits like the first, another fork's dialog is ended. */
  received(_transaction: unknown, response: SipMessage, flow: Flow): void {
    const { core, invite, localTag, meeter, authLine } = this.parts;
    if (response.status < 200 || response.status >= 300 || response.toTag === this.dialog?.remoteTag) return;
    endFork(core, dialogOfResponse(invite, response, flow, localTag), { cseq: invite.cseq, authLine, meeter });
  }

  unanswered(): void {
    // It has its answer.
  }
}

/**
 * A 2xx for an INVITE that was acknowledged before. The same that comes again is acknowledged again (RFC 3261 13.2.2.4); a second fork's is acknowledged
 * and its dialog ended. What the INVITE was is read from the ACK: From, Call-ID, CSeq and credentials are the same in both (17.1.1.3, 22.1).
 */
export function answeredAgain(core: Core, remains: AnsweredRemains, response: SipMessage, flow: Flow): void {
  const { connection, meeter } = (remains.companion ?? {}) as Partial<Companion>;
  if (response.toTag === remains.toTag) {
    core.stats.retransmissions++;
    send(core, remains.to, remains.ack, connection);
    return;
  }
  const ack = parseMessage(remains.ack);
  if (!(ack instanceof SipMessage)) return;
  const invite: RequestDraft = {
    method: 'INVITE', uri: ack.uri, branch: remains.branch, from: ack.get('from') ?? '', to: ack.get('to') ?? '', callId: ack.callId, cseq: ack.cseq, routes: [], headers: '', body: '',
  };
  let authLine = '';
  for (const name of ['Authorization', 'Proxy-Authorization']) for (const value of ack.lines(name.toLowerCase())) authLine += `${name}: ${value}\r\n`;
  endFork(core, dialogOfResponse(invite, response, flow, ack.fromTag), { cseq: ack.cseq, authLine, meeter });
}

function endFork(core: Core, dialog: Dialog, of: { readonly cseq: number; readonly authLine: string; readonly meeter: ChallengeMeeter | undefined }): void {
  send(core, dialog.destination, ackOf(core, dialog, of.cseq, of.authLine, ''), dialog.flow.connection);
  endDialog(core, dialog, of.meeter, undefined);
}

function endDialog(core: Core, dialog: Dialog, meeter: ChallengeMeeter | undefined, reason: EndReason | undefined): void {
  const bye = dialog.draft('BYE', `${core.lines.userAgent}${reasonLine(reason)}`, '', dialog.nextCSeq());
  sendUnowned(core, bye, dialog.destination, { flow: dialog.flow, ...(meeter === undefined ? {} : { meeter }) });
}

function ackOf(core: Core, dialog: Dialog, cseq: number, authLine: string, body: string): string {
  const headers = `${core.lines.userAgent}${authLine}${body === '' ? '' : SDP_TYPE}`;
  return writeRequest(dialog.draft('ACK', headers, body, cseq), core.transports.viaOf(dialog.destination.transport));
}

function send(core: Core, to: SipAddress, wire: string, connection: Connection | undefined): void {
  core.stats.sent++;
  core.transports.send(to, wire, undefined, connection);
}
