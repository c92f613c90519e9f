/** Offsets change only on quarter hours, everywhere and at all times since 1900. */
const QUARTER_HOUR_MS = 900_000;
const REMEMBERED_QUARTERS = 4_096;

export interface LocalTime {
  readonly zone: string;
  /** `2026-11-22 10:00:00.123` in the zone: what a `timestamp` column of the views holds. */
  timestamp(atMs: number): string;
  /** Day and half-hour (0 to 47) in the zone. */
  halfHour(atMs: number): { readonly day: string; readonly halfHour: number };
}

/** The views show the local time of the installation; SQL has no part in it, so that a view's column is a plain one. */
export function createLocalTime(zone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsets = new Map<number, number>();

  function offsetMs(atMs: number): number {
    const quarter = Math.floor(atMs / QUARTER_HOUR_MS);
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    const begin = quarter * QUARTER_HOUR_MS;
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(begin)) part[type] = Number(value);
    const local = Date.UTC(part['year'] ?? 0, (part['month'] ?? 1) - 1, part['day'], part['hour'], part['minute'], part['second']);
    if (offsets.size >= REMEMBERED_QUARTERS) offsets.clear();
    offsets.set(quarter, local - begin);
    return local - begin;
  }

  const shifted = (atMs: number): string => new Date(atMs + offsetMs(atMs)).toISOString();
  return {
    zone,
    timestamp: (atMs) => shifted(atMs).slice(0, 23).replace('T', ' '),
    halfHour(atMs) {
      const text = shifted(atMs);
      return { day: text.slice(0, 10), halfHour: Number(text.slice(11, 13)) * 2 + (Number(text.slice(14, 16)) >= 30 ? 1 : 0) };
    },
  };
}
