/**
 * US patent 5,640,445 (expired 2015): calls are placed for the agents who are free and for the expected number of busy agents
 * whose calls end within a window, each by the learnt law of durations given its age; the window grows while the abandoned rate is under the limit
 * and shrinks while it is above.
 */
import { DurationModel } from '../duration-model.ts';
import type { PacingDecision, PacingFact, PacingObservation, PacingPolicy } from '../port.ts';
import { within } from '../simple-policies.ts';
import type { BaselineSetting } from './baseline.ts';
import { Tally } from './tally.ts';

const ADJUST_EVERY_MS = 15_000;
const GROW = 1.05;
const SHRINK = 0.9;
const LEAST_WINDOW_MS = 250;
const MOST_WINDOW_MS = 120_000;

export class Patent5640445Policy implements PacingPolicy {
  private readonly setting: BaselineSetting;
  private readonly tally = new Tally();
  private readonly durations = new DurationModel(120_000, 2);
  private windowMs = 5000;
  private adjustMs = 0;

  constructor(setting: BaselineSetting) {
    this.setting = setting;
  }

  observe(fact: PacingFact): void {
    this.tally.add(fact);
    if (fact.type === 'talked') this.durations.add(fact.talkMs);
  }

  decide(o: PacingObservation): PacingDecision {
    if (this.durations.due) this.durations.rebuild(o.talkingMs);
    if (o.nowMs >= this.adjustMs) {
      this.adjustMs = o.nowMs + ADJUST_EVERY_MS;
      const factor = this.tally.rate < this.setting.cap ? GROW : SHRINK;
      this.windowMs = Math.max(LEAST_WINDOW_MS, Math.min(MOST_WINDOW_MS, this.windowMs * factor));
    }
    let soon = 0;
    const talking = o.talkingMs;
    for (let index = 0; index < talking.length; index += 1) {
      const ageMs = talking[index] as number;
      soon += 1 - this.durations.survives(ageMs + this.windowMs) / Math.max(1e-9, this.durations.survives(ageMs));
    }
    const available = o.freeAgents + soon - o.waitingCalls;
    const pending = o.ringingMs.length + (o.detectingMs?.length ?? 0);
    const lines = Math.floor(available / Math.max(0.02, this.tally.liveP) - (o.claimedByOthers ?? 0)) - pending;
    return within(lines, o, 'agents free, or free within the window', { windowMs: this.windowMs, soon });
  }
}
