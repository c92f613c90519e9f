/** The calls of a simulation that are up or on their way, each in a slot that is used again: a simulated day has millions. */
import type { Fate } from './call-source.ts';

export interface Call extends Fate {
  campaign: number;
  waiting: boolean;
  sinceMs: number;
  /** Invalidates a grace event of an earlier use of the slot. */
  turn: number;
}

export class CallSlots {
  private readonly calls: Call[] = [];
  private readonly vacant: number[] = [];

  at(slot: number): Call {
    return this.calls[slot] as Call;
  }

  /** A slot for a new call of the campaign. What became of its last call stands in it until it is written over. */
  take(campaign: number): number {
    const slot = this.vacant.pop() ?? this.another();
    const call = this.at(slot);
    call.campaign = campaign;
    call.waiting = false;
    call.turn += 1;
    return slot;
  }

  private another(): number {
    this.calls.push({ ringMs: 0, answered: false, deliver: false, machine: false, campaign: 0, waiting: false, sinceMs: 0, turn: 0 });
    return this.calls.length - 1;
  }

  leave(slot: number): void {
    this.vacant.push(slot);
  }
}
