/** The two places where the relay can run, behind one face. */
import { Worker } from 'node:worker_threads';
import { COUNTERS, type RelayCommand, type RelayOptions, type RelayReport, type RelayWorkerData } from './commands.ts';
import { RelayCore } from './relay-core.ts';

/** Packets die young: a large nursery keeps them from being copied, and the pauses short. */
const YOUNG_GENERATION_MB = 64;

export interface RelayThread {
  readonly counters: Float64Array;
  send(command: RelayCommand): void;
  end(): Promise<void>;
}

export interface RelayListener {
  report(report: RelayReport): void;
  /** The thread died; every leg is silent from now on. */
  died(error: Error): void;
}

/** What of a worker those may use who want to see it die. */
export type WorkerHandle = Pick<Worker, 'terminate' | 'threadId'>;

export function startInCaller(options: RelayOptions, listener: RelayListener): RelayThread {
  const counters = new Float64Array(COUNTERS);
  const core = new RelayCore(options, counters, (report) => listener.report(report));
  return { counters, send: (command) => core.handle(command), end: () => Promise.resolve() };
}

/** What is said while one round of packets is handled goes as one message: each of them wakes the other thread. */
export function inBatches<T>(post: (batch: readonly T[]) => void): (each: T) => void {
  let batch: T[] = [];
  const flush = (): void => {
    const said = batch;
    batch = [];
    post(said);
  };
  return (each) => {
    if (batch.length === 0) setImmediate(flush);
    batch.push(each);
  };
}

export async function startInWorker(options: RelayOptions, listener: RelayListener, onThread?: (thread: WorkerHandle) => void): Promise<RelayThread> {
  const counters = new SharedArrayBuffer(COUNTERS * Float64Array.BYTES_PER_ELEMENT);
  const workerData: RelayWorkerData = { options, counters };
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } });
  // Its first message says that it listens.
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  worker.removeAllListeners('error');
  onThread?.(worker);
  let ending = false;
  worker.on('message', (reports: readonly RelayReport[]) => {
    for (const report of reports) listener.report(report);
  });
  worker.on('error', (error) => listener.died(error as Error));
  worker.on('exit', (code) => {
    if (!ending) listener.died(new Error(`the media thread ended with code ${code}`));
  });
  return {
    counters: new Float64Array(counters),
    send: inBatches((commands) => worker.postMessage(commands)),
    end: async () => {
      ending = true;
      await worker.terminate();
    },
  };
}
