import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface FarProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it printed first, as JSON. */
  readonly said: { readonly port: number };
  rssMb(): number;
  stop(): void;
}

/** Both ends keep their heaps the same way. */
const heapFlags = (): string[] => process.execArgv.filter((flag) => /^--(max-semi-space-size|heap-growing-percent|v8-pool-size)=/.test(flag));

/** Starts a file of this folder in a process of its own; it prints one JSON line when it is ready and ends with its stdin. */
export function startFarProcess(file: string, args: readonly string[] = []): Promise<FarProcess> {
  const child = spawn(process.execPath, [...heapFlags(), '--import', 'tsx', fileURLToPath(new URL(file, import.meta.url)), ...args]);
  child.stderr.pipe(process.stderr);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${String(code)} before it was ready`)));
    child.stdout.once('data', (line: Buffer) => {
      resolve({ child, said: JSON.parse(line.toString()) as { port: number }, rssMb: () => rssOf(child.pid ?? 0), stop: () => void child.stdin.end() });
    });
  });
}

/** Resident memory of another process; 0 where the kernel does not tell. */
function rssOf(pid: number): number {
  try {
    const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? 0 : Math.round(Number(match[1]) / 1_024);
  } catch {
    return 0;
  }
}
