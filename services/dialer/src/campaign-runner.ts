/** One campaign that this process owns: asks pacing, dials, tells pacing what became of it. */
import type { CampaignClaim } from '@ritmo/bus';
import { fact, streams, type AgentId, type Campaign, type CampaignId, type QueueId } from '@ritmo/domain';
import type { PacingDecision, PacingFact, PacingObservation } from '@ritmo/pacing';
import { createCampaignPacing } from './campaign-pacing.ts';
import { waitedMs } from './calls-in-flight.ts';
import type { KnownContact } from './contact-book.ts';
import { dialContacts } from './dial.ts';
import { createDueWork, type DueWork } from './due-work.ts';
import { mostPerTick, observationOf, trunkIdsOf } from './observation.ts';
import type { DialerParts } from './parts.ts';
import { rulesOf } from './rules.ts';

/** Of pacing's observation: what other campaigns with the same agents claim and leave. */
export type SharedAgents = Pick<PacingObservation, 'claimedByOthers' | 'othersRiskPct' | 'share'>;

export interface CampaignRunner {
  readonly campaignId: CampaignId;
  readonly queueId: QueueId | null;
  readonly work: DueWork;
  active: boolean;
  /** Without its turn it leaves what has just become free to the others, and takes it only when they do not. */
  tick(shared: SharedAgents, hasTurn: boolean): Promise<void>;
  observe(fact: PacingFact): void;
  /** Preview: the agent asks for this call. It begins when pacing lets it, and is forgotten when the agent goes. */
  ask(contact: KnownContact, agentId: AgentId): void;
  /** Whether a call that this agent asked for has not begun yet. */
  isAskedBy(agentId: AgentId): boolean;
  /** Another trunk for an attempt that failed on its trunk: without asking pacing, the call is paid for. */
  dialAtOnce(contact: KnownContact): Promise<void>;
  /** What it takes of its queue's agents now; null without a queue. */
  claim(): CampaignClaim | null;
  readonly lastDecision: PacingDecision | null;
  /** The configuration changed, or the campaign begins: resolves when its policy knows what the campaign has shown. */
  reconfigure(): Promise<void>;
}

/** Rounds of taking further contacts in one tick when rules refuse those taken. */
const mostRounds = 4;

export function createCampaignRunner(parts: DialerParts, campaignId: CampaignId, options: { readonly active: boolean }): CampaignRunner {
  const { context, settings, agents, book, calls, metrics, shortCalls } = parts;
  const { directory, clock, journal } = context;
  const work = createDueWork({ campaignId, database: context.database, book, isInFlight: (id) => calls.hasContact(id), batchSize: settings.batchSize });
  const pacing = createCampaignPacing(parts, campaignId);
  let lastDecision: PacingDecision | null = null;
  let sampledAt = 0;
  let sampledReason = '';
  let leftToOthers = false;
  let refilling: Promise<void> | null = null;
  let asked: { readonly contact: KnownContact; readonly agentId: AgentId; readonly at: number }[] = [];

  const campaign = () => directory.get('campaign', campaignId);
  const sample = (decision: PacingDecision, nowMs: number): void => {
    if (nowMs - sampledAt < settings.pacingSampleMs) return;
    const isResting = decision.start === 0 && work.length === 0 && [...calls.ofCampaign(campaignId)].length === 0;
    // Why it rests is said once.
    if (isResting && decision.reason === sampledReason) return;
    sampledAt = nowMs;
    sampledReason = decision.reason;
    const inputs = Object.fromEntries(Object.entries(decision.inputs).filter(([, value]) => Number.isFinite(value)));
    journal.record(streams.campaign(campaignId), fact('PacingDecided', nowMs, { campaignId, start: decision.start, reason: decision.reason, inputs }));
  };

  const refill = (): void => {
    const rules = rulesOf(context, campaignId);
    if (refilling || !rules) return;
    refilling = work
      .refill(clock.nowMs(), rules.window)
      .catch((error: unknown) => context.log.error({ err: error, campaignId }, 'what comes next could not be read'))
      .finally(() => {
        refilling = null;
      });
  };

  const begun = (count: number): void => {
    const atMs = clock.nowMs();
    for (let index = 0; index < count; index += 1) pacing.observe({ type: 'dialed', atMs });
  };

  const dialUpTo = async (wanted: number): Promise<void> => {
    let left = wanted;
    for (let round = 0; round < mostRounds && left > 0; round += 1) {
      const taken: KnownContact[] = [];
      while (taken.length < left) {
        const contact = work.take(clock.nowMs());
        if (!contact) break;
        taken.push(contact);
      }
      if (taken.length === 0) return;
      const result = await dialContacts(parts, campaignId, taken);
      begun(result.started.length);
      left -= result.started.length;
      if (result.noRoom.length > 0) return work.putBack(result.noRoom);
    }
  };

  /** Who has waited longer than the grace time is abandoned in the eyes of the rule, at this moment and not when the call ends. */
  const timeGrace = (nowMs: number, graceMs: number): void => {
    for (const call of calls.ofCampaign(campaignId)) {
      const waitMs = waitedMs(call, nowMs);
      if (call.late || call.deliveredAt !== null || waitMs === null || waitMs <= graceMs) continue;
      call.late = true;
      pacing.observe({ type: 'abandoned', atMs: nowMs, waitMs });
    }
  };

  /** Why none of the campaign's trunks may begin a call; null when one may. */
  const stoppedBy = (): string | null => {
    const verdicts = [...trunkIdsOf(parts, campaignId)].map((trunkId) => shortCalls.verdict(trunkId));
    return verdicts.length > 0 && verdicts.every((verdict) => verdict?.factor === 0) ? (verdicts[0]?.reason ?? null) : null;
  };

  /** Attempt limits, retries and call windows are in what is due; null when something is. */
  const nothingDue = (): string | null => (work.length > 0 ? null : work.outsideWindow ? 'the call window is closed' : 'no contact is due now');

  /** The policy's decision, as the turns of others and the trunks' governors leave it. */
  const decide = (nowMs: number, entry: Campaign, shared: SharedAgents, hasTurn: boolean): PacingDecision | null => {
    const observed = observationOf(parts, campaignId, entry.queueId as QueueId, nowMs);
    const paced = pacing.decide({ ...observed, ...shared, previewRequests: asked.length });
    if (!paced) return null;
    leftToOthers = paced.start > 0 && work.length > 0 && !hasTurn && (entry.mode === 'progressive' || entry.mode === 'power') && !leftToOthers;
    const left = leftToOthers ? 'the campaigns that share these agents have their turn' : null;
    const reason = stoppedBy() ?? (entry.mode === 'preview' ? null : nothingDue()) ?? left;
    const held = reason !== null ? { start: 0, reason } : {};
    return { ...paced, ...held, inputs: { ...paced.inputs, share: shared.share ?? 1, channelsFree: observed.channelsFree, startsAllowed: observed.startsAllowed, due: work.length, ...shortShares() } };
  };

  const shortShares = (): Record<string, number> => {
    const shares: Record<string, number> = {};
    for (const trunkId of trunkIdsOf(parts, campaignId)) {
      const verdict = shortCalls.verdict(trunkId);
      if (verdict) shares[`shortCallPctTrunk${trunkId}`] = 100 * verdict.share;
    }
    return shares;
  };

  const dialAsked = async (start: number): Promise<void> => {
    const going = asked.slice(0, start);
    asked = asked.slice(start);
    for (const { contact, agentId } of going) {
      const { started } = await dialContacts(parts, campaignId, [contact], { agentId });
      begun(started.length);
      if (started.length === 0) context.log.info({ contactId: contact.contactId }, 'a preview was accepted and could not be dialed; it comes again');
    }
  };

  return {
    campaignId,
    work,
    active: options.active,
    get queueId() {
      return (campaign()?.queueId as QueueId | undefined) ?? null;
    },
    get lastDecision() {
      return lastDecision;
    },
    async tick(shared, hasTurn) {
      const entry = campaign();
      const nowMs = clock.nowMs();
      if (entry) timeGrace(nowMs, entry.graceMs);
      // Who is no longer free has gone on to something else; the contact comes again.
      asked = asked.filter(({ agentId, at }) => this.active && agents.get(agentId)?.state === 'free' && nowMs - at < settings.previewTimeoutMs);
      const isPreview = entry?.mode === 'preview';
      if (!this.active || !entry || (isPreview && asked.length === 0)) return;
      const stop = metrics.tickSeconds.startTimer({ campaign: campaignId });
      if (!isPreview) refill();
      const decision = decide(nowMs, entry, shared, hasTurn);
      if (!decision) return;
      lastDecision = decision;
      sample(decision, nowMs);
      if (isPreview) await dialAsked(decision.start);
      else if (decision.start > 0 && work.length > 0) {
        const claim = this.claim();
        // The calls about to begin are counted before they do: another process may be deciding at this moment.
        if (claim) parts.claims.tell({ ...claim, expectedAnswers: Math.max(claim.expectedAnswers, decision.inputs['expectedAnswers'] ?? 0) });
        await dialUpTo(Math.min(decision.start, mostPerTick));
      }
      metrics.readAhead.set({ campaign: campaignId }, work.length);
      stop();
    },
    observe: (pacingFact) => pacing.observe(pacingFact),
    ask(contact, agentId) {
      asked.push({ contact, agentId, at: clock.nowMs() });
    },
    isAskedBy: (agentId) => asked.some((request) => request.agentId === agentId),
    async dialAtOnce(contact) {
      if (!this.active) return;
      const result = await dialContacts(parts, campaignId, [contact]);
      begun(result.started.length);
      work.putBack(result.noRoom);
    },
    claim() {
      const entry = campaign();
      if (!entry) return null;
      let dialing = 0;
      let waiting = 0;
      let isDialing = this.active && work.length > 0;
      for (const call of calls.ofCampaign(campaignId)) {
        if (call.stage === 'dialing') dialing += 1;
        else if (call.stage === 'waiting') waiting += 1;
        isDialing ||= call.stage !== 'delivered';
      }
      const inputs = lastDecision?.inputs;
      // Last tick's expectation covers what was in flight then; never more than one agent a call.
      const expectedAnswers = Math.min(dialing, inputs?.['expectedAnswers'] ?? dialing) + waiting;
      return { campaignId, queueId: entry.queueId as QueueId, dialing: isDialing, expectedAnswers, wishedRiskPct: inputs?.['wishedRiskPct'] ?? null };
    },
    reconfigure: () => pacing.renew(),
  };
}
