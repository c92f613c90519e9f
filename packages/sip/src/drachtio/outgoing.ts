import type { DialogSnapshot, EndReason, OutgoingCall, OutgoingInvite, SipAddress, WireEnd } from '../port.ts';
import { destinationOf } from '../native/dialog.ts';
import { wireEnd } from '../native/reason.ts';
import { SessionAsk } from '../native/session-ask.ts';
import { escapeUser } from '../wire/uri.ts';
import type { DrachtioCall, DrachtioCallOwner } from './call.ts';
import { headersOf, isOwnMaking, MIN_SESSION_S, proxyUri, readMessage } from './headers.ts';
import { SentInvite } from './sent-invite.ts';
import type { Srf, SrfDialog, SrfHeaders, SrfRefusal, SrfUnacknowledged } from './srf.ts';

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

const DEFAULT_RING_TIMEOUT_MS = 60_000;
const DEFAULT_SESSION_EXPIRES_S = 1_800;

/**
 * An INVITE of ours that drachtio-server carries out. `silenceTimeoutMs` does nothing here: the server keeps 100 to itself, so silence cannot be told from
 * a call that is on its way. A dead server is told of at timer B.
 */
export class DrachtioAttempt implements OutgoingCall {
  readonly sipCallId: string;
  private readonly owner: DrachtioOutgoingOwner;
  private readonly request: OutgoingInvite;
  private readonly session: SessionAsk;
  private alternatives: readonly SipAddress[];
  private state: 'inviting' | 'cancelling' | 'lost' | 'over' = 'inviting';
  private readonly first: SipAddress;
  private sent: SentInvite;
  private endAs: WireEnd = { by: 'local', sipCode: 487 };
  private timer: NodeJS.Timeout | undefined;
  private ringsUntil = 0;

  constructor(owner: DrachtioOutgoingOwner, request: OutgoingInvite) {
    this.owner = owner;
    this.request = request;
    this.sipCallId = request.sipCallId;
    this.session = new SessionAsk(request.sessionExpiresS ?? DEFAULT_SESSION_EXPIRES_S, MIN_SESSION_S);
    this.first = request.destination ?? destinationOf(request.uri, request.transport) ?? { host: '', port: 0, transport: 'udp' };
    this.sent = new SentInvite(owner, this.first);
    this.alternatives = request.alternatives ?? [];
    if (this.first.host === '') {
      queueMicrotask(() => this.fail({ by: 'transport', reasonPhrase: `not a SIP URI: ${request.uri}` }));
      return;
    }
    const ringTimeoutMs = request.ringTimeoutMs ?? DEFAULT_RING_TIMEOUT_MS;
    this.ringsUntil = performance.now() + ringTimeoutMs;
    this.timer = setTimeout(() => this.give({ by: 'timeout', sipCode: 487, reasonPhrase: 'ring timeout' }, { q850: 102 }), ringTimeoutMs);
    this.timer.unref();
    this.send(this.sent);
  }

  private send(sent: SentInvite): void {
    const { request, owner } = this;
    this.sent = sent;
    const name = request.from.displayName === undefined ? '' : `"${request.from.displayName.replace(/["\\]/g, '')}" `;
    const from = `${name}<sip:${escapeUser(request.from.user)}@${request.from.host ?? owner.localHost}>`;
    const headers: SrfHeaders = {
      ...owner.capabilities, ...headersOf(this.session.lines), ...request.headers,
      'Call-ID': request.sipCallId, 'From': from, 'To': `<${request.toUri ?? request.uri}>`, 'Contact': `<sip:ritmo@localhost>`,
    };
    if (request.body !== undefined) headers['Content-Type'] = 'application/sdp';
    // By callback, not by promise: what follows an answer may come in the same piece of data, before a promise would have had its turn.
    owner.srf.createUAC(
      request.uri,
      {
        headers, proxy: proxyUri(sent.destination), ...(request.body === undefined ? { noAck: true } : { localSdp: request.body }),
        ...(request.credentials === undefined ? {} : { auth: request.credentials }),
      },
      {
        cbRequest: (error, leaving) => {
          if (error !== null || leaving === undefined) return;
          sent.left(leaving);
          if (sent.destination !== this.first) this.guard(() => request.events.failedOver?.());
        },
        cbProvisional: (response) => {
          sent.progressed(response);
          if (this.state !== 'inviting' || response.status === 100) return;
          this.guard(() => request.events.provisional?.(response.status, response.body === '' ? undefined : response.body));
        },
      },
      (error, dialog) => {
        if (dialog === undefined) this.refused(error ?? new Error('drachtio-server did not send the INVITE'));
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

  /** RFC 3891 3: the side that sent the INVITE may have its early dialog replaced. */
  hasEarly(tags: { readonly localTag: string; readonly remoteTag: string }): boolean {
    return this.state === 'inviting' && this.sent.hasEarly(tags);
  }

  snapshot(): DialogSnapshot {
    return this.sent.snapshot(this.sipCallId, this.request.uri);
  }

  cancel(reason?: EndReason): void {
    this.give({ by: 'local', sipCode: 487, ...(reason?.q850 === undefined ? {} : { q850: reason.q850 }) }, reason);
  }

  private give(endAs: WireEnd, reason: EndReason | undefined): void {
    if (this.state !== 'inviting') return;
    this.state = 'cancelling';
    this.endAs = endAs;
    this.sent.cancel(reason);
  }

  /** The 2xx holds the offer; our answer goes with the ACK (RFC 3261 13.2.2.4). */
  private answerOffer(answer: SrfUnacknowledged): void {
    let sdp = '';
    this.guard(() => (sdp = this.request.events.answerOffer?.(answer.sdp) ?? ''));
    answer.ack(sdp).then((dialog) => this.answered(dialog, answer.sdp), (error: unknown) => this.refused(error as SrfRefusal));
  }

  private answered(dialog: SrfDialog, body: string): void {
    const call = this.sent.callOf(dialog);
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
      this.send(new SentInvite(this.owner, this.sent.destination));
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
    this.alternatives = others;
    this.send(new SentInvite(this.owner, next));
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
    this.owner.settled(this);
  }

  private fail(end: WireEnd): void {
    if (this.state === 'over') return;
    this.close();
    this.guard(() => this.request.events.failed(end));
  }
}
