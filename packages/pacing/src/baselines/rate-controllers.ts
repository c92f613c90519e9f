/**
 * Controllers that set a rate. PI: lines per agent follow the error of the abandoned rate against a set-point of 2.8 %, as
 * published for commercial dialers (textbook form: Åström & Hägglund, PID Controllers). Sinch: lines for the free agents plus a fixed part of the busy ones.
 */
import type { PacingDecision, PacingFact, PacingObservation, PacingPolicy } from '../port.ts';
import { within } from '../simple-policies.ts';
import type { BaselineSetting } from './baseline.ts';
import { Tally } from './tally.ts';

const PERIOD_MS = 15_000;
const WINDOW_MS = 15 * 60_000;
const SET_POINT_OF_CAP = 2.8 / 3;
const PROPORTIONAL = 4;
const INTEGRAL_PER_S = 0.04;
const MOST_LINES = 12;

export class PiPolicy implements PacingPolicy {
  private readonly setting: BaselineSetting;
  private readonly tally = new Tally();
  private integral = 0;
  private lines = 1;
  private nextMs = 0;

  constructor(setting: BaselineSetting) {
    this.setting = setting;
  }

  observe(fact: PacingFact): void {
    this.tally.add(fact);
  }

  decide(o: PacingObservation): PacingDecision {
    if (o.nowMs >= this.nextMs) this.adjust(o.nowMs);
    const part = this.setting.agentPart;
    const agents = (o.freeAgents + o.talkingMs.length + o.wrapUpMs.length) * part;
    const inProgress = o.ringingMs.length + (o.detectingMs?.length ?? 0) + o.waitingCalls + (o.talkingMs.length + o.wrapUpMs.length) * part;
    return within(Math.floor(this.lines * agents - inProgress), o, 'lines per agent by a PI controller', { lines: this.lines });
  }

  private adjust(nowMs: number): void {
    this.nextMs = nowMs + PERIOD_MS;
    const window = this.tally.since(nowMs - WINDOW_MS);
    if (window.live < 20) return;
    const error = SET_POINT_OF_CAP * this.setting.cap - window.abandoned / window.live;
    const next = 1 + PROPORTIONAL * error + this.integral + INTEGRAL_PER_S * (PERIOD_MS / 1000) * error;
    // Anti-windup: the integral stands still while the output is at a limit and would be pushed further.
    if ((next < MOST_LINES || error < 0) && (next > 1 || error > 0)) this.integral += INTEGRAL_PER_S * (PERIOD_MS / 1000) * error;
    this.lines = Math.max(1, Math.min(MOST_LINES, next));
  }
}

export class SinchPolicy implements PacingPolicy {
  private readonly ratio: number;

  constructor(ratio: number) {
    this.ratio = ratio;
  }

  observe(_fact: PacingFact): void {
    // A fixed rule learns nothing.
  }

  decide(o: PacingObservation): PacingDecision {
    const busy = o.talkingMs.length + o.wrapUpMs.length;
    const pending = o.ringingMs.length + (o.detectingMs?.length ?? 0) + o.waitingCalls;
    const lines = Math.floor(o.freeAgents + this.ratio * busy - (o.claimedByOthers ?? 0)) - pending;
    return within(lines, o, 'free agents and a part of the busy ones', { ratio: this.ratio });
  }
}
