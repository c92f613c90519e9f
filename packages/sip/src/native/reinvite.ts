import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { writeRequest } from '../wire/write.ts';
import { SDP_TYPE } from './core.ts';
import type { Core } from './core.ts';
import type { Dialog } from './dialog.ts';
import type { ChallengeMeeter } from './retry-auth.ts';

export type ReinviteResult = { readonly response: SipMessage } | { readonly response: undefined; readonly error: Error };

/** An INVITE inside a dialog (RFC 3261 14.1): resolves with its final response, its 2xx acknowledged, also when it comes again. */
export class Reinvite implements ClientOwner, TimerOwner {
  private readonly core: Core;
  private readonly dialog: Dialog;
  private readonly meeter: ChallengeMeeter | undefined;
  private readonly headers: string;
  private readonly sdp: string;
  private resolve: ((result: ReinviteResult) => void) | undefined;
  private cseq = 0;
  private authLine = '';
  private uri = '';
  private ack = '';
  private transaction: ClientTransaction | undefined;
  private timer: WheelTimer | undefined;

  constructor(core: Core, dialog: Dialog, meeter: ChallengeMeeter | undefined, headers: string, sdp: string) {
    this.core = core;
    this.dialog = dialog;
    this.meeter = meeter;
    this.headers = headers;
    this.sdp = sdp;
  }

  run(): Promise<ReinviteResult> {
    return new Promise((resolve) => {
      this.resolve = resolve;
      this.meeter?.reset();
      this.timer = this.core.wheel.start(this, 0, this.core.transactions.timers.timeoutMs * 2);
      this.send();
    });
  }

  private send(): void {
    const { dialog, core } = this;
    this.cseq = dialog.nextCSeq();
    const contact = `Contact: ${core.transports.contactOf(dialog.destination.transport)}\r\n`;
    const headers = `${contact}${core.lines.inviteCapabilities}${this.headers}${this.authLine}${SDP_TYPE}`;
    const draft = dialog.draft('INVITE', headers, this.sdp, this.cseq);
    this.uri = draft.uri;
    this.transaction = core.transactions.invite(draft, dialog.destination, this, dialog.flow);
  }

  received(_transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    const { status } = response;
    if (status < 200) return;
    if (status < 300) {
      if (this.ack === '') {
        this.dialog.refresh(response, flow);
        const draft = this.dialog.draft('ACK', this.core.lines.userAgent + this.authLine, '', this.cseq);
        this.ack = writeRequest(draft, this.core.transports.viaOf(this.dialog.destination.transport));
      }
      this.core.stats.sent++;
      this.core.transports.send(this.dialog.destination, this.ack, undefined, this.dialog.flow.connection);
    } else if (status === 401 || status === 407) {
      const line = this.meeter?.meet(response, 'INVITE', this.uri);
      if (line !== undefined) {
        this.authLine = line;
        this.send();
        return;
      }
    }
    this.settle({ response });
  }

  unanswered(_transaction: ClientTransaction, _cause: 'timeout' | 'transport', error: Error): void {
    this.settle({ response: undefined, error });
  }

  /** A peer that says 100 and then nothing would block every later offer (departure: the RFC knows no such timer). */
  timerFired(): void {
    this.transaction?.abandon();
    this.settle({ response: undefined, error: new Error('no final answer to re-INVITE') });
  }

  private settle(result: ReinviteResult): void {
    const { resolve } = this;
    this.core.wheel.cancel(this.timer);
    this.transaction = undefined;
    this.resolve = undefined;
    resolve?.(result);
  }
}
