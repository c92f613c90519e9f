import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { until } from './rig.ts';

/** A peer that sends and reads whole messages as text, for what no well-behaved stack would do. */
export class RawPeer {
  readonly received: string[] = [];
  port = 0;
  private readonly socket: Socket = createSocket('udp4');
  private to = 0;

  async open(to: number, host = '127.0.0.1'): Promise<this> {
    this.to = to;
    this.socket.on('message', (packet, from) => {
      this.received.push(packet.toString('latin1'));
      this.to = from.port;
    });
    this.port = await new Promise<number>((done) => this.socket.bind(0, host, () => done(this.socket.address().port)));
    return this;
  }

  send(text: string): void {
    this.socket.send(Buffer.from(text, 'latin1'), this.to, '127.0.0.1');
  }

  /** A request with what all of them have; `lines` are whole lines and may replace nothing. */
  request(method: string, parts: { readonly branch: string; readonly cseq?: number; readonly callId?: string; readonly fromTag?: string; readonly to?: string; readonly lines?: string; readonly body?: string }): void {
    const { branch, cseq = 1, callId = 'raw', fromTag = 'raw', to = '<sip:55@127.0.0.1>', lines = '', body = '' } = parts;
    this.send(
      `${method} sip:55@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${branch};rport\r\nMax-Forwards: 70\r\nFrom: <sip:11@127.0.0.1>;tag=${fromTag}\r\nTo: ${to}\r\n` +
      `Call-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\nContact: <sip:raw@127.0.0.1:${this.port}>\r\n${lines}${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  /** Answers a request that was received. */
  reply(request: string, status: string, toTag: string, lines = '', body = ''): void {
    const copy = (name: string): string => `${name}: ${headerIn(request, name)}\r\n`;
    const to = headerIn(request, 'To');
    this.send(
      `SIP/2.0 ${status}\r\n${copy('Via')}${copy('From')}To: ${to}${to.includes('tag=') ? '' : `;tag=${toTag}`}\r\n${copy('Call-ID')}${copy('CSeq')}Contact: <sip:raw@127.0.0.1:${this.port}>\r\n` +
      `${lines}${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  next(pattern: RegExp): Promise<string> {
    return until(`a message like ${String(pattern)}`, () => this.received.find((each) => pattern.test(each)));
  }

  close(): void {
    this.socket.close();
  }
}

export function headerIn(message: string, name: string): string {
  return new RegExp(`^${name}: (.*)\r$`, 'im').exec(message)?.[1] ?? '';
}
