/** One campaign that this process owns: asks pacing, dials, tells pacing what became of it. */
import type { CampaignClaim } from '@ritmo/bus';
import { createPolicy, type PacingDecision, type PacingFact, type PacingHistory, type PacingMode, type PacingObservation, type PacingPolicy } from '@ritmo/pacing';
import { fact, streams, type CampaignId, type QueueId, type TrunkId } from '@ritmo/domain';
import type { KnownContact } from './contact-book.ts';
import { dialContacts } from './dial.ts';
import { createDueWork, type DueWork } from './due-work.ts';
import { rulesOf, type DialerParts } from './parts.ts';
import type { Tally } from './tallies.ts';

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
  /** Another trunk for an attempt that failed on its trunk: without asking pacing, the call is paid for. */
  dialAtOnce(contact: KnownContact): Promise<void>;
  /** What it takes of its queue's agents now; null without a queue. */
  claim(): CampaignClaim | null;
  readonly lastDecision: PacingDecision | null;
  /** The configuration changed. */
  reconfigure(): void;
}

/** Modes that count lines per free agent take turns: a share on top of the others' claims would leave agents idle. */
const sharedFor = (mode: PacingMode, shared: SharedAgents): SharedAgents => (mode === 'predictive' ? shared : { claimedByOthers: shared.claimedByOthers ?? 0 });

/** Rounds of taking further contacts in one tick when rules refuse those taken. */
const mostRounds = 4;
/** Attempts begun in one tick at the most, whatever pacing wishes. */
const mostPerTick = 200;

export function createCampaignRunner(parts: DialerParts, campaignId: CampaignId, options: { readonly active: boolean; readonly tally?: Tally | undefined }): CampaignRunner {
  const { context, settings, book, calls, agents, trunks, metrics } = parts;
  const { directory, clock, journal } = context;
  const work = createDueWork({ campaignId, database: context.database, book, isInFlight: (id) => calls.hasContact(id), batchSize: settings.batchSize });
  let policy: PacingPolicy | null = null;
  let configured = '';
  let lastDecision: PacingDecision | null = null;
  let sampledAt = 0;
  let leftToOthers = false;
  let refilling: Promise<void> | null = null;

  const campaign = () => directory.get('campaign', campaignId);
  const reconfigure = (): void => {
    const entry = campaign();
    if (!entry) return;
    const config = { mode: entry.mode, ratio: entry.ratio, abandon: { capPct: entry.abandonCapPct, graceMs: entry.graceMs }, ...history(options.tally) };
    // A policy that has learnt is not thrown away for a change that it does not see.
    const key = JSON.stringify(config);
    if (key === configured && policy) return;
    configured = key;
    policy = createPolicy(config);
  };

  const observation = (nowMs: number, queueId: QueueId, trunkIds: ReadonlySet<TrunkId>, shared: SharedAgents): PacingObservation => {
    let freeAgents = 0;
    const talkingMs: number[] = [];
    const wrapUpMs: number[] = [];
    for (const agent of agents.ofQueue(queueId)) {
      switch (agent.state) {
        case 'free':
          freeAgents += 1;
          break;
        case 'talking':
          talkingMs.push(Math.max(0, nowMs - agent.sinceAt));
          break;
        case 'ringing':
        case 'reserved':
          talkingMs.push(0);
          break;
        case 'wrap-up':
          wrapUpMs.push(Math.max(0, nowMs - agent.sinceAt));
          break;
        case 'paused':
        case 'logged-out':
          break;
      }
    }
    const ringingMs: number[] = [];
    let waitingCalls = 0;
    for (const call of calls.ofCampaign(campaignId)) {
      if (call.stage === 'dialing') ringingMs.push(Math.max(0, nowMs - call.startedAt));
      else if (call.stage === 'waiting') waitingCalls += 1;
    }
    return { nowMs, freeAgents, talkingMs, wrapUpMs, ringingMs, waitingCalls, channelsFree: trunks.channelsFree(trunkIds), startsAllowed: Math.min(mostPerTick, trunks.callsPerSecond(trunkIds)), ...shared };
  };

  const trunkIds = (): ReadonlySet<TrunkId> => {
    const routeIds = campaign()?.routeIds ?? [];
    const used = directory.all('route').filter((route) => route.active && (routeIds.length === 0 || routeIds.includes(route.id)));
    return new Set(used.flatMap((route) => route.trunks as TrunkId[]));
  };

  const sample = (decision: PacingDecision, nowMs: number): void => {
    if (nowMs - sampledAt < settings.pacingSampleMs) return;
    if (decision.start === 0 && work.length === 0 && [...calls.ofCampaign(campaignId)].length === 0) return;
    sampledAt = nowMs;
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
    for (let index = 0; index < count; index += 1) policy?.observe({ type: 'dialed', atMs });
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

  reconfigure();
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
      if (!this.active || !entry || !policy || entry.mode === 'preview') return;
      const stop = metrics.tickSeconds.startTimer({ campaign: campaignId });
      refill();
      const nowMs = clock.nowMs();
      const paced = policy.decide(observation(nowMs, entry.queueId as QueueId, trunkIds(), sharedFor(entry.mode, shared)));
      leftToOthers = paced.start > 0 && !hasTurn && entry.mode !== 'predictive' && !leftToOthers;
      const held = leftToOthers ? { start: 0, reason: 'the campaigns that share these agents have their turn' } : {};
      const decision = { ...paced, ...held, inputs: { ...paced.inputs, share: shared.share ?? 1 } };
      lastDecision = decision;
      sample(decision, nowMs);
      if (decision.start > 0 && work.length > 0) {
        const claim = this.claim();
        // The calls about to begin are counted before they do: another process may be deciding at this moment.
        if (claim) parts.claims.tell({ ...claim, expectedAnswers: Math.max(claim.expectedAnswers, decision.inputs['expectedAnswers'] ?? 0) });
        await dialUpTo(Math.min(decision.start, mostPerTick));
      }
      metrics.readAhead.set({ campaign: campaignId }, work.length);
      stop();
    },
    observe: (pacingFact) => policy?.observe(pacingFact),
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
    reconfigure,
  };
}

/** Attempts from which a restart learns something. */
const enoughAttempts = 200;

/** What earlier runs taught: enough to begin warm after a restart. */
function history(tally: Tally | undefined): { history?: PacingHistory } {
  if (!tally || tally.attempts < enoughAttempts || tally.delivered === 0) return {};
  return {
    history: {
      attempts: tally.attempts, liveP: tally.answered / tally.attempts, meanRingMs: tally.ringMs / tally.attempts,
      meanHandleMs: tally.talkMs / tally.delivered, live: tally.answered, abandoned: tally.abandoned + tally.late,
    },
  };
}
