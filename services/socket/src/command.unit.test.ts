import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ended, parseCommand, splitCommand, withoutTelnet } from './command.ts';
import { line, localOrigin } from './lines.ts';

test.each([
  ['<SETSTATUS><40000><1>', ['SETSTATUS', '40000', '1']],
  [' <SETSTATUS> <40000>\t<1>\r\n', ['SETSTATUS', '40000', '1']],
  ['<A><><x;y>', ['A', '', 'x;y']],
  ['<A', undefined],
  ['<A>x<B>', undefined],
  ['', undefined],
  ['<A><b<c>>', undefined],
  ['<A><1><>><2>', ['A', '1', '', '', '2']],
])('%j is split', (text, wanted) => {
  expect(splitCommand(text)).toEqual(wanted);
});

test('what a Telnet client negotiates is no part of the command', () => {
  const negotiation = [255, 251, 31, 255, 253, 3, 255, 250, 31, 0, 80, 0, 24, 255, 240, 255, 241];
  expect(withoutTelnet(Buffer.from([...negotiation, ...Buffer.from('<LOGOUT><40000>\r\n')])).toString()).toBe('<LOGOUT><40000>\r\n');
  for (const text of ['<A><João>', '']) expect(withoutTelnet(Buffer.from(text, 'utf8')).toString('utf8')).toBe(text);
  expect(withoutTelnet(Buffer.from('<A><São João>', 'latin1')).toString('latin1')).toBe('<A><São João>');
  // Cut in the middle: the rest is still to come.
  expect(withoutTelnet(Buffer.from([255, 250, 31])).length).toBe(0);
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
  for (const written of ['+551133553434', '551133553434', '01133553434']) expect(localOrigin(written, '11')).toBe('33553434');
  expect(localOrigin('+551933553434', '11')).toBe('+551933553434');
  // 55 is an area code too.
  expect(localOrigin('5533553434', '55')).toBe('33553434');
  expect(localOrigin('5533553434', '11')).toBe('5533553434');
  expect(localOrigin('11', '11')).toBe('11');
  expect(localOrigin('1133553434', undefined)).toBe('1133553434');
});
