/** Carriers that put offers and answers where few do: the answer into a reliable 183 alone, a resume without SDP (RFC 3262 5, RFC 3261 14.2). */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Rig } from './test/rig.ts';

const sdp = (version: number, direction: string): string =>
  `v=0\r\no=- 7 ${version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=${direction}\r\n`;
const header = (message: string, name: string): string => new RegExp(`^${name}: (.*)\r$`, 'im').exec(message)?.[1] ?? '';

let rig: Rig;
let socket: Socket;
const heard: string[] = [];

beforeAll(async () => {
  rig = await Rig.start({});
  socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (packet) => void heard.push(packet.toString('latin1')));
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: socket.address().port });
  await rig.telephony.start();
});
afterEach(() => rig.quiet());
afterAll(async () => {
  socket.close();
  await rig.stop();
});

const next = (pattern: RegExp): Promise<string> => waitFor(() => heard.find((each) => pattern.test(each)), { what: String(pattern), timeoutMs: 15_000 });
const send = (text: string): void => void socket.send(Buffer.from(text, 'latin1'), rig.port, '127.0.0.1');
const contact = (): string => `Contact: <sip:carrier@127.0.0.1:${socket.address().port}>\r\n`;
const withBody = (body: string): string => `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`;

function reply(request: string, status: string, lines = '', body = ''): void {
  const to = header(request, 'To');
  send(
    `SIP/2.0 ${status}\r\nVia: ${header(request, 'Via')}\r\nFrom: ${header(request, 'From')}\r\nTo: ${to}${to.includes('tag=') ? '' : ';tag=carrier'}\r\nCall-ID: ${header(request, 'Call-ID')}\r\n` +
    `CSeq: ${header(request, 'CSeq')}\r\n${contact()}${lines}${withBody(body)}`,
  );
}

function request(invite: string, method: string, cseq: number, body = ''): void {
  send(
    `${method} sip:ritmo@127.0.0.1:${rig.port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK${method}${cseq};rport\r\nMax-Forwards: 70\r\n` +
    `From: ${header(invite, 'To')};tag=carrier\r\nTo: ${header(invite, 'From')}\r\nCall-ID: ${header(invite, 'Call-ID')}\r\nCSeq: ${cseq} ${method}\r\n${contact()}${withBody(body)}`,
  );
}

test('a person whose carrier answers with a reliable 183 and a 200 without SDP is connected, held, and resumed without an offer', async () => {
  const callId = await rig.originate('11988887777');
  const invite = await next(/^INVITE/);
  reply(invite, '183 Session Progress', 'Require: 100rel\r\nRSeq: 1\r\n', sdp(1, 'sendrecv'));
  reply(await next(/^PRACK/), '200 OK');
  reply(invite, '200 OK');
  await next(/^ACK/);
  await rig.fact('CallAnswered', callId);
  request(invite, 'INVITE', 10, sdp(2, 'sendonly'));
  expect(await next(/^SIP\/2.0 200[^]*CSeq: 10 INVITE/)).toContain('a=recvonly');
  request(invite, 'ACK', 10);
  await rig.fact('CallHeld', callId);
  request(invite, 'INVITE', 11);
  expect(await next(/^SIP\/2.0 200[^]*CSeq: 11 INVITE/)).toContain('a=sendrecv');
  request(invite, 'ACK', 11, sdp(3, 'sendrecv'));
  await rig.fact('CallResumed', callId);
  request(invite, 'BYE', 12);
  expect(await rig.fact('CallEnded', callId)).toMatchObject({ wireOutcome: 'answered' });
});
