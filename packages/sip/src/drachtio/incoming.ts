import type { Socket } from 'node:net';
import type { EndReason, EstablishedCall, IncomingCall, SipAddress, WireEnd } from '../port.ts';
import { fromUserOf } from '../native/caller.ts';
import { recordRoute } from '../native/dialog.ts';
import { wireEnd } from '../native/reason.ts';
import type { Flow } from '../transport/flow.ts';
import { parseNameAddress } from '../wire/address.ts';
import type { SipMessage } from '../wire/message.ts';
import { headerName } from '../wire/names.ts';
import { fromBytes } from '../wire/text.ts';
import { parseUri } from '../wire/uri.ts';
import { DrachtioCall } from './call.ts';
import { readMessage, reasonHeaders, sessionHeaders } from './headers.ts';
import type { DrachtioOutgoingOwner } from './outgoing.ts';
import type { SrfDialog, SrfHeaders, SrfRequest, SrfResponse } from './srf.ts';

const SDP: SrfHeaders = { 'Content-Type': 'application/sdp' };

/** The server forgets an INVITE to which its client answers nothing within 64 s; its own 100 does not count. */
const SIGN_OF_LIFE_MS = 2_000;

const LOST = 'the connection to drachtio-server was lost';

export interface DrachtioIncomingOwner extends DrachtioOutgoingOwner {
  /** Those that the server may still have something to tell of. */
  readonly incoming: Set<DrachtioIncoming>;
}

/** An INVITE that drachtio-server handed to us. The server sends 100, repeats our 2xx and answers CANCEL. */
export class DrachtioIncoming implements IncomingCall {
  readonly sipCallId: string;
  readonly source: SipAddress;
  readonly verdict: 'trunk' | 'extension';
  readonly fromUser: string;
  readonly fromDisplayName?: string;
  readonly toUser: string;
  readonly body: string;
  readonly replaces?: NonNullable<IncomingCall['replaces']>;
  private readonly owner: DrachtioIncomingOwner;
  private readonly request: SrfRequest;
  private readonly response: SrfResponse;
  private readonly message: SipMessage;
  private state: 'ringing' | 'answered' | 'lost' | 'over' = 'ringing';
  private readonly signOfLife: NodeJS.Timeout;
  private cancelEnd: WireEnd | undefined;
  private cancelListener: ((end: WireEnd) => void) | undefined;
  private answerLost: () => void = () => undefined;

  constructor(owner: DrachtioIncomingOwner, request: SrfRequest, response: SrfResponse, message: SipMessage, flow: Flow, verdict: 'trunk' | 'extension', replaces?: IncomingCall['replaces']) {
    this.owner = owner;
    this.request = request;
    this.response = response;
    this.message = message;
    this.source = { host: flow.host, port: flow.port, transport: flow.transport };
    this.verdict = verdict;
    this.sipCallId = fromBytes(message.callId);
    this.body = request.body;
    if (replaces !== undefined) this.replaces = replaces;
    const from = parseNameAddress(message.get('from') ?? '');
    this.fromUser = fromUserOf(message);
    if (from?.displayName !== undefined) this.fromDisplayName = fromBytes(from.displayName);
    this.toUser = fromBytes(parseUri(message.uri)?.user ?? '');
    this.signOfLife = setTimeout(() => response.send(100), SIGN_OF_LIFE_MS);
    owner.incoming.add(this);
    request.on('cancel', (cancel: { readonly raw?: string }) => this.cancelled(readMessage(cancel.raw)));
  }

  header(name: string): string | undefined {
    return this.message.header(name);
  }

  headers(name: string): readonly string[] {
    return this.message.list(headerName(name)).map(fromBytes);
  }

  ring(body?: string): void {
    if (this.state !== 'ringing') return;
    clearTimeout(this.signOfLife);
    if (body === undefined) this.response.send(180);
    else this.response.send(183, { body, headers: SDP });
  }

  async answer(body: string): Promise<EstablishedCall> {
    if (this.state !== 'ringing') throw new Error(this.cancelEnd === undefined ? 'the call was answered or rejected before' : this.cancelEnd.by === 'remote' ? 'the caller cancelled' : this.cancelEnd.reasonPhrase);
    this.state = 'answered';
    clearTimeout(this.signOfLife);
    const headers = { ...SDP, ...sessionHeaders(this.request) };
    const answered = new Promise<EstablishedCall>((resolve, reject) => {
      this.answerLost = () => reject(new Error(LOST));
      this.owner.srf.createUAS(this.request, this.response, { localSdp: body, headers }, (error, dialog) => {
        if (dialog === undefined) reject(error instanceof Error ? error : new Error(String(error)));
        else this.accepted(dialog, resolve, reject);
      });
    });
    return answered.finally(() => this.owner.incoming.delete(this));
  }

  private accepted(dialog: SrfDialog, resolve: (call: EstablishedCall) => void, reject: (error: Error) => void): void {
    const to = this.message.header('to') ?? '';
    const call = new DrachtioCall(this.owner, {
      dialog, localUri: `${to};tag=${dialog.sip.localTag}`, remoteUri: this.message.header('from') ?? '', localCSeq: 0, destination: this.source, isOurs: false,
      remoteCSeq: this.message.cseq, routeSet: recordRoute(this.message).map(fromBytes),
    });
    this.owner.established(call);
    // What became of it is asked for with the other calls of before the reconnection.
    this.answerLost = () => resolve(call);
    dialog.once('ack', (ack: SrfRequest) => {
      if (this.body === '' && ack.body !== '') call.answerInAck(ack.body);
      resolve(call);
    });
    // The server gave up waiting for the ACK and sent BYE by itself; or the caller's BYE came first.
    dialog.once('destroy', (bye: SrfRequest) => {
      if (bye.source === 'application') reject(new Error('the caller never acknowledged the answer'));
      else resolve(call);
    });
  }

  reject(code: number, options?: { readonly reason?: EndReason; readonly retryAfterS?: number }): void {
    if (this.state !== 'ringing') return;
    this.close();
    const retry = options?.retryAfterS === undefined ? {} : { 'Retry-After': String(Math.ceil(options.retryAfterS)) };
    this.response.send(code, { headers: { ...retry, ...reasonHeaders(options?.reason) } });
  }

  onCancel(listener: (end: WireEnd) => void): void {
    const { cancelEnd } = this;
    this.cancelListener = listener;
    if (cancelEnd !== undefined) queueMicrotask(() => listener(cancelEnd));
  }

  private cancelled(cancel: SipMessage | undefined): void {
    if (this.state === 'over') return;
    this.close();
    this.gaveUp(cancel === undefined ? { by: 'remote', sipCode: 487 } : wireEnd('remote', 487, cancel));
  }

  /** The connection to the server is gone: a CANCEL is told to nobody any more, nor an ACK. */
  lost(): void {
    if (this.state === 'answered') this.answerLost();
    if (this.state !== 'ringing') return;
    this.state = 'lost';
    this.gaveUp({ by: 'transport', reasonPhrase: LOST });
  }

  /** After a reconnection: a server that did not die still holds the INVITE, and its caller hears it ring. */
  reconcile(socket: Socket): void {
    if (this.state !== 'lost') return;
    this.close();
    this.response.socket = socket;
    this.response.send(480);
  }

  private close(): void {
    this.state = 'over';
    clearTimeout(this.signOfLife);
    this.owner.incoming.delete(this);
  }

  private gaveUp(end: WireEnd): void {
    clearTimeout(this.signOfLife);
    this.cancelEnd = end;
    try {
      this.cancelListener?.(end);
    } catch (error) {
      this.owner.trouble(error);
    }
  }
}
