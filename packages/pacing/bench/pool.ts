/** Two threads, one job at a time each, with progress on standard error. */
import { Worker } from 'node:worker_threads';
import type { Done, Job } from './worker.ts';

/** Threads do not inherit the TypeScript loader of the main thread on Node 20, so each registers it before it loads its file. */
const BOOT = `const { workerData } = require('node:worker_threads');
import(workerData.loader).then(({ register }) => { register(); return import(workerData.file); });`;

export async function runJobs(jobs: readonly Job[], threads: number, onDone: (done: Done, finished: number) => void): Promise<void> {
  let next = 0;
  let finished = 0;
  const one = async (): Promise<void> => {
    const worker = new Worker(BOOT, { eval: true, workerData: { loader: import.meta.resolve('tsx/esm/api'), file: new URL('./worker.ts', import.meta.url).href } });
    try {
      for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
        const done = await new Promise<Done>((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
          worker.postMessage(job);
        });
        worker.removeAllListeners('error');
        finished += 1;
        onDone(done, finished);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, one));
}
