import { afterQuoted, params, paramsStart } from './scan.ts';
import { unquoted } from './text.ts';

/** name-addr or addr-spec with header parameters: From, To, Contact, Route, Refer-To (RFC 3261 20.10). */
export interface NameAddress {
  readonly displayName: string | undefined;
  readonly uri: string;
  readonly params: ReadonlyMap<string, string>;
}

export function parseNameAddress(value: string): NameAddress | undefined {
  const text = value.trim();
  let displayName: string | undefined;
  let at = 0;
  if (text.charCodeAt(0) === 34) {
    at = afterQuoted(text, 0);
    if (at === -1) return undefined;
    displayName = unquoted(text.slice(0, at));
  }
  const open = text.indexOf('<', at);
  const tail = paramsStart(text);
  if (open === -1) {
    // Without brackets everything behind the first semicolon belongs to the header, and a comma or ? is not allowed.
    const uri = text.slice(0, tail).trim();
    if (displayName !== undefined || uri === '' || /[\s,?]/.test(uri)) return undefined;
    return { displayName, uri, params: params(text, tail) };
  }
  const close = text.indexOf('>', open);
  if (close === -1) return undefined;
  const before = text.slice(at, open).trim();
  if (displayName === undefined) {
    // An unquoted display name is tokens: `Bell, Alexander <…>` is not (RFC 4475 3.1.2.15).
    if (before !== '' && !/^[\w\-.!%*+`'~\s\x80-\xff]+$/.test(before)) return undefined;
    if (before !== '') displayName = before;
  } else if (before !== '') return undefined;
  return { displayName, uri: text.slice(open + 1, close), params: params(text, close + 1) };
}

/** The URI alone. Cheaper than a whole parse. */
export function uriOf(value: string): string {
  let at = 0;
  if (value.charCodeAt(0) === 34) {
    at = afterQuoted(value, 0);
    if (at === -1) return '';
  }
  const open = value.indexOf('<', at);
  if (open === -1) return value.slice(0, paramsStart(value)).trim();
  const close = value.indexOf('>', open);
  return close === -1 ? '' : value.slice(open + 1, close);
}
