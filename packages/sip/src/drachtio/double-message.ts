import { toBytes } from '../wire/text.ts';

/** A message of the client's: without Via, often without From, To and Call-ID. */
export interface Loose {
  readonly first: string;
  readonly headers: Map<string, string>;
  readonly body: string;
}

const OWN = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'route', 'record-route']);

export function loose(text: string): Loose {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...rest] = (end === -1 ? text : text.slice(0, end)).split('\r\n');
  const headers = new Map<string, string>();
  for (const line of rest) {
    const colon = line.indexOf(':');
    if (colon !== -1) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { first, headers, body: end === -1 ? '' : toBytes(text.slice(end + 4)) };
}

/** The headers that are the application's, as lines. */
export function lines(message: Loose): string {
  let text = '';
  for (const [name, value] of message.headers) if (!OWN.has(name) && !(name === 'contact' && value.includes('localhost'))) text += toBytes(`${name}: ${value}\r\n`);
  return text;
}
