/** Tests only: a core with agents and queues, and names for what is asked of it. */
import { Value } from '@sinclair/typebox/value';
import {
  AgentSchema,
  CampaignSchema,
  QueueSchema,
  asCallId,
  asExtension,
  asId,
  type Agent,
  type AgentId,
  type CallId,
  type Campaign,
  type CampaignId,
  type EventType,
  type DomainEvent,
  type LegId,
  type Queue,
  type QueueId,
} from '@ritmo/domain';
import { step, type Input } from './acd-core.ts';
import { createCore, type AgentEntry, type Core, type Effect } from './model.ts';

export const agentConfig = (id: number, over: Partial<Agent> = {}): Agent =>
  Value.Default(AgentSchema, { id, name: `Agent ${id}`, extension: String(1000 + id), password: 'secret', ...over }) as Agent;
export const queueConfig = (id: number, members: readonly number[], over: Partial<Queue> = {}): Queue =>
  Value.Default(QueueSchema, { id, name: `Queue ${id}`, members: members.map((agentId) => ({ agentId })), ...over }) as Queue;
export const campaignConfig = (id: number, queueId: number, over: Partial<Campaign> = {}): Campaign =>
  Value.Default(CampaignSchema, { id, name: `Campaign ${id}`, queueId, ...over }) as Campaign;

export interface Scenario {
  readonly core: Core;
  now: number;
  /** Everything since the scenario began. */
  readonly effects: Effect[];
  do(input: Input, afterMs?: number): readonly Effect[];
  agent(id: number): AgentEntry;
  register(...ids: number[]): void;
  arrive(callId: string, queueId?: number, campaignId?: number | null): CallId;
  /** The offer that rings this agent. */
  ringing(agentId: number): { callId: CallId; legId: LegId } | undefined;
  answer(agentId: number): void;
  miss(agentId: number, reason?: 'no-answer' | 'rejected' | 'unreachable'): void;
  facts<T extends EventType>(type: T): DomainEvent<T>['data'][];
}

export function scenario(agents: readonly Agent[], queues: readonly Queue[], campaigns: readonly Campaign[] = []): Scenario {
  const core = createCore();
  const effects: Effect[] = [];
  const run: Scenario = {
    core,
    now: 1_000_000,
    effects,
    do(input, afterMs = 0) {
      run.now += afterMs;
      const made = step(core, input, run.now);
      effects.push(...made);
      return made;
    },
    agent(id) {
      const entry = core.agents.get(asId<AgentId>(id));
      if (!entry) throw new Error(`no agent ${id}`);
      return entry;
    },
    register(...ids) {
      for (const id of ids) {
        const extension = asExtension(run.agent(id).config.extension);
        run.do({ kind: 'registration', change: { extension, registered: true, contact: `sip:${extension}@x`, userAgent: null, reason: 'registered' } }, 1);
      }
    },
    arrive(callId, queueId = 1, campaignId = null) {
      const id = asCallId(callId);
      const call = {
        callId: id,
        direction: campaignId === null ? ('inbound' as const) : ('campaign' as const),
        queueId: asId<QueueId>(queueId),
        campaignId: campaignId === null ? null : asId<CampaignId>(campaignId),
        number: '1133334444',
        answeredAt: run.now,
        record: true,
      };
      run.do({ kind: 'call-arrived', call });
      return id;
    },
    ringing(agentId) {
      const { phase } = run.agent(agentId);
      return phase.kind === 'ringing' ? { callId: phase.call.id, legId: phase.legId } : undefined;
    },
    answer(agentId) {
      const offer = run.ringing(agentId);
      if (!offer) throw new Error(`agent ${agentId} is not ringing`);
      run.do({ kind: 'offer-answered', ...offer });
    },
    miss(agentId, reason = 'no-answer') {
      const offer = run.ringing(agentId);
      if (!offer) throw new Error(`agent ${agentId} is not ringing`);
      run.do({ kind: 'offer-missed', ...offer, reason });
    },
    facts<T extends EventType>(type: T) {
      return effects.flatMap((effect) =>
        effect.kind === 'record' && effect.fact.type === type ? [effect.fact.data as DomainEvent<T>['data']] : [],
      );
    },
  };
  run.do({
    kind: 'put-statuses',
    pauseStatusId: 6 as never,
    statuses: [
      { id: 1, name: 'Logado', pause: false },
      { id: 2, name: 'Deslogado', pause: true },
      { id: 6, name: 'Intervalo de Almoço', pause: true },
      { id: 9, name: 'Retorno', pause: false },
    ],
  });
  for (const agent of agents) run.do({ kind: 'put-agent', agent });
  for (const queue of queues) run.do({ kind: 'put-queue', queue });
  for (const campaign of campaigns) run.do({ kind: 'put-campaign', campaign });
  return run;
}
