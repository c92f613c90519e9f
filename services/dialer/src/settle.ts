/** How attempts end: what the wire and the acd said becomes outcome, disposition and next step. */
import { asCallId, endAttempt, nationalToRoute, nextWay, phoneOf, readBrazilianNumber, streams, upcast, waysFor, withdrawAttempt, type AttemptOutcome, type Contact, type DomainEvent, type OpenAttempt, type TrunkId } from '@ritmo/domain';
import type { CallInFlight } from './calls-in-flight.ts';
import type { DialerParts } from './parts.ts';
import { isFinishing } from './rules.ts';

export interface Settled {
  readonly call: CallInFlight;
  readonly outcome: AttemptOutcome;
  /** Another trunk is to be tried at once. */
  readonly failover: boolean;
  readonly ended: DomainEvent<'CallEnded'> | null;
}

/** Stores the end of an attempt, once. Resolves with null when it had ended already. Rejects when it could not be stored. */
export async function settle(parts: DialerParts, call: CallInFlight): Promise<Settled | null> {
  const { book, calls, metrics, settings } = parts;
  const { directory, clock } = parts.context;
  const outcome = await outcomeOf(parts, call);
  const { ended } = call;
  const campaign = directory.get('campaign', call.campaignId) ?? { retries: [], maxAttempts: 1 };
  const result = await book.decide(call.contactId, (state) =>
    endAttempt(state, {
      atMs: ended?.at ?? clock.nowMs(),
      callId: call.callId,
      outcome,
      agentId: call.agentId,
      sipCode: ended?.data.sipCode ?? null,
      q850: ended?.data.q850 ?? null,
      ringMs: ended?.data.ringMs ?? 0,
      billMs: ended?.data.billMs ?? 0,
      campaign,
      failoverTrunkId: state.status === 'dialing' && outcome === 'trunk-failure' ? failoverTrunk(parts, state.contact, state.attempt) : null,
      isFinishing: isFinishing(parts.context),
      dispositionWaitMs: settings.dispositionWaitMs,
    }),
  );
  calls.remove(call.callId);
  if (!result.ok) return null;
  metrics.ended.inc({ campaign: call.campaignId, outcome });
  const next = result.facts.find((fact) => fact.type === 'AttemptEnded')?.data as { next: { kind: string } } | undefined;
  return { call, outcome, failover: next?.next.kind === 'failover', ended };
}

/** Takes an attempt back that telephony refused for certain. Rejects when that could not be stored: reconciliation tries again. */
export async function withdraw({ book, calls, metrics, context }: DialerParts, call: CallInFlight): Promise<void> {
  const { refused } = call;
  if (refused === null || call.ending) return;
  call.ending = true;
  try {
    const result = await book.decide(call.contactId, (state) => withdrawAttempt(state, { atMs: context.clock.nowMs(), callId: call.callId, reason: refused }));
    calls.remove(call.callId);
    if (result.ok) metrics.ended.inc({ campaign: call.campaignId, outcome: 'withdrawn' });
  } finally {
    call.ending = false;
  }
}

/**
 * Delivered and abandoned are the acd's words. When the bus did not bring them they are read in the call's own stream; and
 * because the acd stores its facts by itself, some time after it said them, its word may come after the wire's last one.
 */
async function outcomeOf(parts: DialerParts, call: CallInFlight): Promise<AttemptOutcome> {
  const wire = call.ended?.data.wireOutcome ?? 'interrupted';
  if (wire !== 'answered' && wire !== 'interrupted') return wire;
  if (wire === 'answered' || call.answeredAt !== null) await hearTheAcd(parts, call);
  if (call.deliveredAt !== null) return 'delivered';
  if (call.detection === 'machine') return 'machine';
  return wire === 'interrupted' ? 'interrupted' : 'abandoned';
}

/** How long the acd's word is waited for; without one the person was never given an agent. */
const verdictWaitMs = 2_000;
const verdictStepMs = 100;

async function hearTheAcd({ context }: DialerParts, call: CallInFlight): Promise<void> {
  const until = performance.now() + verdictWaitMs;
  while (call.deliveredAt === null && !call.abandoned && call.detection !== 'machine') {
    for (const event of await context.events.readStream(streams.call(asCallId(call.callId)))) hear(call, upcast(event));
    if (call.deliveredAt !== null || call.abandoned || performance.now() >= until) return;
    await new Promise((resolve) => setTimeout(resolve, verdictStepMs));
  }
}

/** Facts that say how a call in flight goes. */
export const heardTypes = ['CallAnswered', 'AnswerClassified', 'CallQueued', 'OfferMade', 'OfferMissed', 'CallDelivered', 'CallAbandoned', 'CallEnded'] as const;
export type HeardFact = DomainEvent<(typeof heardTypes)[number]>;
const isHeard = (fact: DomainEvent): fact is HeardFact => (heardTypes as readonly string[]).includes(fact.type);

/** What a fact of the call means for what is believed of it. */
export function hear(call: CallInFlight, fact: DomainEvent): void {
  if (!isHeard(fact)) return;
  switch (fact.type) {
    case 'CallAnswered':
      call.stage = call.stage === 'dialing' ? 'waiting' : call.stage;
      call.answeredAt ??= fact.at;
      if (call.detection === null) call.graceFrom ??= fact.at;
      return;
    case 'AnswerClassified':
      if (call.detection === 'person' || call.detection === 'machine') return;
      if (call.detection === 'running') call.graceFrom = fact.at;
      call.detection = fact.data.verdict;
      return;
    case 'CallQueued':
    case 'OfferMissed':
      if (call.stage !== 'delivered') call.stage = 'waiting';
      return;
    case 'OfferMade':
      if (call.stage !== 'delivered') call.stage = 'offering';
      return;
    case 'CallDelivered':
      call.stage = 'delivered';
      call.answeredAt ??= fact.at;
      call.deliveredAt ??= fact.at;
      if (call.detection === 'running') call.detection = 'person';
      call.agentId = fact.data.agentId;
      return;
    case 'CallAbandoned':
      call.abandoned = true;
      return;
    case 'CallEnded':
      call.ended ??= fact;
      return;
  }
}

function failoverTrunk(parts: DialerParts, contact: Contact, attempt: OpenAttempt): TrunkId | null {
  const { directory } = parts.context;
  const campaign = directory.get('campaign', contact.campaignId);
  const phone = phoneOf(contact, attempt.phoneId);
  if (!campaign || !phone) return null;
  const number = readBrazilianNumber(phone.areaCode, phone.number, campaign.defaultAreaCode);
  if (!number.ok) return null;
  const ways = waysFor(nationalToRoute(number), directory.all('route'), { get: (id) => directory.get('trunk', id) }, { routeIds: campaign.routeIds, homeAreaCode: campaign.defaultAreaCode });
  return nextWay(ways, [...attempt.failedTrunkIds, attempt.trunkId])?.trunkId ?? null;
}
