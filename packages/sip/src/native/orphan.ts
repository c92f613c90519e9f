import type { DialogSnapshot } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { branchOfRetry, newBranch } from '../wire/ids.ts';
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
/** INVITEs of one attempt at the most: the first, and its repetitions with credentials (a stale nonce makes two) or a longer session. */
const MAX_INVITES = 4;

const GIVE_UP = 0;
const SILENCE = 1;
const NO_FINAL = 2;

/** Ends a call whose process died, from its snapshot alone. */
export function endOrphan(core: Core, snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }> {
  return new Promise((resolve) => {
    const done = (ended: boolean): void => resolve({ ended });
    if (snapshot.state === 'confirmed') sendBye(core, snapshot, done);
    else new OrphanInvite(core, snapshot, done).begin();
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
 * The lost INVITE, and those that may have followed it after a challenge: their branches are known. One after the other is cancelled
 * until one of them tells its end. Responses come to us where Via names our address: a 487 is acknowledged by the adopted transaction, a
 * 200 is acknowledged and ended by BYE. Where Via names a process elsewhere (its heir cancels in its name) only the CANCEL is answered
 * here; its answer should have the To tag of the INVITE's (9.2), so ACK and BYE with that tag end what a 200 may have begun.
 *
 * A 481 to every CANCEL says that no INVITE is left in progress: it never came, was refused, or was answered by a 200 whose
 * ACK died with the process. The last is repeated, at most T2 apart (13.3.1.4), so a little more than T2 of silence settles it.
 */
class OrphanInvite implements ClientOwner, TimerOwner {
  private readonly core: Core;
  private readonly snapshot: DialogSnapshot;
  private readonly firstBranch: string;
  private readonly done: (ended: boolean) => void;
  /** Responses to the INVITE come to this process. */
  private readonly hears: boolean;
  private readonly transactions: ClientTransaction[] = [];
  private draft: RequestDraft;
  private timer: WheelTimer | undefined;
  /** To tag of the last CANCEL's 200. */
  private cancelTag = '';
  private heard = false;
  private settled = false;
  private acknowledgedTag = '';

  constructor(core: Core, snapshot: DialogSnapshot, done: (ended: boolean) => void) {
    this.core = core;
    this.snapshot = snapshot;
    this.done = done;
    this.firstBranch = toBytes(snapshot.inviteBranch);
    this.hears = snapshot.via === undefined || snapshot.via === core.transports.viaOf(snapshot.destination.transport);
    this.draft = {
      method: 'INVITE', uri: toBytes(snapshot.remoteTarget), branch: this.firstBranch, from: toBytes(snapshot.localUri),
      to: toBytes(snapshot.remoteUri), callId: toBytes(snapshot.sipCallId), cseq: snapshot.localCSeq, routes: [], headers: '', body: '',
    };
  }

  begin(): void {
    this.core.wheel.start(this, GIVE_UP, this.core.transactions.timers.timeoutMs);
    this.cancel();
  }

  private cancel(): void {
    const { core } = this;
    const { destination, via } = this.snapshot;
    const draft = via === undefined ? this.draft : { ...this.draft, via: toBytes(via) };
    this.transactions.push(core.transactions.adoptInvite(draft, destination, this));
    this.cancelTag = '';
    sendUnowned(core, { ...draft, method: 'CANCEL', headers: interrupted(core) }, destination, {
      done: (status, toTag) => {
        if (status === undefined || this.settled) return;
        this.heard = true;
        if (status >= 300) {
          this.next();
          return;
        }
        this.cancelTag = toTag;
        this.wait(NO_FINAL, core.transactions.timers.t1Ms);
      },
    });
  }

  /** Nothing more is to be heard of this INVITE; another may have followed it. */
  private next(): void {
    const { snapshot } = this;
    const cseq = this.draft.cseq + 1;
    // A snapshot that was taken after a challenge names the INVITE that followed it.
    if (snapshot.localCSeq > 1 || cseq > MAX_INVITES) {
      const { t1Ms, t2Ms } = this.core.transactions.timers;
      this.wait(SILENCE, t2Ms + t1Ms);
      return;
    }
    this.draft = { ...this.draft, cseq, branch: branchOfRetry(this.firstBranch, cseq) };
    this.cancel();
  }

  private wait(kind: number, delayMs: number): void {
    if (this.settled) return;
    this.core.wheel.cancel(this.timer);
    this.timer = this.core.wheel.start(this, kind, delayMs);
  }

  timerFired(kind: number): void {
    if (kind === GIVE_UP) for (const transaction of this.transactions) transaction.abandon();
    if (kind !== NO_FINAL) {
      this.settle(this.heard);
      return;
    }
    // The CANCEL was taken and no final response followed: it goes to the address in Via, or was sent before.
    const { t1Ms, t2Ms } = this.core.transactions.timers;
    this.wait(SILENCE, t2Ms + t1Ms);
    this.hangUpUnheard();
  }

  private hangUpUnheard(): void {
    const { core, cancelTag, draft } = this;
    const { destination } = this.snapshot;
    if (cancelTag === '') {
      this.next();
      return;
    }
    const inDialog: RequestDraft = { ...draft, method: 'ACK', branch: newBranch(), to: `${draft.to};tag=${cancelTag}`, headers: core.lines.userAgent };
    core.stats.sent++;
    core.transports.send(destination, writeRequest(inDialog, core.transports.viaOf(destination.transport)));
    const bye = { ...inDialog, method: 'BYE', branch: newBranch(), cseq: draft.cseq + CSEQ_GAP, headers: interrupted(core) };
    sendUnowned(core, bye, destination, {
      done: (status) => {
        if (status === undefined || this.settled) return;
        // 200: it had been answered. Else there is no such dialog: the CANCEL ended it, or a refusal before, which another INVITE may follow.
        if (status < 300 || !this.hears) this.settle(true);
        else this.next();
      },
    });
  }

  received(_transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    if (response.status < 200) return;
    this.heard = true;
    if (response.status === 401 || response.status === 407) return;
    if (response.status >= 300) {
      this.settle(true);
      return;
    }
    const { core } = this;
    const dialog = dialogOfResponse(this.draft, response, flow, this.snapshot.localTag);
    const ack = dialog.draft('ACK', core.lines.userAgent, '', response.cseq);
    core.stats.sent++;
    core.transports.send(dialog.destination, writeRequest(ack, core.transports.viaOf(dialog.destination.transport)), undefined, flow.connection);
    if (this.acknowledgedTag === dialog.remoteTag) return;
    this.acknowledgedTag = dialog.remoteTag;
    sendUnowned(core, dialog.draft('BYE', interrupted(core), '', response.cseq + CSEQ_GAP), dialog.destination, {
      flow,
      done: (status) => this.settle(status !== undefined),
    });
  }

  /** Adopted transactions await without an end of their own. */
  unanswered(): void {
    this.settle(this.heard);
  }

  private settle(ended: boolean): void {
    if (this.settled) return;
    this.settled = true;
    // The transactions go on to the guard's time: a 200 that was lost and comes again is hung up as well.
    this.core.wheel.cancel(this.timer);
    this.done(ended);
  }
}
