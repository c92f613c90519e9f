import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, rootCertificates } from 'node:tls';
import { PortInUseError } from '../port.ts';
import type { SipAddress, SipTls } from '../port.ts';
import { StreamFramer } from './framing.ts';
import type { Connection, Flow, SendListener, TransportEvents } from './flow.ts';

/** What keeps those who only want to keep us busy from it (RFC 3261 26.3.2.4). */
export interface StreamLimits {
  /** Connections one address may hold open at a time. A carrier uses a handful. */
  readonly connectionsPerAddress: number;
  readonly connections: number;
  /** A begun message, and the first one of a connection, must be whole by then: a sender who drips bytes, or sends none, is closed. */
  readonly messageTimeMs: number;
  /** A peer that does not read is closed when this much waits for it. */
  readonly backlogBytes: number;
}

const LIMITS: StreamLimits = { connectionsPerAddress: 64, connections: 4_096, messageTimeMs: 15_000, backlogBytes: 4 * 1024 * 1024 };
const IDLE_TIME_MS = 30 * 60_000;
const CONNECT_TIME_MS = 8_000;

class StreamConnection implements Connection {
  readonly transport: 'tcp' | 'tls';
  readonly flow: Flow;
  private readonly socket: Socket;
  private readonly framer: StreamFramer;
  private readonly events: TransportEvents;
  private readonly limits: StreamLimits;
  private slow: NodeJS.Timeout | undefined;
  private ready: boolean;
  private closed = false;
  private waiting: SendListener[] = [];

  constructor(socket: Socket, peer: SipAddress, ready: boolean, events: TransportEvents, limits: StreamLimits) {
    this.socket = socket;
    this.transport = peer.transport === 'tls' ? 'tls' : 'tcp';
    this.flow = { transport: peer.transport, host: peer.host, port: peer.port, connection: this };
    this.ready = ready;
    this.events = events;
    this.limits = limits;
    this.framer = new StreamFramer({
      message: (wire) => {
        this.isWhole();
        events.message(wire, this.flow);
      },
      ping: () => socket.write('\r\n'),
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    // Who connects has something to say.
    if (ready) this.await();
    socket.setTimeout(ready ? IDLE_TIME_MS : CONNECT_TIME_MS, () => this.fail(new Error(`no answer from ${peer.host}:${peer.port}`)));
  }

  get open(): boolean {
    return !this.closed;
  }

  connected(): void {
    this.ready = true;
    this.waiting = [];
    this.socket.setTimeout(IDLE_TIME_MS);
  }

  private read(chunk: Buffer): void {
    const broken = this.framer.push(chunk.toString('latin1'));
    if (broken !== undefined) {
      this.events.dropped();
      this.close();
    } else if (this.framer.partial && this.slow === undefined && !this.closed) this.await();
  }

  private await(): void {
    this.slow = setTimeout(() => {
      this.events.dropped();
      this.close();
    }, this.limits.messageTimeMs);
    this.slow.unref();
  }

  /** The next one has its own time, also where it began in the same piece. */
  private isWhole(): void {
    clearTimeout(this.slow);
    this.slow = undefined;
  }

  write(wire: string, listener: SendListener | undefined): void {
    if (this.closed) {
      listener?.sendFailed(new Error('the connection is closed'));
      return;
    }
    if (!this.ready && listener !== undefined) this.waiting.push(listener);
    this.socket.write(wire, 'latin1');
    if (this.socket.writableLength <= this.limits.backlogBytes) return;
    const error = new Error('the peer does not read');
    const isTold = !this.ready;
    this.fail(error);
    if (!isTold) listener?.sendFailed(error);
  }

  fail(error: Error): void {
    const waiting = this.waiting;
    this.waiting = [];
    this.close();
    for (const each of waiting) each.sendFailed(error);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.slow);
    this.socket.destroy();
  }
}

/** TCP or TLS: listens, connects on demand, and reuses what is open to the same address (RFC 3261 18). */
export class StreamTransport {
  private readonly kind: 'tcp' | 'tls';
  private readonly events: TransportEvents;
  private readonly tls: SipTls | undefined;
  private readonly limits: StreamLimits;
  private server: Server | undefined;
  private readonly connections = new Map<string, StreamConnection>();
  private readonly perAddress = new Map<string, number>();
  private accepted = 0;
  private localHost = '';
  private stopped = false;

  constructor(kind: 'tcp' | 'tls', events: TransportEvents, tls?: SipTls, limits = LIMITS) {
    this.limits = limits;
    this.kind = kind;
    this.events = events;
    this.tls = tls;
  }

  bind(host: string, port: number): Promise<number> {
    this.localHost = host;
    const accept = (socket: Socket): void => this.accept(socket);
    const tls = this.tls;
    const server = tls === undefined
      ? createTcpServer(accept)
      : createTlsServer({ key: tls.key, cert: tls.cert, handshakeTimeout: CONNECT_TIME_MS }, accept);
    this.server = server;
    // Before TLS begins: a handshake that is never made holds a place as well.
    server.prependListener('connection', (socket: Socket) => this.admit(socket));
    server.on('tlsClientError', () => this.events.dropped());
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => {
        reject(error.code === 'EADDRINUSE' ? new PortInUseError(host, port, this.kind) : error);
      };
      server.once('error', refuse);
      server.listen({ host, port, exclusive: true }, () => {
        server.off('error', refuse);
        server.on('error', (error) => this.events.trouble(error));
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  private admit(socket: Socket): void {
    const host = plainAddress(socket.remoteAddress ?? '');
    const held = this.perAddress.get(host) ?? 0;
    if (this.stopped || host === '' || held >= this.limits.connectionsPerAddress || this.accepted >= this.limits.connections) {
      this.events.dropped();
      socket.destroy();
      return;
    }
    this.accepted++;
    this.perAddress.set(host, held + 1);
    socket.on('close', () => {
      this.accepted--;
      const left = (this.perAddress.get(host) ?? 1) - 1;
      if (left > 0) this.perAddress.set(host, left);
      else this.perAddress.delete(host);
    });
  }

  private accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (socket.destroyed) return;
    const peer: SipAddress = { transport: this.kind, host: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    this.keep(socket, new StreamConnection(socket, peer, true, this.events, this.limits), peer);
  }

  private keep(socket: Socket, connection: StreamConnection, peer: SipAddress): void {
    const key = `${peer.host}:${peer.port}`;
    this.connections.set(key, connection);
    socket.on('close', () => {
      connection.fail(new Error(`connection to ${key} closed`));
      if (this.connections.get(key) === connection) this.connections.delete(key);
    });
  }

  private connect(host: string, port: number, serverName: string): StreamConnection {
    const peer: SipAddress = { transport: this.kind, host, port };
    const tls = this.tls;
    const localAddress = this.localHost === '0.0.0.0' || this.localHost === '::' ? undefined : this.localHost;
    const local = localAddress === undefined ? {} : { localAddress };
    const socket = tls === undefined
      ? connectTcp({ host, port, ...local })
      : connectTls({
          host, port, ...local, rejectUnauthorized: tls.rejectUnauthorized ?? true, key: tls.key, cert: tls.cert,
          ...(tls.ca === undefined ? {} : { ca: [...rootCertificates, tls.ca] }),
          ...(/^[0-9.]+$|:/.test(serverName) ? {} : { servername: serverName }),
        });
    const connection = new StreamConnection(socket, peer, false, this.events, this.limits);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => connection.connected());
    socket.on('error', (error) => connection.fail(error));
    this.keep(socket, connection, peer);
    return connection;
  }

  send(host: string, port: number, wire: string, listener: SendListener | undefined, serverName = host): void {
    if (this.stopped) {
      listener?.sendFailed(new Error('the SIP stack is stopped'));
      return;
    }
    const held = this.connections.get(`${host}:${port}`);
    const connection = held?.open === true ? held : this.connect(host, port, serverName);
    connection.write(wire, listener);
  }

  close(): void {
    this.stopped = true;
    this.server?.close();
    for (const connection of this.connections.values()) connection.close();
  }
}

/** ::ffff:10.0.0.1 is 10.0.0.1. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
