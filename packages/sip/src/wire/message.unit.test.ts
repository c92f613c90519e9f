import { describe, expect, it } from 'vitest';
import { MAX_HEADER_LINES } from './limits.ts';
import { Malformed, parseMessage, SipMessage } from './message.ts';
import { fromBytes, toBytes } from './text.ts';
import { replyHead, writeRequest, writeResponse } from './write.ts';

const lines = (...text: string[]): string => text.join('\r\n');
const INVITE = lines(
  'INVITE sip:5511999998888@10.0.0.1 SIP/2.0',
  'Via: SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bKabc;rport',
  'From: "Ana, a \\"boa\\"" <sip:200@ritmo>;tag=f1',
  'To: <sip:5511999998888@10.0.0.1>',
  'Call-ID: one@ritmo',
  'CSeq: 7 INVITE',
  'Content-Length: 4',
  '', 'v=0\n',
);

function parsed(text: string): SipMessage {
  const message = parseMessage(text);
  if (message instanceof Malformed) throw new Error(message.reason);
  return message;
}

function refused(text: string): Malformed {
  const message = parseMessage(text);
  if (message instanceof SipMessage) throw new Error('was accepted');
  return message;
}

describe('a SIP message', () => {
  it('shows its parts', () => {
    const message = parsed(INVITE);
    expect(message.method).toBe('INVITE');
    expect(message.uri).toBe('sip:5511999998888@10.0.0.1');
    expect([message.callId, message.cseq, message.fromTag, message.toTag, message.branch]).toEqual(['one@ritmo', 7, 'f1', '', 'z9hG4bKabc']);
    expect(message.topVia).toMatchObject({ transport: 'UDP', host: '10.0.0.2', port: 5070, wantsRport: true });
    expect(message.body).toBe('v=0\n');
  });

  it('reads compact names, any case, white space before the colon and folded lines', () => {
    const message = parsed(lines('OPTIONS sip:a SIP/2.0', 'v: SIP/2.0/UDP h;branch=z9hG4bK1', 'F : <sip:x@y>', '  ;tag=1', 't:<sip:z>', 'i: c', 'cseq:  1', '\tOPTIONS', 'L: 0', '', ''));
    expect(message.fromTag).toBe('1');
    expect(message.callId).toBe('c');
    expect(message.get('from')).toBe('<sip:x@y> ;tag=1');
    expect(message.header('l')).toBe('0');
  });

  it('splits lists at commas outside quotes and brackets', () => {
    const message = parsed(INVITE.replace('Call-ID', 'Contact: "a,b" <sip:a,b@c>, <sip:d>\r\nContact: sip:e\r\nCall-ID'));
    expect(message.list('contact')).toEqual(['"a,b" <sip:a,b@c>', '<sip:d>', 'sip:e']);
  });

  it('takes the status line and method of a response', () => {
    const message = parsed(lines('SIP/2.0 486 Busy Here', 'Via: SIP/2.0/UDP h;branch=z9hG4bK1', 'CSeq: 3 INVITE', 'Call-ID: c', '', ''));
    expect([message.status, message.reason, message.method, message.isRequest]).toEqual([486, 'Busy Here', 'INVITE', false]);
  });

  it('ends the body where Content-Length says, and with the datagram without one', () => {
    expect(parsed(`${INVITE}trailing`).body).toBe('v=0\n');
    expect(parsed(INVITE.replace('Content-Length: 4\r\n', '')).body).toBe('v=0\n');
  });

  it('is refused with 400 when its body is cut, and can still be answered', () => {
    const malformed = refused(INVITE.replace('Length: 4', 'Length: 400'));
    expect(malformed.status).toBe(400);
    expect(malformed.partial?.callId).toBe('one@ritmo');
  });

  it.each([
    ['an unknown version', INVITE.replace('SIP/2.0\r', 'SIP/7.0\r'), 505],
    ['a space in the Request-URI', INVITE.replace('@10.0.0.1 SIP', '@10.0.0.1; lr SIP'), 400],
    ['a negative length', INVITE.replace('Length: 4', 'Length: -4'), 400],
    ['a CSeq beyond 2**31', INVITE.replace('CSeq: 7', 'CSeq: 36893488147419103232'), 400],
    ['a line without a colon', INVITE.replace('Call-ID: one', 'Call-ID one'), 400],
  ])('with %s is refused', (_name, text, status) => {
    expect(refused(text).status).toBe(status);
  });

  it.each([['garbage', '\0\0\0\0'], ['an HTTP request', 'GET / HTTP/1.1\r\n\r\n'], ['a bad status', 'SIP/2.0 99 No\r\n\r\n'], ['nothing', '']])(
    'is not %s',
    (_name, text) => {
      expect(refused(text).status).toBe(0);
    },
  );

  it('has a limit on its headers', () => {
    const many = 'X-A: 1\r\n'.repeat(MAX_HEADER_LINES + 1);
    expect(refused(INVITE.replace('Call-ID', `${many}Call-ID`)).reason).toBe('too many headers');
    expect(refused(INVITE.replace('one@ritmo', 'x'.repeat(20_000))).status).toBe(513);
  });

  it('carries UTF-8 through unharmed', () => {
    const message = parsed(toBytes(INVITE.replace('Ana,', 'João')));
    expect(fromBytes(message.get('from') ?? '')).toContain('João');
    expect(message.header('from')).toContain('João');
  });
});

describe('a response written to a request', () => {
  it('repeats Via with received and rport, From, Call-ID and CSeq, and adds our tag', () => {
    const text = writeResponse(replyHead(parsed(INVITE), '192.0.2.9', 4444), 180, 'Ringing', 'mine', 'Contact: <sip:x>\r\n', '');
    const message = parsed(text);
    expect(message.get('via')).toBe('SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bKabc;rport=4444;received=192.0.2.9');
    expect(message.toTag).toBe('mine');
    expect([message.callId, message.get('cseq'), message.fromTag]).toEqual(['one@ritmo', '7 INVITE', 'f1']);
  });

  it('keeps every Via in order', () => {
    const two = INVITE.replace('rport\r\n', 'rport, SIP/2.0/TCP p;branch=z9hG4bK2\r\nVia: SIP/2.0/TLS q;branch=z9hG4bK3\r\n');
    const message = parsed(writeResponse(replyHead(parsed(two), '10.0.0.2', 5070), 200, 'OK', 'm', '', ''));
    expect(message.list('via').map((via) => via.split(';')[0])).toEqual(['SIP/2.0/UDP 10.0.0.2:5070', 'SIP/2.0/TCP p', 'SIP/2.0/TLS q']);
  });
});

describe('a request written', () => {
  it('reads back as the same', () => {
    const text = writeRequest(
      { method: 'BYE', uri: 'sip:a@b', branch: 'z9hG4bKq', from: '<sip:a>;tag=1', to: '<sip:b>;tag=2', callId: 'c', cseq: 2, routes: ['<sip:p;lr>', '<sip:q;lr>'], headers: 'X-Y: z\r\n', body: 'é' },
      'SIP/2.0/UDP 127.0.0.1:5060',
    );
    const message = parsed(text);
    expect([message.method, message.uri, message.branch, message.toTag, message.body]).toEqual(['BYE', 'sip:a@b', 'z9hG4bKq', '2', 'é']);
    expect(message.list('route')).toEqual(['<sip:p;lr>', '<sip:q;lr>']);
  });
});
