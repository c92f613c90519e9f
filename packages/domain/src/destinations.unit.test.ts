import { describe, expect, it } from 'vitest';
import { destinationAllowed, destinationPattern } from './destinations.ts';
import { readDialedNumber, type DialedNumber } from './numbers.ts';

const dialed = (text: string): Extract<DialedNumber, { ok: true }> => {
  const number = readDialedNumber(text, '11');
  if (!number.ok) throw new Error(`${text} is no number`);
  return number;
};
const allowed = (patterns: readonly string[], text: string): boolean => destinationAllowed(patterns, dialed(text));

describe('the list of destinations', () => {
  it('that is empty allows every number but international ones', () => {
    expect(['1133334444', '21988887777', '0800123456', '0900123456'].map((number) => allowed([], number))).toEqual([true, true, true, true]);
    expect(['0012125550100', '+12125550100', '00211212555010'].map((number) => allowed([], number))).toEqual([false, false, false]);
  });

  it.each([
    ['11*', '1133334444', '2133334444'],
    ['1133334444', '33334444', '1133334445'],
    ['+5511*', '11988887777', '5532221111'],
    ['001212*', '0012125550100', '0013105550100'],
    ['+1212*', '+12125550100', '+13105550100'],
    ['0800*', '0800123456', '0900123456'],
  ])('%s allows %s and not %s', (pattern, within, beyond) => {
    expect([allowed([pattern], within), allowed([pattern], beyond)]).toEqual([true, false]);
  });

  it('says by * alone that every number is allowed', () => {
    expect([allowed(['*'], '0012125550100'), allowed(['*'], '1133334444')]).toEqual([true, true]);
  });

  it.each(['', '*11', '1*1', 'x*', '**', '55 11*', '+*', '(11)*'])('takes %j for no pattern, and allows nothing by it', (slip) => {
    expect(new RegExp(destinationPattern).test(slip)).toBe(false);
    expect([allowed([slip], '1133334444'), allowed([slip], '0012125550100')]).toEqual([false, false]);
  });
});
