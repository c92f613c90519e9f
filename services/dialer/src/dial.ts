/**
 * From a wish to dial to INVITEs: ways, slots, block lists at this very moment, intent, originate. In this order, so that an
 * attempt is recorded only when its INVITE may leave, and an INVITE leaves only when its attempt is recorded.
 */
import { NoResponderError, type Requests } from '@ritmo/bus';
import { canonicalNumber, checkDial, dialString, nationalToRoute, nextDial, nextWay, startAttempt, waysFor, type AgentId, type CallId, type CampaignId, type DialCheck, type DialRules, type PhoneId, type QueueId, type TrunkId, type Way, type WithdrawReason } from '@ritmo/domain';
import type { KnownContact } from './contact-book.ts';
import type { DialerParts } from './parts.ts';
import { rulesOf } from './rules.ts';
import { withdraw } from './settle.ts';
import { readBlocked } from './work-index.ts';

export interface DialResult {
  /** Attempts whose intent is stored. */
  readonly started: readonly CallId[];
  /** Nothing wrong with them: there was no room. */
  readonly noRoom: readonly KnownContact[];
  /** Refused by a rule or by a conflict; their streams say which. */
  readonly refused: number;
}

interface Candidate {
  readonly contact: KnownContact;
  readonly ways: readonly Way[];
  readonly failedTrunkIds: readonly TrunkId[];
  /** Numbers under which block lists may know it. */
  readonly names: readonly string[];
  readonly number: { readonly areaCode: string; readonly number: string };
}

interface Placed extends Candidate {
  readonly way: Way;
  readonly slot: string;
}

export interface DialOptions {
  readonly agentId?: AgentId;
}

export async function dialContacts(parts: DialerParts, campaignId: CampaignId, contacts: readonly KnownContact[], options: DialOptions = {}): Promise<DialResult> {
  const rules = rulesOf(parts.context, campaignId);
  if (!rules) return { started: [], noRoom: contacts, refused: 0 };
  const { candidates, refused } = await sortOut(parts, rules, contacts);
  const { placed, noRoom, unused } = await reserve(parts, candidates);
  let started: CallId[] = [];
  let declined = 0;
  try {
    const blocked = await askBlockLists(parts, rules, placed);
    const ids = await parts.callIds.take(placed.length);
    const settled = await Promise.allSettled(placed.map((candidate, index) => start(parts, rules, candidate, ids[index] as CallId, blocked, options)));
    const results = settled.map((result) => (result.status === 'fulfilled' ? result.value : null));
    const failed = settled.find((result) => result.status === 'rejected');
    // Whether the intent was stored is not known: reconciliation finds it in the index and closes it, or it never was.
    if (failed) parts.context.log.error({ err: failed.reason as unknown, campaignId }, 'attempts could not be recorded and were not made');
    started = results.filter((callId) => callId !== null);
    declined = results.length - started.length;
    for (const [index, callId] of results.entries()) if (callId === null) unused.push((placed[index] as Placed).slot);
  } catch (error) {
    unused.push(...placed.map(({ slot }) => slot));
    throw error;
  } finally {
    if (unused.length > 0) parts.context.bus.request('telephony.release', { slots: unused }).catch(() => undefined);
  }
  return { started, noRoom, refused: refused + declined };
}

/** Those that a rule refuses now are told so in their streams, without taking a slot. */
async function sortOut(parts: DialerParts, rules: DialRules, contacts: readonly KnownContact[]): Promise<{ candidates: Candidate[]; refused: number }> {
  const nowMs = parts.context.clock.nowMs();
  const candidates: Candidate[] = [];
  const refusals: Promise<boolean>[] = [];
  for (const contact of contacts) {
    const dial = nextDial(contact.state);
    if (contact.state.status !== 'open' || !dial) continue;
    const check = checkDial(contact.state.contact, dial, nowMs, rules);
    const ways = check.ok ? waysOf(parts, rules, check.number) : [];
    if (!check.ok || ways.length === 0) {
      refusals.push(refuse(parts, rules, contact));
      continue;
    }
    const { number } = check;
    candidates.push({
      contact, ways, failedTrunkIds: dial.failedTrunkIds, number,
      names: namesOf(check, rules),
    });
  }
  await Promise.all(refusals);
  return { candidates, refused: refusals.length };
}

function waysOf({ context: { directory } }: DialerParts, { campaign }: DialRules, number: { areaCode: string; number: string; mobile: boolean }): readonly Way[] {
  const trunks = { get: (id: number) => directory.get('trunk', id) };
  return waysFor(nationalToRoute(number), directory.all('route'), trunks, { routeIds: campaign.routeIds, homeAreaCode: campaign.defaultAreaCode });
}

/** Every form under which a block list may have the number. */
export function namesOf({ phone, number }: DialCheck & { ok: true }, { campaign }: DialRules): readonly string[] {
  return [...new Set([number.areaCode + number.number, canonicalNumber(phone.areaCode, phone.number, campaign.defaultAreaCode), number.number, phone.number])];
}

const noCall = { callId: '' as CallId, way: undefined, dialString: '', callerId: '', agentId: null } as const;

/** Tells the contact's stream which rule refused it. */
export async function refuse(parts: DialerParts, rules: DialRules, contact: KnownContact, blocked: 'no' | { readonly blockListId: number } = 'no'): Promise<boolean> {
  const outcome = await parts.book.decideOnce(contact, (state) => startAttempt(state, { ...noCall, blocked, atMs: parts.context.clock.nowMs(), rules }));
  if (outcome.ok) countSkipped(parts, rules, outcome.facts);
  return outcome.ok;
}

function countSkipped({ metrics }: DialerParts, { campaign }: DialRules, facts: readonly { readonly type: string; readonly data: unknown }[]): void {
  for (const fact of facts) {
    if (fact.type === 'PhoneSkipped') metrics.skipped.inc({ campaign: campaign.id, rule: (fact.data as { rule: string }).rule });
  }
}

/**
 * Slots trunk by trunk. A trunk that is down or has no channel left hands over to the next one of the route; one that has only
 * used up its calls of this second keeps what is its own for the next tick.
 */
async function reserve(parts: DialerParts, candidates: readonly Candidate[]): Promise<{ placed: Placed[]; noRoom: KnownContact[]; unused: string[] }> {
  const { bus, log } = parts.context;
  const placed: Placed[] = [];
  const unused: string[] = [];
  const full = new Set<TrunkId>();
  const inNextTick = new Set<Candidate>();
  let waiting = [...candidates];
  for (;;) {
    const byTrunk = new Map<TrunkId, { candidate: Candidate; way: Way }[]>();
    for (const candidate of waiting) {
      if (inNextTick.has(candidate)) continue;
      const way = nextWay(candidate.ways, [...candidate.failedTrunkIds, ...full]);
      if (!way) continue;
      const list = byTrunk.get(way.trunkId) ?? [];
      list.push({ candidate, way });
      byTrunk.set(way.trunkId, list);
    }
    if (byTrunk.size === 0) break;
    await Promise.all(
      [...byTrunk].map(async ([trunkId, list]) => {
        // What a governor holds back keeps its trunk, as what the calls per second hold back does; a trunk that it stopped is full.
        const admitted = parts.shortCalls.admit(trunkId, list.length);
        if (parts.shortCalls.verdict(trunkId)?.factor === 0) return void full.add(trunkId);
        for (const { candidate } of list.splice(admitted)) inNextTick.add(candidate);
        if (list.length === 0) return;
        try {
          const reply = await bus.request('telephony.reserve', { trunkId, count: list.length }, { timeoutMs: 1_000 });
          parts.trunks.learn(trunkId, reply.channelsFree, reply.up);
          if (!reply.up || reply.channelsFree <= 0) full.add(trunkId);
          else for (const { candidate } of list.slice(reply.slots.length)) inNextTick.add(candidate);
          for (const [index, slot] of reply.slots.entries()) {
            const wish = list[index];
            if (wish) placed.push({ ...wish.candidate, way: wish.way, slot });
            else unused.push(slot);
          }
        } catch (error) {
          full.add(trunkId);
          log.debug({ err: error, trunkId }, 'no slots: telephony does not answer');
        }
      }),
    );
    const served = new Set(placed.map(({ contact }) => contact.contactId));
    waiting = waiting.filter(({ contact }) => !served.has(contact.contactId));
  }
  return { placed, noRoom: waiting.map(({ contact }) => contact), unused };
}

type BlockedAnswer = ReadonlyMap<string, number> | 'unknown';

async function askBlockLists({ context }: DialerParts, { campaign }: DialRules, placed: readonly Placed[]): Promise<BlockedAnswer> {
  try {
    return await readBlocked(context.database, placed.flatMap(({ names }) => names), campaign.blockListIds);
  } catch (error) {
    context.log.error({ err: error, campaignId: campaign.id }, 'block lists could not be asked: nothing is dialed');
    return 'unknown';
  }
}

let callerIdTurn = 0;

function callerIdFor({ context: { directory } }: DialerParts, { campaign }: DialRules, trunkId: TrunkId): string {
  const own = campaign.callerIds.length > 0 ? campaign.callerIds : (directory.get('trunk', trunkId)?.callerIds ?? []);
  callerIdTurn = (callerIdTurn + 1) % 1_000_000;
  return own[callerIdTurn % Math.max(own.length, 1)] ?? '';
}

async function start(parts: DialerParts, rules: DialRules, candidate: Placed, callId: CallId, blocked: BlockedAnswer, options: DialOptions): Promise<CallId | null> {
  const { context, book, calls, metrics } = parts;
  const { campaign } = rules;
  const { way, contact } = candidate;
  const trunk = context.directory.get('trunk', way.trunkId);
  if (!trunk || calls.hasContact(contact.contactId)) return null;
  const listId = blocked === 'unknown' ? undefined : candidate.names.map((name) => blocked.get(name)).find((id) => id !== undefined);
  const callerId = callerIdFor(parts, rules, way.trunkId);
  const dialed = dialString(trunk.dialFormat, candidate.number);
  const atMs = context.clock.nowMs();
  const outcome = await book.decideOnce(contact, (state) =>
    startAttempt(state, {
      atMs, rules, way, callId, callerId, dialString: dialed, agentId: options.agentId ?? null,
      blocked: blocked === 'unknown' ? 'unknown' : listId === undefined ? 'no' : { blockListId: listId },
    }),
  );
  if (!outcome.ok) return null;
  const attempt = outcome.contact.state.status === 'dialing' ? outcome.contact.state.attempt : null;
  if (attempt?.callId !== callId) {
    countSkipped(parts, rules, outcome.facts);
    return null;
  }
  const call = calls.add({ callId, campaignId: campaign.id as CampaignId, contactId: contact.contactId, phoneId: attempt.phoneId, trunkId: way.trunkId, startedAt: atMs });
  call.agentId = options.agentId ?? null;
  metrics.attempts.inc({ campaign: campaign.id });
  const refused = await originate(parts, rules, candidate, callId, dialed, callerId, attempt.phoneId);
  if (refused === null) return callId;
  context.log.warn({ callId, code: refused }, 'telephony refused an attempt; it is taken back');
  call.refused = refused;
  await withdraw(parts, call).catch((error: unknown) => context.log.error({ err: error, callId }, 'an attempt could not be taken back; trying again'));
  return null;
}

/** Further slots asked for when the first one lapsed. */
const mostRenewals = 5;
const renewalPauseMs = 100;

/** Null: the INVITE left, or may have left: then reconciliation tells. A refusal that is certain is told. */
async function originate(parts: DialerParts, { campaign }: DialRules, { contact, number, way, slot }: Placed, callId: CallId, dialed: string, callerId: string, phoneId: PhoneId): Promise<WithdrawReason | null> {
  const { bus, log } = parts.context;
  const { queueId } = campaign;
  const order = {
    callId, campaignId: campaign.id as CampaignId, contactId: contact.contactId, phoneId, queueId: queueId as QueueId,
    dialString: dialed, number: number.areaCode + number.number, trunkId: way.trunkId, routeId: way.routeId, callerId, ringTimeoutMs: campaign.ringTimeoutMs, record: campaign.record,
  };
  let reply: Requests['telephony.originate']['reply'];
  try {
    reply = await bus.request('telephony.originate', { ...order, slot });
    // The intent took longer than the slot's lease. The refusal is certain, so the same attempt may ask for another slot.
    for (let renewal = 0; renewal < mostRenewals && !reply.ok && reply.code === 'slot-lapsed'; renewal += 1) {
      const another = await reserveOne(parts, way.trunkId);
      if (another === undefined) await new Promise((resolve) => setTimeout(resolve, renewalPauseMs));
      else reply = await bus.request('telephony.originate', { ...order, slot: another });
    }
  } catch (error) {
    // An order that nobody heard cannot be carried out; one that was heard and not answered may be.
    if (error instanceof NoResponderError) return 'no-telephony';
    log.error({ err: error, callId }, 'telephony did not answer an attempt; reconciliation will tell what became of it');
    return null;
  }
  return reply.ok || reply.code === 'duplicate' ? null : reply.code;
}

/** Its failure says nothing about the order. */
async function reserveOne({ context }: DialerParts, trunkId: TrunkId): Promise<string | undefined> {
  const reply = await context.bus.request('telephony.reserve', { trunkId, count: 1 }).catch(() => null);
  return reply?.slots[0];
}
