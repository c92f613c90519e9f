/** What the acd knows: agents, queues, calls. Changed only by the transitions beside this file. */
import type {
  Agent,
  AgentId,
  CallDirection,
  CallId,
  Campaign,
  CampaignId,
  DomainEvent,
  Extension,
  LegId,
  PhoneStatus,
  Queue,
  QueueId,
  UserStatus,
  UserStatusId,
} from '@ritmo/domain';
import type { AgentState, Requests } from '@ritmo/bus';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';

/** User statuses that mean something to us (rulings.md); every other one is the customer's. */
export const loggedIn = 1 as UserStatusId;
export const loggedOut = 2 as UserStatusId;

export const limits = {
  /** After a missed offer an agent's phone rests, so that a phone that refuses at once is not rung in a loop. */
  restAfterMissMs: 2_000,
  /** How long after its ring time an offer may stay without a word from telephony. */
  offerSilenceMs: 5_000,
  /** How long an extension rings for another one. */
  directRingMs: 45_000,
  /** How long a call that is said to be ending may stay without its end. */
  closingMs: 3_000,
  /** The longest safe-harbour message. */
  messageMs: 60_000,
} as const;

export type AgentPhase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'ringing'; readonly call: CallEntry; readonly legId: LegId }
  | { readonly kind: 'resting' }
  | { readonly kind: 'wrap-up'; readonly callId: CallId; readonly sinceAt: number };

export interface AgentEntry {
  readonly id: AgentId;
  config: Agent;
  /** Where its offers ring: its own extension, or the shared one that it logged in at. */
  station: Extension;
  statusId: UserStatusId;
  statusSinceAt: number;
  phase: AgentPhase;
  /** Calls whose leg at this agent's phone is up, or that it is dialing. */
  readonly calls: Map<CallId, CallEntry>;
  idleSinceAt: number;
  /** Calls taken today. */
  callsTaken: number;
  missedInRow: number;
  seats: Seat[];
  timer: Timer | null;
  /** As last told to the others. */
  told: AgentState | null;
  phoneStatus: PhoneStatus;
}

/** An agent's place in one queue; in the queue's heap while the agent is free. */
export interface Seat extends HeapItem {
  readonly agent: AgentEntry;
  readonly queue: QueueEntry;
  readonly priority: number;
  readonly skill: number;
}

export interface QueueEntry {
  readonly id: QueueId;
  config: Queue;
  seats: Seat[];
  free: IndexedHeap<Seat>;
  readonly waiting: IndexedHeap<CallEntry>;
}

export type CallPhase =
  /** Answered, and detection has not spoken. In no queue: an agent would hear a machine, or a person who has not been heard yet. */
  | { readonly kind: 'detecting'; readonly wantedAgentId: AgentId | undefined }
  | { readonly kind: 'waiting' }
  /** An extension calls; nobody rings yet. */
  | { readonly kind: 'calling' }
  | { readonly kind: 'offering'; readonly agent: AgentEntry; readonly legId: LegId; readonly sinceAt: number; readonly why: OfferReason }
  | { readonly kind: 'delivered'; readonly agent: AgentEntry; readonly legId: LegId }
  /** The agent's own call: dialing, then talking. */
  | { readonly kind: 'own'; readonly agent: AgentEntry; readonly legId: LegId }
  /** Safe-harbour message; abandoned already. */
  | { readonly kind: 'message' }
  /** Told to end, or said to be ending: nobody is offered any more. */
  | { readonly kind: 'closing'; readonly abandonable: boolean; readonly lastAgent: AgentEntry | null }
  /** Handed to an outside number. */
  | { readonly kind: 'outside' };

/**
 * `transfer`: the call goes to this very agent; without an answer it falls back to its queue. `direct`: an extension called this one,
 * and the call ends without an answer; no offer of a queue, so no TNA.
 */
export type OfferReason = 'queue' | 'transfer' | 'direct';

export interface CallEntry extends HeapItem {
  readonly id: CallId;
  readonly direction: CallDirection;
  queue: QueueEntry | null;
  /** internal: the agent whose phone called. Taken as long as the call is. */
  caller: AgentEntry | null;
  readonly campaignId: CampaignId | null;
  /** The customer's number; internal: the caller's extension. */
  number: string;
  priority: number;
  /** When the customer's side came up. */
  readonly answeredAt: number;
  /** Detection's first word; later ones change nothing. Null where nobody has spoken. */
  verdict: 'person' | 'machine' | null;
  /** When it entered this queue, or was passed to this agent: its place, and what a wait is measured from. */
  enteredAt: number;
  /** Breaks ties, in order of arrival. */
  sequence: number;
  legs: number;
  record: boolean;
  phase: CallPhase;
  /** Its longest wait. */
  deadline: Timer | null;
  /** Against a word that never comes. */
  guard: Timer | null;
}

export type TimerEvent =
  /** Telephony never said how the offer went. */
  | { readonly kind: 'offer-silent'; readonly call: CallEntry; readonly legId: LegId }
  | { readonly kind: 'rest-over'; readonly agent: AgentEntry }
  | { readonly kind: 'wrap-up-over'; readonly agent: AgentEntry }
  | { readonly kind: 'waited-enough'; readonly call: CallEntry }
  | { readonly kind: 'detected-nothing'; readonly call: CallEntry }
  | { readonly kind: 'closing-over'; readonly call: CallEntry }
  | { readonly kind: 'message-over'; readonly call: CallEntry }
  | { readonly kind: 'own-call-too-long'; readonly call: CallEntry };

export interface Timer extends HeapItem {
  readonly at: number;
  readonly sequence: number;
  readonly event: TimerEvent;
}

export type Effect =
  | { readonly kind: 'record'; readonly streamId: string; readonly fact: DomainEvent }
  | { readonly kind: 'offer'; readonly request: Requests['telephony.offer']['request']; readonly answeredAt: number }
  | { readonly kind: 'cancel-offer'; readonly callId: CallId; readonly legId: LegId }
  | { readonly kind: 'drop-agent'; readonly callId: CallId; readonly legId: LegId }
  | { readonly kind: 'hangup'; readonly callId: CallId; readonly by: 'agent' | 'system'; readonly reason: string }
  | { readonly kind: 'play'; readonly callId: CallId; readonly file: string; readonly loop: boolean; readonly thenHangup: boolean }
  | { readonly kind: 'agent-state'; readonly state: AgentState };

/** The whole state, the moment of the step, and what the step wants done. */
export interface Core {
  nowMs: number;
  readonly agents: Map<AgentId, AgentEntry>;
  /** Own and shared extensions to the agent whose offers ring there. */
  readonly byStation: Map<Extension, AgentEntry>;
  readonly byExtension: Map<Extension, AgentEntry>;
  readonly registered: Map<Extension, { readonly contact: string; readonly userAgent: string | null }>;
  readonly queues: Map<QueueId, QueueEntry>;
  readonly calls: Map<CallId, CallEntry>;
  readonly statuses: Map<number, UserStatus>;
  readonly campaigns: Map<CampaignId, Campaign>;
  pauseStatusId: UserStatusId;
  /** Most agents logged in at once (manual 1.1.1: LICENCA DE RAMAIS EXCEDIDA). */
  licences: number;
  readonly timers: IndexedHeap<Timer>;
  sequence: number;
  effects: Effect[];
}

const orderOfTimers = (a: Timer, b: Timer): number => a.at - b.at || a.sequence - b.sequence;

export function createCore(): Core {
  return {
    nowMs: 0,
    agents: new Map(),
    byStation: new Map(),
    byExtension: new Map(),
    registered: new Map(),
    queues: new Map(),
    calls: new Map(),
    statuses: new Map(),
    campaigns: new Map(),
    pauseStatusId: 6 as UserStatusId,
    licences: Infinity,
    timers: new IndexedHeap(orderOfTimers),
    sequence: 0,
    effects: [],
  };
}

export function setTimer(core: Core, at: number, event: TimerEvent): Timer {
  core.sequence += 1;
  const timer: Timer = { at, event, sequence: core.sequence, heapIndex: -1 };
  core.timers.push(timer);
  return timer;
}

export function clearTimer(core: Core, timer: Timer | null): null {
  if (timer) core.timers.remove(timer);
  return null;
}
