/** Recordings that could not be written, as the health of the part `recordings` tells them. */
import type { PartHealth } from '@ritmo/service-kit';

/** How long a failure is shown. */
const SHOWN_MS = 3_600_000;
const MOST_KEPT = 1_000;

export class RecordingFailures {
  readonly #at: number[] = [];
  #last = '';

  add(atMs: number, file: string, error: string): void {
    this.#at.push(atMs);
    if (this.#at.length > MOST_KEPT) this.#at.shift();
    this.#last = `${file}: ${error}`;
  }

  health(nowMs: number): PartHealth | undefined {
    while (this.#at.length > 0 && nowMs - (this.#at[0] ?? 0) > SHOWN_MS) this.#at.shift();
    if (this.#at.length === 0) return undefined;
    return { status: 'WARNING', detail: `${this.#at.length} recordings could not be written in the last hour, the last one ${this.#last}` };
  }
}

const SEVERITY = { OK: 0, WARNING: 1, CRITICAL: 2 } as const;

/** The worse one, with both details. */
export function worseOf(disk: PartHealth, failures: PartHealth | undefined): PartHealth {
  if (!failures) return disk;
  if (disk.status === 'OK') return failures;
  return { status: SEVERITY[disk.status] >= SEVERITY[failures.status] ? disk.status : failures.status, detail: `${disk.detail}; ${failures.detail}` };
}
