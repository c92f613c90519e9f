import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLayout15, type LineReading } from './layout-1-5.ts';
import { exportMoment, momentIn } from './local-moment.ts';
import { decodeLine, longestLineBytes, readLines, type TextLine } from './text-lines.ts';

const read = (text: string): LineReading => readLayout15({ number: 3, text }, momentIn('America/Sao_Paulo'));
const phones = (reading: LineReading): unknown => (reading.kind === 'contact' ? reading.contact.phones : reading);
const at = (text: string): number => Date.parse(`${text}:00-03:00`);

describe('a line of layout 1.5', () => {
  it("reads the manual's example", () => {
    const reading = read('Total IP; Tecnologia; ;33553400; 19; 33553400; 21; 33553400; 41; 33553400; 81; 33553400');
    expect(reading).toMatchObject({ kind: 'contact', contact: { parameters: ['Total IP', 'Tecnologia'], place: 3 } });
    expect(phones(reading)).toEqual(
      ['', '19', '21', '41', '81'].map((areaCode, index) => ({ areaCode, number: '33553400', priority: index + 1, dialAt: null })),
    );
  });

  it("reads the manual's whole line: two parameters, seven telephones, four schedules", () => {
    const pairs = Array.from({ length: 7 }, (_, index) => `${11 + index}; 3355343${index}`);
    const schedules = ['24-12-2026; 14:20', '25-12-2026; 09:00', '26-12-2026; 00:00', '31-12-2026; 23:59'];
    const reading = read(`Total IP; Tecnologia; ${[...pairs, ...schedules].join('; ')};`);
    const times = ['2026-12-24T14:20', '2026-12-25T09:00', '2026-12-26T00:00', '2026-12-31T23:59'];
    expect(phones(reading)).toEqual(
      pairs.map((_, index) => ({ areaCode: String(11 + index), number: `3355343${index}`, priority: index + 1, dialAt: times[index] === undefined ? null : at(times[index]) })),
    );
  });

  it('takes the trailing ; or not', () => {
    expect(read('a;b;11;33553434;')).toEqual(read('a;b;11;33553434'));
  });

  it('matches schedules with telephones in the order in which both appear', () => {
    const full = `a;b;11;33553434;;;21;998884466${';'.repeat(8)};24-12-2026;14:20;25-12-2026;09:00;`;
    expect(phones(read(full))).toEqual([
      { areaCode: '11', number: '33553434', priority: 1, dialAt: at('2026-12-24T14:20') },
      { areaCode: '21', number: '998884466', priority: 3, dialAt: at('2026-12-25T09:00') },
    ]);
    expect(phones(read('a;b;11;33553434;21;998884466;24-12-2026;14:20'))).toMatchObject([{ dialAt: at('2026-12-24T14:20') }, { dialAt: null }]);
  });

  it('an empty schedule leaves its telephone unscheduled', () => {
    const line = ['a', 'b', ...Array.from({ length: 7 }, (_, index) => ['11', `3355343${index}`]).flat(), '', '', '24-12-2026', '14:20'].join(';');
    expect((phones(read(line)) as { dialAt: number | null }[]).map(({ dialAt }) => dialAt)).toEqual([null, at('2026-12-24T14:20'), null, null, null, null, null]);
  });

  it.each([
    ['a;b', 'Telefone 1', 'no telephone number'],
    ['a;b;11', 'DDD 1', 'field 3: an area code without a telephone'],
    ['a;b;11;', 'DDD 1', 'field 3: an area code without a telephone'],
    ['a;b;11;;21;33553434', 'Telefone 1', 'telephone 1: area code 11 without a number'],
    ['a;b;11;x355', 'Telefone 1', 'telephone 1: 11 x355 is not a number'],
    ['a;b;11;33553434;31-02-2027;10:00', 'Agendamento 1', 'schedule 1: 31-02-2027 10:00 is not a date'],
    ['a;b;11;33553434;24-12-2026;25:00', 'Agendamento 1', 'schedule 1: 24-12-2026 25:00 is not a date'],
    ['a;b;11;33553434;24-12-2026;noon', 'Agendamento 1', 'schedule 1: 24-12-2026 noon is not DD-MM-AAAA and HH:MM'],
    ['a;b;11;33553434;24-12-2026;10:00;25-12-2026;10:00', 'Agendamento 2', 'schedule 2 has no telephone'],
    [`a;b${';11;33553434'.repeat(8)}`, 'Agendamento 1', 'schedule 1: 11 33553434 is not DD-MM-AAAA and HH:MM'],
    [`a;b${';11;33553434'.repeat(7)}${';24-12-2026;10:00'.repeat(5)}`, null, '26 fields, the layout has 24'],
    ['a;b;11;3355\u00003434', null, 'control characters: not a text file'],
    [`a;${'b'.repeat(longestLineBytes)};11;33553434`, null, `longer than ${longestLineBytes} bytes`],
  ])('refuses %s and names %s', (line, column, reason) => {
    expect(read(line)).toEqual({ kind: 'bad', column, reason });
  });

  it('passes over empty lines', () => {
    expect(read('   ')).toEqual({ kind: 'empty' });
  });

  it('never throws, whatever the line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom(';', '11', '33553434', '24-12-2026', '10:00', 'x', ''), { maxLength: 40 }).map((parts) => parts.join(';'))), (text) => {
        const reading = read(text);
        if (reading.kind === 'contact') expect(reading.contact.phones.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('text', () => {
  const lines = async (chunks: Uint8Array[]): Promise<Pick<TextLine, 'number' | 'text'>[]> => {
    const all: TextLine[] = [];
    for await (const line of readLines(chunks)) all.push(line);
    return all.map(({ number, text }) => ({ number, text }));
  };

  it('reads UTF-8 and Latin-1, line by line', async () => {
    const bytes = Buffer.concat([Buffer.from('\uFEFFJoão\r\n', 'utf8'), Buffer.from('José\n', 'latin1'), Buffer.from('Ana', 'utf8')]);
    expect(await lines([bytes])).toEqual([{ number: 1, text: 'João' }, { number: 2, text: 'José' }, { number: 3, text: 'Ana' }]);
    expect(decodeLine(Buffer.from('ação', 'latin1'))).toBe('ação');
  });

  it('begins at the end of any line and reads what follows as if it had read the lines before', async () => {
    const bytes = Buffer.from('João\r\n\nJosé\nAna\r\nlast');
    const all: TextLine[] = [];
    for await (const line of readLines([bytes])) all.push(line);
    expect(all.at(-1)).toEqual({ number: 5, text: 'last', endByte: bytes.length });
    for (const [index, { endByte, number }] of all.entries()) {
      const rest: TextLine[] = [];
      for await (const line of readLines([bytes.subarray(endByte)], { byte: endByte, line: number })) rest.push(line);
      expect(rest).toEqual(all.slice(index + 1));
    }
  });

  it('reads the same lines however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => text.replaceAll(' ', '\n')), fc.integer({ min: 1, max: 7 }), async (text, size) => {
        const bytes = Buffer.from(text);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
        expect(await lines(chunks)).toEqual(await lines([bytes]));
      }),
    );
  });

  it('keeps no more of a line than its reader may use', async () => {
    const [line] = await lines([Buffer.alloc(10 * longestLineBytes, 65), Buffer.from('\nb')]);
    expect(line?.text.length).toBe(longestLineBytes + 1);
  });
});

describe('moments', () => {
  it('are local times of the installation', () => {
    expect(momentIn('America/Manaus')({ year: 2026, month: 12, day: 24, hour: 14, minute: 20 })).toBe(Date.parse('2026-12-24T14:20:00-04:00'));
    expect(exportMoment(Date.parse('2026-12-24T17:20:01.042Z'), 'America/Sao_Paulo')).toBe('2026-12-24 14:20:01.042');
  });
});
