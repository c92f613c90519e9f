import { toBytes } from '../wire/text.ts';

/** A message of the client's: without Via, often without From, To and Call-ID. */
export interface Loose {
  readonly first: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** With names as the server writes them. */
  readonly written: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const OWN = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'route', 'record-route']);

const OTHERWISE: ReadonlyMap<string, string> = new Map([['min-se', 'Min-SE'], ['rack', 'RAck'], ['rseq', 'RSeq'], ['www-authenticate', 'WWW-Authenticate']]);

/** The client writes lower case, the server does not. */
function nameOf(given: string): string {
  const name = given.toLowerCase();
  return OTHERWISE.get(name) ?? name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

export function loose(text: string): Loose {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...rest] = (end === -1 ? text : text.slice(0, end)).split('\r\n');
  const written: [string, string][] = [];
  for (const line of rest) {
    const colon = line.indexOf(':');
    if (colon !== -1) written.push([nameOf(line.slice(0, colon).trim()), line.slice(colon + 1).trim()]);
  }
  return { first, headers: new Map(written.map(([name, value]) => [name.toLowerCase(), value])), written, body: end === -1 ? '' : toBytes(text.slice(end + 4)) };
}

/** The headers that are the application's, as lines. */
export function lines({ written }: Loose): string {
  const own = written.filter(([name, value]) => !OWN.has(name.toLowerCase()) && !(name.toLowerCase() === 'contact' && value.includes('localhost')));
  return own.map(([name, value]) => toBytes(`${name}: ${value}\r\n`)).join('');
}

/** The Route lines that the header part of a Request-URI asks for: there alone the server takes them. */
export function routedTo(given: string): { readonly uri: string; readonly routes: readonly string[] } {
  const [uri = '', headers = ''] = given.split('?');
  return { uri, routes: headers.split('&').filter((each) => each.startsWith('Route=')).map((each) => toBytes(decodeURIComponent(each.slice('Route='.length)))) };
}
