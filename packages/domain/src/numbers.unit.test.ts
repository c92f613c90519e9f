import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, it } from 'vitest';
import { areaCodes, canonicalNumber, dialString, kindOf, namesPhone, readBrazilianNumber, readDialedNumber } from './numbers.ts';

const areaCode = fc.constantFrom(...areaCodes);
const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));

describe('readBrazilianNumber', () => {
  it('knows 67 area codes', () => {
    expect(areaCodes.size).toBe(67);
  });

  it.each([
    ['11', '33553434', '11', '33553434', false],
    ['', '33553434', '11', '33553434', false],
    ['011', '3355-3434', '11', '33553434', false],
    ['', '(21) 99888-4466', '21', '998884466', true],
    ['', '+55 21 99888-4466', '21', '998884466', true],
    ['', '021998884466', '21', '998884466', true],
    ['', '0 15 21 3355-3434', '21', '33553434', false],
    ['11', '80986654', '11', '980986654', true],
    ['11', '11998884466', '11', '998884466', true],
  ])('reads %s %s', (area, number, expectedArea, expectedNumber, mobile) => {
    expect(readBrazilianNumber(area, number, '11')).toEqual({ ok: true, areaCode: expectedArea, number: expectedNumber, mobile });
  });

  it.each([
    ['11', '', 'empty'],
    ['20', '33553434', 'unknown-area-code'],
    ['11', '3355343', 'wrong-length'],
    ['11', '335534345', 'wrong-first-digit'],
    ['11', '13553434', 'wrong-first-digit'],
    ['31', '11998884466', 'wrong-length'],
  ])('refuses %s %s: %s', (area, number, reason) => {
    expect(readBrazilianNumber(area, number, '11')).toEqual({ ok: false, reason });
  });

  it('accepts no number that libphonenumber rejects for its length or area code, and all mobiles that it accepts', () => {
    const disagreements: string[] = [];
    fc.assert(
      fc.property(areaCode, fc.oneof(digits(8), digits(9)), (area, number) => {
        const ours = readBrazilianNumber(area, number, '11');
        const theirs = parsePhoneNumberFromString(`+55${area}${number}`);
        if (number.length === 9) expect(ours.ok, `${area} ${number}`).toBe(number.startsWith('9'));
        if (theirs?.isValid() && !ours.ok && !/^[1-9]00|^0/.test(number)) disagreements.push(`${area} ${number}: ${ours.reason}`);
        if (ours.ok) {
          const again = parsePhoneNumberFromString(`+55${ours.areaCode}${ours.number}`);
          expect(again?.isPossible(), `${ours.areaCode} ${ours.number}`).toBe(true);
          if (ours.mobile && again?.isValid()) expect(again.getType()).toBe('MOBILE');
          if (!ours.mobile && again?.isValid()) expect(again.getType()).toBe('FIXED_LINE');
        }
      }),
      { numRuns: 3_000, seed: 7 },
    );
    expect(disagreements).toEqual([]);
  });

  it('is stable: what it wrote it reads again', () => {
    fc.assert(
      fc.property(areaCode, fc.string({ maxLength: 16 }), (area, text) => {
        const once = readBrazilianNumber(area, text, '11');
        if (once.ok) expect(readBrazilianNumber(once.areaCode, once.number, '11')).toEqual(once);
      }),
    );
  });
});

describe('kinds', () => {
  it('tells local and interurban, fixed and mobile', () => {
    const number = (area: string, mobile: boolean) => ({ areaCode: area, number: '', mobile });
    expect([number('11', false), number('21', false), number('11', true), number('21', true)].map((n) => kindOf(n, '11'))).toEqual([
      'local', 'interurban', 'mobile', 'interurban-mobile',
    ]);
  });

  it.each([
    ['190', 'service'],
    ['4004-0001', 'service'],
    ['0800 123 4567', 'toll-free'],
    ['0300 123 4567', 'service'],
    ['0900 123 4567', 'service'],
    ['+1 212 555 0100', 'international'],
    ['0012125550100', 'international'],
    ['33553434', 'local'],
    ['21998884466', 'interurban-mobile'],
  ])('reads %s dialed by hand as %s', (text, kind) => {
    expect(readDialedNumber(text, '11')).toMatchObject({ ok: true, kind });
  });

  it('refuses what nobody can dial', () => {
    expect(readDialedNumber('12345', '11')).toMatchObject({ ok: false });
  });
});

describe('comparison', () => {
  it('finds a number however it is written', () => {
    const phone = { areaCode: '11', number: '80986654' };
    expect(['80986654', '980986654', '11980986654', '(11) 8098-6654', '+5511980986654'].every((written) => namesPhone(written, phone))).toBe(true);
    expect(['21980986654', '80986655', '', '8098'].some((written) => namesPhone(written, phone))).toBe(false);
  });

  it('gives one canonical form to all spellings', () => {
    expect(new Set(['1180986654', '11980986654', '+55 11 98098-6654'].map((written) => canonicalNumber('', written, '11')))).toEqual(new Set(['11980986654']));
  });

  it('fills the dial format in', () => {
    expect(dialString('0{areaCode}{number}', { areaCode: '11', number: '33553434' })).toBe('01133553434');
  });
});
