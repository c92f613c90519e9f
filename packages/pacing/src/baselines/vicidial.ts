/**
 * VICIdial's adaptive dial level, restated from the rule that its administrator's manual and its AST_VDadapt script publish
 * (vicidial.org, "Adaptive Predictive Dialing"; the script is AGPL, only the rule is used here).
 *
 * Every 15 s: D = mean(ready) − mean(waiting) + target over 15 one-second samples; m = D / agents logged in; with intensity i
 * m' = m(1 + i) if m ≥ 0, else m·|i − 1|; L ← L(1 + m'), within [1, max]. With over 20 calls and over half dropped in the last minute L/2.
 * With over 50 calls today and the drop limit passed: HARD_LIMIT L = 1, AVERAGE L/2, TAPERED L · min(1, HHMM left / 1000).
 * Calls to start: round(L · agents) − calls in progress, conversations included.
 */
import type { PacingDecision, PacingFact, PacingObservation, PacingPolicy } from '../port.ts';
import { within } from '../simple-policies.ts';
import type { BaselineSetting } from './baseline.ts';
import { Tally } from './tally.ts';

export type VicidialMethod = 'hard-limit' | 'average' | 'tapered';

const SAMPLES = 15;
const MAX_LEVEL = 3;
const INTENSITY = 0;
const TARGET = 0;

export class VicidialPolicy implements PacingPolicy {
  private readonly method: VicidialMethod;
  private readonly setting: BaselineSetting;
  private readonly tally = new Tally();
  private level = 1;
  private nextMs = 0;
  private samples = 0;
  private difference = 0;

  constructor(method: VicidialMethod, setting: BaselineSetting) {
    this.method = method;
    this.setting = setting;
  }

  observe(fact: PacingFact): void {
    this.tally.add(fact);
  }

  decide(o: PacingObservation): PacingDecision {
    // Its processes look once a second; between looks nothing is dialed.
    if (o.nowMs < this.nextMs) return within(0, o, 'between two looks', { level: this.level });
    this.nextMs = o.nowMs + 1000;
    const part = this.setting.agentPart;
    const busy = o.talkingMs.length + o.wrapUpMs.length;
    const agents = (o.freeAgents + busy) * part;
    this.difference += o.freeAgents * part - o.waitingCalls;
    this.samples += 1;
    if (this.samples >= SAMPLES) this.adapt(o.nowMs, agents);
    const inProgress = o.ringingMs.length + (o.detectingMs?.length ?? 0) + o.waitingCalls + o.talkingMs.length * part;
    return within(Math.round(this.level * agents - inProgress), o, 'dial level times agents', { level: this.level });
  }

  private adapt(nowMs: number, agents: number): void {
    const m = (this.difference / this.samples + TARGET) / Math.max(1, agents);
    this.samples = 0;
    this.difference = 0;
    const adjusted = m >= 0 ? m * (1 + INTENSITY) : m * Math.abs(INTENSITY - 1);
    this.level = clamp(this.level * (1 + adjusted));
    const minute = this.tally.since(nowMs - 60_000);
    if (minute.live > 20 && minute.abandoned / minute.live > 0.5) this.level = clamp(this.level / 2);
    if (this.tally.live <= 50 || this.tally.rate <= this.setting.cap) return;
    switch (this.method) {
      case 'hard-limit':
        this.level = 1;
        return;
      case 'average':
        this.level = clamp(this.level / 2);
        return;
      case 'tapered': {
        const leftMin = Math.max(0, (this.setting.endMs - nowMs) / 60_000);
        const hhmm = 100 * Math.floor(leftMin / 60) + (leftMin % 60);
        this.level = clamp(this.level * Math.min(1, hhmm / 1000));
        return;
      }
    }
  }
}

function clamp(level: number): number {
  return Math.max(1, Math.min(MAX_LEVEL, level));
}
