/**
 * Brazilian telephone numbers: which digits make one, what kind it is, how it is dialed.
 * Numbering plan: area code (DDD) of two digits; fixed lines 8 digits that begin with 2 to 5; mobiles 9 digits that begin
 * with 9. Mobile numbers of old lists lack the leading 9 that every area code has had since 2016; it is put back.
 */

export const numberKinds = ['local', 'mobile', 'interurban', 'interurban-mobile', 'international', 'toll-free', 'service'] as const;
export type NumberKind = (typeof numberKinds)[number];

/** The 67 area codes in use. */
export const areaCodes: ReadonlySet<string> = new Set(
  (
    '11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 51 53 54 55 ' +
    '61 62 63 64 65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99'
  ).split(' '),
);

export interface BrazilianNumber {
  /** Two digits. */
  readonly areaCode: string;
  /** 8 digits (fixed) or 9 digits (mobile), the leading 9 put back. */
  readonly number: string;
  readonly mobile: boolean;
}

export type NumberRefusal = 'empty' | 'unknown-area-code' | 'wrong-length' | 'wrong-first-digit';

export type NumberReading = ({ readonly ok: true } & BrazilianNumber) | { readonly ok: false; readonly reason: NumberRefusal };

export const onlyDigits = (text: string): string => text.replace(/\D/g, '');

/**
 * Reads a number as lists write it: with separators, with 0 or +55 or a carrier's code before the area code, with the area
 * code in its own field or not, or with none (then `defaultAreaCode`).
 */
export function readBrazilianNumber(areaCode: string, number: string, defaultAreaCode: string): NumberReading {
  let digits = onlyDigits(number);
  if (digits === '') return { ok: false, reason: 'empty' };
  let area = onlyDigits(areaCode).replace(/^0+/, '');
  if (digits.length > 11 && digits.startsWith('55')) digits = digits.slice(2);
  if (digits.length > 9 && digits.startsWith('0')) {
    digits = digits.slice(1);
    // 0 + carrier (2 digits) + area code + number.
    if (digits.length > 11) digits = digits.slice(2);
  }
  if (digits.length === 10 || digits.length === 11) {
    const own = digits.slice(0, 2);
    if (area === '' || area === own || !areaCodes.has(area)) area = own;
    else return { ok: false, reason: 'wrong-length' };
    digits = digits.slice(2);
  }
  if (area === '') area = defaultAreaCode;
  if (!areaCodes.has(area)) return { ok: false, reason: 'unknown-area-code' };
  const first = digits.charAt(0);
  if (digits.length === 9) {
    return first === '9' ? { ok: true, areaCode: area, number: digits, mobile: true } : { ok: false, reason: 'wrong-first-digit' };
  }
  if (digits.length !== 8) return { ok: false, reason: 'wrong-length' };
  if (first >= '6' && first <= '9') return { ok: true, areaCode: area, number: `9${digits}`, mobile: true };
  if (first >= '2' && first <= '5') return { ok: true, areaCode: area, number: digits, mobile: false };
  return { ok: false, reason: 'wrong-first-digit' };
}

/** Kind of a national number as seen from an area code: what routes and rates tell apart. */
export function kindOf(number: BrazilianNumber, homeAreaCode: string): NumberKind {
  const near = number.areaCode === homeAreaCode;
  if (number.mobile) return near ? 'mobile' : 'interurban-mobile';
  return near ? 'local' : 'interurban';
}

/** What somebody dials by hand or an integrator asks for: national numbers, and those that are none. */
export type DialedNumber =
  | { readonly ok: true; readonly kind: NumberKind; readonly areaCode: string; readonly number: string }
  | { readonly ok: false; readonly reason: NumberRefusal };

export function readDialedNumber(text: string, homeAreaCode: string): DialedNumber {
  const plus = text.trim().startsWith('+');
  const digits = onlyDigits(text);
  if (plus && !digits.startsWith('55')) return { ok: true, kind: 'international', areaCode: '', number: `00${digits}` };
  if (/^00[1-9]\d{6,}$/.test(digits)) return { ok: true, kind: 'international', areaCode: '', number: digits };
  if (/^0800\d{6,7}$/.test(digits)) return { ok: true, kind: 'toll-free', areaCode: '', number: digits };
  // 0300 and 0500 cost the caller, 0900 is premium: calls that somebody must have been given the right to.
  if (/^0[359]00\d{6,7}$/.test(digits)) return { ok: true, kind: 'service', areaCode: '', number: digits };
  if (/^(1\d{2}|10[36]\d{1,2}|(400|300)\d{5})$/.test(digits)) return { ok: true, kind: 'service', areaCode: '', number: digits };
  const reading = readBrazilianNumber('', digits, homeAreaCode);
  if (!reading.ok) return reading;
  return { ok: true, kind: kindOf(reading, homeAreaCode), areaCode: reading.areaCode, number: reading.number };
}

/** The form in which numbers are compared with block lists: area code and number, the leading 9 put back. Bare digits when it is no number. */
export function canonicalNumber(areaCode: string, number: string, defaultAreaCode: string): string {
  const reading = readBrazilianNumber(areaCode, number, defaultAreaCode);
  return reading.ok ? reading.areaCode + reading.number : onlyDigits(areaCode) + onlyDigits(number);
}

/** The last eight digits: the same telephone with or without area code and leading 9. */
export const numberTail = (number: string): string => onlyDigits(number).slice(-8);

/** True when what an integrator wrote, with or without area code, names this phone. */
export function namesPhone(written: string, phone: { readonly areaCode: string; readonly number: string }): boolean {
  const digits = onlyDigits(written);
  if (digits.length < 8) return digits !== '' && digits === onlyDigits(phone.number);
  if (numberTail(digits) !== numberTail(phone.number)) return false;
  const reading = readBrazilianNumber('', digits, phone.areaCode);
  return !reading.ok || reading.areaCode === phone.areaCode;
}

/** `{areaCode}` and `{number}` of a trunk's dial format are filled in. */
export function dialString(format: string, number: { readonly areaCode: string; readonly number: string }): string {
  return format.replaceAll('{areaCode}', number.areaCode).replaceAll('{number}', number.number);
}
