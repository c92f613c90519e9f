import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallWindow } from './directory/entries.ts';
import { areaCodes } from './numbers.ts';
import { isOpen, localTime, nextOpeningMs, startOfDayMs, startOfNextDayMs, zoneGroupOf, zoneGroups, zoneOffsetMs, zonesOf } from './windows.ts';

const window = (changed: Partial<CallWindow> = {}): CallWindow => ({
  id: 1,
  name: 'weekdays',
  periods: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '21:00' }, { days: [6], from: '10:00', to: '16:00' }],
  holidays: [],
  timeZones: {},
  ...changed,
});
/** 2026-11-23 is a Monday. */
const utc = (text: string): number => Date.parse(`2026-${text}Z`);
const saoPaulo = ['America/Sao_Paulo'];

describe('zones of area codes', () => {
  it('every area code has one, from UTC−2 to UTC−5', () => {
    const hours = (area: string, number = '33553434') => zonesOf(area, number).map((zone) => zoneOffsetMs(zone, utc('11-23T12:00')) / 3_600_000);
    expect([...areaCodes].filter((area) => hours(area).some((hour) => hour > -3 || hour < -5))).toEqual([]);
    expect(hours('11')).toEqual([-3]);
    expect(hours('92')).toEqual([-4]);
    expect(hours('67')).toEqual([-4]);
    expect(hours('68')).toEqual([-5]);
    expect(hours('97')).toEqual([-4, -5]);
    expect(hours('81')).toEqual([-3]);
    expect(hours('81', '36191234')).toEqual([-2]);
  });

  it('the group of a number opens and closes with its zones', () => {
    const numbers: (readonly [string, string])[] = [...[...areaCodes].map((area) => [area, '33553434'] as const), ['81', '36191234']];
    const hours = fc.integer({ min: 0, max: 24 * 14 }).map((hour) => utc('11-20T00:00') + hour * 3_600_000);
    fc.assert(
      fc.property(fc.constantFrom(...numbers), hours, ([area, number], at) => {
        const group = zoneGroups.find((candidate) => candidate.group === zoneGroupOf(area, number));
        expect(isOpen(window(), group?.zones ?? [], at)).toBe(isOpen(window(), zonesOf(area, number), at));
      }),
    );
  });

  it('an override counts', () => {
    expect(zonesOf('11', '', { 11: 'America/Noronha' })).toEqual(['America/Noronha']);
  });
});

describe('isOpen', () => {
  it.each([
    ['11-23T11:59', false],
    ['11-23T12:00', true],
    ['11-23T23:59', true],
    ['11-24T00:00', false],
    ['11-28T12:59', false],
    ['11-28T13:00', true],
    ['11-28T19:00', false],
    ['11-29T15:00', false],
  ])('in São Paulo at %s UTC: %s', (at, open) => {
    expect(isOpen(window(), saoPaulo, utc(at))).toBe(open);
  });

  it('is in the time of the callee', () => {
    expect(isOpen(window(), ['America/Rio_Branco'], utc('11-23T13:59'))).toBe(false);
    expect(isOpen(window(), ['America/Rio_Branco'], utc('11-23T14:00'))).toBe(true);
  });

  it('needs every zone of an area code', () => {
    const amazon = ['America/Manaus', 'America/Eirunepe'];
    expect([13, 14].map((hour) => isOpen(window(), amazon, utc(`11-23T${hour}:00`)))).toEqual([false, true]);
    expect(isOpen(window(), amazon, utc('11-24T01:30'))).toBe(false);
  });

  it('is closed on a holiday', () => {
    expect(isOpen(window({ holidays: ['2026-11-23'] }), saoPaulo, utc('11-23T15:00'))).toBe(false);
  });

  it('a period past midnight belongs to the day on which it begins', () => {
    const night = window({ periods: [{ days: [1], from: '22:00', to: '02:00' }] });
    expect(isOpen(night, saoPaulo, utc('11-24T04:59'))).toBe(true);
    expect(isOpen(night, saoPaulo, utc('11-24T05:00'))).toBe(false);
    expect(isOpen(night, saoPaulo, utc('11-23T04:00'))).toBe(false);
  });

  it('24:00 is the end of the day', () => {
    expect(isOpen(window({ periods: [{ days: [1], from: '00:00', to: '24:00' }] }), saoPaulo, utc('11-24T02:59'))).toBe(true);
  });
});

describe('nextOpeningMs', () => {
  it('is now when it is open', () => {
    expect(nextOpeningMs(window(), saoPaulo, utc('11-23T15:00'))).toBe(utc('11-23T15:00'));
  });

  it('passes over the night, the Sunday and a holiday', () => {
    expect(nextOpeningMs(window({ holidays: ['2026-11-30'] }), saoPaulo, utc('11-28T19:30'))).toBe(utc('12-01T12:00'));
  });

  it('is null when it never opens', () => {
    expect(nextOpeningMs(window({ periods: [] }), saoPaulo, utc('11-23T15:00'))).toBeNull();
  });

  it('is open then and closed at every minute before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 * 1440 }), fc.constantFrom(...zoneGroups), (minute, { zones }) => {
        const at = utc('11-20T00:00') + minute * 60_000;
        const opening = nextOpeningMs(window(), zones, at) ?? 0;
        expect(isOpen(window(), zones, opening)).toBe(true);
        for (let before = at; before < opening; before += 10 * 60_000) expect(isOpen(window(), zones, before)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

describe('days', () => {
  it('begin at local midnight', () => {
    expect(startOfDayMs('America/Sao_Paulo', utc('11-23T02:00'))).toBe(utc('11-22T03:00'));
    expect(startOfNextDayMs('America/Sao_Paulo', utc('11-23T02:00'))).toBe(utc('11-23T03:00'));
    expect(localTime('America/Rio_Branco', utc('11-23T04:59'))).toEqual({ date: '2026-11-22', day: 0, minute: 1439 });
  });
});
