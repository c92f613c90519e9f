import type { DialogSnapshot } from '../port.ts';
import type { ClientTransaction } from '../transactions/client.ts';
import type { ClientOwner } from '../transactions/layer.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { newBranch } from '../wire/ids.ts';
import type { SipMessage } from '../wire/message.ts';
import { toBytes } from '../wire/text.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import type { Core } from './core.ts';
import { dialogOfResponse, routed } from './dialog.ts';
import { reasonLine } from './reason.ts';
import { sendUnowned } from './unowned.ts';

/**
 * Requests may have been sent in the dialog after its snapshot was taken. A gap in CSeq is legal (RFC 3261 12.2.2), a number already
 * used is not.
 */
const CSEQ_GAP = 1_000;

/** Ends a call whose process died, from its snapshot alone. */
export function endOrphan(core: Core, snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }> {
  return new Promise((resolve) => {
    const done = (ended: boolean): void => resolve({ ended });
    if (snapshot.state === 'confirmed') sendBye(core, snapshot, done);
    else new OrphanInvite(core, snapshot, done).cancel();
  });
}

function interrupted(core: Core): string {
  // Q.850 41: temporary failure.
  return core.lines.userAgent + reasonLine({ q850: 41, text: 'interrupted' });
}

function sendBye(core: Core, snapshot: DialogSnapshot, done: (ended: boolean) => void): void {
  const route = routed(toBytes(snapshot.remoteTarget), snapshot.routeSet.map(toBytes));
  const bye: RequestDraft = {
    method: 'BYE', uri: route.uri, branch: newBranch(), from: toBytes(snapshot.localUri), to: toBytes(snapshot.remoteUri),
    callId: toBytes(snapshot.sipCallId), cseq: snapshot.localCSeq + CSEQ_GAP, routes: route.routes, headers: interrupted(core), body: '',
  };
  // Any final answer, 481 as well, proves that the peer holds the call no longer.
  sendUnowned(core, bye, snapshot.destination, { done: (status) => done(status !== undefined) });
}

/**
 * CANCEL with the branch of the lost INVITE, whose responses come to us now since Via names our address. 487 is acknowledged by the
 * adopted transaction; a 200 is acknowledged and ended by BYE. A 481 to the CANCEL says the INVITE has its final answer already: if that
 * was a 200 whose ACK died with the process, the peer is repeating it, at most T2 apart, so two T2 of silence settle it.
 */
class OrphanInvite implements ClientOwner, TimerOwner {
  private readonly core: Core;
  private readonly snapshot: DialogSnapshot;
  private readonly draft: RequestDraft;
  private readonly done: (ended: boolean) => void;
  private timer: WheelTimer | undefined;
  private transaction: ClientTransaction | undefined;
  private heard = false;
  private settled = false;
  private acknowledgedTag = '';

  constructor(core: Core, snapshot: DialogSnapshot, done: (ended: boolean) => void) {
    this.core = core;
    this.snapshot = snapshot;
    this.done = done;
    this.draft = {
      method: 'INVITE', uri: toBytes(snapshot.remoteTarget), branch: snapshot.inviteBranch, from: toBytes(snapshot.localUri),
      to: toBytes(snapshot.remoteUri), callId: toBytes(snapshot.sipCallId), cseq: snapshot.localCSeq, routes: [], headers: '', body: '',
    };
  }

  cancel(): void {
    const { core, snapshot } = this;
    this.transaction = core.transactions.adoptInvite(this.draft, snapshot.destination, this);
    this.timer = core.wheel.start(this, 0, core.transactions.timers.timeoutMs);
    const cancel: RequestDraft = { ...this.draft, method: 'CANCEL', headers: interrupted(core) };
    sendUnowned(core, cancel, snapshot.destination, {
      done: (status) => {
        if (status === undefined) return;
        this.heard = true;
        if (status >= 300) this.wait(core.transactions.timers.t2Ms * 2);
      },
    });
  }

  private wait(delayMs: number): void {
    if (this.settled) return;
    this.core.wheel.cancel(this.timer);
    this.timer = this.core.wheel.start(this, 0, delayMs);
  }

  received(_transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    if (response.status < 200) return;
    this.heard = true;
    if (response.status >= 300) {
      this.settle(true);
      return;
    }
    const { core } = this;
    const dialog = dialogOfResponse(this.draft, response, flow, this.snapshot.localTag);
    const ack = dialog.draft('ACK', core.lines.userAgent, '', this.draft.cseq);
    core.stats.sent++;
    core.transports.send(dialog.destination, writeRequest(ack, core.transports.viaOf(dialog.destination.transport)), undefined, flow.connection);
    if (this.acknowledgedTag === dialog.remoteTag) return;
    this.acknowledgedTag = dialog.remoteTag;
    sendUnowned(core, dialog.draft('BYE', interrupted(core), '', dialog.nextCSeq()), dialog.destination, {
      flow,
      done: (status) => this.settle(status !== undefined),
    });
  }

  unanswered(): void {
    this.settle(this.heard);
  }

  timerFired(): void {
    this.transaction?.abandon();
    this.settle(this.heard);
  }

  private settle(ended: boolean): void {
    if (this.settled) return;
    this.settled = true;
    this.core.wheel.cancel(this.timer);
    this.done(ended);
  }
}
