import { performance } from 'node:perf_hooks';
import type { EventLoopUtilization } from 'node:perf_hooks';

const SAMPLE_MS = 100;
const SAMPLES_PER_S = 1_000 / SAMPLE_MS;
/** A packet that waits this long for its turn, again and again: its sender is about to send it again (T1 is 500 ms). */
const LATE_MS = 100;
/** With the event loop never idle, even a short queue only grows. */
const QUEUED_MS = 50;
const BUSY_UTILIZATION = 0.96;
const CALM_UTILIZATION = 0.85;
const CALM_MS = 50;
/** A probe that is not back by then was lost: the socket's queue is full. */
const PROBE_LOST_MS = 1_000;
/** One pause, for garbage or for a neighbour on the machine, is no overload. */
const PRESSED_SAMPLES = 8;
/** Never everything: some calls must come through to show that things are better. Also what a noisy neighbour can cost at most. */
const FLOOR_PER_S = 50;
const FIRST_CUT = 0.75;
const CUT_PER_SAMPLE = 0.95;
const GROWTH_PER_SAMPLE = 1.03;
/** Busy without a queue is no reason to shed: the limit feels its way up. */
const GROWTH_WHILE_BUSY_PER_SAMPLE = 1.01;
/** Calm for this long with room to spare: the limit is lifted. */
const CALM_SAMPLES_TO_LIFT = 10;
const SPARE_ROOM = 1.2;

/** How the process was doing since the sample before. */
export interface LoadSample {
  /** The longest wait of a packet of our own in our own queue, or of the sampling itself: what peers see, whatever the cause. */
  readonly delayMs: number;
  /** A packet of our own never came out of our own queue. */
  readonly probeLost: boolean;
  /** Share of the time in which the event loop had work, 0 to 1. */
  readonly utilization: number;
}

/**
 * Admits new calls while the process can keep up, and sheds the rest, so that what it began is finished (RFC 3261 21.5.4; a rate limit as in
 * RFC 7415). The limit is a rate: it is cut while samples are pressed and grows while they are calm. The price of a call is one
 * decrement; everything else happens ten times a second.
 */
export class Admission {
  private limitPerS = Infinity;
  private tokens = Infinity;
  private asked = 0;
  private admitted = 0;
  private readonly askedInSamples: number[] = [];
  private admittedPerS = 0;
  private pressedSamples = 0;
  private calmSamples = 0;
  private shedCount = 0;

  /** For a call that may be refused. */
  admits(): boolean {
    this.asked++;
    if (this.tokens < 1) {
      this.shedCount++;
      return false;
    }
    this.tokens--;
    this.admitted++;
    return true;
  }

  /** For a call that begins whatever the load: it uses the room of others. */
  began(): void {
    this.asked++;
    this.tokens--;
    this.admitted++;
  }

  observe(sample: LoadSample): void {
    this.count();
    const late = sample.delayMs >= LATE_MS;
    const pressed = late || sample.probeLost || (sample.utilization >= BUSY_UTILIZATION && sample.delayMs >= QUEUED_MS);
    const calm = sample.delayMs < CALM_MS && !sample.probeLost;
    this.pressedSamples = pressed ? this.pressedSamples + 1 : 0;
    this.calmSamples = calm ? this.calmSamples + 1 : 0;
    if (this.pressedSamples >= PRESSED_SAMPLES) this.cut();
    else if (calm && this.limitPerS !== Infinity) this.grow(sample.utilization < CALM_UTILIZATION ? GROWTH_PER_SAMPLE : GROWTH_WHILE_BUSY_PER_SAMPLE);
    this.refill();
  }

  private count(): void {
    this.askedInSamples.push(this.asked);
    if (this.askedInSamples.length > SAMPLES_PER_S) this.askedInSamples.shift();
    // Smoothed over about half a second.
    this.admittedPerS += (this.admitted * SAMPLES_PER_S - this.admittedPerS) * 0.2;
    this.asked = 0;
    this.admitted = 0;
  }

  private get askedPerS(): number {
    let sum = 0;
    for (const each of this.askedInSamples) sum += each;
    return sum;
  }

  private cut(): void {
    const from = this.limitPerS === Infinity ? this.admittedPerS * FIRST_CUT : this.limitPerS * CUT_PER_SAMPLE;
    this.limitPerS = Math.max(FLOOR_PER_S, from);
  }

  private grow(factor: number): void {
    this.limitPerS = this.limitPerS * factor + 1;
    if (this.calmSamples >= CALM_SAMPLES_TO_LIFT && this.limitPerS > this.askedPerS * SPARE_ROOM) this.limitPerS = Infinity;
  }

  private refill(): void {
    const share = this.limitPerS / SAMPLES_PER_S;
    // What was not used is not kept; a debt of calls that could not be refused is, up to one second of it.
    this.tokens = this.limitPerS === Infinity ? Infinity : share + Math.max(Math.min(0, this.tokens), -this.limitPerS);
  }

  /** New calls a second that are let in; Infinity while nothing is shed. */
  get limit(): number {
    return this.limitPerS;
  }

  get shed(): number {
    return this.shedCount;
  }
}

/** Samples the process for an admission. */
export class LoadSampler {
  private readonly admission: Admission;
  private timer: NodeJS.Timeout | undefined;
  private utilization: EventLoopUtilization | undefined;
  private dueAt = 0;
  private probe = 0;
  private probeSentAt = 0;
  private answered = true;
  private delayMs = 0;

  constructor(admission: Admission) {
    this.admission = admission;
  }

  /** `send` puts a numbered packet into our own queue, or says that there is none; `arrived` is to be called when it comes out. */
  start(send: (probe: number) => boolean): void {
    this.utilization = performance.eventLoopUtilization();
    this.dueAt = performance.now() + SAMPLE_MS;
    this.timer = setInterval(() => this.sample(send), SAMPLE_MS);
    this.timer.unref();
  }

  private sample(send: (probe: number) => boolean): void {
    const now = performance.now();
    const before = this.utilization;
    this.utilization = performance.eventLoopUtilization();
    const waiting = this.answered ? 0 : now - this.probeSentAt;
    const probeLost = waiting > PROBE_LOST_MS;
    this.admission.observe({
      delayMs: Math.max(this.delayMs, now - this.dueAt, waiting),
      probeLost,
      utilization: performance.eventLoopUtilization(this.utilization, before).utilization,
    });
    this.delayMs = 0;
    this.dueAt = now + SAMPLE_MS;
    if (!this.answered && !probeLost) return;
    this.probeSentAt = now;
    this.answered = !send(++this.probe);
  }

  arrived(probe: number): void {
    if (this.answered || probe !== this.probe) return;
    this.answered = true;
    this.delayMs = Math.max(this.delayMs, performance.now() - this.probeSentAt);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
