/** What baselines learn: totals since the start and over the last minutes, as their published rules count them. */
import type { PacingFact } from '../port.ts';

export class Tally {
  live = 0;
  abandoned = 0;
  attempts = 0;
  answered = 0;
  finished = 0;
  private talkMs = 0;
  private talks = 0;
  private ringMs = 0;
  private readonly recent: { readonly atMs: number; readonly abandoned: boolean }[] = [];
  private first = 0;

  add(fact: PacingFact): void {
    switch (fact.type) {
      case 'dialed':
        this.attempts += 1;
        return;
      case 'failed':
        this.finished += 1;
        return;
      case 'answered':
        this.finished += 1;
        this.answered += 1;
        this.ringMs += fact.ringMs;
        if (fact.detecting !== true) this.reached(fact.atMs);
        return;
      case 'live':
        return this.reached(fact.atMs);
      case 'machine':
      case 'delivered':
      case 'wrapped':
        return;
      case 'abandoned':
        this.abandoned += 1;
        this.recent.push({ atMs: fact.atMs, abandoned: true });
        return;
      case 'talked':
        this.talkMs += fact.talkMs;
        this.talks += 1;
        return;
    }
  }

  get rate(): number {
    return this.live > 0 ? this.abandoned / this.live : 0;
  }

  /** Share of finished attempts that reached a person; 1 before there is any, the cautious guess. */
  get liveP(): number {
    return this.finished > 0 && this.live > 0 ? this.live / this.finished : 1;
  }

  get meanTalkMs(): number {
    return this.talks > 0 ? this.talkMs / this.talks : 120_000;
  }

  get meanAnswerMs(): number {
    return this.answered > 0 ? this.ringMs / this.answered : 10_000;
  }

  /** People and abandoned calls since a moment not more than an hour ago. */
  since(fromMs: number): { live: number; abandoned: number } {
    const hourAgoMs = fromMs - 3_600_000;
    while (this.first < this.recent.length && (this.recent[this.first] as { atMs: number }).atMs < hourAgoMs) this.first += 1;
    if (this.first > 4096) {
      this.recent.splice(0, this.first);
      this.first = 0;
    }
    let live = 0;
    let abandoned = 0;
    for (let index = this.recent.length - 1; index >= this.first; index -= 1) {
      const event = this.recent[index] as { atMs: number; abandoned: boolean };
      if (event.atMs < fromMs) break;
      if (event.abandoned) abandoned += 1;
      else live += 1;
    }
    return { live, abandoned };
  }

  private reached(atMs: number): void {
    this.live += 1;
    this.recent.push({ atMs, abandoned: false });
  }
}
