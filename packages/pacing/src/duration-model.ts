/**
 * How long conversations or wrap-ups last, learnt while some are still running.
 *
 * A piecewise-constant hazard on bins that grow with age. Finished durations add an event to their last bin and exposure
 * to all they passed; running ones add exposure only (right-censored, as in the Kaplan–Meier estimate), so that the first
 * minutes of a campaign, when only short conversations have ended, do not make them look shorter than they are. Each bin
 * is shrunk towards the overall hazard, worth `SHRINK` events: with little evidence the law is exponential.
 */

const BINS = 64;
const FIRST_BIN_MS = 2000;
const GROWTH = 1.1;
const MEMORY = 3000;
const SHRINK = 6;
const REBUILD_EVERY = 24;
const GRID = 512;

const EDGES = new Float64Array(BINS + 1);
for (let bin = 0; bin <= BINS; bin += 1) EDGES[bin] = (FIRST_BIN_MS * (GROWTH ** bin - 1)) / (GROWTH - 1);

function binOf(ms: number): number {
  const bin = Math.floor(Math.log1p((ms * (GROWTH - 1)) / FIRST_BIN_MS) / Math.log(GROWTH));
  return Math.max(0, Math.min(BINS - 1, bin));
}

export class DurationModel {
  private readonly events = new Float64Array(BINS);
  private readonly exposureMs = new Float64Array(BINS);
  private gain = 1;
  private totalMs = 0;
  private totalEvents = 0;
  private rememberedCount = 0;
  private sinceRebuild = REBUILD_EVERY;
  private stepMs = 1;
  /** Survival on a grid of `stepMs`. */
  private readonly survival = new Float64Array(GRID + 1);
  private version = 0;

  /** `priorMs` stands in until there is evidence, `priorWeight` is how many durations it is worth. */
  constructor(priorMs: number, priorWeight: number) {
    this.totalMs = priorMs * priorWeight;
    this.totalEvents = priorWeight;
    this.rebuild([]);
  }

  add(durationMs: number): void {
    this.gain *= 1 + 1 / MEMORY;
    this.rememberedCount += 1;
    this.sinceRebuild += 1;
    const last = binOf(durationMs);
    for (let bin = 0; bin <= last; bin += 1) {
      const spentMs = Math.min(durationMs, EDGES[bin + 1] as number) - (EDGES[bin] as number);
      this.exposureMs[bin] = (this.exposureMs[bin] as number) + Math.max(0, spentMs) * this.gain;
    }
    this.events[last] = (this.events[last] as number) + this.gain;
    this.totalMs += durationMs * this.gain;
    this.totalEvents += this.gain;
    if (this.gain > 1e6) this.rescale();
  }

  get count(): number {
    return this.rememberedCount;
  }

  /** Standard error of the overall hazard relative to it. */
  get relativeError(): number {
    return 1 / Math.sqrt(1 + this.rememberedCount);
  }

  /** Changes whenever the tables do: whoever derives tables from this model compares it. */
  get revision(): number {
    return this.version;
  }

  get meanMs(): number {
    return this.mean;
  }

  /** Standard deviation over mean of the learnt law: 1 for an exponential one. */
  get cv(): number {
    return this.variation;
  }

  private mean = 1;
  private variation = 1;

  /** True when enough has been learnt since the tables were built. */
  get due(): boolean {
    return this.sinceRebuild >= Math.min(REBUILD_EVERY, 1 + this.rememberedCount / 8);
  }

  /** P(duration > t). */
  survives(ms: number): number {
    const position = ms / this.stepMs;
    const index = Math.floor(position);
    if (index >= GRID) {
      // Beyond the grid the last hazard goes on.
      const last = this.survival[GRID] as number;
      const before = this.survival[GRID - 16] as number;
      const decay = before > 0 ? last / before : 0;
      return last * decay ** ((position - GRID) / 16);
    }
    const fraction = position - index;
    return (this.survival[index] as number) * (1 - fraction) + (this.survival[index + 1] as number) * fraction;
  }

  /** Builds the tables from what was learnt and from the ages of those that still run. */
  rebuild(runningMs: ArrayLike<number>): void {
    this.sinceRebuild = 0;
    this.version += 1;
    const exposureMs = Float64Array.from(this.exposureMs);
    let totalMs = this.totalMs;
    for (let index = 0; index < runningMs.length; index += 1) {
      const ageMs = runningMs[index] as number;
      totalMs += ageMs * this.gain;
      const last = binOf(ageMs);
      for (let bin = 0; bin <= last; bin += 1) {
        const spentMs = Math.min(ageMs, EDGES[bin + 1] as number) - (EDGES[bin] as number);
        exposureMs[bin] = (exposureMs[bin] as number) + Math.max(0, spentMs) * this.gain;
      }
    }
    const overall = this.totalEvents / totalMs;
    this.stepMs = Math.max(50, 8 / overall / GRID);
    this.fill(exposureMs, overall);
  }

  private fill(exposureMs: Float64Array, overall: number): void {
    const shrink = SHRINK * this.gain;
    let alive = 1;
    let bin = 0;
    let area = 0;
    // E[X²] = 2·∫ t·S(t) dt.
    let moment = 0;
    for (let index = 0; index <= GRID; index += 1) {
      this.survival[index] = alive;
      const atMs = (index + 0.5) * this.stepMs;
      while (bin < BINS - 1 && atMs >= (EDGES[bin + 1] as number)) bin += 1;
      const hazard = ((this.events[bin] as number) + shrink) / ((exposureMs[bin] as number) + shrink / overall);
      const next = alive * Math.exp(-hazard * this.stepMs);
      area += ((alive + next) / 2) * this.stepMs;
      moment += (alive + next) * atMs * this.stepMs;
      alive = next;
    }
    this.mean = area;
    this.variation = Math.sqrt(Math.max(0, moment / (area * area) - 1));
  }

  private rescale(): void {
    for (let bin = 0; bin < BINS; bin += 1) {
      this.events[bin] = (this.events[bin] as number) / this.gain;
      this.exposureMs[bin] = (this.exposureMs[bin] as number) / this.gain;
    }
    this.totalMs /= this.gain;
    this.totalEvents /= this.gain;
    this.gain = 1;
  }
}
