/**
 * The discrete-event simulation of campaigns, agents and a trunk: the world that a policy sees through the port.
 *
 * Every policy is asked after every event and every second, with only what a real dialer knows at that moment. A call is
 * dialed, rings, fails or is answered, passes detection if there is any, and needs an agent: it takes a free one at once, or waits up to the
 * grace time and is then abandoned. Agents who wait longest are not told apart; calls that wait longest go first.
 */
import type { PacingPolicy } from '../port.ts';
import { AgeList } from './age-list.ts';
import { campaignState } from './campaign-state.ts';
import type { CampaignState } from './campaign-state.ts';
import type { CallSource, Fate } from './call-source.ts';
import { EventHeap } from './event-heap.ts';
import { AgentClock, countAbandoned, sinceWarmUp } from './metrics.ts';
import type { RunResult } from './metrics.ts';
import type { RegretMeter } from './regret.ts';
import { isSteps } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { SeriesRecorder } from './series.ts';
import { StartLimit } from './start-limit.ts';

const TICK_MS = 1000;
/** Event codes are kind + 16 · slot. */
const KIND = { tick: 0, ringEnd: 1, detectEnd: 2, graceEnd: 3, talkEnd: 4, wrapEnd: 5, shift: 6, warm: 7, cps: 8 } as const;
const SPAN = 16;
const MAX_CALLS = 1_000_000;

interface Call extends Fate {
  campaign: number;
  waiting: boolean;
  sinceMs: number;
  /** Invalidates a grace event of an earlier use of the slot. */
  turn: number;
}

export interface SimulationOptions {
  readonly seed: number;
  /** Seconds between points of the series; absent: no series. */
  readonly seriesEveryS?: number;
  /** Watches the decisions of the only campaign. */
  readonly regret?: RegretMeter;
}

export class Simulation {
  private readonly scenario: Scenario;
  private readonly source: CallSource;
  private readonly options: SimulationOptions;
  private readonly heap = new EventHeap();
  private readonly calls: Call[] = [];
  private readonly vacant: number[] = [];
  private readonly talking = new AgeList();
  private readonly wrapping = new AgeList();
  private readonly queue: number[] = [];
  private readonly campaigns: readonly CampaignState[];
  private readonly limit: StartLimit;
  private readonly clock = new AgentClock();
  private readonly graceMs: number;
  private readonly detectMs: number;
  private readonly hasDetection: boolean;
  private staff = 0;
  private free = 0;
  private channels = 0;
  private maxChannels = 0;
  private simulated = 0;
  private turn = 0;
  private cpsWake = -1;
  private readonly series: SeriesRecorder | null;

  constructor(scenario: Scenario, source: CallSource, policies: readonly PacingPolicy[], options: SimulationOptions) {
    this.scenario = scenario;
    this.source = source;
    this.options = options;
    this.graceMs = scenario.graceS * 1000;
    this.detectMs = (scenario.amd?.delayS ?? 0) * 1000;
    this.hasDetection = scenario.amd !== null;
    this.limit = new StartLimit(scenario.cps);
    this.campaigns = policies.map((policy) => campaignState(policy, 1 / policies.length, this.talking, this.wrapping));
    this.series = options.seriesEveryS === undefined ? null : new SeriesRecorder(options.seriesEveryS * 1000);
  }

  run(): RunResult {
    const endMs = this.scenario.durationS * 1000;
    const { regret } = this.options;
    const only = this.campaigns[0] as CampaignState;
    this.schedule();
    for (;;) {
      const nowMs = this.heap.pop();
      if (nowMs > endMs) break;
      this.clock.advance(nowMs, this.busy, this.free);
      this.handle(nowMs, this.heap.code % SPAN, Math.floor(this.heap.code / SPAN));
      regret?.happened(nowMs, this.busy, only.ringing.length);
      this.decideAll(nowMs);
      regret?.decided(nowMs, this.busy, only.ringing.length);
    }
    this.clock.advance(endMs, this.busy, this.free);
    const delivered = this.campaigns.reduce((sum, campaign) => sum + campaign.count.delivered, 0);
    return {
      seed: this.options.seed,
      occupancy: this.clock.busyMs / Math.max(1, this.clock.busyMs + this.clock.freeMs),
      campaigns: this.campaigns.map((campaign) => campaign.count),
      meanIdleMs: this.clock.freeMs / Math.max(1, delivered),
      maxChannels: this.maxChannels,
      simulatedAttempts: this.simulated,
      maxStartsPerSecond: this.limit.peak,
      regret: regret?.result() ?? null,
      series: this.series?.points ?? [],
    };
  }

  private get busy(): number {
    return this.talking.length + this.wrapping.length;
  }

  private schedule(): void {
    const agents = this.scenario.agents;
    if (isSteps(agents)) for (const [atS, count] of agents) this.heap.push(atS * 1000, KIND.shift + SPAN * count);
    else this.heap.push(0, KIND.shift + SPAN * agents);
    if (this.scenario.warmupS > 0) this.heap.push(this.scenario.warmupS * 1000, KIND.warm);
    this.heap.push(TICK_MS, KIND.tick);
  }

  private handle(nowMs: number, kind: number, slot: number): void {
    switch (kind) {
      case KIND.tick:
        this.heap.push(nowMs + TICK_MS, KIND.tick);
        return this.series?.tick(nowMs, this.clock, this.campaigns, this.staff);
      case KIND.ringEnd:
        return this.ringEnd(nowMs, slot);
      case KIND.detectEnd:
        return this.detectEnd(nowMs, slot);
      case KIND.graceEnd:
        return this.graceEnd(nowMs, slot);
      case KIND.talkEnd:
        return this.talkEnd(nowMs, slot);
      case KIND.wrapEnd:
        return this.wrapEnd(nowMs, slot);
      case KIND.shift:
        return this.shift(nowMs, slot);
      case KIND.warm:
        return this.endWarmup();
    }
  }

  /** Campaigns are asked in turn, each time another one first, so that none is favoured. */
  private decideAll(nowMs: number): void {
    const count = this.campaigns.length;
    this.turn = (this.turn + 1) % count;
    for (let step = 0; step < count; step += 1) this.decide(nowMs, (this.turn + step) % count);
  }

  private decide(nowMs: number, index: number): void {
    const campaign = this.campaigns[index] as CampaignState;
    const { view } = campaign;
    view.nowMs = nowMs;
    view.freeAgents = this.free;
    view.waitingCalls = campaign.waiting;
    view.channelsFree = this.scenario.channels === null ? Infinity : this.scenario.channels - this.channels;
    view.startsAllowed = this.limit.allowed(nowMs);
    let claimed = 0;
    let riskPct = Infinity;
    for (const other of this.campaigns) {
      if (other === campaign) continue;
      claimed += other.expected;
      if (other.wishedRiskPct < riskPct) riskPct = other.wishedRiskPct;
    }
    view.othersRiskPct = riskPct;
    view.claimedByOthers = claimed;
    const decision = campaign.policy.decide(view);
    campaign.expected = decision.inputs['expectedAnswers'] ?? 0;
    campaign.wishedRiskPct = decision.inputs['wishedRiskPct'] ?? Infinity;
    const start = Math.min(decision.start, view.channelsFree, view.startsAllowed);
    for (let call = 0; call < start; call += 1) this.dial(nowMs, index, campaign);
    if (view.startsAllowed <= start && this.cpsWake <= nowMs) {
      this.cpsWake = this.limit.nextMs();
      this.heap.push(this.cpsWake, KIND.cps);
    }
  }

  private dial(nowMs: number, index: number, campaign: CampaignState): void {
    const slot = this.vacant.pop() ?? this.newSlot();
    const call = this.calls[slot] as Call;
    this.source.draw(index, nowMs, call);
    call.campaign = index;
    call.waiting = false;
    call.turn += 1;
    campaign.ringing.add(slot, nowMs);
    campaign.count.attempts += 1;
    campaign.count.wholeAttempts += 1;
    this.simulated += 1;
    this.channels += 1;
    if (this.channels > this.maxChannels) this.maxChannels = this.channels;
    this.limit.add(nowMs);
    campaign.policy.observe({ type: 'dialed', atMs: nowMs });
    this.heap.push(nowMs + call.ringMs, KIND.ringEnd + SPAN * slot);
  }

  private ringEnd(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    const campaign = this.campaigns[call.campaign] as CampaignState;
    campaign.ringing.remove(slot);
    if (!call.answered) {
      campaign.policy.observe({ type: 'failed', atMs: nowMs, ringMs: call.ringMs });
      return this.hangUp(slot);
    }
    const detecting = this.hasDetection;
    campaign.policy.observe({ type: 'answered', atMs: nowMs, ringMs: call.ringMs, detecting });
    if (!detecting) return this.needAgent(nowMs, slot);
    if (this.detectMs === 0) return this.detected(nowMs, slot);
    campaign.detecting.add(slot, nowMs);
    this.heap.push(nowMs + this.detectMs, KIND.detectEnd + SPAN * slot);
  }

  private detectEnd(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    (this.campaigns[call.campaign] as CampaignState).detecting.remove(slot);
    this.detected(nowMs, slot);
  }

  private detected(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    const campaign = this.campaigns[call.campaign] as CampaignState;
    campaign.policy.observe({ type: call.deliver ? 'live' : 'machine', atMs: nowMs, detectMs: this.detectMs });
    if (call.deliver) return this.needAgent(nowMs, slot);
    if (!call.machine) campaign.count.lostToDetection += 1;
    this.hangUp(slot);
  }

  private needAgent(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    const campaign = this.campaigns[call.campaign] as CampaignState;
    campaign.count.live += 1;
    campaign.count.wholeLive += 1;
    call.sinceMs = nowMs;
    if (this.free > 0) return this.deliver(nowMs, slot);
    if (this.graceMs === 0) return this.abandon(nowMs, slot);
    call.waiting = true;
    campaign.waiting += 1;
    this.queue.push(slot);
    this.heap.push(nowMs + this.graceMs, KIND.graceEnd + SPAN * (slot + MAX_CALLS * call.turn));
  }

  private graceEnd(nowMs: number, coded: number): void {
    const slot = coded % MAX_CALLS;
    const call = this.calls[slot] as Call;
    if (!call.waiting || call.turn !== Math.floor(coded / MAX_CALLS)) return;
    this.leaveQueue(slot);
    this.abandon(nowMs, slot);
  }

  private leaveQueue(slot: number): void {
    const call = this.calls[slot] as Call;
    call.waiting = false;
    (this.campaigns[call.campaign] as CampaignState).waiting -= 1;
    this.queue.splice(this.queue.indexOf(slot), 1);
  }

  private abandon(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    const campaign = this.campaigns[call.campaign] as CampaignState;
    countAbandoned(campaign.count, this.scenario.abandonCapPct / 100);
    campaign.policy.observe({ type: 'abandoned', atMs: nowMs, waitMs: nowMs - call.sinceMs });
    this.hangUp(slot);
  }

  private deliver(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    const campaign = this.campaigns[call.campaign] as CampaignState;
    this.free -= 1;
    campaign.count.delivered += 1;
    campaign.count.waitMs += nowMs - call.sinceMs;
    campaign.policy.observe({ type: 'delivered', atMs: nowMs, waitMs: nowMs - call.sinceMs });
    this.talking.add(slot, nowMs);
    const talkMs = this.source.talkMs(call.campaign, call.machine);
    this.heap.push(nowMs + talkMs, KIND.talkEnd + SPAN * slot);
  }

  private talkEnd(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    const startMs = this.talking.remove(slot);
    const policy = (this.campaigns[call.campaign] as CampaignState).policy;
    policy.observe({ type: 'talked', atMs: nowMs, talkMs: nowMs - startMs });
    this.channels -= 1;
    const wrapMs = this.source.wrapMs(call.campaign);
    if (wrapMs > 0) {
      this.wrapping.add(slot, nowMs);
      this.heap.push(nowMs + wrapMs, KIND.wrapEnd + SPAN * slot);
      return;
    }
    this.vacant.push(slot);
    this.agentReady(nowMs);
  }

  private wrapEnd(nowMs: number, slot: number): void {
    const call = this.calls[slot] as Call;
    const startMs = this.wrapping.remove(slot);
    (this.campaigns[call.campaign] as CampaignState).policy.observe({ type: 'wrapped', atMs: nowMs, wrapMs: nowMs - startMs });
    this.vacant.push(slot);
    this.agentReady(nowMs);
  }

  private agentReady(nowMs: number): void {
    // An agent whose shift ended while talking leaves now.
    if (this.busy + this.free >= this.staff) return;
    this.free += 1;
    const next = this.queue[0];
    if (next === undefined) return;
    this.leaveQueue(next);
    this.deliver(nowMs, next);
  }

  private shift(nowMs: number, staff: number): void {
    this.staff = staff;
    while (this.busy + this.free < staff) this.agentReady(nowMs);
    this.free = Math.max(0, Math.min(this.free, staff - this.busy));
  }

  private hangUp(slot: number): void {
    this.channels -= 1;
    this.vacant.push(slot);
  }

  private newSlot(): number {
    this.calls.push({
      ringMs: 0, answered: false, deliver: false, machine: false, campaign: 0, waiting: false, sinceMs: 0, turn: 0,
    });
    return this.calls.length - 1;
  }

  private endWarmup(): void {
    this.clock.reset();
    for (const campaign of this.campaigns) {
      campaign.count = { ...campaign.count, ...sinceWarmUp() };
    }
  }
}
