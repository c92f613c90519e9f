import { meanMs } from './plan.ts';
import { answerShare, type Profile } from './profile.ts';

const maxAgents = 600;
/** Ritmo's power mode dials at most this many lines for a free agent. */
const linesPerAgent = 10;
const answerMs = 600;
const headroom = 1.3;
/** Ritmo's ring time-out in these runs. */
const ringTimeoutMs = 30_000;

export interface Sizing {
  readonly agents: number;
  readonly channels: number;
  /** Mean times of this profile, as the planner draws them. */
  readonly ringMs: number;
  readonly talkMs: number;
}

/** How long a call rings on average, whatever becomes of it. */
function meanRingMs(profile: Profile): number {
  return profile.outcomes.reduce((sum, { sharePct, afterMs, silent }) => {
    const after = silent ? ringTimeoutMs : afterMs === undefined ? 0 : Math.min(meanMs(afterMs), ringTimeoutMs);
    return sum + (sharePct / 100) * (meanMs(profile.postDialDelayMs) + after);
  }, 0);
}

/**
 * Agents and channels that a rate needs by Little's law: calls on their way are rate times ring time, those that talk rate times share times
 * talk time. Free agents must be a tenth of the calls on their way, because power mode dials ten lines for each.
 */
export function sizeFor(profile: Profile, rate: number, inbound: boolean): Sizing {
  const ringMs = meanRingMs(profile);
  const talkMs = meanMs(profile.talkMs);
  const share = inbound ? 1 : answerShare(profile);
  const talking = (rate * share * (talkMs + answerMs)) / 1000;
  const onTheirWay = (rate * ringMs) / 1000;
  const agents = Math.ceil(headroom * (talking + (inbound ? 0 : onTheirWay / linesPerAgent))) + 3;
  return { agents: Math.min(agents, maxAgents), channels: Math.ceil(headroom * 1.5 * (talking + onTheirWay)) + 20, ringMs, talkMs };
}
