import { message, SDP } from './fixture.ts';
import type { Torture } from './fixture.ts';

const FROM = 'From: sip:caller@example.net;tag=34525';
const TO = 'To: sip:j.user@example.com';

/** Headers every one of these has; `id` makes Call-ID and branch. */
function rest(method: string, id: string): string[] {
  return [`Call-ID: ${id}.0ha0isndaksdj99sdfafnl3lk233412`, `CSeq: 8 ${method}`, `Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bK${id}`, 'Max-Forwards: 70'];
}
const invite = (id: string): string[] => [...rest('INVITE', id), 'Contact: <sip:caller@host5.example.net>', 'Content-Type: application/sdp', 'Content-Length: {length}', '', SDP];
const empty = ['l: 0', '', ''];

/** RFC 4475 3.1.2 and 3.3: messages that are wrong, or that ask for what we do not do. Names are the RFC's. */
export const INVALID: readonly Torture[] = [
  {
    name: 'badinv01', section: '3.1.2.1', expect: 400, why: 'separators without anything between them',
    wire: message('INVITE sip:user@example.com SIP/2.0', TO, FROM, 'Max-Forwards: 7', 'Call-ID: badinv01.0ha0isndaksdjasdf3234nas', 'CSeq: 8 INVITE', 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,', 'Contact: "Joe" <sip:joe@example.org>;;;;', 'Content-Length: {length}', 'Content-Type: application/sdp', '', SDP),
  },
  { name: 'clerr', section: '3.1.2.2', expect: 400, why: 'Content-Length larger than the message', wire: message('INVITE sip:user@example.com SIP/2.0', TO, FROM, ...invite('clerr')).replace(/Content-Length: \d+/, 'Content-Length: 9999') },
  { name: 'ncl', section: '3.1.2.3', expect: 400, why: 'a negative Content-Length', wire: message('INVITE sip:user@example.com SIP/2.0', TO, FROM, ...invite('ncl')).replace(/Content-Length: \d+/, 'Content-Length: -999') },
  {
    name: 'scalar02', section: '3.1.2.4', expect: 400, why: 'numbers out of range in a request',
    wire: message('REGISTER sip:example.com SIP/2.0', 'Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3', 'To: <sip:user@example.com>', 'From: <sip:user@example.com>;tag=239232jh3', 'CSeq: 36893488147419103232 REGISTER', 'Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32', 'Max-Forwards: 300', `Expires: 1${'0'.repeat(99)}`, 'Contact: <sip:user@host129.example.com>', '  ;expires=280297596632815', 'Content-Length: 0', '', ''),
  },
  {
    name: 'scalarlg', section: '3.1.2.5', expect: 'dropped', why: 'numbers out of range in a response',
    wire: message('SIP/2.0 503 Service Unavailable', 'Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129', 'To: <sip:user@example.com>', 'From: <sip:other@example.net>;tag=2easdjfejw', 'CSeq: 9292394834772304023312 OPTIONS', 'Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r', 'Retry-After: 949302838503028349304023988', 'Warning: 1812 overture "In Progress"', 'Content-Length: 0', '', ''),
  },
  { name: 'quotbal', section: '3.1.2.6', expect: 400, why: 'an unterminated quoted string', wire: message('INVITE sip:user@example.com SIP/2.0', 'To: "Mr. J. User <sip:j.user@example.com>', FROM, ...invite('quotbal')) },
  { name: 'ltgtruri', section: '3.1.2.7', expect: 400, why: 'brackets around the Request-URI', wire: message('INVITE <sip:user@example.com> SIP/2.0', TO, FROM, ...invite('ltgtruri')) },
  { name: 'lwsruri', section: '3.1.2.8', expect: 400, why: 'white space inside the Request-URI', wire: message('INVITE sip:user@example.com; lr SIP/2.0', TO, FROM, ...invite('lwsruri')) },
  { name: 'lwsstart', section: '3.1.2.9', expect: 400, why: 'more than one space in the start line', wire: message('INVITE  sip:user@example.com  SIP/2.0', TO, FROM, ...invite('lwsstart')) },
  { name: 'trws', section: '3.1.2.10', expect: 400, why: 'spaces behind the version', wire: message('OPTIONS sip:remote-target@example.com SIP/2.0  ', TO, FROM, ...rest('OPTIONS', 'trws'), ...empty) },
  { name: 'escruri', section: '3.1.2.11', expect: 400, why: 'headers in the Request-URI', wire: message('INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0', TO, FROM, ...invite('escruri')) },
  { name: 'baddate', section: '3.1.2.12', expect: 'accepted', why: 'a Date with a zone that is not GMT: a header we do not use is not judged', wire: message('INVITE sip:user@example.com SIP/2.0', TO, FROM, 'Date: Fri, 01 Jan 2010 16:00:00 EST', ...invite('baddate')) },
  { name: 'regbadct', section: '3.1.2.13', expect: 400, why: 'a Contact with ? and without brackets', wire: message('REGISTER sip:example.com SIP/2.0', TO, FROM, 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E', ...rest('REGISTER', 'regbadct'), ...empty) },
  { name: 'badaspec', section: '3.1.2.14', expect: 400, why: 'spaces inside the brackets', wire: message('OPTIONS sip:user@example.org SIP/2.0', 'From: "Bell, Alexander" <sip:a.g.bell@example.com>;tag=433423', 'To: "Watson, Thomas" < sip:t.watson@example.org >', ...rest('OPTIONS', 'badaspec'), ...empty) },
  { name: 'baddn', section: '3.1.2.15', expect: 400, why: 'a comma in an unquoted display name', wire: message('OPTIONS sip:t.watson@example.org SIP/2.0', 'From:    Bell, Alexander <sip:a.g.bell@example.com>;tag=43', 'To:      Watson, Thomas <sip:t.watson@example.org>', ...rest('OPTIONS', 'baddn'), ...empty) },
  { name: 'badvers', section: '3.1.2.16', expect: 505, why: 'a version we do not speak', wire: message('OPTIONS sip:t.watson@example.org SIP/7.0', TO, FROM, ...rest('OPTIONS', 'badvers'), ...empty) },
  { name: 'mismatch01', section: '3.1.2.17', expect: 400, why: 'CSeq names another method', wire: message('OPTIONS sip:user@example.com SIP/2.0', TO, FROM, ...rest('INVITE', 'mismatch01'), ...empty) },
  { name: 'mismatch02', section: '3.1.2.18', expect: 400, why: 'CSeq names another method, and the method is unknown: 400 is as acceptable as 501', wire: message('NEWMETHOD sip:user@example.com SIP/2.0', TO, FROM, ...rest('INVITE', 'mismatch02'), ...empty) },
  { name: 'bigcode', section: '3.1.2.19', expect: 'dropped', why: 'a status code of ten digits', wire: message('SIP/2.0 4294967301 better not break the receiver', TO, FROM, ...rest('INVITE', 'bigcode'), ...empty) },
  { name: 'insuf', section: '3.3.1', expect: 400, why: 'To, From and Call-ID are missing', wire: message('INVITE sip:user@example.com SIP/2.0', 'CSeq: 193942 INVITE', 'Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf', 'Content-Type: application/sdp', 'l: {length}', '', SDP) },
  { name: 'unkscm', section: '3.3.2', expect: 416, why: 'an unknown scheme in the Request-URI', wire: message('OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0', TO, FROM, ...rest('OPTIONS', 'unkscm'), ...empty) },
  { name: 'novelsc', section: '3.3.3', expect: 416, why: 'a known scheme that is not of SIP', wire: message('OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0', TO, FROM, ...rest('OPTIONS', 'novelsc'), ...empty) },
  { name: 'unksm2', section: '3.3.4', expect: 400, why: 'unknown schemes in To, From and Contact of a REGISTER', wire: message('REGISTER sip:example.com SIP/2.0', 'To: isbn:2983792873', 'From: <http://www.example.com>;tag=3234233', 'Contact: <name:John_Smith>', ...rest('REGISTER', 'unksm2'), ...empty) },
  { name: 'bext01', section: '3.3.5', expect: 420, why: 'extensions required that we do not know; those asked of proxies are not named', wire: message('OPTIONS sip:user@example.com SIP/2.0', TO, FROM, 'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis', 'Require: nothingSupportsThis, nothingSupportsThisEither', ...rest('OPTIONS', 'bext01'), ...empty) },
  { name: 'invut', section: '3.3.6', expect: 415, why: 'a body of unknown type', wire: message('INVITE sip:user@example.com SIP/2.0', 'Contact: <sip:caller@host5.example.net>', TO, FROM, ...rest('INVITE', 'invut'), 'Content-Type: application/unknownformat', 'Content-Length: {length}', '', '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n') },
  { name: 'regaut01', section: '3.3.7', expect: 'accepted', why: 'an unknown authentication scheme: the registrar challenges', wire: message('REGISTER sip:example.com SIP/2.0', TO, FROM, 'Authorization: NoOneKnowsThisScheme opaque-data=here', ...rest('REGISTER', 'regaut01'), ...empty) },
  { name: 'multi01', section: '3.3.8', expect: 400, why: 'single headers that stand twice', wire: message('INVITE sip:user@company.com SIP/2.0', 'Contact: <sip:caller@host25.example.net>', 'Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw', 'Max-Forwards: 70', 'CSeq: 5 INVITE', 'Call-ID: multi01.98asdh@192.0.2.1', 'CSeq: 59 INVITE', 'Call-ID: multi01.98asdh@192.0.2.2', 'From: sip:caller@example.com;tag=3413415', 'To: sip:user@example.com', 'To: sip:other@example.net', 'From: sip:caller@example.net;tag=2923420123', 'Content-Type: application/sdp', 'l: {length}', 'Contact: <sip:caller@host36.example.net>', 'Max-Forwards: 5', '', SDP) },
  { name: 'mcl01', section: '3.3.9', expect: 400, why: 'two lengths that differ', wire: message('OPTIONS sip:user@example.com SIP/2.0', TO, FROM, 'Content-Length: 13', ...rest('OPTIONS', 'mcl01'), 'Content-Length: 5', 'Content-Type: text/plain', '', 'There\'s no way to know how many octets are supposed to be here.\r\n') },
  { name: 'bcast', section: '3.3.10', expect: 'response', why: 'a response whose second Via is a broadcast address: readable, and not for us (RFC 3261 8.1.3.3; transactions/machines.int has one that is awaited)', wire: message('SIP/2.0 200 OK', 'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923', 'Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23', 'Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf', 'CSeq: 35 INVITE', 'From: sip:user@example.com;tag=11141343', 'To: sip:user@example.edu;tag=2229', 'Content-Length: {length}', 'Content-Type: application/sdp', 'Contact: <sip:user@host28.example.com>', '', SDP) },
  { name: 'zeromf', section: '3.3.11', expect: 'accepted', why: 'Max-Forwards 0 stops proxies, not the one it is for', wire: message('OPTIONS sip:user@example.com SIP/2.0', TO, FROM, ...rest('OPTIONS', 'zeromf'), ...empty).replace('Max-Forwards: 70', 'Max-Forwards: 0') },
  { name: 'cparam01', section: '3.3.12', expect: 'accepted', why: 'an unknown parameter of the Contact header', wire: message('REGISTER sip:example.com SIP/2.0', TO, FROM, 'Contact: sip:+19725552222@gw1.example.net;unknownparam', ...rest('REGISTER', 'cparam01'), ...empty) },
  { name: 'cparam02', section: '3.3.13', expect: 'accepted', why: 'an unknown parameter of the Contact URI', wire: message('REGISTER sip:example.com SIP/2.0', TO, FROM, 'Contact: <sip:+19725552222@gw1.example.net;unknownparam>', ...rest('REGISTER', 'cparam02'), ...empty) },
  { name: 'regescrt', section: '3.3.14', expect: 'accepted', why: 'a Contact URI with headers, in brackets', wire: message('REGISTER sip:example.com SIP/2.0', TO, FROM, 'Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>', ...rest('REGISTER', 'regescrt'), ...empty) },
  { name: 'sdp01', section: '3.3.15', expect: 406, why: 'Accept without the only type we can answer with', wire: message('INVITE sip:user@example.com SIP/2.0', TO, FROM, 'Accept: text/nobodyKnowsThis', ...invite('sdp01')) },
];
