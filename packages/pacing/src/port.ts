/**
 * The port of pacing: what a dialer tells a policy, and what a policy answers.
 *
 * One policy object paces one campaign. The dialer feeds it every fact of that campaign (`observe`) and asks it
 * (`decide`) after each fact that changes the picture and at least once a second. A policy is a pure state machine:
 * no clock, no chance, no I/O; the same facts and observations always give the same decisions.
 *
 * All times are milliseconds. `atMs` and `nowMs` share one clock that never runs backwards (any epoch).
 * All lists of ages are `ArrayLike<number>`, so a caller may pass typed-array views that it reuses between ticks; a policy
 * never keeps them. One decision costs one pass over the ages and one table look-up per age.
 */

/** Which rule decides. All four are the same machine; only the rule inside differs. */
export type PacingMode =
  /** The agent sees the contact and asks for the call: starts only what agents asked for (`previewRequests`). */
  | 'preview'
  /** One line per free agent. */
  | 'progressive'
  /** A fixed ratio of lines per free agent. */
  | 'power'
  /** As many lines as keep agents busy while the abandoned rate stays under the cap. */
  | 'predictive';

/** Everything a real dialer can know at this moment. */
export interface PacingObservation {
  readonly nowMs: number;
  /** Agents logged in, ready, nothing offered to them, counted once even if several campaigns share them. */
  readonly freeAgents: number;
  /** Ages of the conversations in progress (an agent whose phone rings for a delivered call counts here with age 0). */
  readonly talkingMs: ArrayLike<number>;
  /** Ages of the wrap-ups in progress (agents who will be ready again; agents in a pause are not listed anywhere). */
  readonly wrapUpMs: ArrayLike<number>;
  /** Ages of this campaign's calls that were dialed and have neither been answered nor failed. */
  readonly ringingMs: ArrayLike<number>;
  /** Ages, since the answer, of this campaign's calls in answering-machine detection. Absent: none. */
  readonly detectingMs?: ArrayLike<number>;
  /** Answered calls of people (or presumed people) of this campaign who wait for an agent. */
  readonly waitingCalls: number;
  /** Channels that this campaign may still take on its trunks, now. `Infinity` if unlimited. */
  readonly channelsFree: number;
  /** Call starts that the calls-per-second limits allow at this moment. `Infinity` if unlimited. */
  readonly startsAllowed: number;
  /**
   * Agents that calls of OTHER campaigns, already in flight, are expected to take from the same agents: the sum of the
   * others' `decision.inputs.expectedAnswers` plus their waiting calls. Absent: 0.
   */
  readonly claimedByOthers?: number;
  /**
   * The least `decision.inputs.wishedRiskPct` among the OTHER campaigns that share the agents: calls of all of them find the same
   * agents busy, so the most cautious campaign sets the pace. Absent: no ceiling.
   */
  readonly othersRiskPct?: number;
  /**
   * The part of the shared agents that is this campaign's, 0 to 1, by weight among the campaigns that have contacts to dial.
   * Absent or 1: the agents are its own. A campaign may go a quarter over its share when the others leave room.
   */
  readonly share?: number;
  /** Preview only: calls that agents asked for and that are not started yet. */
  readonly previewRequests?: number;
}

/** What happened to a call of this campaign. Every attempt is `dialed`, then exactly one of `failed` or `answered`. */
export type PacingFact =
  | { readonly type: 'dialed'; readonly atMs: number }
  /** Not answered: no answer, busy, invalid, refused, cancelled. `ringMs` from the INVITE to the end. */
  | { readonly type: 'failed'; readonly atMs: number; readonly ringMs: number }
  /** Picked up by someone or something. With machine detection a `machine` or a `live` follows. */
  | { readonly type: 'answered'; readonly atMs: number; readonly ringMs: number; readonly detecting?: boolean }
  /**
   * Detection said machine: no agent is needed. `detectMs` from the answer to the verdict. `counted`: the call was no longer in detection, so its answer
   * counted as a person's.
   */
  | { readonly type: 'machine'; readonly atMs: number; readonly detectMs: number; readonly counted?: boolean }
  /** Detection said person (or nothing). `detectMs` from the answer to the verdict. */
  | { readonly type: 'live'; readonly atMs: number; readonly detectMs: number }
  /** Bridged to an agent, `waitMs` after the start of the grace clock. */
  | { readonly type: 'delivered'; readonly atMs: number; readonly waitMs: number }
  /** A person was not given an agent within the grace time, or hung up while waiting. */
  | { readonly type: 'abandoned'; readonly atMs: number; readonly waitMs: number }
  /** The conversation ended. */
  | { readonly type: 'talked'; readonly atMs: number; readonly talkMs: number }
  /** The agent's wrap-up ended. Campaigns without wrap-up never send it. */
  | { readonly type: 'wrapped'; readonly atMs: number; readonly wrapMs: number };

/** The decision and its explanation. */
export interface PacingDecision {
  /** Calls to start now: a whole number, at least 0, already within `channelsFree` and `startsAllowed`. */
  readonly start: number;
  /** Why, in one short sentence for people (`ritmo pacing CAMPAIGN`). */
  readonly reason: string;
  /**
   * The numbers behind the reason, for the sampled decision event. Always has `expectedAnswers`: how many agents the calls
   * in flight, those started now included, are expected to need.
   */
  readonly inputs: Readonly<Record<string, number>>;
}

export interface PacingPolicy {
  observe(fact: PacingFact): void;
  decide(observation: PacingObservation): PacingDecision;
}

/** Over what the abandoned rate is counted. `campaign`: all that the policy was told, `history.counted` included. */
export type AbandonWindow = 'campaign' | 'day' | '24h' | '30d';

/**
 * What the abandoned calls are divided by. `live`: people, as detection saw them (US rule). `answered`: all answered
 * calls, machines included. `estimated`: all answered calls less the estimated share of machines, for campaigns without detection.
 */
export type AbandonDenominator = 'live' | 'answered' | 'estimated';

/** When the grace clock starts: at the answer (strict), or at the end of detection. The dialer times it; recorded here so that one object states the rule. */
export type GraceClock = 'answer' | 'detection-end';

export interface AbandonRule {
  /** Default 3. */
  readonly capPct?: number;
  /** How long a person may wait for an agent before the call counts as abandoned. Default 2000. */
  readonly graceMs?: number;
  /** Default `campaign`. */
  readonly window?: AbandonWindow;
  /** Default `live`. */
  readonly denominator?: AbandonDenominator;
  /** For `estimated`: the share of answered calls that are machines, 0 to 1. Default 0. */
  readonly machineShare?: number;
  /** Default `answer`. */
  readonly clock?: GraceClock;
  /** For the window `day`: when the day of a moment began. Default: at midnight of the clock of `atMs`. */
  readonly startOfDay?: (atMs: number) => number;
}

/** Calls of before the policy began, which leave the window when they are too old. */
export interface CountedCalls {
  /** The last moment at which one of them may have been answered. */
  readonly atMs: number;
  readonly answered: number;
  /** Of those answered. */
  readonly machines: number;
  readonly abandoned: number;
}

/** What earlier days taught. Every field is optional; without any the policy starts cold, as progressive. */
export interface PacingHistory {
  /** Attempts that the history rests on: how much to trust it. */
  readonly attempts: number;
  /** Share of attempts that reached a person. */
  readonly liveP: number;
  readonly meanRingMs: number;
  /** Talk and wrap-up together. */
  readonly meanHandleMs: number;
  /** What still counts in the window, an entry an hour or so. */
  readonly counted?: readonly CountedCalls[];
}

export interface PacingConfig {
  readonly mode: PacingMode;
  /** Power: lines per free agent. Default 1.5. */
  readonly ratio?: number;
  readonly abandon?: AbandonRule;
  /** Hard limit of calls in flight per agent logged in. Default 20 (a list of one in twenty answers). */
  readonly maxLinesPerAgent?: number;
  readonly history?: PacingHistory;
  /** Predictive: the chance, 0 to 1, that a call may run of being abandoned, instead of the one that follows the cap. For studies. */
  readonly fixedRisk?: number;
  /** Reserved for policies that randomise; the shipped ones are deterministic. */
  readonly seed?: number;
}
