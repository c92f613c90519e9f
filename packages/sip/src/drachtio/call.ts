import type { CallEvents, DialogSnapshot, EndReason, EstablishedCall, SipAddress, WireEnd } from '../port.ts';
import { wireEnd } from '../native/reason.ts';
import { referRequest, sipfragStatus } from '../native/refer.ts';
import { fromBytes } from '../wire/text.ts';
import { headersOf, readMessage, reasonHeaders, sessionHeaders } from './headers.ts';
import { Offers } from './offers.ts';
import { isServersWord } from './srf.ts';
import type { Asker, SrfDialog, SrfRequest, SrfResponse } from './srf.ts';

export interface DrachtioCallOwner {
  readonly asker: Asker;
  ended(call: DrachtioCall): void;
  trouble(error: unknown): void;
  /** Ends at the far end what the server has forgotten. */
  endOrphan(snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }>;
}

export interface DrachtioCallParts {
  readonly dialog: SrfDialog;
  readonly localUri: string;
  readonly remoteUri: string;
  readonly localCSeq: number;
  readonly destination: SipAddress;
  /** We began it. */
  readonly isOurs: boolean;
  /** Of the peer's last request. */
  readonly remoteCSeq: number;
  readonly routeSet: readonly string[];
}

/** A confirmed dialog that lives in drachtio-server. */
export class DrachtioCall implements EstablishedCall {
  readonly sipCallId: string;
  private readonly owner: DrachtioCallOwner;
  private readonly parts: DrachtioCallParts;
  private readonly offers: Offers;
  private events: CallEvents | undefined;
  private state: 'confirmed' | 'ending' | 'ended' = 'confirmed';
  private endReason: EndReason | undefined;
  private untold: WireEnd | undefined;
  private untoldAnswer: string | undefined;
  private remoteCSeq: number;
  private outlivedConnection = false;
  private transfer: ((succeeded: boolean) => void) | undefined;

  constructor(owner: DrachtioCallOwner, parts: DrachtioCallParts) {
    this.owner = owner;
    this.parts = parts;
    const { dialog } = parts;
    this.sipCallId = dialog.sip.callId;
    this.offers = new Offers(owner.asker, dialog.id, parts.isOurs);
    this.remoteCSeq = parts.remoteCSeq;
    dialog.on('destroy', (request: SrfRequest) => this.destroyed(request));
    this.takes('modify', (request, response) => this.reoffered(request, response));
    this.takes('update', (request, response) => {
      if (request.body === '') response.send(200, { headers: sessionHeaders(request) });
      else this.reoffered(request, response);
    });
    this.takes('info', (request, response) => this.informed(request, response));
    this.takes('refer', (request, response) => this.referred(request, response));
    this.takes('notify', (request, response) => {
      response.send(200);
      const message = readMessage(request.msg.raw);
      const status = message === undefined ? 0 : sipfragStatus(message);
      if (status >= 200) this.transfer?.(status < 300);
    });
  }

  /** Out of order is 500 (RFC 3261 12.2.2): the server lets it pass. */
  private takes(event: 'modify' | 'update' | 'info' | 'refer' | 'notify', take: (request: SrfRequest, response: SrfResponse) => void): void {
    this.parts.dialog.on(event, (request: SrfRequest, response: SrfResponse) => {
      const cseq = Number.parseInt(request.get('cseq') ?? '', 10);
      if (cseq <= this.remoteCSeq) {
        response.send(500);
        return;
      }
      this.remoteCSeq = cseq;
      take(request, response);
    });
  }

  get dialogId(): string {
    return this.parts.dialog.id;
  }

  get standing(): 'confirmed' | 'ended' {
    return this.state === 'confirmed' ? 'confirmed' : 'ended';
  }

  listen(events: CallEvents): void {
    this.events = events;
    const { untold, untoldAnswer } = this;
    this.untold = undefined;
    this.untoldAnswer = undefined;
    if (untoldAnswer !== undefined) queueMicrotask(() => events.reanswer?.(untoldAnswer));
    if (untold !== undefined) queueMicrotask(() => events.ended(untold));
  }

  snapshot(): DialogSnapshot {
    const { dialog, localUri, remoteUri, localCSeq, destination, routeSet } = this.parts;
    return {
      state: 'confirmed', sipCallId: this.sipCallId, localTag: dialog.sip.localTag, remoteTag: dialog.sip.remoteTag, localUri, remoteUri,
      remoteTarget: dialog.remote.uri, routeSet, localCSeq, inviteBranch: '', destination,
    };
  }

  /** The ACK brought the answer to the offer of our 2xx. */
  answerInAck(sdp: string): void {
    if (this.events === undefined) this.untoldAnswer = sdp;
    else this.guard(() => this.events?.reanswer?.(sdp));
  }

  hangup(reason?: EndReason): void {
    if (this.state !== 'confirmed') return;
    this.state = 'ending';
    this.endReason = reason;
    this.sendBye();
  }

  private sendBye(): void {
    const over = (): void => this.finish({ by: 'local', sipCode: 200 });
    this.owner.asker.inDialog(this.dialogId, 'BYE', reasonHeaders(this.endReason)).then(over, (error: unknown) => {
      // Lost with the connection, it is sent again after the next one is made.
      if (!isServersWord(error)) return;
      // The peer's BYE came first; or the server is another one than knew the dialog, and the peer has heard nothing.
      if (this.outlivedConnection) this.endAsOrphan().then(over, over);
      else over();
    });
  }

  private async endAsOrphan(): Promise<void> {
    try {
      await this.owner.endOrphan(this.snapshot());
    } catch (error) {
      this.owner.trouble(error);
    }
  }

  /** After a reconnection: does the server still hold the dialog? One of a server that died meanwhile is ended at the far end from what we know of it. */
  async reconcile(): Promise<void> {
    this.outlivedConnection = true;
    if (this.state === 'ending') this.sendBye();
    if (this.state !== 'confirmed') return;
    const lost = (): void => {
      if (this.state === 'ended') return;
      this.finish({ by: 'transport', reasonPhrase: 'the dialog was lost with the connection to drachtio-server' });
      void this.endAsOrphan();
    };
    try {
      const { status } = await this.owner.asker.inDialog(this.dialogId, 'OPTIONS');
      if (status === 481 || status === 408) lost();
    } catch (error) {
      if (isServersWord(error)) lost();
    }
  }

  finish(end: WireEnd): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.owner.ended(this);
    this.transfer?.(end.by === 'remote');
    if (this.events === undefined) this.untold = end;
    else this.guard(() => this.events?.ended(end));
  }

  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.owner.trouble(error);
    }
  }

  private destroyed(request: SrfRequest): void {
    const message = readMessage(request.msg.raw);
    if (message === undefined) this.finish({ by: 'remote', sipCode: 200 });
    // A BYE of the server's own: no ACK came, or no refresh of the session (RFC 4028 10).
    else if (request.source === 'application') this.finish({ ...wireEnd('timeout', 200, message) });
    else this.finish(wireEnd('remote', 200, message));
  }

  private reoffered(request: SrfRequest, response: SrfResponse): void {
    const reoffer = this.events?.reoffer;
    if (this.offers.pending || reoffer === undefined) {
      response.send(reoffer === undefined ? 488 : 491);
      return;
    }
    this.guard(() => {
      const body = reoffer.call(this.events, request.body);
      this.parts.dialog.local.sdp = body;
      response.send(200, { body, headers: { 'Content-Type': 'application/sdp', ...sessionHeaders(request) } });
    });
  }

  private informed(request: SrfRequest, response: SrfResponse): void {
    response.send(200);
    const digit = /^\s*(?:signal\s*=\s*)?([0-9a-d*#])\s*(?:\r?\n|$)/i.exec(request.body)?.[1];
    if (digit !== undefined && (request.get('content-type') ?? '').toLowerCase().startsWith('application/dtmf')) this.guard(() => this.events?.infoDtmf?.(digit.toUpperCase()));
  }

  private referred(request: SrfRequest, response: SrfResponse): void {
    const message = readMessage(request.msg.raw);
    const answer = { reply: (status: number) => response.send(status) };
    const refer = message === undefined ? undefined : referRequest(message, answer, '', (headers, body) => {
      this.owner.asker.inDialog(this.dialogId, 'NOTIFY', headersOf(headers), fromBytes(body)).catch((error: unknown) => this.owner.trouble(error));
    });
    const listener = this.events?.referred;
    if (refer === undefined) response.send(400);
    else if (listener === undefined) response.send(603);
    else this.guard(() => listener.call(this.events, refer));
  }

  reinvite(sdp: string): Promise<string> {
    return this.offers.make('INVITE', sdp);
  }

  update(sdp: string): Promise<string> {
    return this.offers.make('UPDATE', sdp);
  }

  async refer(targetUri: string): Promise<boolean> {
    const outcome = new Promise<boolean>((resolve) => {
      this.transfer = (succeeded) => {
        this.transfer = undefined;
        resolve(succeeded);
      };
    });
    const response = await this.owner.asker.inDialog(this.dialogId, 'REFER', { 'Refer-To': `<${targetUri}>` });
    return response.status < 300 ? outcome : false;
  }

  async info(contentType: string, body: string): Promise<boolean> {
    return (await this.owner.asker.inDialog(this.dialogId, 'INFO', { 'Content-Type': contentType }, body)).status < 300;
  }
}

