/** Call windows in the callee's time zone. Zones are IANA names, so a return of daylight saving needs no change here. */
import type { CallWindow } from './directory/entries.ts';

const saoPaulo = ['America/Sao_Paulo'] as const;
const manaus = ['America/Manaus'] as const;
const noronha = ['America/Noronha'] as const;

/**
 * Area codes that are not on Brasília time (UTC−3). 97 covers the middle (UTC−4) and the west (UTC−5) of Amazonas: a call
 * must be allowed in both.
 */
const otherZones: Readonly<Record<string, readonly string[]>> = {
  65: ['America/Cuiaba'],
  66: ['America/Cuiaba'],
  67: ['America/Campo_Grande'],
  68: ['America/Rio_Branco'],
  69: ['America/Porto_Velho'],
  92: manaus,
  95: ['America/Boa_Vista'],
  97: ['America/Manaus', 'America/Eirunepe'],
};

/** Zones whose local time all must allow the call. Fernando de Noronha (UTC−2) shares 81 with Recife; its fixed lines are 3619-xxxx. */
export function zonesOf(areaCode: string, number: string, overrides: Readonly<Record<string, string>> = {}): readonly string[] {
  const override = overrides[areaCode];
  if (override !== undefined) return [override];
  if (areaCode === '81' && number.startsWith('3619')) return noronha;
  return otherZones[areaCode] ?? saoPaulo;
}

/**
 * Numbers that open and close together, without overrides: the work index keeps the group of each phone, so that what is
 * closed is not even read.
 */
export const zoneGroups: readonly { readonly group: number; readonly zones: readonly string[] }[] = [
  { group: 3, zones: saoPaulo },
  { group: 4, zones: manaus },
  { group: 45, zones: ['America/Manaus', 'America/Eirunepe'] },
  { group: 5, zones: ['America/Rio_Branco'] },
  { group: 2, zones: noronha },
];

export function zoneGroupOf(areaCode: string, number: string): number {
  if (areaCode === '81' && number.startsWith('3619')) return 2;
  switch (areaCode) {
    case '65': case '66': case '67': case '69': case '92': case '95':
      return 4;
    case '97':
      return 45;
    case '68':
      return 5;
    default:
      return 3;
  }
}

interface LocalTime {
  /** YYYY-MM-DD */
  readonly date: string;
  /** 0 Sunday. */
  readonly day: number;
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();
const quarterHourMs = 900_000;
const dayMs = 86_400_000;
/** Offsets change at quarter hours at the most; past this many the cache starts again. */
const cachedOffsets = 5_000;

/** Local time minus UTC, ms. */
export function zoneOffsetMs(zone: string, atMs: number): number {
  const quarter = Math.floor(atMs / quarterHourMs);
  const key = `${zone}/${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    formats.set(zone, format);
  }
  const at = quarter * quarterHourMs;
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
  const local = Date.UTC(part['year'] ?? 0, (part['month'] ?? 1) - 1, part['day'] ?? 1, part['hour'] ?? 0, part['minute'] ?? 0, part['second'] ?? 0);
  if (offsets.size >= cachedOffsets) offsets.clear();
  offsets.set(key, local - at);
  return local - at;
}

export function localTime(zone: string, atMs: number): LocalTime {
  const local = new Date(atMs + zoneOffsetMs(zone, atMs));
  return { date: local.toISOString().slice(0, 10), day: local.getUTCDay(), minute: local.getUTCHours() * 60 + local.getUTCMinutes() };
}

/** UTC of a local midnight plus minutes. In the hour that daylight saving skips, the hour after. */
function fromLocal(zone: string, localMs: number): number {
  const guess = localMs - zoneOffsetMs(zone, localMs);
  return localMs - zoneOffsetMs(zone, guess);
}

/** When the local day of this moment began. */
export function startOfDayMs(zone: string, atMs: number): number {
  const local = atMs + zoneOffsetMs(zone, atMs);
  return fromLocal(zone, Math.floor(local / dayMs) * dayMs);
}

export function startOfNextDayMs(zone: string, atMs: number): number {
  const local = atMs + zoneOffsetMs(zone, atMs);
  return fromLocal(zone, (Math.floor(local / dayMs) + 1) * dayMs);
}

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const dateBefore = (date: string): string => new Date(Date.parse(`${date}T00:00:00Z`) - dayMs).toISOString().slice(0, 10);

/** A period whose end is not after its beginning runs past midnight and belongs to the day on which it begins. */
function openIn(window: CallWindow, zone: string, atMs: number): boolean {
  const { date, day, minute } = localTime(zone, atMs);
  const yesterday = (day + 6) % 7;
  for (const period of window.periods) {
    const from = minutesOf(period.from);
    const to = minutesOf(period.to);
    if (from < to) {
      if (minute >= from && minute < to && period.days.includes(day) && !window.holidays.includes(date)) return true;
      continue;
    }
    if (minute >= from && period.days.includes(day) && !window.holidays.includes(date)) return true;
    if (minute < to && period.days.includes(yesterday) && !window.holidays.includes(dateBefore(date))) return true;
  }
  return false;
}

export function isOpen(window: CallWindow, zones: readonly string[], atMs: number): boolean {
  return zones.every((zone) => openIn(window, zone, atMs));
}

/** Longest closure that is looked through: a window of one day of the week with a run of holidays. */
const lookAheadDays = 370;

/** The next moment, from now on, at which a call is allowed; null when there is none within a year. */
export function nextOpeningMs(window: CallWindow, zones: readonly string[], atMs: number): number | null {
  if (isOpen(window, zones, atMs)) return atMs;
  const starts = [...new Set([0, ...window.periods.map((period) => minutesOf(period.from))])];
  const firstDay = Math.floor(atMs / dayMs) - 1;
  for (let day = firstDay; day < firstDay + lookAheadDays; day += 1) {
    let best: number | null = null;
    for (const zone of zones) {
      for (const minute of starts) {
        const candidate = fromLocal(zone, day * dayMs + minute * 60_000);
        if (candidate > atMs && (best === null || candidate < best) && isOpen(window, zones, candidate)) best = candidate;
      }
    }
    if (best !== null) return best;
  }
  return null;
}
