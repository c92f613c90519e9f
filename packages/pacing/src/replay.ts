/**
 * What would have happened: a recorded campaign run again with another policy or another number of agents.
 *
 * The recording is turned into laws without assuming any: an attempt made at time t of the replay draws the ring time and
 * the fate of a recorded attempt from around t (a bootstrap in a moving window, so that hours with few answers stay hours with few answers), and a
 * delivered call draws a recorded conversation. The same policy replayed on its own recording must come out where the recording is: that is printed too,
 * as the check of the method.
 */
import type { CallSource, Fate } from './simulator/call-source.ts';
import { policyByName } from './policy-names.ts';
import { interval } from './simulator/answer.ts';
import { Random } from './simulator/random.ts';
import { Simulation } from './simulator/simulation.ts';
import type { Scenario } from './simulator/scenario.ts';

export interface RecordedAttempt {
  /** Since the start of the recording. */
  readonly atMs: number;
  readonly ringMs: number;
  readonly answered: boolean;
  /** Detection said machine. */
  readonly machine: boolean;
}

export interface RecordedConversation {
  readonly atMs: number;
  readonly talkMs: number;
  readonly wrapMs: number;
  /** How long the person waited for the agent. Absent: not at all. */
  readonly waitMs?: number;
}

export interface Recording {
  readonly name: string;
  readonly durationMs: number;
  readonly capPct: number;
  readonly graceMs: number;
  /** Mean time of machine detection; 0 without. */
  readonly detectMs: number;
  readonly attempts: readonly RecordedAttempt[];
  readonly conversations: readonly RecordedConversation[];
  /** Times of abandoned calls. */
  readonly abandonedAtMs: readonly number[];
  /** Agents present: `[[fromMs, count], …]`, the first from 0. */
  readonly presence: readonly (readonly [number, number])[];
  readonly channels: number | null;
  readonly cps: number | null;
}

export interface ReplayOptions {
  /** A name of policy-names.ts. */
  readonly policy: string;
  /** Replaces the recorded presence; absent: as recorded. */
  readonly agents?: number;
  readonly seeds: readonly number[];
}

export interface ReplayFigures {
  /** Of the agents present, talking or wrapping up: 0 to 1. */
  readonly occupancy: number;
  /** Who was given an agent after the grace time is one of them. */
  readonly abandonRate: number;
  readonly attempts: number;
  /** People reached. */
  readonly live: number;
  readonly conversations: number;
  /** Of an agent between two conversations. */
  readonly meanIdleS: number;
  /** Of the people who were given an agent. */
  readonly meanWaitS: number;
}

export interface ReplayResult {
  readonly policy: string;
  readonly agents: number | null;
  readonly figures: ReplayFigures;
  readonly occupancyCi95: readonly [number, number];
}

/** Attempts before and after the moment of the replay that are drawn from. */
const HALF_WINDOW = 150;
const MIN_ATTEMPTS = 30;
const MIN_CONVERSATIONS = 10;

export class ReplayError extends Error {
  constructor(problem: string) {
    super(`replay: ${problem}`);
    this.name = 'ReplayError';
  }
}

class RecordingSource implements CallSource {
  private readonly recording: Recording;
  private readonly attempts: readonly RecordedAttempt[];
  private readonly fates: Random;
  private readonly talks: Random;

  constructor(recording: Recording, seed: number) {
    this.recording = recording;
    this.attempts = [...recording.attempts].sort((a, b) => a.atMs - b.atMs);
    this.fates = new Random(seed, 1);
    this.talks = new Random(seed, 2);
  }

  draw(_campaign: number, nowMs: number, fate: Fate): void {
    const centre = this.indexAt(nowMs);
    const low = Math.max(0, Math.min(centre - HALF_WINDOW, this.attempts.length - 2 * HALF_WINDOW));
    const high = Math.min(this.attempts.length, Math.max(centre + HALF_WINDOW, 2 * HALF_WINDOW));
    const drawn = this.attempts[low + this.fates.integer(high - low)] as RecordedAttempt;
    fate.ringMs = drawn.ringMs;
    fate.answered = drawn.answered;
    fate.machine = drawn.machine;
    fate.deliver = !drawn.machine;
  }

  talkMs(): number {
    return this.conversation().talkMs;
  }

  /** Drawn apart from the talk time: the recording of one campaign shows little dependence, and the mean is what counts. */
  wrapMs(): number {
    return this.conversation().wrapMs;
  }

  private conversation(): RecordedConversation {
    const { conversations } = this.recording;
    return conversations[this.talks.integer(conversations.length)] as RecordedConversation;
  }

  private indexAt(nowMs: number): number {
    let low = 0;
    let high = this.attempts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.attempts[middle] as RecordedAttempt).atMs < nowMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What the recording itself shows. */
export function recordedFigures(recording: Recording): ReplayFigures {
  let presentMs = 0;
  recording.presence.forEach(([fromMs, count], index) => {
    const untilMs = recording.presence[index + 1]?.[0] ?? recording.durationMs;
    presentMs += count * Math.max(0, untilMs - fromMs);
  });
  // A conversation that outlasts the recording counts as far as it was recorded.
  const busyMs = recording.conversations.reduce(
    (sum, { atMs, talkMs, wrapMs }) => sum + Math.max(0, Math.min(talkMs + wrapMs, recording.durationMs - atMs)),
    0,
  );
  const conversations = recording.conversations.length;
  const live = conversations + recording.abandonedAtMs.length;
  const late = recording.conversations.filter(({ waitMs }) => (waitMs ?? 0) > recording.graceMs).length;
  return {
    occupancy: presentMs > 0 ? busyMs / presentMs : 0,
    abandonRate: live > 0 ? (recording.abandonedAtMs.length + late) / live : 0,
    attempts: recording.attempts.length,
    live,
    conversations,
    meanIdleS: conversations > 0 ? Math.max(0, presentMs - busyMs) / conversations / 1000 : 0,
    meanWaitS: conversations > 0 ? recording.conversations.reduce((sum, { waitMs }) => sum + (waitMs ?? 0), 0) / conversations / 1000 : 0,
  };
}

/** Runs the recording again; the figures are means over the seeds. */
export function replay(recording: Recording, options: ReplayOptions): ReplayResult {
  if (recording.attempts.length < MIN_ATTEMPTS) throw new ReplayError(`${recording.attempts.length} attempts are too few, ${MIN_ATTEMPTS} are needed`);
  if (recording.conversations.length < MIN_CONVERSATIONS) {
    throw new ReplayError(`${recording.conversations.length} conversations are too few, ${MIN_CONVERSATIONS} are needed`);
  }
  const scenario = scenarioOf(recording, options.agents);
  const runs = options.seeds.map((seed) => {
    const policy = policyByName(options.policy, {
      cap: recording.capPct / 100,
      agentPart: 1,
      endMs: recording.durationMs,
      abandon: { capPct: recording.capPct, graceMs: recording.graceMs },
    });
    return new Simulation(scenario, new RecordingSource(recording, seed), [policy], { seed }).run();
  });
  const total = { attempts: 0, live: 0, abandoned: 0, delivered: 0, waitMs: 0, idleMs: 0, occupancy: 0 };
  for (const run of runs) {
    total.occupancy += run.occupancy;
    total.idleMs += run.meanIdleMs;
    for (const campaign of run.campaigns) {
      total.attempts += campaign.attempts;
      total.live += campaign.live;
      total.abandoned += campaign.abandoned;
      total.delivered += campaign.delivered;
      total.waitMs += campaign.waitMs;
    }
  }
  const count = runs.length;
  return {
    policy: options.policy,
    agents: options.agents ?? null,
    figures: {
      occupancy: total.occupancy / count,
      abandonRate: total.live > 0 ? total.abandoned / total.live : 0,
      attempts: Math.round(total.attempts / count),
      live: Math.round(total.live / count),
      conversations: Math.round(total.delivered / count),
      meanIdleS: total.idleMs / count / 1000,
      meanWaitS: total.delivered > 0 ? total.waitMs / total.delivered / 1000 : 0,
    },
    occupancyCi95: interval(runs.map((run) => run.occupancy)),
  };
}

/** The comparison as text, one line per run, the recording first. */
export function comparison(recording: Recording, results: readonly ReplayResult[]): string {
  const line = (name: string, figures: ReplayFigures): string =>
    [
      name.padEnd(34),
      `${(100 * figures.occupancy).toFixed(2)} %`.padStart(9),
      `${(100 * figures.abandonRate).toFixed(2)} %`.padStart(9),
      `${figures.attempts}`.padStart(9),
      `${figures.conversations}`.padStart(13),
      `${figures.meanIdleS.toFixed(1)}`.padStart(7),
      `${figures.meanWaitS.toFixed(2)}`.padStart(7),
    ].join(' ');
  const longer = results.filter(({ figures }) => figures.attempts > recording.attempts.length);
  const note = longer.length === 0 ? [] : ['', `With more attempts than the ${recording.attempts.length} recorded the list is taken to go on as it was.`];
  const head = ['', 'occupancy', 'abandoned', 'attempts', 'conversations', 'idle s', 'wait s'];
  return [
    [(head[0] as string).padEnd(34), ...head.slice(1).map((cell, index) => cell.padStart([9, 9, 9, 13, 7, 7][index] as number))].join(' '),
    line(`recorded (${recording.name})`, recordedFigures(recording)),
    ...results.map(({ policy, agents, figures }) => line(`${policy}${agents === null ? '' : `, ${agents} agents`}`, figures)),
    ...note,
  ].join('\n');
}

function scenarioOf(recording: Recording, agents: number | undefined): Scenario {
  const detection = recording.attempts.some((attempt) => attempt.machine) || recording.detectMs > 0;
  const always = { dist: 'constant', meanS: 1 } as const;
  return {
    name: recording.name,
    agents: agents ?? recording.presence.map(([fromMs, count]) => [fromMs / 1000, count] as const),
    durationS: recording.durationMs / 1000,
    warmupS: 0,
    abandonCapPct: recording.capPct,
    graceS: recording.graceMs / 1000,
    // The laws below are never drawn from: RecordingSource answers instead. Detection only tells the simulator that there is one.
    handle: always,
    wrapUp: null,
    outcomes: [{ outcome: 'answered', p: 1, ring: always }],
    machineP: detection ? 1 : 0,
    amd: detection ? { delayS: recording.detectMs / 1000, falsePositiveP: 0, falseNegativeP: 0 } : null,
    machineHandleS: 0,
    channels: recording.channels,
    cps: recording.cps,
  };
}
