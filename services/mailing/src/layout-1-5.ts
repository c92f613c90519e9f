/**
 * Manual 1.5: `Parâmetro 1; Parâmetro 2;` up to seven `DDD;Telefone;` pairs, up to four `DD-MM-AAAA;HH:MM;` pairs. What is
 * not known stays empty, the last `;` is optional, and a line may end after any pair. Schedules belong to the telephones in
 * the order in which both appear.
 */
import type { ContactToImport } from '@ritmo/bus';
import { longestLineBytes, type TextLine } from './text-lines.ts';

export type LineReading =
  | { readonly kind: 'contact'; readonly contact: ContactToImport }
  | { readonly kind: 'empty' }
  /** `column`: the field's name in the layout; null when it is the line as a whole. */
  | { readonly kind: 'bad'; readonly column: string | null; readonly reason: string };

/** Local date and time of the installation to ms since the epoch; null when no calendar has it. */
export type ReadMoment = (date: { year: number; month: number; day: number; hour: number; minute: number }) => number | null;

const parameters = 2;
const mostPhones = 7;
const mostSchedules = 4;
const datePattern = /^(\d{2})-(\d{2})-(\d{4})$/;
const timePattern = /^(\d{2}):(\d{2})$/;
/** How people write numbers. */
const written = /^[\d\s().+-]*$/;
/** C0 controls other than the tab: the file is not text. */
const notText = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** The manual names the fields; telephones and schedules are told apart by their place. */
export const columnOfPhone = (place: number): string => `Telefone ${place}`;
const columnOfAreaCode = (place: number): string => `DDD ${place}`;
const columnOfSchedule = (place: number): string => `Agendamento ${place}`;

export function readLayout15({ number, text }: Pick<TextLine, 'number' | 'text'>, readMoment: ReadMoment): LineReading {
  if (text.trim() === '') return { kind: 'empty' };
  if (text.length > longestLineBytes) return bad(`longer than ${longestLineBytes} bytes`);
  if (notText.test(text)) return bad('control characters: not a text file');
  const fields = text.split(';').map((field) => field.trim());
  if (fields.at(-1) === '') fields.pop();
  const firstDate = fields.findIndex((field, index) => index >= parameters && datePattern.test(field));
  // Dates right behind fewer than seven pairs are told by their form; empty ones before them count as empty telephones.
  const phoneEnd = firstDate < 0 ? Math.min(fields.length, parameters + 2 * mostPhones) : Math.min(firstDate, parameters + 2 * mostPhones);
  const phones = readPhones(fields.slice(parameters, phoneEnd));
  if (!Array.isArray(phones)) return phones;
  const schedules = readSchedules(fields.slice(phoneEnd), readMoment);
  if (!Array.isArray(schedules)) return schedules;
  if (phones.length === 0) return bad('no telephone number', columnOfPhone(1));
  const dated = phones.map((phone, index) => ({ ...phone, dialAt: schedules[index] ?? null }));
  const beyond = schedules.findIndex((schedule, index) => schedule !== null && index >= phones.length);
  if (beyond >= 0) return bad(`schedule ${beyond + 1} has no telephone`, columnOfSchedule(beyond + 1));
  return { kind: 'contact', contact: { parameters: [fields[0] ?? '', fields[1] ?? ''], phones: dated, place: number } };
}

type Bad = Extract<LineReading, { kind: 'bad' }>;
const bad = (reason: string, column: string | null = null): Bad => ({ kind: 'bad', column, reason });

type Phone = Omit<ContactToImport['phones'][number], 'dialAt'>;

function readPhones(fields: readonly string[]): Phone[] | Bad {
  if (fields.length % 2 === 1) return bad(`field ${parameters + fields.length}: an area code without a telephone`, columnOfAreaCode((fields.length + 1) / 2));
  const phones: Phone[] = [];
  for (let pair = 0; pair < fields.length / 2; pair += 1) {
    const areaCode = fields[2 * pair] ?? '';
    const number = fields[2 * pair + 1] ?? '';
    if (areaCode === '' && number === '') continue;
    if (number === '') return bad(`telephone ${pair + 1}: area code ${areaCode} without a number`, columnOfPhone(pair + 1));
    if (!written.test(areaCode)) return bad(`telephone ${pair + 1}: ${areaCode} ${number} is not a number`, columnOfAreaCode(pair + 1));
    if (!written.test(number)) return bad(`telephone ${pair + 1}: ${areaCode} ${number} is not a number`, columnOfPhone(pair + 1));
    phones.push({ areaCode, number, priority: pair + 1 });
  }
  return phones;
}

function readSchedules(fields: readonly string[], readMoment: ReadMoment): (number | null)[] | Bad {
  if (fields.length > 2 * mostSchedules) return bad(`${parameters + 2 * mostPhones + fields.length} fields, the layout has ${parameters + 2 * (mostPhones + mostSchedules)}`);
  const schedules: (number | null)[] = [];
  for (let pair = 0; pair < Math.ceil(fields.length / 2); pair += 1) {
    const date = fields[2 * pair] ?? '';
    const time = fields[2 * pair + 1] ?? '';
    if (date === '' && time === '') {
      schedules.push(null);
      continue;
    }
    const [, day, month, year] = datePattern.exec(date) ?? [];
    const [, hour, minute] = timePattern.exec(time) ?? [];
    if (day === undefined || hour === undefined) return bad(`schedule ${pair + 1}: ${date} ${time} is not DD-MM-AAAA and HH:MM`, columnOfSchedule(pair + 1));
    const at = readMoment({ year: Number(year), month: Number(month), day: Number(day), hour: Number(hour), minute: Number(minute) });
    if (at === null) return bad(`schedule ${pair + 1}: ${date} ${time} is not a date`, columnOfSchedule(pair + 1));
    schedules.push(at);
  }
  return schedules;
}
