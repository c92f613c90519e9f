import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import type { SipAddress } from '../port.ts';

export type Direction = 'out' | 'back';
/** Says for each packet whether it is lost. `text` is the packet, `nth` counts packets with the same start line and direction. */
export type Loss = (direction: Direction, text: string, nth: number) => boolean;

/**
 * A UDP link that loses packets by plan. Requests are sent to its address and go on to `target`; the answers come back the way they
 * came, thanks to rport. In-dialog requests pass it as well, since it writes its own address over the Contact of both sides.
 */
export class LossyLink {
  readonly dropped: string[] = [];
  readonly passed: string[] = [];
  private readonly inside: Socket = createSocket('udp4');
  private readonly outside: Socket = createSocket('udp4');
  private readonly loses: Loss;
  private readonly target: SipAddress;
  private readonly counts = new Map<string, number>();
  private caller = 0;
  private insidePort = 0;
  private outsidePort = 0;

  constructor(target: SipAddress, loses: Loss) {
    this.target = target;
    this.loses = loses;
  }

  async open(): Promise<SipAddress> {
    const bind = (socket: Socket): Promise<number> => new Promise((done) => socket.bind(0, '127.0.0.1', () => done(socket.address().port)));
    this.insidePort = await bind(this.inside);
    this.outsidePort = await bind(this.outside);
    this.inside.on('message', (packet, from) => {
      this.caller = from.port;
      this.pass('out', packet, this.outside, this.target.port, this.outsidePort);
    });
    this.outside.on('message', (packet) => this.pass('back', packet, this.inside, this.caller, this.insidePort));
    return { host: '127.0.0.1', port: this.insidePort, transport: 'udp' };
  }

  private pass(direction: Direction, packet: Buffer, socket: Socket, port: number, contactPort: number): void {
    const text = packet.toString('latin1');
    const first = text.slice(0, text.indexOf('\r\n'));
    const method = /CSeq: \d+ (\S+)/i.exec(text)?.[1] ?? '';
    const what = `${direction} ${first.startsWith('SIP/2.0') ? `${first.slice(8, 11)} ${method}` : method}`;
    const nth = (this.counts.get(what) ?? 0) + 1;
    this.counts.set(what, nth);
    if (this.loses(direction, text, nth)) {
      this.dropped.push(what);
      return;
    }
    this.passed.push(what);
    const rewritten = text.replace(/(Contact: <sip:(?:[^@>]*@)?127\.0\.0\.1):\d+/i, `$1:${contactPort}`);
    socket.send(Buffer.from(rewritten, 'latin1'), port, '127.0.0.1');
  }

  close(): void {
    this.inside.close();
    this.outside.close();
  }
}
