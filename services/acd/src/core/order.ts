import type { Queue } from '@ritmo/domain';
import type { AgentEntry, CallEntry, Seat } from './model.ts';

/** Longest idle first; the id makes the order total, so that a run can be repeated. */
const byIdle = (a: AgentEntry, b: AgentEntry): number => a.idleSinceAt - b.idleSinceAt || a.id - b.id;

/** Which free agent gets the next call of a queue: negative when `a` does. */
export function orderOfSeats(strategy: Queue['strategy']): (a: Seat, b: Seat) => number {
  switch (strategy) {
    case 'longest-idle':
      return (a, b) => byIdle(a.agent, b.agent);
    case 'fewest-calls':
      return (a, b) => a.agent.callsTaken - b.agent.callsTaken || byIdle(a.agent, b.agent);
    case 'priority':
      return (a, b) => a.priority - b.priority || byIdle(a.agent, b.agent);
    case 'skill':
      return (a, b) => b.skill - a.skill || byIdle(a.agent, b.agent);
  }
}

/** Which waiting call goes first: the lower priority number, then who waits longest. */
export function orderOfCalls(a: CallEntry, b: CallEntry): number {
  return a.priority - b.priority || a.enteredAt - b.enteredAt || a.sequence - b.sequence;
}
