import type { DialogSnapshot, EndReason, SipAddress } from '../port.ts';
import { contactOf, recordRoute } from '../native/dialog.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { DrachtioCall } from './call.ts';
import type { DrachtioCallOwner } from './call.ts';
import { readMessage, reasonHeaders } from './headers.ts';
import type { SrfDialog, SrfHeaders, SrfRequest, SrfResponse } from './srf.ts';

/** A provisional response, and the server's name of the INVITE it belongs to: another one than it gave first when that was challenged. */
interface Heard {
  readonly said: SipMessage;
  readonly transactionId: string;
}

/** Forks that rang, per INVITE. More than a proxy would ever make. */
const MAX_EARLY_DIALOGS = 32;

/** One INVITE as the server has it: what was heard of it, and its CANCEL. */
export class SentInvite {
  readonly destination: SipAddress;
  private readonly owner: DrachtioCallOwner;
  private request: SrfRequest | undefined;
  private heard: Heard | undefined;
  /** Early dialogs of ours (RFC 3261 12.1), by the peer's tag, the last one to speak last. */
  private readonly early = new Map<string, Heard>();
  private cancelHeaders: SrfHeaders | undefined;

  constructor(owner: DrachtioCallOwner, destination: SipAddress) {
    this.owner = owner;
    this.destination = destination;
  }

  /** The server has sent it. */
  left(request: SrfRequest): void {
    this.request = request;
    if (this.cancelHeaders !== undefined) this.sendCancel(request, this.cancelHeaders);
  }

  /** When it has left; the server holds the CANCEL until a provisional response came (RFC 3261 9.1). */
  cancel(reason: EndReason | undefined): void {
    this.cancelHeaders = reasonHeaders(reason);
    if (this.request !== undefined) this.sendCancel(this.request, this.cancelHeaders);
  }

  private sendCancel(invite: SrfRequest, headers: SrfHeaders): void {
    invite.cancel({ headers }, (error) => {
      if (error !== null && error !== undefined) this.owner.trouble(error);
    });
  }

  progressed(response: SrfResponse): void {
    const said = readMessage(response.msg.raw);
    if (said === undefined) return;
    this.heard = { said, transactionId: response.stackTxnId };
    if (said.toTag === '' || said.status === 100) return;
    if (!this.early.delete(said.toTag) && this.early.size >= MAX_EARLY_DIALOGS) return;
    this.early.set(said.toTag, this.heard);
  }

  hasEarly({ localTag, remoteTag }: { readonly localTag: string; readonly remoteTag: string }): boolean {
    return this.early.get(remoteTag)?.said.fromTag === localTag;
  }

  snapshot(sipCallId: string, uri: string): DialogSnapshot {
    const early = [...this.early.values()].at(-1)?.said;
    const message = early ?? this.heard?.said ?? readMessage(this.request?.msg.raw);
    const via = message?.header('via');
    return {
      state: 'calling', sipCallId, localTag: message?.fromTag ?? '', localUri: message?.header('from') ?? '', remoteUri: message?.header('to') ?? '',
      ...(early === undefined ? {} : { remoteTag: early.toTag }),
      remoteTarget: fromBytes((early === undefined ? undefined : contactOf(early)) ?? toBytes(uri)),
      routeSet: routeSetOf(early),
      // The server cancels by the name that it gave to the transaction, whichever connection asks; should it die, its whole Via names the INVITE.
      localCSeq: message?.cseq ?? 1, inviteBranch: this.heard?.transactionId ?? this.request?.stackTxnId ?? '', ...(via === undefined ? {} : { via }),
      destination: this.destination,
    };
  }

  /** The call that a 2xx of it begins. */
  callOf(dialog: SrfDialog): DrachtioCall {
    const message = readMessage(dialog.req.msg.raw);
    return new DrachtioCall(this.owner, {
      dialog, localUri: message?.header('from') ?? '', remoteUri: dialog.res.get('to') ?? '', localCSeq: message?.cseq ?? 1, destination: this.destination, isOurs: true,
      remoteCSeq: 0, routeSet: routeSetOf(readMessage(dialog.res.msg.raw)),
    });
  }
}

/** Of the side that sent the INVITE (RFC 3261 12.1.2). */
function routeSetOf(response: SipMessage | undefined): readonly string[] {
  return response === undefined ? [] : recordRoute(response).reverse().map(fromBytes);
}
