/** For tests: telephony and acd on the bus, with calls that answer as told. Real timers, short ones. */
import type { AgentState, Bus, BusSubscription, Requests } from '@ritmo/bus';
import { asExtension, asId, asLegId, fact, streams, type AgentId, type CallId, type DomainEvent, type EventDataByType, type QueueId, type TrunkId, type UserStatusId } from '@ritmo/domain';
import type { Journal } from '@ritmo/service-kit';

type Originate = Requests['telephony.originate']['request'];
export type Answer =
  | { readonly kind: 'answered'; readonly talkMs: number; readonly disposition?: number; readonly neverDelivered?: boolean }
  | { readonly kind: Exclude<EventDataByType['CallEnded']['wireOutcome'], 'answered'> }
  /** Rings until told otherwise. */
  | { readonly kind: 'hangs' };

export interface CarrierOptions {
  readonly bus: Bus;
  readonly journal: Journal;
  /** Stores without publishing: a fact that the bus lost. */
  readonly store: (streamId: string, facts: readonly DomainEvent[]) => void;
  readonly nowMs: () => number;
  readonly agents: number;
  readonly queueId?: number;
  readonly trunks?: readonly { readonly id: number; readonly channels: number; /** Slots a second, at the most. */ readonly perSecond?: number }[];
  readonly answer: (invite: Originate) => Answer;
  readonly ringMs?: number;
}

interface Live {
  readonly invite: Originate;
  readonly startedAt: number;
  answeredAt: number | null;
  agentId: AgentId | null;
}

export interface CarrierDouble {
  /** Every INVITE, in order. */
  readonly invites: readonly Originate[];
  readonly live: ReadonlyMap<CallId, Live>;
  readonly mostAtOnce: number;
  /** The slots that are out now lapse. */
  lapseSlots(): void;
  /** Orders are refused with this until it is null again. */
  refuse(code: 'slot-lapsed' | 'unknown-trunk' | 'shutting-down' | null): void;
  setTrunkUp(trunkId: number, up: boolean): void;
  /** Ends a call that hangs. */
  end(callId: CallId, wireOutcome: EventDataByType['CallEnded']['wireOutcome']): void;
  /** Facts are stored but do not reach the bus. */
  mute(muted: boolean): void;
  setAgents(state: AgentState['state']): void;
  stop(): void;
}

export function createCarrierDouble(options: CarrierOptions): CarrierDouble {
  const { bus, nowMs } = options;
  const queueId = asId<QueueId>(options.queueId ?? 1);
  const invites: Originate[] = [];
  const live = new Map<CallId, Live>();
  const trunks = new Map((options.trunks ?? [{ id: 1, channels: 100 }]).map((trunk) => [trunk.id as TrunkId, { ...trunk, up: true }]));
  const slots = new Map<string, TrunkId>();
  const granted: { readonly trunkId: TrunkId; readonly at: number }[] = [];
  const agents = new Map<AgentId, AgentState>();
  const waiting: CallId[] = [];
  const subscriptions: BusSubscription[] = [];
  let slotNumber = 0;
  let mostAtOnce = 0;
  let muted = false;
  let stopped = false;
  let refusal: 'slot-lapsed' | 'unknown-trunk' | 'shutting-down' | null = null;

  const record = (callId: CallId, ...facts: Parameters<Journal['record']>[1][]): void => {
    if (stopped) return;
    if (muted) return void options.store(streams.call(callId), facts);
    options.journal.record(streams.call(callId), ...facts);
  };
  const tellAgent = (agentId: AgentId, state: AgentState['state'], callId: CallId | null): void => {
    const agent = { ...(agents.get(agentId) as AgentState), state, callId, sinceAt: nowMs() };
    agents.set(agentId, agent);
    bus.publish('signal.agent-state', agent);
  };
  const used = (trunkId: TrunkId): number => [...live.values()].filter((call) => call.invite.trunkId === trunkId).length + [...slots.values()].filter((id) => id === trunkId).length;
  const status = (trunkId: TrunkId) => {
    const trunk = trunks.get(trunkId);
    return {
      trunkId, name: `trunk ${trunkId}`, up: trunk?.up ?? false, registered: null, channelsUsed: used(trunkId), channelLimit: trunk?.channels ?? 0,
      callsPerSecondLimit: 1_000, detail: '',
    };
  };

  const end = (callId: CallId, wireOutcome: EventDataByType['CallEnded']['wireOutcome']): void => {
    const call = live.get(callId);
    if (!call || stopped) return;
    live.delete(callId);
    const { invite } = call;
    const at = nowMs();
    if (waiting.includes(callId)) waiting.splice(waiting.indexOf(callId), 1);
    record(callId, fact('CallEnded', at, {
      callId, direction: 'campaign', campaignId: invite.campaignId, contactId: invite.contactId, phoneId: invite.phoneId, queueId: invite.queueId,
      trunkId: invite.trunkId, routeId: invite.routeId, extension: null, from: invite.callerId, to: invite.dialString, wireOutcome, by: 'customer',
      sipCode: wireOutcome === 'busy' ? 486 : null, q850: null, reason: '', ringMs: (call.answeredAt ?? at) - call.startedAt,
      billMs: call.answeredAt === null ? 0 : at - call.answeredAt,
    }));
    bus.publish('signal.trunk', status(invite.trunkId));
    if (call.agentId !== null) {
      tellAgent(call.agentId, 'free', null);
      deliverWaiting();
    }
  };
  const deliver = (callId: CallId): void => {
    const call = live.get(callId);
    const agent = [...agents.values()].find((candidate) => candidate.state === 'free');
    if (!call || !agent) return;
    waiting.splice(waiting.indexOf(callId), 1);
    call.agentId = agent.agentId;
    const common = { callId, legId: asLegId(`${callId}/1`), agentId: agent.agentId, extension: agent.extension, queueId, campaignId: call.invite.campaignId };
    tellAgent(agent.agentId, 'talking', callId);
    record(callId, fact('OfferMade', nowMs(), common), fact('CallDelivered', nowMs(), { ...common, waitMs: nowMs() - (call.answeredAt ?? nowMs()) }));
    const answer = options.answer(call.invite);
    setTimeout(() => end(callId, 'answered'), answer.kind === 'answered' ? answer.talkMs : 0);
  };
  const deliverWaiting = (): void => {
    const first = waiting[0];
    if (first !== undefined) deliver(first);
  };
  const go = (invite: Originate): void => {
    const { callId } = invite;
    const call: Live = { invite, startedAt: nowMs(), answeredAt: null, agentId: null };
    live.set(callId, call);
    mostAtOnce = Math.max(mostAtOnce, live.size);
    record(callId, fact('CallPlaced', nowMs(), {
      callId, direction: 'campaign', campaignId: invite.campaignId, contactId: invite.contactId, phoneId: invite.phoneId, queueId: invite.queueId,
      trunkId: invite.trunkId, routeId: invite.routeId, from: invite.callerId, to: invite.dialString, extension: null, dialog: {},
    }));
    const answer = options.answer(invite);
    if (answer.kind === 'hangs') return;
    setTimeout(() => {
      if (answer.kind !== 'answered') return end(callId, answer.kind);
      if (stopped || !live.has(callId)) return;
      call.answeredAt = nowMs();
      record(callId, fact('CallAnswered', nowMs(), {
        callId, direction: 'campaign', campaignId: invite.campaignId, contactId: invite.contactId, queueId, trunkId: invite.trunkId,
        ringMs: nowMs() - call.startedAt, from: invite.callerId, to: invite.dialString, dialog: {},
      }));
      if (answer.neverDelivered === true) return void setTimeout(() => end(callId, 'answered'), answer.talkMs);
      waiting.push(callId);
      deliverWaiting();
    }, options.ringMs ?? 10);
  };

  for (let index = 1; index <= options.agents; index += 1) {
    const agentId = asId<AgentId>(index);
    agents.set(agentId, {
      agentId, name: `Agent ${index}`, extension: asExtension(String(1000 + index)), statusId: asId<UserStatusId>(1), phoneStatus: 0, registered: true,
      state: 'free', sinceAt: nowMs(), queueIds: [queueId], callId: null, campaignId: null,
    });
  }
  subscriptions.push(
    bus.serve('acd.agents', () => ({ agents: [...agents.values()] })),
    bus.serve('telephony.trunks', () => ({ trunks: [...trunks.keys()].map(status) })),
    bus.serve('telephony.calls', () => ({
      node: 'double',
      calls: [...live.values()].map(({ invite, startedAt, answeredAt }) => ({
        callId: invite.callId, direction: 'campaign' as const, state: 'dialing' as const, campaignId: invite.campaignId, contactId: invite.contactId,
        queueId: invite.queueId, trunkId: invite.trunkId, extension: null, from: '', to: invite.dialString, startedAt, answeredAt,
      })),
    })),
    bus.serve('telephony.reserve', ({ trunkId, count }) => {
      const trunk = trunks.get(trunkId);
      const free = trunk?.up ? Math.max(0, trunk.channels - used(trunkId)) : 0;
      const perSecond = trunk?.perSecond ?? 1_000;
      const recent = granted.filter((grant) => grant.trunkId === trunkId && grant.at > nowMs() - 1_000).length;
      const given = Array.from({ length: Math.max(0, Math.min(count, free, perSecond - recent)) }, () => `slot-${(slotNumber += 1)}`);
      for (const slot of given) {
        slots.set(slot, trunkId);
        granted.push({ trunkId, at: nowMs() });
      }
      while ((granted[0]?.at ?? Infinity) < nowMs() - 1_000) granted.shift();
      return { slots: given, leaseMs: 5_000, channelsFree: free - given.length, up: trunk?.up ?? false, detail: '' };
    }),
    bus.serve('telephony.release', (request) => {
      for (const slot of request.slots) slots.delete(slot);
      return { ok: true };
    }),
    bus.serve('telephony.originate', (invite) => {
      const held = slots.delete(invite.slot);
      if (refusal !== null) return { ok: false, code: refusal };
      if (!held) return { ok: false, code: 'slot-lapsed' };
      invites.push(invite);
      go(invite);
      return { ok: true };
    }),
  );
  return {
    invites,
    live,
    get mostAtOnce() {
      return mostAtOnce;
    },
    lapseSlots: () => slots.clear(),
    refuse(code) {
      refusal = code;
    },
    setTrunkUp(trunkId, up) {
      const trunk = trunks.get(trunkId as TrunkId);
      if (trunk) trunk.up = up;
      bus.publish('signal.trunk', status(trunkId as TrunkId));
    },
    end,
    mute(value) {
      muted = value;
    },
    setAgents(state) {
      for (const agentId of agents.keys()) tellAgent(agentId, state, null);
    },
    stop() {
      stopped = true;
      for (const subscription of subscriptions.splice(0)) subscription.stop();
    },
  };
}
