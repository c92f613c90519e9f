/** The manual's dates: local time of the installation. */

interface LocalMoment {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}

export function localMoment(atMs: number, timeZone: string): LocalMoment {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(atMs)) parts[type] = Number(value);
  const part = (name: string): number => parts[name] ?? 0;
  return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour'), minute: part('minute'), second: part('second') };
}

/** Undefined for a date that no calendar has. An hour that a change of clocks skips is read as the hour after it. */
export function epochOf(moment: LocalMoment, timeZone: string): number | undefined {
  const { year, month, day, hour, minute, second } = moment;
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(asUtc);
  if (back.getUTCFullYear() !== year || back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  // The offset at the moment itself is found in two steps: the first guess may lie across a change of clocks.
  let at = asUtc;
  for (let step = 0; step < 2; step += 1) at = asUtc - offsetMs(at, timeZone);
  return at;
}

function offsetMs(atMs: number, timeZone: string): number {
  const local = localMoment(atMs, timeZone);
  const whole = Math.floor(atMs / 1000) * 1000;
  return Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second) - whole;
}

/**
 * DDMMYYYYHHMM (1.1.15, 1.1.21, 1.2.2.2), or a timestamp of PostgreSQL (`2012-04-24 16:47:46`), as the command tables have it.
 * Undefined when it is neither.
 */
export function parseMoment(text: string, timeZone: string): number | undefined {
  const compact = /^(\d{2})(\d{2})(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (compact !== null) {
    const [, day, month, year, hour, minute] = compact.map(Number) as [number, number, number, number, number, number];
    return epochOf({ year, month, day, hour, minute, second: 0 }, timeZone);
  }
  const timestamp = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?$/.exec(text);
  if (timestamp === null) return undefined;
  const [, year, month, day, hour, minute] = timestamp.map(Number) as [number, number, number, number, number, number];
  return epochOf({ year, month, day, hour, minute, second: Number(timestamp[6] ?? 0) }, timeZone);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `04/11/2010 09:51`, as 1.1.14 shows it. */
export function showMinute(atMs: number, timeZone: string): string {
  const { year, month, day, hour, minute } = localMoment(atMs, timeZone);
  return `${two(day)}/${two(month)}/${year} ${two(hour)}:${two(minute)}`;
}

/** `DDMMYYYYHHMM` of a moment. */
export function compactMoment(atMs: number, timeZone: string): string {
  const { year, month, day, hour, minute } = localMoment(atMs, timeZone);
  return `${two(day)}${two(month)}${year}${two(hour)}${two(minute)}`;
}
