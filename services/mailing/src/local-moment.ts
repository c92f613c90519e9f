import { zoneOffsetMs } from '@ritmo/domain';
import type { ReadMoment } from './layout-1-5.ts';

/** In an hour that a change of clocks skips, the hour after it. */
export const momentIn = (timeZone: string): ReadMoment => ({ year, month, day, hour, minute }) => {
  if (hour > 23 || minute > 59) return null;
  const local = Date.UTC(year, month - 1, day, hour, minute);
  const back = new Date(local);
  if (back.getUTCFullYear() !== year || back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day) return null;
  const guess = local - zoneOffsetMs(timeZone, local);
  return local - zoneOffsetMs(timeZone, guess);
};

/** `2011-10-25 13:26:42.753`, as the manual's export shows it. */
export function exportMoment(atMs: number, timeZone: string): string {
  return new Date(atMs + zoneOffsetMs(timeZone, atMs)).toISOString().replace('T', ' ').replace('Z', '');
}
