/** Room on the disk of the recordings. Loud long before it is gone; never stops a call. */
import { statfs } from 'node:fs/promises';
import type { PartHealth } from '@ritmo/service-kit';

export interface DiskLimits {
  /** Below this the state is WARNING and the fact DiskNearlyFull is told. Default 2 GiB: about 36 hours of one call. */
  readonly warnBelowBytes: number;
  /** Below this the state is CRITICAL. Default 256 MiB. */
  readonly criticalBelowBytes: number;
}

export const DEFAULT_DISK_LIMITS: DiskLimits = { warnBelowBytes: 2 * 1024 ** 3, criticalBelowBytes: 256 * 1024 ** 2 };

export type DiskLevel = PartHealth['status'];

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

export function levelOf(freeBytes: number, limits: DiskLimits): DiskLevel {
  if (freeBytes < limits.criticalBelowBytes) return 'CRITICAL';
  return freeBytes < limits.warnBelowBytes ? 'WARNING' : 'OK';
}

const SEVERITY: Readonly<Record<DiskLevel, number>> = { OK: 0, WARNING: 1, CRITICAL: 2 };

export interface DiskWatchParts {
  readonly folder: string;
  readonly limits: DiskLimits;
  readonly everyMs: number;
  readonly freeBytes: (folder: string) => Promise<number>;
  /** The state became worse. */
  readonly worse: (level: DiskLevel, freeBytes: number) => void;
  readonly better: (level: DiskLevel, freeBytes: number) => void;
}

export class DiskWatch {
  freeBytes: number | undefined;
  private level: DiskLevel = 'OK';
  private error: string | undefined;
  private readonly parts: DiskWatchParts;
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: DiskWatchParts) {
    this.parts = parts;
  }

  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), this.parts.everyMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async look(): Promise<void> {
    const { folder, limits, freeBytes, worse, better } = this.parts;
    let free: number;
    try {
      free = await freeBytes(folder);
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      return;
    }
    this.error = undefined;
    this.freeBytes = free;
    const before = this.level;
    this.level = levelOf(free, limits);
    if (SEVERITY[this.level] > SEVERITY[before]) worse(this.level, free);
    if (SEVERITY[this.level] < SEVERITY[before]) better(this.level, free);
  }

  get health(): PartHealth {
    if (this.error !== undefined) return { status: 'CRITICAL', detail: `${this.parts.folder}: ${this.error}` };
    const megabytes = Math.round((this.freeBytes ?? 0) / 1024 ** 2);
    return { status: this.level, detail: `${megabytes} MiB free for recordings` };
  }
}
