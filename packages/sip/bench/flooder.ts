/** The flood of the flood bench as its own process: datagrams from many addresses of 127.0.0.0/8 at a rate. Prints JSON when its sockets are bound. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { port: { type: 'string' }, rate: { type: 'string' }, kind: { type: 'string' }, sources: { type: 'string' } } });
const port = Number(values.port);
const rate = Number(values.rate);
const sources = Number(values.sources);

const sockets: Socket[] = [];
for (let source = 0; source < sources; source++) {
  const socket = createSocket({ type: 'udp4', lookup: ((host: string, _o: unknown, done: (e: null, a: string, f: number) => void) => done(null, host, 4)) as never });
  await new Promise<void>((done) => socket.bind(0, `127.${66 + (source >> 8)}.${source & 255}.1`, done));
  socket.on('error', () => undefined);
  sockets.push(socket);
}

const SDP = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 101\r\n';
let serial = 0;

function packet(kind: 'INVITE' | 'REGISTER'): Buffer {
  const id = `flood${++serial}`;
  const user = kind === 'INVITE' ? `00${serial}` : String(1_000 + (serial % 9_000));
  return Buffer.from(
    `${kind} sip:${user}@127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.66.0.1:5060;branch=z9hG4bK${id};rport\r\nMax-Forwards: 70\r\nFrom: <sip:${user}@127.0.0.1>;tag=${id}\r\n` +
    `To: <sip:${user}@127.0.0.1>\r\nCall-ID: ${id}\r\nCSeq: 1 ${kind}\r\nContact: <sip:${user}@127.66.0.1:5060>\r\nUser-Agent: friendly-scanner\r\n` +
    (kind === 'INVITE' ? `Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}` : 'Expires: 60\r\nContent-Length: 0\r\n\r\n'),
    'latin1',
  );
}

let sent = 0;
let startedAt = 0;
process.stdout.write(`${JSON.stringify({ port: 0 })}\n`);
process.stdin.once('data', () => {
  startedAt = performance.now();
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * rate) / 1_000);
    // Behind after a pause, the rest is let go: what counts is the rate that was reached, and it is printed.
    for (let burst = 0; sent < due && burst < rate / 50; burst++, sent++) {
      const kind = values.kind === 'REGISTER' ? 'REGISTER' : values.kind === 'INVITE' ? 'INVITE' : sent % 2 === 0 ? 'INVITE' : 'REGISTER';
      sockets[sent % sockets.length]?.send(packet(kind), port, '127.0.0.1');
    }
  }, 1);
});
process.stdin.on('end', () => {
  process.stdout.write(`${JSON.stringify({ sent, seconds: (performance.now() - startedAt) / 1_000 })}\n`, () => process.exit(0));
});
