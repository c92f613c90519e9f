/** One end of a call: a SIP dialog and the media leg that belongs to it, whoever began it. */
import { UnsupportedSdpError, type MediaLeg } from '@ritmo/media';
import type { DialogSnapshot, EndReason, EstablishedCall, IncomingCall, OutgoingCall, OutgoingInvite, ReferRequest, SipStack, WireEnd } from '@ritmo/sip';

export interface PartyEvents {
  progress?(code: number, sdp: string | undefined): void;
  /** The INVITE has gone to another server than the one that `snapshot` told of. */
  elsewhere?(): void;
  /** The other side has answered: its ACK waits for this, so that the dialog is known to a later process when the peer takes it for up. */
  confirms?(): Promise<void>;
  /** The dialog is confirmed and the media agreed. */
  up(): void;
  /** It never came up. Nothing follows but `down`. */
  failed(end: WireEnd): void;
  /** It was up and the other side, or the wire, ended it. Not called for our own hang-up. */
  ended(end: WireEnd): void;
  /** The wire has nothing more of it: what it occupied at the far end is free. Always the last. */
  down?(): void;
  held?(held: boolean): void;
  referred?(request: ReferRequest): void;
  dtmf?(digit: string): void;
}

/** Q.850 88: incompatible destination. */
const incompatible: EndReason = { q850: 88, text: 'no common codec' };

/**
 * new -> calling (our INVITE) or ringing (theirs) -> up -> over. `over` is ours at once when we hang up; `down` is told when
 * the wire has confirmed.
 */
export class Party {
  readonly leg: MediaLeg;
  readonly #events: PartyEvents;
  #state: 'new' | 'calling' | 'ringing' | 'up' | 'over' = 'new';
  #outgoing: OutgoingCall | undefined;
  #incoming: IncomingCall | undefined;
  #call: EstablishedCall | undefined;
  #answerSdp: string | undefined;
  #held = false;
  #isDown = false;

  constructor(leg: MediaLeg, events: PartyEvents) {
    this.leg = leg;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get held(): boolean {
    return this.#held;
  }

  get sipCallId(): string | undefined {
    return (this.#call ?? this.#outgoing ?? this.#incoming)?.sipCallId;
  }

  /** RFC 3891 3: a to-tag is compared with our tag, a from-tag with the peer's. */
  isDialog({ sipCallId, toTag, fromTag }: NonNullable<ReferRequest['replaces']>): boolean {
    if (this.sipCallId !== sipCallId) return false;
    const dialog = this.snapshot();
    return dialog?.localTag === toTag && dialog.remoteTag === fromTag;
  }

  snapshot(): DialogSnapshot | null {
    return (this.#call ?? this.#outgoing)?.snapshot() ?? null;
  }

  dial(sip: SipStack, request: Omit<OutgoingInvite, 'body' | 'events'>): void {
    this.#state = 'calling';
    this.#outgoing = sip.invite({
      ...request,
      body: this.leg.offer(),
      events: {
        provisional: (code, sdp) => {
          if (this.#state === 'calling') this.#events.progress?.(code, sdp);
        },
        ...(this.#events.confirms ? { confirms: () => this.#events.confirms?.() ?? Promise.resolve() } : {}),
        failedOver: () => this.#events.elsewhere?.(),
        reoffer: (sdp) => this.leg.answer(sdp),
        answered: (call, sdp) => this.#answered(call, sdp),
        failed: (end, gone) => this.#failed(end, gone),
      },
    });
  }

  #answered(call: EstablishedCall, sdp: string): void {
    this.#adopt(call);
    if (this.#state !== 'calling') {
      call.hangup();
      return;
    }
    try {
      this.leg.accept(sdp);
    } catch (error) {
      this.#refuseMedia(error);
      return;
    }
    this.#state = 'up';
    this.#events.up();
  }

  /** The peer's SDP is of no use: the call cannot be had, though the peer picked it up. */
  #refuseMedia(error: unknown): void {
    const reasonPhrase = error instanceof UnsupportedSdpError ? error.message : 'media could not be agreed';
    this.#state = 'over';
    this.#call?.hangup(incompatible);
    this.#events.failed({ by: 'remote', sipCode: 488, reasonPhrase });
  }

  /** With `gone` the far end may hold the call, though nothing was heard of it. */
  #failed(end: WireEnd, gone?: Promise<void>): void {
    const wasOver = this.#state === 'over';
    this.#state = 'over';
    if (!wasOver) this.#events.failed(end);
    if (gone) void gone.then(() => this.#toldDown());
    else this.#toldDown();
  }

  #adopt(call: EstablishedCall): void {
    this.#call = call;
    call.listen({
      ended: (end) => {
        const wasUp = this.#state === 'up';
        this.#state = 'over';
        if (wasUp) this.#events.ended(end);
        this.#toldDown();
      },
      reoffer: (sdp) => {
        const answer = this.leg.answer(sdp);
        this.#tellHeld();
        return answer;
      },
      offer: () => this.leg.offer(),
      reanswer: (sdp) => {
        try {
          this.leg.accept(sdp);
          this.#tellHeld();
        } catch {
          call.hangup(incompatible);
        }
      },
      referred: (request) => {
        if (this.#events.referred && this.#state === 'up') this.#events.referred(request);
        else request.reject(603);
      },
      infoDtmf: (digit) => this.#events.dtmf?.(digit),
    });
  }

  #tellHeld(): void {
    if (this.leg.held === this.#held) return;
    this.#held = this.leg.held;
    this.#events.held?.(this.#held);
  }

  #toldDown(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#events.down?.();
  }

  /** A call that came in. Reads its offer; false when it has no codec for us, and the call is refused then. */
  take(incoming: IncomingCall): boolean {
    this.#incoming = incoming;
    this.#state = 'ringing';
    try {
      // Without an offer ours goes out in the 2xx, and the answer comes in the ACK (RFC 3261 13.2.1).
      this.#answerSdp = incoming.body === '' ? this.leg.offer() : this.leg.answer(incoming.body);
    } catch {
      this.#state = 'over';
      incoming.reject(488, { reason: incompatible });
      this.#toldDown();
      return false;
    }
    incoming.onCancel((end) => this.#failed(end));
    incoming.onOffer?.((sdp) => (this.#answerSdp = this.leg.answer(sdp)));
    return true;
  }

  ring(withMedia: boolean): void {
    if (this.#state === 'ringing') this.#incoming?.ring(withMedia ? this.#answerSdp : undefined);
  }

  /** Answers a call that came in; `up` follows with its ACK. */
  answer(): void {
    if (this.#state !== 'ringing' || !this.#incoming || this.#answerSdp === undefined) return;
    this.#incoming.answer(this.#answerSdp).then(
      (call) => {
        this.#adopt(call);
        if (this.#state !== 'ringing') {
          call.hangup();
          return;
        }
        this.#state = 'up';
        this.#events.up();
      },
      () => this.#failed({ by: 'remote', reasonPhrase: 'given up before the answer was acknowledged' }),
    );
  }

  /** Applies early media, where it is wanted. */
  hearEarly(sdp: string): boolean {
    try {
      this.leg.accept(sdp);
      return true;
    } catch {
      return false;
    }
  }

  /** CANCEL, BYE or a refusal, as the state asks for. Idempotent; only `down` follows. */
  hangup(reason?: EndReason, refusal = 480): void {
    const state = this.#state;
    this.#state = 'over';
    switch (state) {
      case 'new':
        this.#toldDown();
        return;
      case 'calling':
        this.#outgoing?.cancel(reason);
        return;
      case 'ringing':
        this.#incoming?.reject(refusal, reason ? { reason } : {});
        this.#toldDown();
        return;
      case 'up':
        this.#call?.hangup(reason);
        return;
      case 'over':
        return;
    }
  }

  /** Another dialog in the place of this one (RFC 3891): its listeners are these, but for how it comes up. */
  successor(leg: MediaLeg, own: Pick<PartyEvents, 'up' | 'failed'>): Party {
    return new Party(leg, { ...this.#events, ...own });
  }

  /** Its successor has come up while this one was ringing: what waits for an answer has one. */
  cameUp(): void {
    this.#events.up();
  }

  /** Moves the other side's sound to a leg of another session (attended transfer). What happens from then on is told to `events`. */
  async moveTo(leg: MediaLeg, events: PartyEvents = this.#events): Promise<Party> {
    const call = this.#call;
    if (!call || this.#state !== 'up') throw new Error('the call is not up');
    leg.accept(await call.reinvite(leg.offer()));
    const moved = new Party(leg, events);
    moved.#state = 'up';
    moved.#adopt(call);
    this.#call = undefined;
    this.#state = 'over';
    return moved;
  }
}
