/**
 * The discrete-event simulation of campaigns, agents and a trunk: the world that a policy sees through the port.
 *
 * Every policy is asked after every event and every second, with only what a real dialer knows at that moment. A call is
 * dialed, rings, fails or is answered, passes detection if there is any, and needs an agent: it takes a free one at once, or waits up to the
 * grace time and is then abandoned. Agents who wait longest are not told apart; calls that wait longest go first.
 */
import type { PacingPolicy } from '../port.ts';
import { CallSlots } from './call-slots.ts';
import type { CallSource } from './call-source.ts';
import { campaignState, seeOthers } from './campaign-state.ts';
import type { CampaignState } from './campaign-state.ts';
import { EventHeap } from './event-heap.ts';
import { Floor } from './floor.ts';
import { countAbandoned, sinceWarmUp } from './metrics.ts';
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
  private readonly calls = new CallSlots();
  private readonly floor = new Floor();
  private readonly queue: number[] = [];
  private readonly campaigns: readonly CampaignState[];
  private readonly limit: StartLimit;
  private readonly graceMs: number;
  private readonly detectMs: number;
  private readonly hasDetection: boolean;
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
    this.campaigns = policies.map((policy) => campaignState(policy, 1 / policies.length, this.floor.talking, this.floor.wrapping));
    this.series = options.seriesEveryS === undefined ? null : new SeriesRecorder(options.seriesEveryS * 1000);
  }

  run(): RunResult {
    const endMs = this.scenario.durationS * 1000;
    const { floor } = this;
    const { regret } = this.options;
    const only = this.campaigns[0] as CampaignState;
    this.schedule();
    for (;;) {
      const nowMs = this.heap.pop();
      if (nowMs > endMs) break;
      floor.advance(nowMs);
      this.handle(nowMs, this.heap.code % SPAN, Math.floor(this.heap.code / SPAN));
      regret?.happened(nowMs, floor.busy, only.ringing.length);
      this.decideAll(nowMs);
      regret?.decided(nowMs, floor.busy, only.ringing.length);
    }
    floor.advance(endMs);
    const { busyMs, freeMs } = floor.clock;
    const delivered = this.campaigns.reduce((sum, campaign) => sum + campaign.count.delivered, 0);
    return {
      seed: this.options.seed,
      occupancy: busyMs / Math.max(1, busyMs + freeMs),
      campaigns: this.campaigns.map((campaign) => campaign.count),
      meanIdleMs: freeMs / Math.max(1, delivered),
      maxChannels: this.maxChannels,
      simulatedAttempts: this.simulated,
      maxStartsPerSecond: this.limit.peak,
      regret: regret?.result() ?? null,
      series: this.series?.points ?? [],
    };
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
        return this.series?.tick(nowMs, this.floor.clock, this.campaigns, this.floor.staff);
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
    view.freeAgents = this.floor.free;
    view.waitingCalls = campaign.waiting;
    view.channelsFree = this.scenario.channels === null ? Infinity : this.scenario.channels - this.channels;
    view.startsAllowed = this.limit.allowed(nowMs);
    seeOthers(campaign, this.campaigns);
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
    const slot = this.calls.take(index);
    const call = this.calls.at(slot);
    this.source.draw(index, nowMs, call);
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
    const call = this.calls.at(slot);
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
    const { campaign } = this.calls.at(slot);
    (this.campaigns[campaign] as CampaignState).detecting.remove(slot);
    this.detected(nowMs, slot);
  }

  private detected(nowMs: number, slot: number): void {
    const call = this.calls.at(slot);
    const campaign = this.campaigns[call.campaign] as CampaignState;
    campaign.policy.observe({ type: call.deliver ? 'live' : 'machine', atMs: nowMs, detectMs: this.detectMs });
    if (call.deliver) return this.needAgent(nowMs, slot);
    if (!call.machine) campaign.count.lostToDetection += 1;
    this.hangUp(slot);
  }

  private needAgent(nowMs: number, slot: number): void {
    const call = this.calls.at(slot);
    const campaign = this.campaigns[call.campaign] as CampaignState;
    campaign.count.live += 1;
    campaign.count.wholeLive += 1;
    call.sinceMs = nowMs;
    if (this.floor.free > 0) return this.deliver(nowMs, slot);
    if (this.graceMs === 0) return this.abandon(nowMs, slot);
    call.waiting = true;
    campaign.waiting += 1;
    this.queue.push(slot);
    this.heap.push(nowMs + this.graceMs, KIND.graceEnd + SPAN * (slot + MAX_CALLS * call.turn));
  }

  private graceEnd(nowMs: number, coded: number): void {
    const slot = coded % MAX_CALLS;
    const call = this.calls.at(slot);
    if (!call.waiting || call.turn !== Math.floor(coded / MAX_CALLS)) return;
    this.leaveQueue(slot);
    this.abandon(nowMs, slot);
  }

  private leaveQueue(slot: number): void {
    const call = this.calls.at(slot);
    call.waiting = false;
    (this.campaigns[call.campaign] as CampaignState).waiting -= 1;
    this.queue.splice(this.queue.indexOf(slot), 1);
  }

  private abandon(nowMs: number, slot: number): void {
    const call = this.calls.at(slot);
    const campaign = this.campaigns[call.campaign] as CampaignState;
    countAbandoned(campaign.count, this.scenario.abandonCapPct / 100);
    campaign.policy.observe({ type: 'abandoned', atMs: nowMs, waitMs: nowMs - call.sinceMs });
    this.hangUp(slot);
  }

  private deliver(nowMs: number, slot: number): void {
    const call = this.calls.at(slot);
    const campaign = this.campaigns[call.campaign] as CampaignState;
    this.floor.free -= 1;
    campaign.count.delivered += 1;
    campaign.count.waitMs += nowMs - call.sinceMs;
    campaign.policy.observe({ type: 'delivered', atMs: nowMs, waitMs: nowMs - call.sinceMs });
    this.floor.talking.add(slot, nowMs);
    const talkMs = this.source.talkMs(call.campaign, call.machine);
    this.heap.push(nowMs + talkMs, KIND.talkEnd + SPAN * slot);
  }

  private talkEnd(nowMs: number, slot: number): void {
    const call = this.calls.at(slot);
    const startMs = this.floor.talking.remove(slot);
    const policy = (this.campaigns[call.campaign] as CampaignState).policy;
    policy.observe({ type: 'talked', atMs: nowMs, talkMs: nowMs - startMs });
    this.channels -= 1;
    const wrapMs = this.source.wrapMs(call.campaign);
    if (wrapMs > 0) {
      this.floor.wrapping.add(slot, nowMs);
      this.heap.push(nowMs + wrapMs, KIND.wrapEnd + SPAN * slot);
      return;
    }
    this.calls.leave(slot);
    this.agentReady(nowMs);
  }

  private wrapEnd(nowMs: number, slot: number): void {
    const call = this.calls.at(slot);
    const startMs = this.floor.wrapping.remove(slot);
    (this.campaigns[call.campaign] as CampaignState).policy.observe({ type: 'wrapped', atMs: nowMs, wrapMs: nowMs - startMs });
    this.calls.leave(slot);
    this.agentReady(nowMs);
  }

  private agentReady(nowMs: number): void {
    // An agent whose shift ended while talking leaves now.
    if (this.floor.isFull) return;
    this.floor.free += 1;
    const next = this.queue[0];
    if (next === undefined) return;
    this.leaveQueue(next);
    this.deliver(nowMs, next);
  }

  private shift(nowMs: number, staff: number): void {
    this.floor.staff = staff;
    while (!this.floor.isFull) this.agentReady(nowMs);
    this.floor.sendHome();
  }

  private hangUp(slot: number): void {
    this.channels -= 1;
    this.calls.leave(slot);
  }

  private endWarmup(): void {
    this.floor.clock.reset();
    for (const campaign of this.campaigns) {
      campaign.count = { ...campaign.count, ...sinceWarmUp() };
    }
  }
}
