import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ended, parseCommand, splitCommand } from './command.ts';
import { line, localOrigin } from './lines.ts';

test.each([
  ['<SETSTATUS><40000><1>', ['SETSTATUS', '40000', '1']],
  [' <SETSTATUS> <40000>\t<1>\r\n', ['SETSTATUS', '40000', '1']],
  ['<A><><x;y>', ['A', '', 'x;y']],
  ['<A', undefined],
  ['<A>x<B>', undefined],
  ['', undefined],
  ['<A><b<c>>', undefined],
])('%j is split', (text, wanted) => {
  expect(splitCommand(text)).toEqual(wanted);
});

test('a command has no more fields than it knows', () => {
  expect(parseCommand('<logout><40000>')?.row.socket.command).toBe('LOGOUT');
  expect(parseCommand('<LOGOUT><40000><x>')).toBeUndefined();
  expect(parseCommand('<NADA>')).toBeUndefined();
});

describe('where a command ends', () => {
  test.each([
    ['<SETSTATUS><40000><1>', 'yes'],
    ['<SETSTATUS><40000>', 'perhaps'],
    ['<SETSTATUS><40000>\n', 'yes'],
    ['<SETSTATUS><400', 'no'],
    ['\r\n', 'no'],
    ['', 'no'],
    ['<NADA>', 'perhaps'],
    ['hello\r\n', 'yes'],
  ])('%j: %s', (text, wanted) => {
    expect(ended(text)).toBe(wanted);
  });
});

test('what no line may contain is left out of values, and a line is split as it was built', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (values) => {
      const told = line(...values);
      expect(told.endsWith('\r\n')).toBe(true);
      expect(told.match(/\r\n/g)).toHaveLength(1);
      expect(told.match(/</g)).toHaveLength(values.length);
    }),
  );
});

test('the home area code is left out of a whole number only', () => {
  expect(localOrigin('1133553434', '11')).toBe('33553434');
  expect(localOrigin('11987654321', '11')).toBe('987654321');
  expect(localOrigin('1933553434', '11')).toBe('1933553434');
  expect(localOrigin('11', '11')).toBe('11');
  expect(localOrigin('1133553434', undefined)).toBe('1133553434');
});
