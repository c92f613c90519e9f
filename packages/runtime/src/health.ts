export type PartStatus = 'OK' | 'WARNING' | 'CRITICAL';
export interface PartHealth {
  readonly status: PartStatus;
  readonly detail: string;
}
type Check = () => Promise<PartHealth> | PartHealth;

export interface HealthRegistry {
  register(part: string, check: Check): void;
  readonly parts: () => Promise<readonly { part: string; health: PartHealth }[]>;
}

export interface HealthOptions {
  /** An answer younger than this is given again. Default 2 000. */
  readonly keepMs?: number;
  /** A check that takes longer counts as CRITICAL. Default 3 000. */
  readonly timeoutMs?: number;
  readonly nowMs?: () => number;
}

/** Checks are asked at most every few seconds, all at once, and none can hold up the others. */
export function createHealthRegistry(options: HealthOptions = {}): HealthRegistry {
  const keepMs = options.keepMs ?? 2_000;
  const timeoutMs = options.timeoutMs ?? 3_000;
  const nowMs = options.nowMs ?? (() => performance.now());
  const checks = new Map<string, Check>();
  let asked: { readonly atMs: number; readonly answer: Promise<readonly { part: string; health: PartHealth }[]> } | undefined;

  const ask = async (part: string, check: Check): Promise<{ part: string; health: PartHealth }> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<PartHealth>((resolve) => {
      timer = setTimeout(() => resolve({ status: 'CRITICAL', detail: `no answer within ${timeoutMs} ms` }), timeoutMs);
    });
    try {
      return { part, health: await Promise.race([Promise.resolve().then(check), late]) };
    } catch (error) {
      return { part, health: { status: 'CRITICAL', detail: error instanceof Error ? error.message : String(error) } };
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    register(part, check) {
      checks.set(part, check);
      asked = undefined;
    },
    parts: () => {
      if (!asked || nowMs() - asked.atMs > keepMs) {
        asked = { atMs: nowMs(), answer: Promise.all([...checks].map(([part, check]) => ask(part, check))) };
      }
      return asked.answer;
    },
  };
}
