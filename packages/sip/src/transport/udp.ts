import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { PortInUseError } from '../port.ts';
import type { SendListener, TransportEvents } from './flow.ts';

const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;
const PROBE_BYTES = 5;

/** Addresses are literals by the time they come here: answering at once spares dgram a turn of the event loop per packet. */
function literal(host: string, _options: unknown, done: (error: Error | null, address: string, family: number) => void): void {
  done(null, host, host.includes(':') ? 6 : 4);
}

export class UdpTransport {
  private readonly socket: Socket;
  private readonly events: TransportEvents;
  private closed = false;
  private ownPort = 0;
  private ownHost = '';

  constructor(host: string, events: TransportEvents) {
    this.events = events;
    this.socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', lookup: literal as never });
  }

  bind(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => {
        this.closed = true;
        this.socket.close();
        reject(error.code === 'EADDRINUSE' ? new PortInUseError(host, port, 'udp') : error);
      };
      this.socket.once('error', refuse);
      this.socket.bind({ address: host, port, exclusive: true }, () => {
        this.socket.off('error', refuse);
        this.socket.on('error', (error) => this.events.trouble(error));
        this.socket.on('message', this.receive);
        this.enlargeBuffers();
        this.ownPort = this.socket.address().port;
        this.ownHost = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
        resolve(this.ownPort);
      });
    });
  }

  /** The kernel may give less than asked; a burst then loses packets that the peer sends again. */
  private enlargeBuffers(): void {
    try {
      this.socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
      this.socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
    } catch (error) {
      this.events.trouble(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private readonly receive = (packet: Buffer, from: RemoteInfo): void => {
    // Keep-alives of peers behind NAT: CRLFCRLF, a zero byte, or nothing.
    if (packet.length < 16) {
      if (from.port === this.ownPort && packet.length === PROBE_BYTES) this.events.probed(packet.readUInt32BE(0));
      return;
    }
    if (!this.events.opens(packet, from.address, from.port)) return;
    this.events.message(packet.toString('latin1'), { transport: 'udp', host: from.address, port: from.port });
  };

  send(host: string, port: number, wire: string, listener: SendListener | undefined): void {
    if (this.closed) {
      listener?.sendFailed(new Error('the SIP stack is stopped'));
      return;
    }
    const packet = Buffer.from(wire, 'latin1');
    if (listener === undefined) this.socket.send(packet, 0, packet.length, port, host);
    else {
      this.socket.send(packet, 0, packet.length, port, host, (error) => {
        if (error !== null) listener.sendFailed(error);
      });
    }
  }

  probe(probe: number): boolean {
    if (this.closed) return false;
    const packet = Buffer.alloc(PROBE_BYTES);
    packet.writeUInt32BE(probe >>> 0);
    this.socket.send(packet, this.ownPort, this.ownHost);
    return true;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
  }
}
