/** Header names are compared in lower case and in their long form (RFC 3261 7.3.1, 7.3.3, 20). */

const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

const USUAL = [
  'Via', 'From', 'To', 'Call-ID', 'Call-Id', 'CSeq', 'Contact', 'Max-Forwards', 'Content-Type', 'Content-Length', 'User-Agent', 'Server',
  'Allow', 'Supported', 'Require', 'Proxy-Require', 'Record-Route', 'Route', 'Expires', 'Min-Expires', 'Session-Expires', 'Min-SE',
  'Authorization', 'Proxy-Authorization', 'WWW-Authenticate', 'Proxy-Authenticate', 'Reason', 'Refer-To', 'Referred-By', 'Replaces',
  'Event', 'Subscription-State', 'Retry-After', 'RSeq', 'RAck', 'Subject', 'Accept', 'Date', 'Unsupported', 'Warning',
  'P-Asserted-Identity', 'Privacy', 'Diversion', 'History-Info', 'Content-Encoding', 'Content-Disposition',
];

const TABLE = new Map<string, string>();
for (const name of USUAL) {
  TABLE.set(name, name.toLowerCase());
  TABLE.set(name.toLowerCase(), name.toLowerCase());
  TABLE.set(name.toUpperCase(), name.toLowerCase());
}
for (const [short, long] of Object.entries(COMPACT)) {
  TABLE.set(short, long);
  TABLE.set(short.toUpperCase(), long);
}

export function headerName(asWritten: string): string {
  const known = TABLE.get(asWritten);
  if (known !== undefined) return known;
  const lower = asWritten.toLowerCase();
  return TABLE.get(lower) ?? lower;
}

/** Headers that may stand once only; two of them make a request ambiguous (RFC 3261 7.3.1, RFC 4475 3.3.8). */
export const SINGLE: ReadonlySet<string> = new Set([
  'from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'content-type',
]);
