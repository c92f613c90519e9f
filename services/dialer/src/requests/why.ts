/** Why a phone was or was not dialed: from its contact's events, and from what the rules say at this moment. */
import type { Requests, WhyAnswer } from '@ritmo/bus';
import {
  checkDial, isScheduled, nextDial, numberTail, openAgentCallbacks, onlyDigits, streams, upcast, waysFor, nationalToRoute,
  type CampaignId, type Contact, type ContactState, type DomainEvent, type PhoneId, type PhoneState,
} from '@ritmo/domain';
import type { DialerParts } from '../parts.ts';
import { rulesOf } from '../rules.ts';
import { countAhead, findByTail, rankOf, readBlocked } from '../work-index.ts';

type Why = Requests['dialer.why'];

const mostContacts = 20;
const mostHistory = 50;
const mostAhead = 10_000;

interface Verdict {
  readonly state: string;
  readonly rule: string;
  readonly explanation: string;
  readonly nextAt: number | null;
}

export async function whyAnswers(parts: DialerParts, { number, campaignId }: Why['request'], isActive: (campaignId: CampaignId) => Promise<boolean>): Promise<Why['reply']> {
  const tail = numberTail(number);
  const rows = tail.length < 8 ? [] : await findByTail(parts.context.database, tail, campaignId, mostContacts);
  const found: WhyAnswer[] = [];
  for (const row of rows) {
    const { contactId, state } = await parts.book.load(row.contactId);
    if (state.status === 'none') continue;
    const stored = await parts.context.events.readStream(streams.contact(contactId));
    const facts = stored.map((event) => upcast(event));
    for (const phone of state.contact.phones.filter((candidate) => numberTail(candidate.number) === tail)) {
      const verdict = await judge(parts, state, phone, await isActive(state.contact.campaignId));
      found.push({
        campaignId: state.contact.campaignId,
        campaignName: parts.context.directory.get('campaign', state.contact.campaignId)?.name ?? `campaign ${state.contact.campaignId}`,
        contactId,
        phoneId: phone.phoneId,
        ...verdict,
        history: facts.flatMap((fact) => line(fact, phone.phoneId)).slice(-mostHistory),
      });
    }
  }
  return { phone: onlyDigits(number), found };
}

async function judge(parts: DialerParts, state: Exclude<ContactState, { status: 'none' }>, phone: PhoneState, active: boolean): Promise<Verdict> {
  const say = (rule: string, explanation: string, nextAt: number | null = null): Verdict => ({ state: state.status, rule, explanation, nextAt });
  const { contact } = state;
  const rules = rulesOf(parts.context, contact.campaignId);
  if (!rules) return say('unknown-campaign', 'the campaign is no longer configured');
  if (phone.status === 'excluded') return say('excluded', 'the phone was excluded from the campaign');
  if (state.status === 'finished') return say('finished', finishedBecause(parts, state));
  if (state.status === 'dialing') {
    return state.attempt.phoneId === phone.phoneId ? say('in-progress', `attempt ${state.attempt.callId} is in progress`) : say('other-phone', 'another phone of the contact is being called');
  }
  if (state.status === 'offered') return say('preview', `shown to agent ${state.offer.agentId}, who has not answered yet`);
  const blocked = await blockedBy(parts, rules.campaign.blockListIds, phone);
  if (blocked !== null) return say('blocked', `the number is on block list ${blocked}`);
  const dial = nextDial(state);
  if (!dial) {
    const callback = openAgentCallbacks(contact)[0] ?? contact.agentCallbacks[0];
    if (callback?.announced === true) return say('agent-callback', `agent ${callback.agentId ?? ''} was reminded and has not said yet what came of it`);
    return callback
      ? say('agent-callback', `agent ${callback.agentId ?? ''} is reminded at that time and calls; it is never dialed by itself`, callback.at)
      : say('nothing-planned', 'the contact waits for its agent, nothing is dialed by itself');
  }
  if (dial.phoneId !== phone.phoneId) return otherPhone(contact, phone, dial.phoneId, say);
  const nowMs = parts.context.clock.nowMs();
  if (!active) return say('campaign-inactive', 'the campaign is not active');
  if (dial.at > nowMs) return waiting(contact, phone, dial, say);
  const check = checkDial(contact, dial, nowMs, rules);
  if (!check.ok) return say(check.rule, check.detail, check.retryAt);
  const { directory } = parts.context;
  const ways = waysFor(nationalToRoute(check.number), directory.all('route'), { get: (id) => directory.get('trunk', id) }, { routeIds: rules.campaign.routeIds, homeAreaCode: rules.campaign.defaultAreaCode });
  if (ways.length === 0) return say('no-route', 'no active route with an enabled trunk carries this number');
  if (!ways.some((way) => parts.trunks.isUp(way.trunkId))) return say('trunk-down', 'every trunk of its routes is down', null);
  if (isScheduled(dial)) return say('due', 'its time has come: it is dialed as soon as an agent and a channel are free', nowMs);
  const ahead = await countAhead(parts.context.database, contact.campaignId, rankOf(dial), dial.at, contact.contactId, mostAhead);
  return say('queue-position', `place ${ahead === mostAhead ? `${mostAhead} or later` : ahead + 1} in the campaign's queue`);
}

function otherPhone(contact: Contact, phone: PhoneState, planned: PhoneId, say: (rule: string, explanation: string) => Verdict): Verdict {
  if (phone.status === 'done') return say('strategy-done', 'the retry strategy is through with this phone');
  const other = contact.phones.find((candidate) => candidate.phoneId === planned);
  return say('other-phone', `priority ${other?.priority ?? '?'} (${other?.areaCode ?? ''} ${other?.number ?? ''}) comes before it`);
}

function waiting(contact: Contact, phone: PhoneState, dial: NonNullable<ReturnType<typeof nextDial>>, say: (rule: string, explanation: string, nextAt: number) => Verdict): Verdict {
  if (isScheduled(dial)) return say('callback', 'scheduled for that time', dial.at);
  if (contact.last?.awaitsDisposition === true) return say('disposition-wait', 'the last call was delivered and has no disposition yet', dial.at);
  return say(phone.attempts > 0 ? 'retry-wait' : 'next-phone-wait', 'the retry strategy waits until then', dial.at);
}

function finishedBecause(parts: DialerParts, state: ContactState & { status: 'finished' }): string {
  const name = state.dispositionId === null ? '' : (parts.context.directory.get('disposition', state.dispositionId)?.name ?? `disposition ${state.dispositionId}`);
  switch (state.reason) {
    case 'disposition':
      return `the contact was finished by ${name}`;
    case 'exhausted':
      return name === '' ? 'every phone was tried as often as the strategy allows' : `every phone was tried as often as the strategy allows; last: ${name}`;
    case 'excluded':
      return 'all phones of the contact were excluded';
  }
}

async function blockedBy(parts: DialerParts, lists: readonly number[], phone: PhoneState): Promise<number | null> {
  const names = [phone.number, phone.areaCode + phone.number, `9${phone.number}`, `${phone.areaCode}9${phone.number}`];
  const [listId] = (await readBlocked(parts.context.database, names, lists)).values();
  return listId ?? null;
}

/** What a fact meant for this phone, in words; nothing when it is about another phone. */
function line(fact: DomainEvent, phoneId: PhoneId): readonly { at: number; what: string }[] {
  const what = (text: string): readonly { at: number; what: string }[] => [{ at: fact.at, what: text }];
  const data = fact.data as { readonly phoneId?: PhoneId | null };
  if (data.phoneId !== undefined && data.phoneId !== null && data.phoneId !== phoneId) return [];
  if (fact.type === 'ContactImported') return what(`imported from ${fact.data.source}`);
  if (fact.type === 'PhoneAdded') return fact.data.phone.phoneId === phoneId ? what(`added with priority ${fact.data.phone.priority}`) : [];
  if (fact.type === 'PhoneExcluded') return what('excluded');
  if (fact.type === 'AttemptStarted') return what(`attempt ${fact.data.callId} (${fact.data.reason}) on trunk ${fact.data.trunkId}`);
  if (fact.type === 'AttemptEnded') return what(`attempt ${fact.data.callId} ended: ${fact.data.outcome}${fact.data.sipCode === null ? '' : ` (SIP ${fact.data.sipCode})`}, then ${fact.data.next.kind}`);
  if (fact.type === 'AttemptWithdrawn') return what(`attempt ${fact.data.callId} was taken back before its INVITE left: ${fact.data.reason}`);
  if (fact.type === 'PhoneSkipped') return what(`not dialed: ${fact.data.rule} (${fact.data.detail})`);
  if (fact.type === 'DispositionSet') return what(`disposition ${fact.data.dispositionId} set`);
  if (fact.type === 'CallbackScheduled') return what(`callback (${fact.data.kind}) for ${new Date(fact.data.at).toISOString()}`);
  if (fact.type === 'AgentCallbackDue') return what('the agent was reminded of the callback');
  if (fact.type === 'PreviewOffered') return what(`shown to agent ${fact.data.agentId}`);
  if (fact.type === 'PreviewAnswered') return what(`agent ${fact.data.agentId} ${fact.data.accepted ? 'asked for the call' : 'declined'}`);
  if (fact.type === 'ContactFinished') return what(`contact finished: ${fact.data.reason}`);
  return [];
}
