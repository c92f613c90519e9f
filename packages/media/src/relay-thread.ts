/** The two places where the relay can run, behind one face. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { COUNTERS, type RelayCommand, type RelayOptions, type RelayReport, type RelayWorkerData } from './commands.ts';
import { RelayCore } from './relay-core.ts';

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

export function startInCaller(options: RelayOptions, listener: RelayListener): RelayThread {
  const counters = new Float64Array(COUNTERS);
  const core = new RelayCore(options, counters, (report) => listener.report(report));
  return { counters, send: (command) => core.handle(command), end: () => Promise.resolve() };
}

export async function startInWorker(options: RelayOptions, listener: RelayListener): Promise<RelayThread> {
  const counters = new SharedArrayBuffer(COUNTERS * Float64Array.BYTES_PER_ELEMENT);
  const workerData: RelayWorkerData = { options, counters };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData, execArgv: loaderArguments() });
  await new Promise<void>((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
  let ending = false;
  worker.on('message', (report: RelayReport) => listener.report(report));
  worker.on('error', (error) => listener.died(error as Error));
  worker.on('exit', (code) => {
    if (!ending) listener.died(new Error(`the media thread ended with code ${code}`));
  });
  return {
    counters: new Float64Array(counters),
    send: (command) => worker.postMessage(command),
    end: async () => {
      ending = true;
      await worker.terminate();
    },
  };
}

/** Node 20 reads TypeScript only through a loader; named by its full path, so that the working directory does not matter. */
function loaderArguments(): string[] {
  const loader = createRequire(import.meta.url).resolve('tsx');
  return ['--import', pathToFileURL(loader).href];
}
