/**
 * The share of short calls of each trunk and day against the trunk's limit. Carriers and regulators block who makes mostly short
 * calls, so a trunk near its limit gives less and less of its calls per second, and at its limit none until the day is over.
 */
import { startOfDayMs, type TrunkId } from '@ritmo/domain';
import { governShortCalls, type ShortCallVerdict } from '@ritmo/pacing';
import type { ServiceContext } from '@ritmo/service-kit';
import { dayZoneOf } from './rules.ts';

export interface ShortCalls {
  start(): Promise<void>;
  stop(): void;
  /** null: the trunk has no limit, or nothing is known of it yet. */
  verdict(trunkId: TrunkId): ShortCallVerdict | null;
  /** Of `wanted` calls that the trunk should begin now, how many it may. */
  admit(trunkId: TrunkId, wanted: number): number;
}

const refreshMs = 2_000;

export function createShortCalls({ database, directory, clock, log }: ServiceContext): ShortCalls {
  const verdicts = new Map<TrunkId, ShortCallVerdict>();
  /** What a slowed trunk may still begin; filled by its part of the calls per second. */
  const buckets = new Map<TrunkId, { left: number; at: number }>();
  let timer: NodeJS.Timeout | undefined;

  const refresh = async (): Promise<void> => {
    const limited = directory.all('trunk').filter((trunk) => trunk.shortCalls !== undefined);
    if (limited.length === 0) return verdicts.clear();
    const day = startOfDayMs(dayZoneOf({ directory }), clock.nowMs());
    const { rows } = await database.query<{ trunk_id: TrunkId; calls: number; short: number }>(
      'SELECT trunk_id, calls, short FROM dialer.trunk_days WHERE day = $1 AND trunk_id = ANY($2::int[])',
      [day, limited.map(({ id }) => id)],
    );
    verdicts.clear();
    for (const { id, name, shortCalls } of limited) {
      if (!shortCalls) continue;
      const { calls, short } = rows.find(({ trunk_id: trunkId }) => trunkId === id) ?? { calls: 0, short: 0 };
      const verdict = governShortCalls(calls, short, { minCalls: shortCalls.minCalls, slowShare: shortCalls.slowPct / 100, stopShare: shortCalls.stopPct / 100 });
      verdicts.set(id as TrunkId, { ...verdict, reason: `${name}: ${verdict.reason}` });
    }
  };
  const refreshSafely = (): Promise<void> => refresh().catch((error: unknown) => log.error({ err: error }, 'the share of short calls could not be read'));

  return {
    async start() {
      await refreshSafely();
      timer = setInterval(() => void refreshSafely(), refreshMs);
    },
    stop: () => clearInterval(timer),
    verdict: (trunkId) => verdicts.get(trunkId) ?? null,
    admit(trunkId, wanted) {
      const factor = verdicts.get(trunkId)?.factor ?? 1;
      if (factor >= 1) return wanted;
      const perSecond = factor * (directory.get('trunk', trunkId)?.callsPerSecond ?? 1);
      const nowMs = clock.nowMs();
      const bucket = buckets.get(trunkId) ?? { left: 0, at: nowMs };
      bucket.left = Math.min(Math.max(1, perSecond), bucket.left + (perSecond * Math.max(0, nowMs - bucket.at)) / 1_000);
      bucket.at = nowMs;
      buckets.set(trunkId, bucket);
      const admitted = Math.min(wanted, Math.floor(bucket.left));
      bucket.left -= admitted;
      return admitted;
    },
  };
}
