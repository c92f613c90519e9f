/** Which outside numbers may be called: the patterns of an installation's allow-list. */
import type { DialedNumber } from './numbers.ts';

/** `11*`, `1133334444`, `001212*`, `+5511*`, `+1212*`, and `*` for every number. */
export const destinationPattern = '^(\\+?[0-9]+\\*?|\\*)$';
const readable = new RegExp(destinationPattern);

/**
 * Digits with area code (national) or 00 and country code (international), `*` at the end for any rest; E.164 with its + says the same. An empty
 * list allows every number but international ones. What is no pattern allows nothing: a slip must not open the world.
 */
export function destinationAllowed(patterns: readonly string[], number: Extract<DialedNumber, { ok: true }>): boolean {
  if (patterns.length === 0) return number.kind !== 'international';
  const digits = number.areaCode + number.number;
  return patterns.some((pattern) => {
    if (!readable.test(pattern)) return false;
    const fixed = asDialed(pattern.replace('*', ''));
    return pattern.endsWith('*') ? digits.startsWith(fixed) : digits === fixed;
  });
}

const asDialed = (text: string): string => (text.startsWith('+55') ? text.slice(3) : text.replace('+', '00'));
