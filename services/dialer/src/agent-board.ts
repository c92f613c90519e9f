/** The agents as the acd last told. */
import type { AgentState } from '@ritmo/bus';
import type { AgentId, QueueId } from '@ritmo/domain';
import type { BusSubscription } from '@ritmo/bus';
import type { ServiceContext } from '@ritmo/service-kit';

export interface AgentBoard {
  start(): void;
  stop(): void;
  /** Members of the queue who are logged in. */
  ofQueue(queueId: QueueId): readonly AgentState[];
  get(agentId: AgentId): AgentState | undefined;
  /** Of the other queue's agents, the part that also serves this queue: 0 to 1. */
  overlap(queueId: QueueId, other: QueueId): number;
}

/** The acd is asked now and then, because a signal on the bus may be lost. */
const refreshMs = 5_000;

export function createAgentBoard({ bus, log }: ServiceContext): AgentBoard {
  const agents = new Map<AgentId, AgentState>();
  const byQueue = new Map<QueueId, readonly AgentState[]>();
  let subscription: BusSubscription | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Counts signals: a reply that was overtaken by one is not believed for that agent. */
  let heard = 0;
  const heardAt = new Map<AgentId, number>();

  const keep = (agent: AgentState): void => {
    agents.set(agent.agentId, agent);
    byQueue.clear();
  };
  const refresh = async (): Promise<void> => {
    const asked = heard;
    try {
      const reply = await bus.request('acd.agents', {}, { timeoutMs: 2_000 });
      for (const agent of reply.agents) if ((heardAt.get(agent.agentId) ?? 0) <= asked) keep(agent);
    } catch (error) {
      log.debug({ err: error }, 'the acd does not answer yet');
    }
  };
  const ofQueue = (queueId: QueueId): readonly AgentState[] => {
    let members = byQueue.get(queueId);
    if (!members) {
      members = [...agents.values()].filter((agent) => agent.state !== 'logged-out' && agent.queueIds.includes(queueId));
      byQueue.set(queueId, members);
    }
    return members;
  };

  return {
    start() {
      subscription = bus.subscribe('signal.agent-state', (agent) => {
        heard += 1;
        heardAt.set(agent.agentId, heard);
        keep(agent);
      });
      void refresh();
      timer = setInterval(() => void refresh(), refreshMs);
    },
    stop() {
      subscription?.stop();
      clearInterval(timer);
    },
    ofQueue,
    get: (agentId) => agents.get(agentId),
    overlap(queueId, other) {
      if (queueId === other) return 1;
      const others = ofQueue(other);
      return others.length === 0 ? 0 : others.filter((agent) => agent.queueIds.includes(queueId)).length / others.length;
    },
  };
}
