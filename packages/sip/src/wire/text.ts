/**
 * Inside the engine, header text and bodies are byte strings: one character per byte (latin1 of what was on the wire).
 * So lengths are byte lengths, slices never copy, and what we carry through leaves as it came. UTF-8 is decoded at the
 * port's door only (RFC 3261 7.3.1, 25.1).
 */

const BEYOND_ASCII = /[^\x00-\x7f]/;

export function toBytes(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

export function fromBytes(bytes: string): string {
  return BEYOND_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** A value for a header line that must not be able to begin another line. */
export function oneLine(text: string): string {
  return toBytes(text.replace(/[\r\n\0]+/g, ' '));
}

/** quoted-string of RFC 3261 25.1. */
export function quoted(text: string): string {
  return `"${oneLine(text).replace(/[\\"]/g, '\\$&')}"`;
}

export function unquoted(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 34) return text;
  return text.slice(1, text.charCodeAt(text.length - 1) === 34 ? -1 : undefined).replace(/\\(.)/g, '$1');
}
