/** The directory's changes, as they come: agents, queues, statuses. Calls in progress go on. */
import { asExtension, asId, type Agent, type AgentId, type PhoneStatus, type Queue, type QueueId, type UserStatusId } from '@ritmo/domain';
import { IndexedHeap } from './indexed-heap.ts';
import { agentChanged, takeSeatsAnew } from './matching.ts';
import { clearTimer, loggedOut, type AgentEntry, type Core, type QueueEntry, type Seat } from './model.ts';
import { orderOfCalls, orderOfSeats } from './order.ts';
import { blockedChanged } from './status.ts';

export function putAgent(core: Core, config: Agent): void {
  const id = asId<AgentId>(config.id);
  const extension = asExtension(config.extension);
  const known = core.agents.get(id);
  if (known) {
    const own = asExtension(known.config.extension);
    known.config = config;
    if (own !== extension) moveExtension(core, known, own, extension);
    blockedChanged(core, known);
    agentChanged(core, known);
    return;
  }
  const agent: AgentEntry = {
    id,
    config,
    station: extension,
    statusId: loggedOut,
    statusSinceAt: core.nowMs,
    phase: { kind: 'idle' },
    calls: new Map(),
    idleSinceAt: core.nowMs,
    callsTaken: 0,
    missedInRow: 0,
    seats: [],
    timer: null,
    told: null,
    phoneStatus: 4,
  };
  core.agents.set(id, agent);
  core.byExtension.set(extension, agent);
  if (!core.byStation.has(extension)) core.byStation.set(extension, agent);
  for (const queue of core.queues.values()) {
    const member = queue.config.members.find(({ agentId }) => agentId === config.id);
    if (member) addSeat(queue, agent, member);
  }
  agentChanged(core, agent);
}

function moveExtension(core: Core, agent: AgentEntry, from: string, to: ReturnType<typeof asExtension>): void {
  const before = asExtension(from);
  if (core.byExtension.get(before) === agent) core.byExtension.delete(before);
  core.byExtension.set(to, agent);
  if (agent.station !== before) return;
  if (core.byStation.get(before) === agent) core.byStation.delete(before);
  agent.station = to;
  core.byStation.set(to, agent);
}

/** The calls of a removed agent go on; nothing new comes to it. */
export function removeAgent(core: Core, id: AgentId): void {
  const agent = core.agents.get(id);
  if (!agent) return;
  for (const seat of agent.seats) {
    seat.queue.free.remove(seat);
    seat.queue.seats = seat.queue.seats.filter((other) => other !== seat);
  }
  agent.seats = [];
  agent.timer = clearTimer(core, agent.timer);
  agent.statusId = loggedOut;
  agentChanged(core, agent);
  core.agents.delete(id);
  const extension = asExtension(agent.config.extension);
  if (core.byExtension.get(extension) === agent) core.byExtension.delete(extension);
  if (core.byStation.get(agent.station) === agent) core.byStation.delete(agent.station);
}

export function putQueue(core: Core, config: Queue): void {
  const id = asId<QueueId>(config.id);
  const queue: QueueEntry = core.queues.get(id) ?? {
    id,
    config,
    seats: [],
    free: new IndexedHeap(orderOfSeats(config.strategy)),
    waiting: new IndexedHeap(orderOfCalls),
  };
  core.queues.set(id, queue);
  queue.config = config;
  const affected = new Set(queue.seats.map((seat) => seat.agent));
  dropSeats(queue);
  queue.free = new IndexedHeap(orderOfSeats(config.strategy));
  for (const member of config.members) {
    const agent = core.agents.get(asId<AgentId>(member.agentId));
    if (!agent) continue;
    addSeat(queue, agent, member);
    affected.add(agent);
  }
  for (const agent of affected) agentChanged(core, agent);
}

/** Who waits in a removed queue is told to go: nobody will ever be offered there. */
export function removeQueue(core: Core, id: QueueId): void {
  const queue = core.queues.get(id);
  if (!queue) return;
  const affected = new Set(queue.seats.map((seat) => seat.agent));
  dropSeats(queue);
  core.queues.delete(id);
  for (const call of queue.waiting.values()) {
    core.effects.push({ kind: 'hangup', callId: call.id, by: 'system', reason: 'the queue was removed' });
  }
  for (const agent of affected) agentChanged(core, agent);
}

function addSeat(queue: QueueEntry, agent: AgentEntry, member: Queue['members'][number]): void {
  const seat: Seat = { agent, queue, priority: member.priority, skill: member.skill, heapIndex: -1 };
  agent.seats.push(seat);
  queue.seats.push(seat);
}

function dropSeats(queue: QueueEntry): void {
  for (const seat of queue.seats) {
    queue.free.remove(seat);
    seat.agent.seats = seat.agent.seats.filter((other) => other !== seat);
  }
  queue.seats = [];
}

/** A status may have become a pause, or stopped being one. */
export function statusesChanged(core: Core): void {
  for (const agent of core.agents.values()) agentChanged(core, agent);
}

export interface RememberedAgent {
  readonly agentId: AgentId;
  readonly statusId: UserStatusId;
  readonly statusSinceAt: number;
  /** As it was last told: of a phone that rang or talked when the process died, and is not there any more, nobody would tell otherwise. */
  readonly phoneStatus?: PhoneStatus;
}

/** What the agent's stream says of the time before this process. Facts are not told again. */
export function rememberAgent(core: Core, before: RememberedAgent): void {
  const agent = core.agents.get(before.agentId);
  if (!agent) return;
  if (before.statusSinceAt > 0) {
    agent.statusId = before.statusId;
    agent.statusSinceAt = before.statusSinceAt;
  }
  agent.phoneStatus = before.phoneStatus ?? agent.phoneStatus;
  // Blocked while no acd ran.
  blockedChanged(core, agent);
  agentChanged(core, agent);
}

/** Midnight: fewest-calls counts anew. */
export function dayBegan(core: Core): void {
  for (const agent of core.agents.values()) {
    agent.callsTaken = 0;
    takeSeatsAnew(core, agent);
  }
}
