/** Scanners over header values that respect quoted strings and angle brackets (RFC 3261 25.1). */

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const SEMICOLON = 59;
const LESS = 60;
const GREATER = 62;

/** Index just behind the quoted string that begins at `start`, or -1 when it never ends. */
export function afterQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at + 1;
  }
  return -1;
}

/** Index of the first `wanted` outside quotes and brackets, or -1. */
function indexOutside(text: string, wanted: number, start: number): number {
  let inBrackets = false;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === wanted && !inBrackets) return at;
    if (code === QUOTE && !inBrackets) {
      const end = afterQuoted(text, at);
      if (end === -1) return -1;
      at = end - 1;
    } else if (code === LESS) inBrackets = true;
    else if (code === GREATER) inBrackets = false;
  }
  return -1;
}

export function commaOutside(text: string, start = 0): number {
  // Most values have no comma at all: ask the native search first.
  return text.indexOf(',', start) === -1 ? -1 : indexOutside(text, COMMA, start);
}

export function splitList(text: string): string[] {
  const items: string[] = [];
  let start = 0;
  for (;;) {
    const comma = commaOutside(text, start);
    const item = (comma === -1 ? text.slice(start) : text.slice(start, comma)).trim();
    if (item !== '') items.push(item);
    if (comma === -1) return items;
    start = comma + 1;
  }
}

/** `;name=value;flag` from `start` on (which may stand on the first semicolon). Names in lower case; values as written. */
export function params(text: string, start: number): Map<string, string> {
  const found = new Map<string, string>();
  let at = start;
  while (at < text.length) {
    if (text.charCodeAt(at) === SEMICOLON) at++;
    let end = indexOutside(text, SEMICOLON, at);
    if (end === -1) end = text.length;
    const equals = text.indexOf('=', at);
    if (equals !== -1 && equals < end) found.set(text.slice(at, equals).trim().toLowerCase(), text.slice(equals + 1, end).trim());
    else {
      const flag = text.slice(at, end).trim().toLowerCase();
      if (flag !== '') found.set(flag, '');
    }
    at = end;
  }
  return found;
}

/** Where the header parameters of a name-addr or addr-spec begin: behind `>`, or the first semicolon (RFC 3261 20.10). */
export function paramsStart(value: string): number {
  let at = 0;
  if (value.charCodeAt(0) === QUOTE) {
    at = afterQuoted(value, 0);
    if (at === -1) return value.length;
  }
  const open = value.indexOf('<', at);
  if (open === -1) {
    const semicolon = value.indexOf(';', at);
    return semicolon === -1 ? value.length : semicolon;
  }
  const close = value.indexOf('>', open);
  return close === -1 ? value.length : close + 1;
}

/** The tag parameter of From or To, without building a map of all parameters. */
export function tagOf(value: string): string | undefined {
  const start = paramsStart(value);
  const exact = value.indexOf(';tag=', start);
  if (exact !== -1) {
    const end = value.indexOf(';', exact + 5);
    return (end === -1 ? value.slice(exact + 5) : value.slice(exact + 5, end)).trim();
  }
  return start >= value.length ? undefined : params(value, start).get('tag');
}
