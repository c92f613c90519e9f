import type { CallEvents, DialogSnapshot, EndReason, EstablishedCall, SipAddress, WireEnd } from '../port.ts';
import { q850Of, wireEnd } from '../native/reason.ts';
import { referRequest, sipfragStatus } from '../native/refer.ts';
import { fromBytes } from '../wire/text.ts';
import { headersOf, readMessage, reasonHeaders } from './headers.ts';
import { ask } from './srf.ts';
import type { Srf, SrfDialog, SrfRequest, SrfResponse } from './srf.ts';

export interface DrachtioCallOwner {
  readonly srf: Srf;
  ended(call: DrachtioCall): void;
  trouble(error: unknown): void;
}

export interface DrachtioCallParts {
  readonly dialog: SrfDialog;
  readonly localUri: string;
  readonly remoteUri: string;
  readonly localCSeq: number;
  readonly destination: SipAddress;
}

/** A confirmed dialog that lives in drachtio-server. */
export class DrachtioCall implements EstablishedCall {
  readonly sipCallId: string;
  private readonly owner: DrachtioCallOwner;
  private readonly parts: DrachtioCallParts;
  private events: CallEvents | undefined;
  private state: 'confirmed' | 'ending' | 'ended' = 'confirmed';
  private untold: WireEnd | undefined;
  private transfer: ((succeeded: boolean) => void) | undefined;

  constructor(owner: DrachtioCallOwner, parts: DrachtioCallParts) {
    this.owner = owner;
    this.parts = parts;
    const { dialog } = parts;
    this.sipCallId = dialog.sip.callId;
    dialog.on('destroy', (request: SrfRequest) => {
      const message = readMessage(request.msg.raw);
      const q850 = message === undefined ? undefined : q850Of(message);
      // A BYE that the server itself sent (no ACK came) has the application as its source.
      this.finish(message === undefined ? { by: 'remote', sipCode: 200, ...(q850 === undefined ? {} : { q850 }) } : wireEnd('remote', 200, message));
    });
    dialog.on('modify', (request: SrfRequest, response: SrfResponse) => this.reoffered(request, response));
    dialog.on('info', (request: SrfRequest, response: SrfResponse) => this.informed(request, response));
    dialog.on('refer', (request: SrfRequest, response: SrfResponse) => this.referred(request, response));
    dialog.on('notify', (request: SrfRequest, response: SrfResponse) => {
      response.send(200);
      const message = readMessage(request.msg.raw);
      const status = message === undefined ? 0 : sipfragStatus(message);
      if (status >= 200) this.transfer?.(status < 300);
    });
  }

  get dialogId(): string {
    return this.parts.dialog.id;
  }

  listen(events: CallEvents): void {
    this.events = events;
    const { untold } = this;
    this.untold = undefined;
    if (untold !== undefined) queueMicrotask(() => events.ended(untold));
  }

  snapshot(): DialogSnapshot {
    const { dialog, localUri, remoteUri, localCSeq, destination } = this.parts;
    return {
      state: 'confirmed', sipCallId: this.sipCallId, localTag: dialog.sip.localTag, remoteTag: dialog.sip.remoteTag, localUri, remoteUri,
      remoteTarget: dialog.remote.uri, routeSet: [], localCSeq, inviteBranch: '', destination,
    };
  }

  hangup(reason?: EndReason): void {
    if (this.state !== 'confirmed') return;
    this.state = 'ending';
    const over = (): void => this.finish({ by: 'local', sipCode: 200 });
    // By dialog id and not by the client's Dialog: its connection may have been lost and made anew since.
    ask(this.owner.srf, 'sip:placeholder', { method: 'BYE', stackDialogId: this.dialogId, headers: reasonHeaders(reason) }).then(over, over);
  }

  /** After a reconnection: does the server still hold the dialog? */
  async reconcile(): Promise<void> {
    const lost = (): void => this.finish({ by: 'transport', reasonPhrase: 'the dialog was lost with the connection to drachtio-server' });
    try {
      const { status } = await ask(this.owner.srf, 'sip:placeholder', { method: 'OPTIONS', stackDialogId: this.dialogId });
      if (status === 481 || status === 408) lost();
    } catch {
      lost();
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

  private reoffered(request: SrfRequest, response: SrfResponse): void {
    const reoffer = this.events?.reoffer;
    if (reoffer === undefined) {
      response.send(488);
      return;
    }
    this.guard(() => {
      const body = reoffer.call(this.events, request.body);
      this.parts.dialog.local.sdp = body;
      response.send(200, { body, headers: { 'Content-Type': 'application/sdp' } });
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
      this.parts.dialog.request({ method: 'NOTIFY', headers: headersOf(headers), body: fromBytes(body) }).catch((error: unknown) => this.owner.trouble(error));
    });
    const listener = this.events?.referred;
    if (refer === undefined) response.send(400);
    else if (listener === undefined) response.send(603);
    else this.guard(() => listener.call(this.events, refer));
  }

  reinvite(sdp: string): Promise<string> {
    return this.parts.dialog.modify(sdp);
  }

  /** The server keeps no session in its dialogs, so the offer needs no word with it. */
  async update(sdp: string): Promise<string> {
    const response = await this.parts.dialog.request({ method: 'UPDATE', headers: { 'Content-Type': 'application/sdp' }, body: sdp });
    if (response.status === 405 || response.status === 501) return this.reinvite(sdp);
    if (response.status >= 300) throw new Error(`UPDATE refused: ${response.status} ${response.reason}`);
    return response.body;
  }

  async refer(targetUri: string): Promise<boolean> {
    const outcome = new Promise<boolean>((resolve) => {
      this.transfer = (succeeded) => {
        this.transfer = undefined;
        resolve(succeeded);
      };
    });
    const response = await this.parts.dialog.request({ method: 'REFER', headers: { 'Refer-To': `<${targetUri}>`, 'Contact': this.parts.localUri } });
    return response.status < 300 ? outcome : false;
  }

  async info(contentType: string, body: string): Promise<boolean> {
    const response = await this.parts.dialog.request({ method: 'INFO', headers: { 'Content-Type': contentType }, body });
    return response.status < 300;
  }
}
