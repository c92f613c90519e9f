/** Preview: a free agent is shown a contact and asks for the call, or declines. When it begins, pacing decides. */
import type { Requests } from '@ritmo/bus';
import { answerPreview, checkDial, nextDial, offerPreview, type AgentId, type CampaignId, type ContactId, type Extension, type QueueId } from '@ritmo/domain';
import type { CampaignRunner } from './campaign-runner.ts';
import type { KnownContact } from './contact-book.ts';
import { namesOf, refuse } from './dial.ts';
import type { DialerParts } from './parts.ts';
import { rulesOf } from './rules.ts';
import { readBlocked, readUnsettled } from './work-index.ts';

type Answer = Requests['dialer.preview.answer'];

interface Offer {
  readonly runner: CampaignRunner;
  readonly contactId: ContactId;
  readonly agentId: AgentId;
  readonly extension: Extension;
  readonly offeredAt: number;
}

export interface Previews {
  /** Offers contacts to free agents, and ends offers that nobody answered. */
  tick(runner: CampaignRunner): Promise<void>;
  /** undefined: the offer is not this process's. */
  answer(request: Answer['request']): Promise<Answer['reply'] | undefined>;
  /** Offers of a process that died are withdrawn. */
  recover(campaignId: CampaignId): Promise<void>;
}

export function createPreviews(parts: DialerParts): Previews {
  const { context, settings, book, agents, calls } = parts;
  const { clock, directory, database } = context;
  const offers = new Map<AgentId, Offer>();
  /** The campaign that an agent has asked for a call last. */
  const askedOf = new Map<AgentId, CampaignRunner>();

  /** Contacts that may not be called are not shown: their streams are told why. */
  const callable = async (campaignId: CampaignId, contact: KnownContact): Promise<boolean> => {
    const rules = rulesOf(context, campaignId);
    const dial = nextDial(contact.state);
    if (!rules || contact.state.status !== 'open' || !dial) return false;
    const check = checkDial(contact.state.contact, dial, clock.nowMs(), rules);
    const lists = check.ok ? await readBlocked(database, namesOf(check, rules), rules.campaign.blockListIds) : new Map<string, number>();
    const [blockListId] = lists.values();
    if (check.ok && blockListId === undefined) return true;
    await refuse(parts, rules, contact, blockListId === undefined ? 'no' : { blockListId });
    return false;
  };

  const offer = async (runner: CampaignRunner, agentId: AgentId, extension: Extension): Promise<boolean> => {
    for (;;) {
      const contact = runner.work.take(clock.nowMs());
      if (!contact) return false;
      if (!(await callable(runner.campaignId, contact))) continue;
      const offeredAt = clock.nowMs();
      const outcome = await book.decideOnce(contact, (state) => offerPreview(state, { atMs: offeredAt, agentId }));
      if (!outcome.ok) continue;
      offers.set(agentId, { runner, contactId: contact.contactId, agentId, extension, offeredAt });
      return true;
    }
  };

  const close = async (open: Offer, accepted: boolean): Promise<void> => {
    offers.delete(open.agentId);
    const outcome = await book.decide(open.contactId, (state) => answerPreview(state, { atMs: clock.nowMs(), agentId: open.agentId, accepted }));
    if (!outcome.ok || !accepted) return;
    askedOf.set(open.agentId, open.runner);
    open.runner.ask(outcome.contact, open.agentId);
  };

  const busyWithPreview = (agentId: AgentId): boolean => {
    if (offers.has(agentId) || askedOf.get(agentId)?.isAskedBy(agentId) === true) return true;
    // Its call is on the way: the agent waits for it.
    for (const call of calls.all()) if (call.agentId === agentId) return true;
    return false;
  };

  return {
    async tick(runner) {
      const campaign = directory.get('campaign', runner.campaignId);
      const nowMs = clock.nowMs();
      for (const open of [...offers.values()].filter((offered) => offered.runner === runner)) {
        const age = nowMs - open.offeredAt;
        const gone = agents.get(open.agentId)?.state !== 'free';
        if (settings.previewDialAfterMs !== null && age >= settings.previewDialAfterMs && !gone) await close(open, true);
        else if (age >= settings.previewTimeoutMs || gone) await close(open, false);
      }
      if (campaign?.mode !== 'preview' || !runner.active) return;
      await runner.work.refill(nowMs, rulesOf(context, runner.campaignId)?.window);
      for (const agent of agents.ofQueue(campaign.queueId as QueueId)) {
        if (agent.state !== 'free' || busyWithPreview(agent.agentId)) continue;
        if (!(await offer(runner, agent.agentId, agent.extension))) return;
      }
    },
    async answer({ extension, contactId, accepted }) {
      const open = [...offers.values()].find((candidate) => candidate.extension === extension && candidate.contactId === contactId);
      if (!open) return undefined;
      await close(open, accepted);
      return { ok: true };
    },
    async recover(campaignId) {
      for (const row of await readUnsettled(database, campaignId)) {
        const { state, contactId } = book.newest(row);
        if (state.status !== 'offered' || offers.get(state.offer.agentId)?.contactId === contactId) continue;
        const { agentId } = state.offer;
        await book.decide(contactId, (now) => answerPreview(now, { atMs: clock.nowMs(), agentId, accepted: false }));
      }
    },
  };
}
