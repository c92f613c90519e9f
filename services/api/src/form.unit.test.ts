import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseForm } from './form.ts';
import { parseRange } from './recording-stream.ts';

test('names and values come out as they were written', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), (wanted) => {
      const pairs = Object.entries(wanted).filter(([name]) => name.trim() === name && name !== '');
      const text = pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
      expect({ ...parseForm(text) }).toEqual(Object.fromEntries(pairs));
    }),
  );
});

test('no text at all makes it fail', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseForm(text)));
});

test.each([
  ['nome=Jo%E3o+da+Silva', { nome: 'João da Silva' }],
  ['nome=Jo%C3%A3o', { nome: 'João' }],
  ['nome=João+%26+Maria', { nome: 'João & Maria' }],
  ['a=1&a=2', { a: '2' }],
  ['a&b=&=c&&', { a: '', b: '', '': 'c' }],
  ['a=%zz%4', { a: '%zz%4' }],
  ['__proto__=x&constructor=y', Object.assign(Object.create(null) as object, { ['__proto__']: 'x', constructor: 'y' })],
])('%s', (text, wanted) => {
  expect(Object.entries(parseForm(text))).toEqual(Object.entries(wanted));
});

test.each([
  [undefined, 'whole'],
  ['bytes=0-3', { from: 0, to: 3 }],
  ['bytes=4-', { from: 4, to: 9 }],
  ['bytes=-3', { from: 7, to: 9 }],
  ['bytes=-30', { from: 0, to: 9 }],
  ['bytes=5-500', { from: 5, to: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-2', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=0-1,3-4', 'whole'],
  ['items=0-1', 'whole'],
] as const)('the range %s of ten bytes', (header, wanted) => {
  expect(parseRange(header, 10)).toEqual(wanted);
});
