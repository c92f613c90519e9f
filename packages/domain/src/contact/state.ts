/** What is known of a contact: everything that a decision about it needs, and nothing more. Plain JSON, kept as a snapshot. */
import type { AttemptOutcome } from '../dispositions.ts';
import type { ContactPhone, DomainEvent } from '../events.ts';
import type { AgentId, CallId, CampaignId, ContactId, DispositionId, PhoneId, TrunkId } from '../ids.ts';

export interface PhoneState {
  readonly phoneId: PhoneId;
  readonly priority: number;
  readonly areaCode: string;
  readonly number: string;
  /** done: the strategy is through with it. A callback may still ring it. */
  readonly status: 'waiting' | 'done' | 'excluded';
  readonly attempts: number;
  readonly tries: Readonly<Partial<Record<AttemptOutcome, number>>>;
  readonly dispositionId: DispositionId | null;
}

export interface PlannedDial {
  readonly phoneId: PhoneId;
  readonly at: number;
  readonly reason: 'fresh' | 'retry' | 'failover' | 'callback' | 'dial-now';
  /** failover: trunks that failed in this round. */
  readonly failedTrunkIds: readonly TrunkId[];
}

export interface AgentCallback {
  readonly phoneId: PhoneId;
  readonly at: number;
  readonly agentId: AgentId | null;
  /** The agent has been told. Absent: its minute is still to come. */
  readonly announced?: true;
}

export interface LastAttempt {
  readonly callId: CallId;
  readonly phoneId: PhoneId;
  readonly dispositionId: DispositionId;
  /** Delivered, and the agent has said nothing yet. */
  readonly awaitsDisposition: boolean;
}

export interface Contact {
  readonly contactId: ContactId;
  readonly campaignId: CampaignId;
  readonly parameters: readonly string[];
  readonly phones: readonly PhoneState[];
  /** The strategy's next step. It rests while something is scheduled. */
  readonly plan: PlannedDial | null;
  /** Dialed at their time, ahead of filters and restrictions. */
  readonly scheduled: readonly PlannedDial[];
  /** Only warned about. The strategy rests while there is one; one that was announced goes when somebody says what came of it. */
  readonly agentCallbacks: readonly AgentCallback[];
  /** Callbacks ever made for this contact. */
  readonly callbacks: number;
  readonly attempts: number;
  /** When attempts began, of the last two days. */
  readonly recentAttemptsAt: readonly number[];
  readonly last: LastAttempt | null;
}

export interface OpenAttempt {
  readonly callId: CallId;
  readonly phoneId: PhoneId;
  readonly trunkId: TrunkId;
  readonly startedAt: number;
  readonly failedTrunkIds: readonly TrunkId[];
  /** Scheduled dials that this attempt is: they come back if it is withdrawn. Absent: none. */
  readonly taken?: readonly PlannedDial[];
  /** What the agent said while the call was up. */
  readonly dispositionId: DispositionId | null;
  readonly agentId: AgentId | null;
  /** What that disposition does when the call is over. */
  readonly effect: 'none' | 'finished' | 'rescheduled';
  /** The finishing disposition, when it was said of another phone of the contact. Absent: it was not. */
  readonly finishedBy?: DispositionId;
}

export type ContactState =
  | { readonly status: 'none' }
  | { readonly status: 'open'; readonly contact: Contact }
  /** Preview: shown to an agent who has not answered yet. */
  | { readonly status: 'offered'; readonly contact: Contact; readonly offer: { readonly phoneId: PhoneId; readonly agentId: AgentId; readonly at: number } }
  | { readonly status: 'dialing'; readonly contact: Contact; readonly attempt: OpenAttempt }
  | {
      readonly status: 'finished';
      readonly contact: Contact;
      readonly reason: 'disposition' | 'exhausted' | 'excluded';
      readonly dispositionId: DispositionId | null;
      readonly at: number;
    };

export const noContact: ContactState = { status: 'none' };

export const newPhone = (phone: ContactPhone): PhoneState => ({
  phoneId: phone.phoneId,
  priority: phone.priority,
  areaCode: phone.areaCode,
  number: phone.number,
  status: 'waiting',
  attempts: 0,
  tries: {},
  dispositionId: null,
});

export const phoneOf = (contact: Contact, phoneId: PhoneId): PhoneState | undefined => contact.phones.find((phone) => phone.phoneId === phoneId);

/** The waiting phone that the strategy takes next, in order of priority. */
export function firstWaiting(phones: readonly PhoneState[], except: PhoneId | null = null): PhoneState | undefined {
  let best: PhoneState | undefined;
  for (const phone of phones) {
    if (phone.status !== 'waiting' || phone.phoneId === except) continue;
    if (best === undefined || phone.priority < best.priority) best = phone;
  }
  return best;
}

/** Those whose minute is still to come. */
export const openAgentCallbacks = ({ agentCallbacks }: Contact): readonly AgentCallback[] => agentCallbacks.filter(({ announced }) => announced !== true);

/** What is dialed next and when; null when nothing is dialed by itself. */
export function nextDial(state: ContactState): PlannedDial | null {
  if (state.status !== 'open') return null;
  const { scheduled, plan, agentCallbacks } = state.contact;
  let first: PlannedDial | null = null;
  for (const dial of scheduled) {
    if (first === null || dial.at < first.at || (dial.at === first.at && dial.reason === 'dial-now' && first.reason !== 'dial-now')) first = dial;
  }
  if (first !== null) return first;
  if (agentCallbacks.length > 0) return null;
  return plan;
}

/** Dialed at its time, whatever filters and restrictions say. Block lists still hold. */
export const isScheduled = (dial: PlannedDial): boolean => dial.reason === 'callback' || dial.reason === 'dial-now';

/** A failure of a command that its sender is expected to handle. */
export interface Refused<C extends string> {
  readonly ok: false;
  readonly code: C;
  readonly detail?: string;
}
export type Decided<C extends string> = { readonly ok: true; readonly facts: readonly DomainEvent[] } | Refused<C>;

export const decided = (...facts: DomainEvent[]): { readonly ok: true; readonly facts: readonly DomainEvent[] } => ({ ok: true, facts });
export function refused<C extends string>(code: C, detail?: string): Refused<C> {
  return detail === undefined ? { ok: false, code } : { ok: false, code, detail };
}
