/** The course of a run: one point for every so many milliseconds, of all campaigns together. */
import type { CampaignState } from './campaign-state.ts';
import type { AgentClock, SeriesPoint } from './metrics.ts';

export class SeriesRecorder {
  readonly points: SeriesPoint[] = [];
  private readonly everyMs: number;
  private seen = { attempts: 0, live: 0, abandoned: 0 };

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  tick(nowMs: number, clock: AgentClock, campaigns: readonly CampaignState[], agents: number): void {
    if (nowMs % this.everyMs !== 0) return;
    const now = { attempts: 0, live: 0, abandoned: 0 };
    let ringing = 0;
    for (const campaign of campaigns) {
      now.attempts += campaign.count.wholeAttempts;
      now.live += campaign.count.wholeLive;
      now.abandoned += campaign.count.wholeAbandoned;
      ringing += campaign.ringing.length;
    }
    this.points.push({
      atS: nowMs / 1000,
      occupancy: clock.takeSlice(),
      agents,
      attempts: now.attempts - this.seen.attempts,
      live: now.live - this.seen.live,
      abandoned: now.abandoned - this.seen.abandoned,
      abandonRateSoFar: now.live > 0 ? now.abandoned / now.live : 0,
      ringing,
    });
    this.seen = now;
  }
}
