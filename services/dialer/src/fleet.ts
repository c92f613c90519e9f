/** The campaigns that this process runs, side by side and with the same agents. */
import type { BusSubscription } from '@ritmo/bus';
import type { CampaignId, QueueId } from '@ritmo/domain';
import type { PartHealth } from '@ritmo/service-kit';
import { createCampaignRunner, type CampaignRunner, type SharedAgents } from './campaign-runner.ts';
import type { DialerParts } from './parts.ts';
import type { Previews } from './preview.ts';
import { readTallies } from './tallies.ts';

export interface Fleet {
  add(campaignId: CampaignId): Promise<CampaignRunner>;
  remove(campaignId: CampaignId): void;
  get(campaignId: number): CampaignRunner | undefined;
  all(): Iterable<CampaignRunner>;
  /** Told by the bus at once, and by the event store for certain. */
  setActive(campaignId: CampaignId, active: boolean): void;
  tick(): Promise<void>;
  /** No further attempts. */
  pause(): void;
  subscribe(): BusSubscription[];
  health(): PartHealth;
}

/** How long a turn lasts: a few ticks of every process. */
const turnMs = 500;

export function createFleet(parts: DialerParts, previews: Previews): Fleet {
  const { context, agents, calls, claims, metrics } = parts;
  const { bus, clock, directory, database, log } = context;
  const runners = new Map<number, CampaignRunner>();
  let paused = false;
  let turn = 0;

  /** What the campaigns that share agents with this one leave to it, whichever process runs them. */
  const othersOf = (runner: CampaignRunner): SharedAgents => {
    const { queueId } = runner;
    let claimedByOthers = 0;
    let othersRiskPct: number | undefined;
    const rivals = new Map<QueueId, number>();
    const mine = [...runners.values()].filter((other) => other !== runner).map((other) => other.claim());
    for (const other of [...mine, ...claims.ofOthers((campaignId) => runners.has(campaignId))]) {
      if (other === null || queueId === null || !other.dialing) continue;
      const overlap = agents.overlap(queueId, other.queueId);
      if (overlap === 0) continue;
      claimedByOthers += other.expectedAnswers * overlap;
      rivals.set(other.queueId, (rivals.get(other.queueId) ?? 0) + 1);
      if (other.wishedRiskPct !== null) othersRiskPct = Math.min(othersRiskPct ?? other.wishedRiskPct, other.wishedRiskPct);
    }
    const share = queueId === null || rivals.size === 0 ? 1 : shareOf(queueId, rivals);
    return { claimedByOthers, share, ...(othersRiskPct === undefined ? {} : { othersRiskPct }) };
  };
  /**
   * Modes that count lines take turns, and a process cannot see when another one decides: so the clock says whose turn it is.
   * Clocks that differ cost fairness, never an agent counted twice.
   */
  const hasTurn = (runner: CampaignRunner): boolean => {
    const { queueId, campaignId } = runner;
    const elsewhere = claims.ofOthers((id) => runners.has(id)).filter((other) => queueId !== null && agents.overlap(queueId, other.queueId) > 0);
    if (elsewhere.length === 0) return true;
    const ids = [campaignId, ...elsewhere.map((other) => other.campaignId)].sort((a, b) => a - b);
    return ids[Math.floor(clock.nowMs() / turnMs) % ids.length] === campaignId;
  };
  /** Each agent is divided evenly among the campaigns that have something to dial and want that agent. */
  const shareOf = (queueId: QueueId, rivals: ReadonlyMap<QueueId, number>): number => {
    const members = agents.ofQueue(queueId);
    if (members.length === 0) return 1;
    let mine = 0;
    for (const agent of members) {
      let wanting = 1;
      for (const [rival, campaigns] of rivals) if (agent.queueIds.includes(rival)) wanting += campaigns;
      mine += 1 / wanting;
    }
    return mine / members.length;
  };
  /** Said since this process began: of a campaign that is just being taken over the index may be a moment behind. */
  const said = new Map<CampaignId, boolean>();
  const setActive = (campaignId: CampaignId, active: boolean): void => {
    said.set(campaignId, active);
    const runner = runners.get(campaignId);
    if (!runner || runner.active === active) return;
    runner.active = active;
    runner.work.wake();
  };
  const wake = (campaignId: CampaignId): void => runners.get(campaignId)?.work.wake();

  return {
    async add(campaignId) {
      const tally = (await readTallies(database)).get(campaignId);
      const runner = createCampaignRunner(parts, campaignId, { active: false });
      await runner.reconfigure();
      const active = said.get(campaignId) ?? tally?.active ?? directory.get('campaign', campaignId)?.active ?? false;
      runner.active = active;
      runners.set(campaignId, runner);
      // A change that came meanwhile found no runner to tell.
      await runner.reconfigure();
      log.info({ campaignId, active }, 'this process runs the campaign');
      return runner;
    },
    remove(campaignId) {
      runners.delete(campaignId);
      calls.dropCampaign(campaignId);
    },
    get: (campaignId) => runners.get(campaignId),
    all: () => runners.values(),
    setActive,
    async tick() {
      if (paused) return;
      const list = [...runners.values()];
      // In turn, so that of several campaigns with the same agents none is always first.
      turn = (turn + 1) % Math.max(list.length, 1);
      for (const runner of [...list.slice(turn), ...list.slice(0, turn)]) {
        if (paused) return;
        if (!directory.get('campaign', runner.campaignId)) continue;
        await runner.tick(othersOf(runner), hasTurn(runner));
        await previews.tick(runner);
        const claim = runner.claim();
        if (claim) claims.tell(claim);
        metrics.inFlight.set({ campaign: runner.campaignId }, [...calls.ofCampaign(runner.campaignId)].length);
      }
    },
    pause() {
      paused = true;
    },
    subscribe() {
      const stopChanges = directory.onChange((kind, id) => {
        if (kind === 'campaign') void runners.get(id)?.reconfigure();
        if (kind === 'call-window' || kind === 'route' || kind === 'trunk') for (const runner of runners.values()) runner.work.wake();
      });
      return [
        bus.subscribe('fact.CampaignActivated', ({ data }) => setActive(data.campaignId, true)),
        bus.subscribe('fact.CampaignDeactivated', ({ data }) => setActive(data.campaignId, false)),
        bus.subscribe('fact.ContactImported', ({ data }) => wake(data.campaignId)),
        bus.subscribe('fact.PhoneAdded', ({ data }) => wake(data.campaignId)),
        bus.subscribe('fact.CallbackScheduled', ({ data }) => wake(data.campaignId)),
        { stop: stopChanges },
      ];
    },
    health() {
      const unknown = [...calls.all()].filter((call) => call.unknownTimes > 2).length;
      return unknown > 0
        ? { status: 'WARNING', detail: `${unknown} attempts of which telephony knows nothing` }
        : { status: 'OK', detail: `${runners.size} campaigns, ${calls.size} attempts in flight` };
    },
  };
}
