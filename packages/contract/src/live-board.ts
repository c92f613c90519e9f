import type { AgentState, Bus, BusSubscription, LiveCall } from '@ritmo/bus';
import type { CallDirection, CallId, CampaignId, ContactId, DomainEvent } from '@ritmo/domain';
import type { Logger } from 'pino';
import type { ContactCards } from './contact-cards.ts';

export interface OpenCall {
  readonly callId: CallId;
  readonly direction: CallDirection;
  readonly campaignId: CampaignId | null;
  readonly contactId: ContactId | null;
  readonly from: string;
  /** The number dialed: of a campaign, area code and number as imported. */
  readonly to: string;
  readonly startedAt: number;
  readonly answeredAt: number | null;
  /** Of the contact, once it is read: from the answer on. */
  readonly parameters: readonly string[];
}

/** Agents and calls as they are now, in memory: what status_ramal answers from. A projection of signals and facts. */
export interface LiveBoard {
  agent(agentId: number): AgentState | undefined;
  agents(): readonly AgentState[];
  /** The call that an agent is in. */
  callOf(agentId: number): OpenCall | undefined;
  sharedExtensionOf(agentId: number): string | undefined;
  start(): Promise<void>;
  stop(): void;
}

/** A fact on the bus may be lost when a process dies, so what is believed is compared with those who know. */
const reconcileEveryMs = 10_000;

export function createLiveBoard(parts: { readonly bus: Bus; readonly cards: ContactCards; readonly log: Logger }): LiveBoard {
  const { bus, cards, log } = parts;
  const agents = new Map<number, AgentState>();
  const calls = new Map<CallId, OpenCall>();
  let subscriptions: BusSubscription[] = [];
  let timer: NodeJS.Timeout | undefined;

  const change = (callId: CallId, fields: Partial<OpenCall>): void => {
    const before = calls.get(callId);
    if (before !== undefined) calls.set(callId, { ...before, ...fields });
  };

  const readParameters = (callId: CallId, contactId: ContactId | null): void => {
    if (contactId === null) return;
    cards.of(contactId).then(
      ({ parameters }) => change(callId, { parameters }),
      (error: unknown) => log.warn({ err: error, contactId }, 'the contact of a call cannot be read'),
    );
  };

  const attempted = ({ at, data }: DomainEvent<'AttemptStarted'>): void => {
    const { callId, campaignId, contactId, callerId } = data;
    const to = `${data.areaCode}${data.number}`;
    calls.set(callId, { callId, direction: 'campaign', campaignId, contactId, from: callerId, to, startedAt: at, answeredAt: null, parameters: [] });
  };
  const placed = ({ at, data }: DomainEvent<'CallPlaced'>): void => {
    if (calls.has(data.callId)) return;
    const { callId, direction, campaignId, contactId, from, to } = data;
    calls.set(callId, { callId, direction, campaignId, contactId, from, to, startedAt: at, answeredAt: null, parameters: [] });
  };
  const answered = ({ at, data }: DomainEvent<'CallAnswered'>): void => {
    const { callId, direction, campaignId, contactId, from, to } = data;
    if (!calls.has(callId)) calls.set(callId, { callId, direction, campaignId, contactId, from, to, startedAt: at, answeredAt: at, parameters: [] });
    else change(callId, { answeredAt: at });
    readParameters(callId, contactId);
  };

  const adopt = (call: LiveCall): void => {
    if (calls.has(call.callId)) return;
    const { callId, direction, campaignId, contactId, from, to, startedAt, answeredAt } = call;
    calls.set(callId, { callId, direction, campaignId, contactId, from, to, startedAt, answeredAt, parameters: [] });
    if (answeredAt !== null) readParameters(callId, contactId);
  };

  async function reconcile(): Promise<void> {
    const before = new Set(calls.keys());
    const [acd, telephony] = await Promise.allSettled([bus.request('acd.agents', {}), bus.request('telephony.calls', {})]);
    if (acd.status === 'fulfilled') {
      const known = new Set(acd.value.agents.map(({ agentId }) => agentId as number));
      for (const agentId of agents.keys()) if (!known.has(agentId)) agents.delete(agentId);
      for (const state of acd.value.agents) {
        const mine = agents.get(state.agentId);
        if (mine === undefined || state.sinceAt >= mine.sinceAt) agents.set(state.agentId, state);
      }
    }
    if (telephony.status === 'fulfilled') {
      const live = new Set(telephony.value.calls.map(({ callId }) => callId));
      // A call that began while the question was under way is not in the answer and not gone.
      for (const callId of before) if (!live.has(callId)) calls.delete(callId);
      for (const call of telephony.value.calls) adopt(call);
    }
  }

  return {
    agent: (agentId) => agents.get(agentId),
    agents: () => [...agents.values()],
    callOf(agentId) {
      const state = agents.get(agentId);
      // Not one that still rings, nor one that goes on without the agent, who wraps it up.
      return state?.state !== 'talking' || state.callId === null ? undefined : calls.get(state.callId);
    },
    sharedExtensionOf: (agentId) => agents.get(agentId)?.sharedExtension ?? undefined,
    async start() {
      subscriptions = [
        bus.subscribe('signal.agent-state', (state) => void agents.set(state.agentId, state)),
        bus.subscribe('fact.AttemptStarted', attempted),
        bus.subscribe('fact.CallPlaced', placed),
        bus.subscribe('fact.CallAnswered', answered),
        bus.subscribe('fact.CallEnded', ({ data }) => void calls.delete(data.callId)),
        bus.subscribe('fact.AttemptEnded', ({ data }) => void calls.delete(data.callId)),
        bus.subscribe('fact.AttemptWithdrawn', ({ data }) => void calls.delete(data.callId)),
      ];
      timer = setInterval(() => void reconcile(), reconcileEveryMs);
      timer.unref();
      await reconcile();
    },
    stop() {
      clearInterval(timer);
      for (const subscription of subscriptions) subscription.stop();
      subscriptions = [];
    },
  };
}
