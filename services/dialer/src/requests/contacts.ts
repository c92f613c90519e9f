/** What integrators and agents do to contacts that are there already. */
import type { Requests } from '@ritmo/bus';
import {
  addNote, addPhone, changeParameter, evolve, excludePhone, namesPhone, readBrazilianNumber, setDisposition, shippedDispositions, streams,
  type Actor, type AgentId, type CallId, type ContactPhone, type ContactState, type Decided, type DomainEvent, type PhoneId, type PhoneState,
} from '@ritmo/domain';
import type { KnownContact } from '../contact-book.ts';
import type { DialerParts } from '../parts.ts';
import { findByParameter } from '../parameters.ts';
import { findByPhone, readCampaignPage } from '../work-index.ts';
import type { TakeIds } from './import-ids.ts';

type Reply<S extends keyof Requests> = Promise<Requests[S]['reply']>;

const pageSize = 500;
const excludedAtOnce = 100;

/** Contacts whose parameter has this value, as they are now. */
async function contactsBy(parts: DialerParts, campaignId: number, index: number, value: string): Promise<readonly KnownContact[]> {
  // The index may still show a value that was changed a moment ago.
  const has = ({ state }: KnownContact): boolean => state.status !== 'none' && (state.contact.parameters[index - 1] ?? '') === value;
  const look = async () => (await findByParameter(parts.context.database, campaignId, index, value)).map((row) => parts.book.newest(row)).filter(has);
  const found = await look();
  if (found.length > 0) return found;
  // Imported or changed a moment ago, perhaps: an integrator need not wait between two calls.
  await parts.indexed();
  return look();
}

function namedPhone(contact: KnownContact, number: string): PhoneState | undefined {
  if (contact.state.status === 'none') return undefined;
  const { phones, last } = contact.state.contact;
  // Without a number it is the phone that was called last (manual 1.2.2.7 names contacts by Parâmetro 1 alone).
  if (number.trim() === '') return phones.find((phone) => phone.phoneId === last?.phoneId) ?? firstOf(phones);
  return phones.find((phone) => phone.number === number) ?? phones.find((phone) => namesPhone(number, phone));
}

/** By priority; one that was excluded only when all were. */
function firstOf(phones: readonly PhoneState[]): PhoneState | undefined {
  const left = phones.filter(({ status }) => status !== 'excluded');
  return (left.length > 0 ? left : phones).toSorted((a, b) => a.priority - b.priority)[0];
}

export async function setDispositionByNumber(parts: DialerParts, request: Requests['dialer.disposition.set']['request']): Reply<'dialer.disposition.set'> {
  const { directory, clock } = parts.context;
  const disposition = directory.get('disposition', request.dispositionId);
  const agent = directory.all('agent').find(({ extension }) => extension === request.extension);
  const found = (await contactsBy(parts, request.campaignId, 1, request.parameter1)).flatMap((contact) => {
    const phone = namedPhone(contact, request.number);
    return phone ? [{ contact, phone }] : [];
  });
  if (found.length === 0) return { ok: false, code: 'contact-not-found' };
  if (!disposition) return { ok: false, code: 'unknown-disposition' };
  if (!agent) return { ok: false, code: 'unknown-agent' };
  // The same client may have been imported more than once: the call says which, else the one in the works, else the newest.
  const [best] = found.toSorted((a, b) => relevance(b.contact, request.callId) - relevance(a.contact, request.callId));
  if (!best) return { ok: false, code: 'contact-not-found' };
  const agentId = agent.id as AgentId;
  const set = async (open: number): Reply<'dialer.disposition.set'> => {
    const outcome = await parts.book.decide(best.contact.contactId, (state) =>
      setDisposition(state, {
        atMs: clock.nowMs(),
        phoneId: best.phone.phoneId,
        disposition,
        callId: request.callId,
        agentId,
        extension: request.extension,
        dateAt: request.at,
        maxCallbacksPerContact: directory.get('campaign', request.campaignId)?.maxCallbacksPerContact ?? 0,
        agentCallbacks: { open, most: agent.maxCallbacks },
        by: request.by,
      }),
    );
    return outcome.ok ? { ok: true } : outcome;
  };
  return disposition.id === shippedDispositions.agentCallback ? parts.callbackTurns(agentId, set) : set(0);
}

function relevance({ state }: KnownContact, callId: string | null): number {
  if (state.status === 'none') return 0;
  if (callId !== null && (state.contact.last?.callId === callId || (state.status === 'dialing' && state.attempt.callId === callId))) return 4;
  if (state.status === 'dialing') return 3;
  if (state.contact.last?.awaitsDisposition === true) return 2;
  return state.status === 'finished' ? 0 : 1;
}

export async function addPhoneByParameter(parts: DialerParts, phoneIds: TakeIds, request: Requests['dialer.phone.add']['request']): Reply<'dialer.phone.add'> {
  const campaign = parts.context.directory.get('campaign', request.campaignId);
  if (!campaign) return { ok: false, code: 'unknown-campaign' };
  if (!isParameter(request.parameterIndex, campaign.parameters.length)) return { ok: false, code: 'unknown-parameter' };
  const found = await contactsBy(parts, request.campaignId, request.parameterIndex, request.parameterValue);
  if (found.length > 1) return { ok: false, code: 'several-contacts' };
  const [contact] = found;
  if (!contact) return { ok: false, code: 'contact-not-found' };
  const reading = readBrazilianNumber(request.areaCode, request.number, campaign.defaultAreaCode);
  if (!reading.ok) return { ok: false, code: 'invalid-number', detail: reading.reason };
  const [phoneId] = (await phoneIds(1)) as PhoneId[];
  const number = request.number.replace(/\D/g, '');
  const phone: ContactPhone = {
    phoneId: phoneId as PhoneId, priority: request.priority, areaCode: reading.areaCode, number: number.length > 9 ? reading.number : number, dialNow: false, dialAt: null,
  };
  const outcome = await parts.book.decide(contact.contactId, (state) =>
    addPhone(state, { atMs: parts.context.clock.nowMs(), phone, maxPhones: campaign.maxPhones, by: request.by }),
  );
  return outcome.ok ? { ok: true, phoneId: phone.phoneId } : outcome;
}

const isParameter = (index: number, declared: number): boolean => Number.isInteger(index) && index >= 1 && index <= Math.max(declared, 2);

/** The call of this phone in which an agent talks: the call's own stream knows, whichever process dialed it. */
async function deliveredCallOf({ context }: DialerParts, { state }: KnownContact, phoneId: PhoneId): Promise<CallId | null> {
  if (state.status !== 'dialing' || state.attempt.phoneId !== phoneId) return null;
  const { callId } = state.attempt;
  return (await context.events.readStream(streams.call(callId))).some(({ type }) => type === 'CallDelivered') ? callId : null;
}

/** One phone, or all phones of a campaign; of these, those in an intermediate status stay. */
export async function excludePhones(parts: DialerParts, request: Requests['dialer.phone.exclude']['request']): Reply<'dialer.phone.exclude'> {
  const { database, directory } = parts.context;
  if (request.phoneId !== null) return excludeOnePhone(parts, request.phoneId, request.by);
  if (request.campaignId === null || !directory.get('campaign', request.campaignId)) return { ok: false, code: 'unknown-campaign' };
  await parts.indexed();
  let excluded = 0;
  for (let after = 0; ; ) {
    const page = await readCampaignPage(database, request.campaignId, after, pageSize);
    // Side by side, so that their events share transactions.
    for (let first = 0; first < page.length; first += excludedAtOnce) {
      const counts = page.slice(first, first + excludedAtOnce).map((row) => excludeEveryPhone(parts, parts.book.newest(row), request.by));
      for (const count of await Promise.all(counts)) excluded += count;
    }
    const last = page.at(-1);
    if (!last) return { ok: true, excluded };
    after = last.contactId;
  }
}

async function excludeOnePhone(parts: DialerParts, phoneId: PhoneId, by: Actor): Reply<'dialer.phone.exclude'> {
  const { database, clock } = parts.context;
  let row = await findByPhone(database, phoneId);
  if (!row) {
    await parts.indexed();
    row = await findByPhone(database, phoneId);
  }
  if (!row) return { ok: false, code: 'not-found' };
  const deliveredCallId = await deliveredCallOf(parts, await parts.book.load(row.contactId), phoneId);
  const outcome = await parts.book.decide(row.contactId, (state) => excludePhone(state, { atMs: clock.nowMs(), phoneId, deliveredCallId, by }));
  return outcome.ok ? { ok: true, excluded: 1 } : outcome;
}

/** All phones of a contact in one decision; those in an intermediate status stay. Resolves with how many went. */
async function excludeEveryPhone(parts: DialerParts, known: KnownContact, by: Actor): Promise<number> {
  const dialed = known.state.status === 'dialing' ? known.state.attempt.phoneId : null;
  const deliveredCallId = dialed === null ? null : await deliveredCallOf(parts, known, dialed);
  const decision = (state: ContactState): Decided<never> => {
    const facts: DomainEvent[] = [];
    let now = state;
    for (const { phoneId } of state.status === 'none' ? [] : state.contact.phones) {
      const decided = excludePhone(now, { atMs: parts.context.clock.nowMs(), phoneId, deliveredCallId, by });
      if (!decided.ok) continue;
      facts.push(...decided.facts);
      now = decided.facts.reduce(evolve, now);
    }
    return { ok: true, facts };
  };
  const first = await parts.book.decideOnce(known, decision);
  const outcome = first.ok ? first : await parts.book.decide(known.contactId, decision);
  return outcome.ok ? outcome.facts.filter(({ type }) => type === 'PhoneExcluded').length : 0;
}

export async function changeContact(parts: DialerParts, request: Requests['dialer.contact.change']['request']): Reply<'dialer.contact.change'> {
  const campaign = parts.context.directory.get('campaign', request.campaignId);
  if (!campaign) return { ok: false, code: 'unknown-campaign' };
  const declared = campaign.parameters.length;
  if (!isParameter(request.parameterIndex, declared) || !isParameter(request.newParameterIndex, declared)) return { ok: false, code: 'unknown-parameter' };
  const found = await contactsBy(parts, request.campaignId, request.parameterIndex, request.value);
  if (found.length > 1) return { ok: false, code: 'several-contacts' };
  const [contact] = found;
  if (!contact) return { ok: false, code: 'contact-not-found' };
  const outcome = await parts.book.decide(contact.contactId, (state) =>
    changeParameter(state, { atMs: parts.context.clock.nowMs(), index: request.newParameterIndex, value: request.newValue, by: request.by }),
  );
  return outcome.ok ? { ok: true, changed: 1 } : { ok: false, code: 'contact-not-found' };
}

export async function addContactNote(parts: DialerParts, request: Requests['dialer.note.add']['request']): Reply<'dialer.note.add'> {
  const outcome = await parts.book.decide(request.contactId, (state) => {
    const foreign = state.status !== 'none' && state.contact.campaignId !== request.campaignId;
    return foreign
      ? { ok: false as const, code: 'contact-not-found' as const }
      : addNote(state, { atMs: parts.context.clock.nowMs(), phoneId: request.phoneId, extension: request.extension, text: request.text });
  });
  return outcome.ok ? { ok: true } : outcome;
}
