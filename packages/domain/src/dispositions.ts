import type { DispositionId } from './ids.ts';

const id = (value: number): DispositionId => value as DispositionId;

/** Dispositions that ship (rulings.md). Their names are the manual's words and travel as data. */
export const shippedDispositions = {
  deliveredToAgent: id(3),
  busy: id(7),
  noAnswer: id(8),
  dialing: id(9),
  abandoned: id(11),
  routeUnavailable: id(12),
  invalidNumber: id(13),
  inIvr: id(20),
  waitingInQueue: id(21),
  deliveredWithoutDisposition: id(22),
  agentNotified: id(23),
  answeringMachine: id(24),
  blocked: id(25),
  cancelled: id(26),
  agentCallback: id(1002),
} as const;

/** How one attempt came out, in the field's terms. */
export type AttemptOutcome =
  | 'delivered'
  | 'abandoned'
  | 'machine'
  | 'busy'
  | 'no-answer'
  | 'invalid-number'
  | 'rejected'
  | 'trunk-failure'
  | 'cancelled'
  /** The process died while the call was up or on its way. */
  | 'interrupted';
