/** What the two sides of a call hear: each other, music while one is held, a message. */
import type { AgentId, CallId, EventDataByType } from '@ritmo/domain';
import type { MediaSession } from '@ritmo/media';
import { sounds } from '../sounds.ts';
import type { EndOfCall } from './end-of-call.ts';
import type { Party } from './party.ts';
import type { CallRecording } from './recording.ts';
import type { CallWires } from './wires.ts';

type Side = 'customer' | 'agent';

/** The call whose sound it is. */
export interface SoundingCall {
  readonly id: CallId;
  readonly wires: Pick<CallWires, 'sounds'>;
  readonly session: MediaSession;
  readonly recording: CallRecording;
  readonly record: boolean;
  readonly customer: Party | undefined;
  /** internal: whose phone is the customer's side. */
  readonly caller: object | undefined;
  readonly agent: { readonly agentId: AgentId; readonly party: Party | undefined } | undefined;
  readonly answeredAt: number | null;
  readonly ended: boolean;
  note(type: 'CallHeld' | 'CallResumed', data: EventDataByType['CallHeld']): void;
  end(as: EndOfCall): void;
}

export class CallSound {
  readonly #call: SoundingCall;
  readonly #heldBy = new Set<Side>();
  #hangupAfterPlaying = false;
  #played = 0;

  constructor(call: SoundingCall) {
    this.#call = call;
  }

  get #session(): MediaSession {
    return this.#call.session;
  }

  get isHeld(): boolean {
    return this.#heldBy.size > 0;
  }

  /** Both hear each other, unless one of them holds the other. A new part of the recording begins. */
  talk(): void {
    const { customer, agent, ended, record, answeredAt, recording } = this.#call;
    if (!customer || !agent?.party?.isUp || this.isHeld || ended) return;
    this.#hangupAfterPlaying = false;
    customer.leg.stopPlaying();
    agent.party.leg.stopPlaying();
    this.#session.bridge(customer.leg.id, agent.party.leg.id);
    if (record && answeredAt !== null) recording.start(agent.agentId);
  }

  /** Held by an agent the customer hears music; held by the customer the agent hears what the customer's side sends. */
  held(by: Side, held: boolean): void {
    const call = this.#call;
    if (call.ended || this.#heldBy.has(by) === held) return;
    if (held) {
      this.#heldBy.add(by);
      call.note('CallHeld', { callId: call.id, by });
      void call.recording.stop();
      if (by === 'agent') this.musicForCustomer();
      else if (call.caller) this.musicForAgent();
      return;
    }
    this.#heldBy.delete(by);
    call.note('CallResumed', { callId: call.id, by });
    this.talk();
  }

  musicForCustomer(): void {
    const { customer, wires } = this.#call;
    if (!customer?.isUp) return;
    this.#session.unbridge(customer.leg.id);
    customer.leg.play({ file: wires.sounds.shipped(sounds.music), loop: true });
  }

  musicForAgent(): void {
    const { agent, wires } = this.#call;
    if (!agent?.party?.isUp) return;
    this.#session.unbridge(agent.party.leg.id);
    agent.party.leg.play({ file: wires.sounds.shipped(sounds.music), loop: true });
  }

  /** Who held is gone. Default: both. */
  holdForgotten(by?: Side): void {
    if (by) this.#heldBy.delete(by);
    else this.#heldBy.clear();
  }

  /** The customer talks to a leg that is no agent's: an outside number, or another call's customer. */
  bridgeTo(mediaLegId: string): void {
    const { customer, ended, record, recording } = this.#call;
    if (ended || !customer) return;
    this.#heldBy.clear();
    customer.leg.stopPlaying();
    this.#session.bridge(customer.leg.id, mediaLegId);
    if (record) recording.start(null);
  }

  /** What a waiting customer hears. While an agent talks nothing is played. False when there is no such file. */
  async play(name: string, loop: boolean, thenHangup: boolean): Promise<boolean> {
    const call = this.#call;
    this.#played += 1;
    const turn = this.#played;
    const file = await call.wires.sounds.find(name);
    if (file === undefined) return false;
    // Another sound was asked for meanwhile, or an agent has answered.
    if (turn !== this.#played || call.agent || call.ended || !call.customer?.isUp) return true;
    this.#hangupAfterPlaying = thenHangup;
    call.customer.leg.play({ file, loop });
    return true;
  }

  fileEnded(): void {
    const call = this.#call;
    if (this.#hangupAfterPlaying && !call.agent) call.end({ by: 'system', outcome: 'answered', reason: 'the message is over' });
  }
}
