/** The agents of a simulation: how many are here, who is free, who talks, who is in wrap-up. */
import { AgeList } from './age-list.ts';
import { AgentClock } from './metrics.ts';

export class Floor {
  readonly talking = new AgeList();
  readonly wrapping = new AgeList();
  readonly clock = new AgentClock();
  /** As the shift plan wants them; who talks when a shift ends leaves after the call. */
  staff = 0;
  free = 0;

  get busy(): number {
    return this.talking.length + this.wrapping.length;
  }

  /** As many are here as should be. */
  get isFull(): boolean {
    return this.busy + this.free >= this.staff;
  }

  /** Time passes as things stand. */
  advance(nowMs: number): void {
    this.clock.advance(nowMs, this.busy, this.free);
  }

  sendHome(): void {
    this.free = Math.max(0, Math.min(this.free, this.staff - this.busy));
  }
}
