/** The policies that do not predict: preview, progressive and power. */
import type { PacingDecision, PacingFact, PacingObservation, PacingPolicy } from './port.ts';

/** Starts `wanted` calls as far as channels and calls per second allow, and says so. `perAgent`: lines that are meant for one agent. */
export function within(wanted: number, o: PacingObservation, reason: string, inputs: Record<string, number>, perAgent = 1): PacingDecision {
  const asked = Math.max(0, Math.floor(wanted));
  const start = Math.max(0, Math.min(asked, Math.floor(Math.min(o.channelsFree, o.startsAllowed, Number.MAX_SAFE_INTEGER))));
  const limited = start < asked ? '; fewer, because of channels or calls per second' : '';
  const inFlight = o.ringingMs.length + (o.detectingMs?.length ?? 0);
  return {
    start,
    reason: start === 0 && asked === 0 ? `nothing to start: ${reason}` : `${reason}${limited}`,
    inputs: { freeAgents: o.freeAgents, inFlight, waitingCalls: o.waitingCalls, expectedAnswers: (inFlight + start) / perAgent, ...inputs },
  };
}

/** Calls only what agents asked for, and never more than there are free agents. */
export class PreviewPolicy implements PacingPolicy {
  observe(_fact: PacingFact): void {
    // Nothing to learn: the agent decides.
  }

  decide(o: PacingObservation): PacingDecision {
    const requests = o.previewRequests ?? 0;
    const inFlight = o.ringingMs.length + (o.detectingMs?.length ?? 0) + o.waitingCalls;
    return within(Math.min(requests, o.freeAgents - inFlight), o, 'agents asked for these calls', { requests });
  }
}

/**
 * `ratio` lines per free agent; with ratio 1 it is progressive: as many calls in flight as agents are free, so that every
 * person who answers finds an agent. Of shared agents it takes those whom no line of the others is for: who decides in turn needs no share on top, which
 * would leave an agent alone whom nobody's share reaches.
 */
export class PowerPolicy implements PacingPolicy {
  private readonly ratio: number;

  constructor(ratio: number) {
    this.ratio = ratio;
  }

  observe(_fact: PacingFact): void {
    // A fixed ratio learns nothing, which is its fault and its charm.
  }

  decide(o: PacingObservation): PacingDecision {
    const inFlight = o.ringingMs.length + (o.detectingMs?.length ?? 0) + o.waitingCalls;
    const free = Math.max(0, o.freeAgents - Math.ceil(o.claimedByOthers ?? 0));
    const wanted = Math.floor(this.ratio * free + 1e-9) - inFlight;
    return within(wanted, o, this.ratio === 1 ? 'one line per free agent' : `${this.ratio} lines per free agent`, { ratio: this.ratio }, Math.max(this.ratio, 1e-9));
  }
}
