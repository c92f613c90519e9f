/** What a scanner can learn of extensions by asking from anywhere: nothing, whatever the method. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Rig } from './test/rig.ts';

const [existing, missing] = ['1001', '1099'];
const methods = ['REGISTER', 'INVITE', 'OPTIONS', 'SUBSCRIBE', 'MESSAGE', 'REFER', 'BYE', 'CANCEL', 'PUBLISH', 'INFO'];

let rig: Rig;
let socket: Socket;
let received: string[];
let asked = 0;
let lastHost = 0;

beforeAll(async () => {
  rig = await Rig.start();
  rig.put('agent', { id: 1, name: 'Ana', extension: existing, password: 'secret' });
  await rig.telephony.start();
});
afterAll(() => rig.stop());
// Each test comes from an address of its own: of one stranger only so much is read in a second.
beforeEach(async () => {
  const heard: string[] = (received = []);
  socket = createSocket('udp4');
  socket.on('message', (packet) => void heard.push(packet.toString('latin1')));
  socket.bind(0, `127.0.1.${(lastHost += 1)}`);
  await once(socket, 'listening');
});
afterEach(() => void socket.close());

/** Sends one request; the Call-ID by which its answers are found. */
function send(method: string, user: string, to: string, lines = ''): string {
  const callId = `scan-${(asked += 1)}`;
  const { address, port } = socket.address();
  socket.send(
    `${method} sip:${to}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK${callId};rport\r\nMax-Forwards: 70\r\nFrom: <sip:${user}@127.0.0.1>;tag=scan\r\n` +
    `To: <sip:${to}@127.0.0.1>\r\nCall-ID: ${callId}\r\nCSeq: 1 ${method}\r\nContact: <sip:${user}@${address}:${port}>\r\n${lines}Content-Length: 0\r\n\r\n`,
    rig.port, '127.0.0.1',
  );
  return callId;
}

const answerTo = (callId: string): Promise<string> =>
  waitFor(() => received.find((packet) => packet.startsWith('SIP/2.0') && packet.includes(`Call-ID: ${callId}\r\n`)), { what: `an answer to ${callId}`, timeoutMs: 8_000 });

/** What can be compared: everything but what differs by chance or repeats the request. */
const shape = (answer: string): string => answer.replace(/nonce="[0-9a-f]+"/g, 'nonce').replace(/^(Via|From|To|Call-ID|CSeq): .*\r\n/gim, '');

const wrongPassword = (header: string, user: string, challenge: string): string =>
  `${header}: Digest username="${user}", realm="ritmo.test", nonce="${/nonce="([^"]+)"/.exec(challenge)?.[1] ?? ''}", uri="sip:x", response="${'0'.repeat(32)}", algorithm=MD5\r\n`;

describe('a stranger', () => {
  test.each(methods)('gets the same answer to %s for an extension that exists and for one that does not, as caller and as called', async (method) => {
    const shapes: string[] = [];
    for (const from of [existing, missing]) for (const to of [existing, missing]) shapes.push(shape(await answerTo(send(method, from, to))));
    expect(new Set(shapes).size).toBe(1);
  });

  test.each([['REGISTER', 'Authorization', 401], ['INVITE', 'Proxy-Authorization', 407]] as const)('gets the same challenge and the same refusal of a wrong password, %s', async (method, header, code) => {
    const shapes: string[] = [];
    for (const user of [existing, missing]) {
      const challenge = await answerTo(send(method, user, user));
      expect(challenge).toMatch(new RegExp(`^SIP/2.0 ${code} `));
      const refusal = await answerTo(send(method, user, user, wrongPassword(header, user, challenge)));
      expect(refusal).toMatch(/^SIP\/2.0 403 /);
      shapes.push(shape(refusal));
    }
    expect(shapes[0]).toBe(shapes[1]);
  });

  test.each(['alice', '1', '12345678901', '+5511999998888', ''])('with the name "%s", which no extension can have, gets no answer', async (user) => {
    const silent = send('OPTIONS', user, existing);
    await answerTo(send('OPTIONS', missing, existing));
    expect(received.some((packet) => packet.includes(`Call-ID: ${silent}\r\n`))).toBe(false);
  });
});
