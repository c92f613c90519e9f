import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from './json-fault.ts';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('the place where a text stops being JSON', () => {
  it.each([
    ['{"agents": 5,\n"durationS": 60,}', { line: 2, column: 17, problem: 'a name in double quotes is wanted' }],
    ['{"agents": 5\n  "durationS": 60}', { line: 2, column: 3, problem: '"," or "}" is wanted' }],
    ['{"agents" 5}', { line: 1, column: 11, problem: '":" is wanted' }],
    ['{"agents": [1, 2', { line: 1, column: 17, problem: '"," or "]" is wanted, but the file ends' }],
    ['{"p": .3}', { line: 1, column: 7, problem: 'a value is wanted' }],
    ["{'p': 1}", { line: 1, column: 2, problem: 'a name in double quotes is wanted' }],
    ['{} {}', { line: 1, column: 4, problem: 'nothing more is wanted' }],
    ['', { line: 1, column: 1, problem: 'a value is wanted, but the file ends' }],
    ['{"p": 0.3} // a third', { line: 1, column: 12, problem: 'nothing more is wanted' }],
  ])('is found in %j', (text, fault) => {
    expect(jsonFault(text)).toEqual(fault);
  });

  it('is nowhere in what JSON.parse takes, and somewhere in what it refuses', () => {
    const cut = fc.tuple(fc.json(), fc.nat(), fc.nat(3), fc.constantFrom('', ',', '}', ']', '"', '\\', '0', '-', '.', 'e', ' ', '\u00a0', 'nul', '01', '\t'));
    fc.assert(
      fc.property(cut, ([text, at, length, put]) => {
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + put + text.slice(place + length);
        expect(jsonFault(changed) === null).toBe(isJson(changed));
      }),
      { numRuns: 3000 },
    );
  });
});
