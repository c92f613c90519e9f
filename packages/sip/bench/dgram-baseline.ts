import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';

/**
 * The ceiling: the six packets of a call as ready-made strings over bare node:dgram. No transactions, no dialogs, no timers, nothing
 * parsed but the method. Throwaway code: it says what the sockets alone cost on this machine.
 */
export async function dgramBaseline(seconds: number): Promise<{ callsPerSecond: number }> {
  const bind = (socket: Socket): Promise<number> => new Promise((done) => socket.bind(0, '127.0.0.1', () => done(socket.address().port)));
  const options = { type: 'udp4', lookup: (host: string, _o: unknown, cb: (e: Error | null, a: string, f: number) => void) => cb(null, host, 4) } as const;
  const caller = createSocket(options as never);
  const callee = createSocket(options as never);
  const callerPort = await bind(caller);
  const calleePort = await bind(callee);
  const packet = (start: string, id: string): Buffer => Buffer.from(
    `${start}\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK${id};rport\r\nMax-Forwards: 70\r\nFrom: <sip:11@127.0.0.1>;tag=a${id}\r\n` +
    `To: <sip:55@127.0.0.1>;tag=b${id}\r\nCall-ID: ${id}\r\nCSeq: 1 INVITE\r\nContact: <sip:ritmo@127.0.0.1:5060>\r\nContent-Length: 0\r\n\r\n`, 'latin1');
  const idOf = (text: string): string => /Call-ID: (\S+)/.exec(text)?.[1] ?? '';
  const toCallee = (buffer: Buffer): void => caller.send(buffer, calleePort, '127.0.0.1');
  const toCaller = (buffer: Buffer): void => callee.send(buffer, callerPort, '127.0.0.1');
  let done = 0;
  let sequence = 0;
  let running = true;
  const begin = (): void => toCallee(packet('INVITE sip:55@127.0.0.1 SIP/2.0', String(++sequence)));
  callee.on('message', (buffer) => {
    const text = buffer.toString('latin1');
    const id = idOf(text);
    if (text.startsWith('INVITE')) {
      toCaller(packet('SIP/2.0 180 Ringing', id));
      toCaller(packet('SIP/2.0 200 OK', id));
    } else if (text.startsWith('BYE')) toCaller(packet('SIP/2.0 202 Bye', id));
  });
  caller.on('message', (buffer) => {
    const text = buffer.toString('latin1');
    const id = idOf(text);
    if (text.startsWith('SIP/2.0 200')) {
      toCallee(packet('ACK sip:55@127.0.0.1 SIP/2.0', id));
      toCallee(packet('BYE sip:55@127.0.0.1 SIP/2.0', id));
    } else if (text.startsWith('SIP/2.0 202')) {
      done++;
      if (running) begin();
    }
  });
  const startedAt = performance.now();
  for (let window = 0; window < 64; window++) begin();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  running = false;
  const took = (performance.now() - startedAt) / 1_000;
  caller.close();
  callee.close();
  return { callsPerSecond: Math.round(done / took) };
}
