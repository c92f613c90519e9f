import { parseNameAddress } from '../wire/address.ts';
import { MAX_VIA_HOPS } from '../wire/limits.ts';
import type { SipMessage } from '../wire/message.ts';
import { sdpOf } from '../wire/body.ts';
import { SINGLE } from '../wire/names.ts';
import { MAGIC_COOKIE } from '../wire/via.ts';
import { parseUri } from '../wire/uri.ts';
import { SUPPORTED } from './core.ts';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers: string;
}

const OUR_EXTENSIONS = new Set(SUPPORTED.split(',').map((each) => each.trim()));

/** Requests whose body is a session description or nothing (8.2.3). */
const HAS_SDP: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'PRACK']);

/** Separators with nothing between them (RFC 4475 3.1.2.1). */
const EMPTY_PARTS = /[;,]\s*[;,]|[;,]\s*$/;

function bad(reason: string): Refusal {
  return { status: 400, reason, headers: '' };
}

/** What is wrong with a request, before anyone hears of it (RFC 3261 8.2, 16.3); undefined when nothing is. */
export function refusal(message: SipMessage): Refusal | undefined {
  if (message.get('cseq')?.endsWith(message.method) !== true) return bad('CSeq method differs');
  if (message.callId === '') return bad('no Call-ID');
  if (EMPTY_PARTS.test(message.get('via') ?? '')) return bad('bad Via');
  if (message.topVia === undefined || message.list('via').length > MAX_VIA_HOPS) return bad('bad Via');
  for (const name of SINGLE) if (message.count(name) > 1) return bad(`more than one ${name}`);
  const from = parseNameAddress(message.get('from') ?? '');
  const to = parseNameAddress(message.get('to') ?? '');
  if (from === undefined || !/^[A-Za-z][\w+.-]*:./.test(from.uri)) return bad('bad From');
  if (to === undefined || !/^[A-Za-z][\w+.-]*:./.test(to.uri)) return bad('bad To');
  const hops = message.get('max-forwards');
  if (hops !== undefined && !(/^\d{1,10}$/.test(hops) && Number(hops) <= 255)) return bad('bad Max-Forwards');
  return badUri(message) ?? badContact(message) ?? unsupported(message);
}

function badUri(message: SipMessage): Refusal | undefined {
  const uri = parseUri(message.uri);
  // Headers have no place in a Request-URI (19.1.5, table 1 of 19.1.1).
  if (uri !== undefined) return uri.headers === '' ? undefined : bad('headers in the Request-URI');
  const scheme = /^([A-Za-z][\w+.-]*):/.exec(message.uri)?.[1]?.toLowerCase();
  // 8.2.2.1: a scheme we do not know is 416, one we know but cannot read 400.
  if (scheme !== undefined && scheme !== 'sip' && scheme !== 'sips' && scheme !== 'tel') return { status: 416, reason: 'Unsupported URI Scheme', headers: '' };
  return bad('bad Request-URI');
}

/**
 * A dialog cannot be made without exactly one Contact with a SIP URI (RFC 3261 8.1.1.8); a peer of RFC 2543, which has no branch with the
 * magic cookie, may leave it out. A registration's contacts must be readable (10.2.1).
 */
function badContact(message: SipMessage): Refusal | undefined {
  if (message.method === 'REGISTER') {
    // 10.2: the address of record is a SIP or SIPS URI.
    const record = parseUri(parseNameAddress(message.get('to') ?? '')?.uri ?? '');
    if (record === undefined || record.scheme === 'tel') return bad('bad address of record');
    return message.list('contact').every((each) => each === '*' || readable(each)) ? undefined : bad('bad Contact');
  }
  if (message.method !== 'INVITE') return undefined;
  const contacts = message.list('contact');
  if (contacts.length === 0 && !message.branch.startsWith(MAGIC_COOKIE)) return undefined;
  if (contacts.length !== 1) return bad('INVITE needs one Contact');
  return readable(contacts[0] ?? '') ? undefined : bad('bad Contact');
}

function readable(contact: string): boolean {
  const parsed = parseNameAddress(contact);
  return parsed !== undefined && parseUri(parsed.uri) !== undefined;
}

function unsupported(message: SipMessage): Refusal | undefined {
  // 8.2.2.3: Require is not for CANCEL.
  if (message.method === 'CANCEL') return undefined;
  // Proxy-Require is for proxies alone, and we are none.
  const unknown = message.list('require').filter((tag) => !OUR_EXTENSIONS.has(tag.toLowerCase()));
  if (unknown.length > 0) return { status: 420, reason: 'Bad Extension', headers: `Unsupported: ${unknown.join(', ')}\r\n` };
  const accept = message.get('accept')?.toLowerCase();
  if (message.method === 'INVITE' && accept !== undefined && accept !== '' && !/application\/(sdp|\*)|\*\/\*/.test(message.list('accept').join().toLowerCase())) {
    return { status: 406, reason: 'Not Acceptable', headers: '' };
  }
  const encoding = message.get('content-encoding')?.toLowerCase();
  if (encoding !== undefined && encoding !== 'identity') return { status: 415, reason: 'Unsupported Media Type', headers: 'Accept-Encoding: identity\r\n' };
  if (message.body !== '' && HAS_SDP.has(message.method) && !isOptional(message) && sdpOf(message) === '') {
    return { status: 415, reason: 'Unsupported Media Type', headers: 'Accept: application/sdp\r\n' };
  }
  return undefined;
}

/** 20.11: without a word about it a body must be understood. */
function isOptional(message: SipMessage): boolean {
  return /;\s*handling\s*=\s*"?optional/i.test(message.get('content-disposition') ?? '');
}
