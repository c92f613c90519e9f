/**
 * One call: the customer's side, at most one agent's leg that talks and at most one that rings, one media session.
 * docs/how-a-call-ends.md lists who closes whom; `end` is where it happens.
 */
import type { LiveCall, Signals } from '@ritmo/bus';
import { fact, streams, type AgentId, type CallEndedBy, type CallId, type DomainEvent, type EventDataByType, type Extension, type LegId, type QueueId } from '@ritmo/domain';
import type { MediaLeg, MediaSession } from '@ritmo/media';
import type { DialogSnapshot, EndReason, WireEnd } from '@ritmo/sip';
import type { CallIdentity, OpenCall } from '../open-call.ts';
import type { EndOfCall } from './end-of-call.ts';
import type { Party } from './party.ts';
import { isMediaTimeout, mediaLostCause, mediaTimeoutCause, type Silence } from './media-timeout.ts';
import { CallRecording } from './recording.ts';
import { CallSound } from './sound.ts';
import type { CallWires } from './wires.ts';

type WireOutcome = EventDataByType['CallEnded']['wireOutcome'];

export interface AgentLeg {
  readonly legId: LegId;
  readonly agentId: AgentId;
  readonly extension: Extension;
  /** Undefined while its ports are being opened. */
  party: Party | undefined;
  upAt: number | null;
  over: boolean;
}

/** Q.850 16: normal clearing. */
export const normalClearing: EndReason = { q850: 16, text: 'normal clearing' };
/** A recording that does not close must not keep the call's last fact. */
const closeRecordingMs = 3_000;
/** How long the ACK of an answer may wait for the dialog's row. The peer repeats its answer meanwhile. */
const noteDialogMs = 1_000;

export class Call {
  readonly wires: CallWires;
  identity: CallIdentity;
  readonly session: MediaSession;
  /** Another call's session: this one is the outside half of a transfer, or was joined to it. */
  readonly ownsSession: boolean;
  readonly recording: CallRecording;
  readonly sound: CallSound;
  /** When its INVITE came in, or left; until it leaves, when the call was asked for. */
  placedAt: number;
  readonly ringMs: number;
  record: boolean;
  customer: Party | undefined;
  /** internal: whose phone is the customer's side. */
  caller: Pick<AgentLeg, 'legId' | 'agentId' | 'extension'> | undefined;
  /** Talks, or is being held. */
  agent: AgentLeg | undefined;
  /** Rings. */
  offered: AgentLeg | undefined;
  /** The other half after a transfer: both end together. */
  partner: Call | undefined;
  answeredAt: number | null = null;
  /** Monotonic, for the time to the first offer; undefined once it was made. */
  answeredTick: number | undefined;
  /** Tells a transfer's outcome to the agent that asked for it. */
  transfer: { readonly legId: LegId; readonly progress: { succeeded(): void; failed(code: number): void }; readonly timer: NodeJS.Timeout } | undefined;
  rang = false;
  wasPlaced = false;
  ended = false;
  #remembered: Promise<void> = Promise.resolve();
  #readyLeg: Promise<MediaLeg | undefined> | undefined;

  constructor(wires: CallWires, identity: CallIdentity, options: { readonly record: boolean; readonly ringMs: number; readonly session?: MediaSession }) {
    this.wires = wires;
    this.identity = identity;
    this.record = options.record;
    this.ringMs = options.ringMs;
    this.placedAt = wires.clock.nowMs();
    this.ownsSession = options.session === undefined;
    this.session = options.session ?? wires.media.createSession(identity.callId);
    this.recording = new CallRecording(wires, this.session, identity.callId);
    this.sound = new CallSound(this);
    if (this.ownsSession) {
      this.session.listen({
        dtmf: (mediaLegId, digit) => this.dtmf(mediaLegId === customerLeg ? 'customer' : 'agent', digit),
        playbackEnded: () => this.sound.fileEnded(),
        playbackFailed: (_leg, file, error) => {
          wires.log.error({ callId: this.id, file, error }, 'a sound cannot be played');
          // A message that cannot be heard must not keep the caller waiting for its end.
          this.sound.fileEnded();
        },
        recordingFailed: (file, error) => this.recording.failed(file, error),
        recordingCut: (part) => this.recording.cut(part),
        silent: (mediaLegId, silentMs, everHeard) => this.#silent(mediaLegId, { silentMs, everHeard }),
        lost: (reason) => this.end({ by: 'system', outcome: this.answeredAt === null ? 'cancelled' : 'answered', reason: `media lost: ${reason}`, q850: mediaLostCause }),
      });
    }
  }

  get id(): CallId {
    return this.identity.callId;
  }

  note<T extends keyof EventDataByType>(type: T, data: EventDataByType[T]): void {
    this.wires.journal.record(streams.call(this.id), fact(type, this.wires.clock.nowMs(), data) as DomainEvent);
  }

  signalLeg(leg: AgentLeg, state: Signals['signal.leg']['state'], more: Pick<Signals['signal.leg'], 'reason' | 'by'> = {}): void {
    const { legId, agentId, extension } = leg;
    this.wires.bus.publish('signal.leg', { callId: this.id, legId, agentId, extension, state, ...more, at: this.wires.clock.nowMs() });
  }

  /** For the process that comes after a crash. */
  remember(): void {
    if (this.ended) return;
    this.#remembered = this.wires.openCalls.update(this.open(this.customer?.snapshot() ?? null));
  }

  /** What is written down of it. */
  open(dialog: DialogSnapshot | null): OpenCall {
    const { identity, placedAt, ringMs, answeredAt } = this;
    return { identity, placedAt, ringMs, answeredAt, dialog, agentDialog: (this.agent ?? this.offered)?.party?.snapshot() ?? null };
  }

  /** Resolves when the customer's dialog, just answered, is written down; or soon: a slow database must not cost the call. */
  async dialogNoted(): Promise<void> {
    // What follows from the answer comes in this turn, `answered` with its `remember` too.
    await Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#remembered, new Promise<void>((resolve) => (timer = setTimeout(resolve, noteDialogMs)))]);
    clearTimeout(timer);
  }

  placed(): void {
    this.wasPlaced = true;
    // Neither its turn on the trunk nor the agent's own phone is the ringing of who is called.
    if (this.identity.direction === 'campaign' || this.identity.direction === 'agent') this.placedAt = this.wires.clock.nowMs();
    const { callId, direction, campaignId, contactId, phoneId, queueId, trunkId, routeId, from, to, extension } = this.identity;
    const dialog = { ...(this.customer?.snapshot() ?? {}) };
    const begunBy = this.caller ?? (direction === 'agent' ? (this.agent ?? this.offered) : undefined);
    const agent = begunBy ? { agentId: begunBy.agentId } : {};
    this.note('CallPlaced', { callId, direction, campaignId, contactId, phoneId, queueId, trunkId, routeId, from, to, extension, ...agent, dialog });
  }

  rings(sipCode: number, earlyMedia: boolean): void {
    if (this.rang || this.ended) return;
    this.rang = true;
    if (this.identity.direction === 'campaign') this.#readyLeg = this.session.openLeg('agent-ready', 'agent').catch(() => undefined);
    this.note('CallRang', { callId: this.id, sipCode, earlyMedia });
  }

  /** Ports for an agent's leg. Those of the first offer were opened while the customer's phone rang: its INVITE waits for nothing. */
  async openAgentLeg(id: string): Promise<MediaLeg> {
    const ready = this.#readyLeg;
    this.#readyLeg = undefined;
    return (await ready) ?? this.session.openLeg(id, 'agent');
  }

  answered(queueId: QueueId | null = this.identity.queueId): void {
    this.answeredTick = performance.now();
    this.answeredAt = this.wires.clock.nowMs();
    this.identity = { ...this.identity, queueId };
    const { callId, direction, campaignId, contactId, trunkId, from, to } = this.identity;
    const dialog = { ...(this.customer?.snapshot() ?? {}) };
    this.note('CallAnswered', {
      callId, direction, campaignId, contactId, queueId, trunkId, from, to, dialog,
      ringMs: Math.max(0, this.answeredAt - this.placedAt),
    });
    this.remember();
  }

  dtmf(side: 'customer' | 'agent', digit: string): void {
    if (!this.ended) this.note('DtmfReceived', { callId: this.id, side, digit });
  }

  // ---- ends

  /** Whoever is on hold, or does not talk yet, may be silent. */
  #silent(mediaLegId: string, silence: Silence): void {
    if (this.ended || this.answeredAt === null || this.sound.isHeld) return;
    const { agent } = this;
    const side = mediaLegId === customerLeg ? 'customer' : agent && agent.upAt !== null && agent.party?.leg.id === mediaLegId ? 'agent' : undefined;
    if (side === undefined || !isMediaTimeout(silence, this.wires.mediaTimeoutMs())) return;
    const silentS = Math.round(silence.silentMs / 1000);
    this.wires.log.warn({ callId: this.id, side, silentS }, 'no RTP any more: the call is ended');
    this.end({ by: 'system', outcome: 'answered', reason: `RTP timeout: nothing from the ${side} for ${silentS} s`, q850: mediaTimeoutCause });
  }

  /** The agent's leg is over, the customer stays. What becomes of the customer is the caller's to say. */
  agentLegOver(leg: AgentLeg, by: CallEndedBy, refusal?: number): void {
    if (leg.over) return;
    leg.over = true;
    const wasUp = leg.upAt !== null;
    if (this.agent === leg) this.agent = undefined;
    if (this.offered === leg) this.offered = undefined;
    this.sound.holdForgotten('agent');
    leg.party?.hangup(normalClearing, refusal);
    if (!this.ended) {
      if (leg.party) this.freeLeg(leg.party);
      this.remember();
    }
    if (!wasUp) return;
    const { legId, agentId, extension } = leg;
    this.note('AgentLegEnded', { callId: this.id, legId, agentId, extension, by, talkMs: Math.max(0, this.wires.clock.nowMs() - (leg.upAt ?? 0)) });
    this.signalLeg(leg, 'ended', { by: by === 'carrier' ? 'system' : by });
  }

  freeLeg(party: Party): void {
    party.leg.close().catch((error: unknown) => this.wires.log.error({ err: error, callId: this.id }, 'a media leg did not close'));
  }

  /** The customer's side ended by itself: refused, or hung up. */
  customerGone(end: WireEnd, outcome: WireOutcome): void {
    const by: CallEndedBy =
      end.by === 'remote' ? (outcome === 'trunk-failure' || this.answeredAt === null ? 'carrier' : 'customer') : end.by === 'transport' ? 'carrier' : 'system';
    this.end({ by: this.caller && by === 'carrier' ? 'customer' : by, outcome, reason: end.reasonPhrase ?? '', sipCode: end.sipCode ?? null, q850: end.q850 ?? null });
  }

  /** Ends whatever is still there, once. The first cause is the one that is told. */
  end(how: EndOfCall): void {
    if (this.ended) return;
    this.ended = true;
    const endedAt = this.wires.clock.nowMs();
    const wasOffered = this.offered;
    const closing = how.by === 'customer' || how.by === 'agent' ? normalClearing : { q850: how.q850 ?? 16, text: how.reason };
    this.customer?.hangup(closing, how.sipCode ?? 480);
    const recorded = this.recording.stop();
    if (this.agent) this.agentLegOver(this.agent, how.by);
    // A phone that called hears why; 487 is what a CANCEL of ours brought.
    if (wasOffered) this.agentLegOver(wasOffered, how.by, how.sipCode === 487 ? 480 : (how.sipCode ?? 480));
    if (this.transfer) {
      clearTimeout(this.transfer.timer);
      this.transfer = undefined;
    }
    if (!this.customer) this.wires.channelFree(this.identity);
    const { partner } = this;
    this.partner = undefined;
    partner?.end({ by: how.by === 'customer' ? 'agent' : how.by, outcome: partner.answeredAt === null ? 'cancelled' : 'answered', reason: 'the other side hung up' });
    void this.#close(how, endedAt, recorded, wasOffered);
  }

  /** The last fact, once the recording is closed; then the ports. */
  async #close(how: EndOfCall, endedAt: number, recorded: Promise<void>, wasOffered: AgentLeg | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([recorded, new Promise<void>((resolve) => (timer = setTimeout(resolve, closeRecordingMs)))]);
    clearTimeout(timer);
    const { callId, direction, campaignId, contactId, phoneId, queueId, trunkId, routeId, from, to, extension } = this.identity;
    const { answeredAt } = this;
    const end = fact('CallEnded', endedAt, {
      callId, direction, campaignId, contactId, phoneId, queueId, trunkId, routeId, extension, from, to,
      wireOutcome: how.outcome,
      by: how.by,
      sipCode: how.sipCode ?? null,
      q850: how.q850 ?? null,
      reason: how.reason,
      ringMs: Math.max(0, (answeredAt ?? endedAt) - this.placedAt),
      billMs: answeredAt === null ? 0 : Math.max(0, endedAt - answeredAt),
    });
    // An agent's call whose INVITE to the number never left was no call: nobody was dialed.
    if (this.wasPlaced || direction !== 'agent') this.wires.journal.record(streams.call(callId), end);
    // After the end itself: who hears that an offer was withdrawn knows already why.
    if (wasOffered) this.signalLeg(wasOffered, 'failed', { reason: 'cancelled' });
    this.wires.metrics.ended(how.outcome);
    this.wires.over(callId);
    if (!this.ownsSession) return;
    await this.session.close().catch((error: unknown) => this.wires.log.error({ err: error, callId }, 'a media session did not close'));
  }

  // ---- what others see

  live(): LiveCall {
    const { callId, direction, campaignId, contactId, queueId, trunkId, from, to } = this.identity;
    const state = this.ended ? 'ending' : this.agent ? 'delivered' : this.offered ? 'offering' : this.answeredAt !== null ? 'answered' : this.rang ? 'ringing' : 'dialing';
    const extension = (this.agent ?? this.offered)?.extension ?? this.identity.extension;
    const leg = this.agent ?? this.offered;
    const agentLeg = leg ? { legId: leg.legId, agentId: leg.agentId, upAt: leg === this.agent ? leg.upAt : null } : null;
    return {
      callId, direction, state, campaignId, contactId, queueId, trunkId, extension, from, to, startedAt: this.placedAt, answeredAt: this.answeredAt,
      caller: this.caller?.extension ?? null, agentLeg,
    };
  }
}

/** Id of the customer's leg in its media session. */
export const customerLeg = 'customer';
