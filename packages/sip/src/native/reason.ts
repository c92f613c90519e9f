import type { EndReason, WireEnd } from '../port.ts';
import type { SipMessage } from '../wire/message.ts';
import { params } from '../wire/scan.ts';
import { fromBytes, quoted, unquoted } from '../wire/text.ts';

/** Reason header (RFC 3326) both ways. */
export function reasonLine(reason: EndReason | undefined): string {
  if (reason === undefined || (reason.q850 === undefined && reason.text === undefined)) return '';
  const protocol = reason.q850 === undefined ? 'SIP' : `Q.850;cause=${reason.q850}`;
  return `Reason: ${protocol}${reason.text === undefined ? '' : `;text=${quoted(reason.text)}`}\r\n`;
}

export function q850Of(message: SipMessage): number | undefined {
  for (const value of message.list('reason')) {
    const semicolon = value.indexOf(';');
    if (semicolon === -1 || value.slice(0, semicolon).trim().toUpperCase() !== 'Q.850') continue;
    const cause = params(value, semicolon).get('cause');
    if (cause !== undefined && /^\d{1,3}$/.test(cause)) return Number(cause);
  }
  return undefined;
}

function reasonText(message: SipMessage): string | undefined {
  const value = message.list('reason')[0];
  if (value === undefined) return undefined;
  const text = params(value, value.indexOf(';') === -1 ? value.length : value.indexOf(';')).get('text');
  return text === undefined ? undefined : fromBytes(unquoted(text));
}

/** The end that a BYE, CANCEL or refusal describes. */
export function wireEnd(by: WireEnd['by'], sipCode: number, message: SipMessage): WireEnd {
  const phrase = message.isRequest ? reasonText(message) : fromBytes(message.reason);
  const q850 = message.get('reason') === undefined ? undefined : q850Of(message);
  return { by, sipCode, ...(phrase === undefined || phrase === '' ? {} : { reasonPhrase: phrase }), ...(q850 === undefined ? {} : { q850 }) };
}
