import type { DialogSnapshot, EndReason, OutgoingCall, OutgoingInvite, SipAddress, WireEnd } from '../port.ts';
import { contactOf, destinationOf, recordRoute } from '../native/dialog.ts';
import { wireEnd } from '../native/reason.ts';
import { SessionAsk } from '../native/session-ask.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { escapeUser } from '../wire/uri.ts';
import { DrachtioCall } from './call.ts';
import type { DrachtioCallOwner } from './call.ts';
import { headersOf, isOwnMaking, MIN_SESSION_S, proxyUri, readMessage, reasonHeaders } from './headers.ts';
import type { Srf, SrfDialog, SrfHeaders, SrfRefusal, SrfRequest, SrfResponse, SrfUnacknowledged } from './srf.ts';

export interface DrachtioOutgoingOwner extends DrachtioCallOwner {
  readonly srf: Srf;
  readonly localHost: string;
  /** 64*T1: whoever has not answered by then will not. */
  readonly giveUpMs: number;
  /** Allow, Supported and User-Agent. */
  readonly capabilities: SrfHeaders;
  established(call: DrachtioCall): void;
  settled(attempt: DrachtioAttempt): void;
}

/** A provisional response, and the server's name of the INVITE it belongs to: another one than it gave first when that was challenged. */
interface Heard {
  readonly said: SipMessage;
  readonly transactionId: string;
}

/** One INVITE as the server has it. */
interface Sent {
  readonly destination: SipAddress;
  request: SrfRequest | undefined;
  heard: Heard | undefined;
  /** It was given up because nothing was heard of it; called when it can bring nothing more. */
  over: (() => void) | undefined;
}

/** Of the side that sent the INVITE (RFC 3261 12.1.2). */
function routeSetOf(response: SipMessage | undefined): readonly string[] {
  return response === undefined ? [] : recordRoute(response).reverse().map(fromBytes);
}

/** Forks that rang, per INVITE. More than a proxy would ever make. */
const MAX_EARLY_DIALOGS = 32;

const DEFAULT_RING_TIMEOUT_MS = 60_000;
const DEFAULT_SESSION_EXPIRES_S = 1_800;

const UNHEARD: WireEnd = { by: 'transport', sipCode: 408, reasonPhrase: 'the INVITE was not answered' };
const LATE: EndReason = { q850: 102, text: 'answered too late' };

/** An INVITE of ours that drachtio-server carries out. */
export class DrachtioAttempt implements OutgoingCall {
  readonly sipCallId: string;
  private readonly owner: DrachtioOutgoingOwner;
  private readonly request: OutgoingInvite;
  private readonly session: SessionAsk;
  private destination: SipAddress;
  private alternatives: readonly SipAddress[];
  private state: 'inviting' | 'cancelling' | 'lost' | 'over' = 'inviting';
  private sent: Sent | undefined;
  /** Of what was given up unheard: resolves when nothing can come of it any more. */
  private gone: Promise<void> | undefined;
  /** Early dialogs of ours (RFC 3261 12.1), by the peer's tag, the last one to speak last. */
  private readonly early = new Map<string, Heard>();
  private endAs: WireEnd = { by: 'local', sipCode: 487 };
  private cancelHeaders: SrfHeaders = {};
  private timer: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;
  private ringsUntil = 0;

  constructor(owner: DrachtioOutgoingOwner, request: OutgoingInvite) {
    this.owner = owner;
    this.request = request;
    this.sipCallId = request.sipCallId;
    this.session = new SessionAsk(request.sessionExpiresS ?? DEFAULT_SESSION_EXPIRES_S, MIN_SESSION_S);
    this.destination = request.destination ?? destinationOf(request.uri, request.transport) ?? { host: '', port: 0, transport: 'udp' };
    this.alternatives = request.alternatives ?? [];
    if (this.destination.host === '') {
      queueMicrotask(() => this.fail({ by: 'transport', reasonPhrase: `not a SIP URI: ${request.uri}` }));
      return;
    }
    const ringTimeoutMs = request.ringTimeoutMs ?? DEFAULT_RING_TIMEOUT_MS;
    this.ringsUntil = performance.now() + ringTimeoutMs;
    this.timer = setTimeout(() => this.rangOut(), ringTimeoutMs);
    this.timer.unref();
    this.send();
  }

  private rangOut(): void {
    if (this.sent?.heard !== undefined) this.give({ by: 'timeout', sipCode: 487, reasonPhrase: 'ring timeout' }, { q850: 102 });
    else if (this.state === 'inviting') {
      // Where not even 100 came nobody was rung.
      this.leave();
      this.fail(UNHEARD);
    }
  }

  /**
   * Nothing at all was heard of what was sent last. The server goes on sending it until timer B (RFC 3261 17.1.1.2), and nobody can tell it to stop; it holds
   * our CANCEL until a provisional response has come (9.1). Who picks up after all is hung up.
   */
  private leave(): void {
    const { sent, gone: before } = this;
    if (sent === undefined) return;
    this.sent = undefined;
    const gone = new Promise<void>((resolve) => {
      sent.over = resolve;
      // The connection may be lost meanwhile, and with it every answer.
      setTimeout(resolve, 2 * this.owner.giveUpMs).unref();
    });
    this.gone = before === undefined ? gone : before.then(() => gone);
    if (sent.request !== undefined) this.sendCancel(sent.request, reasonHeaders(LATE));
  }

  private send(): void {
    const { request, owner } = this;
    const name = request.from.displayName === undefined ? '' : `"${request.from.displayName.replace(/["\\]/g, '')}" `;
    const from = `${name}<sip:${escapeUser(request.from.user)}@${request.from.host ?? owner.localHost}>`;
    const headers: SrfHeaders = {
      ...owner.capabilities, ...headersOf(this.session.lines), ...request.headers,
      'Call-ID': request.sipCallId, 'From': from, 'To': `<${request.toUri ?? request.uri}>`, 'Contact': `<sip:ritmo@localhost>`,
    };
    if (request.body !== undefined) headers['Content-Type'] = 'application/sdp';
    const sent: Sent = { destination: this.destination, request: undefined, heard: undefined, over: undefined };
    this.sent = sent;
    if (request.silenceTimeoutMs !== undefined) {
      clearTimeout(this.silence);
      this.silence = setTimeout(() => {
        if (this.state !== 'inviting') return;
        this.leave();
        if (!this.failsOver()) this.fail(UNHEARD);
      }, request.silenceTimeoutMs);
      this.silence.unref();
    }
    // By callback, not by promise: what follows an answer may come in the same piece of data, before a promise would have had its turn.
    owner.srf.createUAC(
      request.uri,
      {
        headers, proxy: proxyUri(this.destination), ...(request.body === undefined ? { noAck: true } : { localSdp: request.body }),
        ...(request.credentials === undefined ? {} : { auth: request.credentials }),
      },
      {
        cbRequest: (error, leaving) => {
          sent.request = leaving;
          if (error !== null || leaving === undefined) return;
          if (sent.over !== undefined) this.sendCancel(leaving, reasonHeaders(LATE));
          else if (this.state === 'cancelling') this.sendCancel(leaving, this.cancelHeaders);
        },
        cbProvisional: (response) => {
          // Its CANCEL waits at the server for this.
          if (sent.over !== undefined) return;
          clearTimeout(this.silence);
          this.progressed(sent, response);
          if (this.state !== 'inviting' || response.status === 100) return;
          this.guard(() => request.events.provisional?.(response.status, response.body === '' ? undefined : response.body));
        },
      },
      (error, dialog) => {
        if (sent.over === undefined) clearTimeout(this.silence);
        if (sent.over !== undefined) this.cameLate(sent, sent.over, dialog);
        else if (dialog === undefined) this.refused(error ?? new Error('drachtio-server did not send the INVITE'));
        else if ('sdp' in dialog) this.answerOffer(dialog);
        else this.answered(dialog, dialog.remote.sdp);
      },
    );
  }

  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.owner.trouble(error);
    }
  }

  private progressed(sent: Sent, response: SrfResponse): void {
    const said = readMessage(response.msg.raw);
    if (said === undefined) return;
    sent.heard = { said, transactionId: response.stackTxnId };
    if (said.toTag === '' || said.status === 100) return;
    if (!this.early.delete(said.toTag) && this.early.size >= MAX_EARLY_DIALOGS) return;
    this.early.set(said.toTag, sent.heard);
  }

  /** The final response of an INVITE that was given up unheard. */
  private cameLate(sent: Sent, over: () => void, dialog: SrfDialog | SrfUnacknowledged | undefined): void {
    const { host, port } = sent.destination;
    const hangUp = (answered: SrfDialog): void => {
      this.owner.trouble(new Error(`${host}:${port} was given up because it said nothing to an INVITE, and answered it later: hung up`));
      const call = this.callOf(answered, sent.destination);
      call.listen({ ended: over });
      call.hangup(LATE);
    };
    if (dialog === undefined) over();
    else if ('sdp' in dialog) dialog.ack('').then(hangUp, over);
    else hangUp(dialog);
  }

  /** RFC 3891 3: the side that sent the INVITE may have its early dialog replaced. */
  hasEarly({ localTag, remoteTag }: { readonly localTag: string; readonly remoteTag: string }): boolean {
    return this.state === 'inviting' && this.early.get(remoteTag)?.said.fromTag === localTag;
  }

  snapshot(): DialogSnapshot {
    const { request: sent, heard } = this.sent ?? {};
    const early = [...this.early.values()].at(-1)?.said;
    const message = early ?? heard?.said ?? readMessage(sent?.msg.raw);
    const via = message?.header('via');
    return {
      state: 'calling', sipCallId: this.sipCallId, localTag: message?.fromTag ?? '', localUri: message?.header('from') ?? '', remoteUri: message?.header('to') ?? '',
      ...(early === undefined ? {} : { remoteTag: early.toTag }),
      remoteTarget: fromBytes((early === undefined ? undefined : contactOf(early)) ?? toBytes(this.request.uri)),
      routeSet: routeSetOf(early),
      // The server cancels by the name that it gave to the transaction, whichever connection asks; should it die, its whole Via names the INVITE.
      localCSeq: message?.cseq ?? 1, inviteBranch: heard?.transactionId ?? sent?.stackTxnId ?? '', ...(via === undefined ? {} : { via }),
      destination: this.destination,
    };
  }

  cancel(reason?: EndReason): void {
    this.give({ by: 'local', sipCode: 487, ...(reason?.q850 === undefined ? {} : { q850: reason.q850 }) }, reason);
  }

  private give(endAs: WireEnd, reason: EndReason | undefined): void {
    if (this.state !== 'inviting') return;
    this.state = 'cancelling';
    clearTimeout(this.silence);
    this.endAs = endAs;
    this.cancelHeaders = reasonHeaders(reason);
    // The server holds the CANCEL until a provisional response came (RFC 3261 9.1).
    if (this.sent?.request !== undefined) this.sendCancel(this.sent.request, this.cancelHeaders);
  }

  private sendCancel(invite: SrfRequest, headers: SrfHeaders): void {
    invite.cancel({ headers }, (error) => {
      if (error !== null && error !== undefined) this.owner.trouble(error);
    });
  }

  /** The 2xx holds the offer; our answer goes with the ACK (RFC 3261 13.2.2.4). */
  private answerOffer(answer: SrfUnacknowledged): void {
    let sdp = '';
    this.guard(() => (sdp = this.request.events.answerOffer?.(answer.sdp) ?? ''));
    answer.ack(sdp).then((dialog) => this.answered(dialog, answer.sdp), (error: unknown) => this.refused(error as SrfRefusal));
  }

  private callOf(dialog: SrfDialog, destination: SipAddress): DrachtioCall {
    const message = readMessage(dialog.req.msg.raw);
    return new DrachtioCall(this.owner, {
      dialog, localUri: message?.header('from') ?? '', remoteUri: dialog.res.get('to') ?? '', localCSeq: message?.cseq ?? 1, destination, isOurs: true,
      remoteCSeq: 0, routeSet: routeSetOf(readMessage(dialog.res.msg.raw)),
    });
  }

  private answered(dialog: SrfDialog, body: string): void {
    const call = this.callOf(dialog, this.destination);
    if (this.state !== 'inviting') {
      // The 200 won the race, or the connection was given up meanwhile: nobody wants this call.
      call.hangup();
      this.fail(this.endAs);
      return;
    }
    this.close();
    this.owner.established(call);
    this.guard(() => this.request.events.answered(call, body));
  }

  private refused(error: SrfRefusal): void {
    if (this.state === 'over') return;
    if (this.state !== 'inviting') {
      this.fail(this.endAs);
      return;
    }
    const message = readMessage(error.res?.msg.raw);
    const unanswered = error.res !== undefined && isOwnMaking(error.res);
    if (message?.status === 422 && this.session.raise(message)) {
      this.send();
      return;
    }
    if ((unanswered || message === undefined || message.status === 503) && this.failsOver()) return;
    if (message !== undefined) this.fail(unanswered ? { ...wireEnd('transport', message.status, message) } : wireEnd('remote', message.status, message));
    else if (error.status !== undefined) this.fail({ by: 'remote', sipCode: error.status, ...(error.reason === undefined ? {} : { reasonPhrase: error.reason }) });
    else this.fail({ by: 'transport', reasonPhrase: error.message });
  }

  /** To the next server behind the trunk's name (RFC 3263 4.3). */
  private failsOver(): boolean {
    const [next, ...others] = this.alternatives;
    if (next === undefined) return false;
    this.destination = next;
    this.alternatives = others;
    this.early.clear();
    this.send();
    return true;
  }

  /**
   * The connection to the server is gone, and with it the answer. The far end may ring on, and its channel is taken until the next connection
   * has ended it there, or its time to ring is over; of one that was being cancelled, 64*T1. Only then this call is told to be over.
   */
  lost(): void {
    if (this.state === 'over' || this.state === 'lost') return;
    const wasCancelled = this.state === 'cancelling';
    if (this.state === 'inviting') this.endAs = { by: 'transport', reasonPhrase: 'the connection to drachtio-server was lost' };
    this.state = 'lost';
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.timer = setTimeout(() => this.fail(this.endAs), wasCancelled ? this.owner.giveUpMs : Math.max(0, this.ringsUntil - performance.now()));
    this.timer.unref();
  }

  /** After a reconnection. */
  async reconcile(): Promise<void> {
    if (this.state !== 'lost') return;
    const { ended } = await this.owner.endOrphan(this.snapshot());
    if (ended) this.fail(this.endAs);
  }

  /** The stack stops: whoever comes next ends it by its snapshot. */
  abandoned(): void {
    this.fail(this.state === 'inviting' ? { by: 'transport', reasonPhrase: 'the connection to drachtio-server was closed' } : this.endAs);
  }

  private close(): void {
    this.state = 'over';
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.owner.settled(this);
  }

  private fail(end: WireEnd): void {
    if (this.state === 'over') return;
    this.close();
    this.guard(() => this.request.events.failed(end, this.gone));
  }
}
