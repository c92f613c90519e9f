import type { LoadRun } from './load-run.ts';
import { Meter, type MachineSecond, type SecondPoint } from './meter.ts';
import type { LoadOptions } from './options.ts';
import { longestMs } from './plan.ts';
import type { Time } from './profile.ts';
import type { Screen } from './screen.ts';
import { rateAt } from './shapes.ts';

/** How long calls may take to end when no more are begun: the longest talk, after the longest ringing. */
const leastDrainMs = 60_000;
const ringRoomMs = 45_000;
const readEveryMs = 200;

export interface Measured {
  readonly meter: Meter;
  readonly points: readonly SecondPoint[];
}

interface Parts {
  readonly run: LoadRun;
  readonly options: LoadOptions;
  readonly talkMs: Time;
  readonly screen: Screen;
  /** The run cannot go on, or is not to. */
  readonly lost: AbortSignal;
}

/** Second by second: sets the rate, reads what the far end wrote, shows it; then lets the last calls end. */
export async function measure(parts: Parts): Promise<Measured> {
  const meter = new Meter(Date.now());
  try {
    return await dialAndDrain(parts, meter, Date.now());
  } catch (error) {
    if (parts.run.target !== null) await leaveNobodyOnTheLine(parts, meter);
    throw error;
  }
}

const drainMs = ({ talkMs }: Parts): number => Math.max(leastDrainMs, longestMs(talkMs) + ringRoomMs);
const read = ({ run }: Parts, meter: Meter): Promise<void> => run.sipp.read((record) => meter.record(record));

async function dialAndDrain(parts: Parts, meter: Meter, startedAtMs: number): Promise<Measured> {
  const { run, options, screen, lost } = parts;
  const shape = { name: options.shape, rate: options.rate, seconds: options.seconds };
  const asked = (second: number): number => run.quantise(rateAt(shape, second));
  const until = async (ms: number): Promise<void> => {
    for (;;) {
      lost.throwIfAborted();
      await read(parts, meter);
      const left = ms - (Date.now() - startedAtMs);
      if (left <= 0) return;
      await new Promise((done) => setTimeout(done, Math.min(left, readEveryMs)));
    }
  };
  const machine: MachineSecond[] = [];
  const sample = await machineSampler(run);
  for (let second = 0; second < options.seconds; second += 1) {
    // A caller ends when it has made its calls; before the first one it could not begin.
    if (run.sipp.exitCode !== null && (run.maxCalls === Number.POSITIVE_INFINITY || !meter.hasCalls)) throw await run.sipp.failure();
    await run.setRate(asked(second), meter);
    await until((second + 1) * 1000);
    meter.tick(Date.now());
    machine.push(await sample());
    screen.show(meter.point(second, asked(second), machine[second]));
  }
  await run.endDialing();
  screen.say('no new calls; those on their way and those up may end');
  const deadline = Date.now() + drainMs(parts);
  let second = options.seconds;
  while (Date.now() < deadline && !(await run.isOver(meter))) {
    await until((second + 1) * 1000);
    meter.tick(Date.now());
    machine.push(await sample());
    second += 1;
  }
  await read(parts, meter);
  meter.close();
  await run.sipp.stop();
  await read(parts, meter);
  await run.sipp.close();
  return { meter, points: Array.from({ length: Math.max(options.seconds, second) }, (_, at) => meter.point(at, asked(at), machine[at])) };
}

/** The product's process, from one call to the next. */
async function machineSampler(run: LoadRun): Promise<() => Promise<MachineSecond>> {
  const look = async () => ({ usage: (await run.usage?.()) ?? null, atMs: performance.now() });
  let before = await look();
  return async () => {
    const now = await look();
    const cpuMs = now.usage && before.usage ? now.usage.cpuMs - before.usage.cpuMs : null;
    const productCpuPct = cpuMs === null ? null : (100 * cpuMs) / (now.atMs - before.atMs);
    before = now;
    return { productRssMb: now.usage?.rssMb ?? null, productCpuPct };
  };
}

/** A trunk's calls cost somebody money: an end before time hangs them up, or waits until they end by themselves. */
async function leaveNobodyOnTheLine(parts: Parts, meter: Meter): Promise<void> {
  const { run, screen } = parts;
  const deadline = Date.now() + drainMs(parts);
  await run.sipp.hangUp();
  await read(parts, meter);
  if (meter.channels > 0) screen.say(`${meter.channels} calls are up: waiting until they have ended, at most ${Math.round(drainMs(parts) / 1000)} s`);
  while (meter.channels > 0 && run.sipp.exitCode === null && Date.now() < deadline) {
    await read(parts, meter);
    meter.tick(Date.now());
    await new Promise((done) => setTimeout(done, readEveryMs));
  }
}
