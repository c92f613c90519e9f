import type { SipAddress, SipTransport } from '../port.ts';

/** An open stream connection, as the layers above see it. */
export interface Connection {
  readonly transport: 'tcp' | 'tls';
  readonly open: boolean;
  write(wire: string, listener: SendListener | undefined): void;
  close(): void;
}

/** Where a message came from, and so where its answer goes (RFC 3261 18.2.2). */
export interface Flow extends SipAddress {
  readonly connection?: Connection;
}

/** Told when a message could not leave (RFC 3261 18.4). */
export interface SendListener {
  sendFailed(error: Error): void;
}

/** All sockets of a stack, as the layers above see them. */
export interface Sender {
  /** `SIP/2.0/UDP host:port` for our Via. */
  viaOf(transport: SipTransport): string;
  /** `<sip:…>` for our Contact. */
  contactOf(transport: SipTransport): string;
  /** Our host as written in URIs. */
  hostOf(): string;
  send(to: SipAddress, wire: string, listener?: SendListener, connection?: Connection): void;
  /** The servers behind a name in the order of trying (RFC 3263); undefined when `to` can be sent to as it is. Rejects when there is none. */
  locate(to: SipAddress): Promise<readonly SipAddress[]> | undefined;
  /** This server failed: others go first for a while. */
  avoid(failed: SipAddress, forMs: number): void;
}

export interface TransportEvents {
  /** One message as a byte string. */
  message(wire: string, flow: Flow): void;
  /** Asked before a datagram is read; false drops it. Counting is up to whoever answers. */
  opens(packet: Buffer, host: string, port: number): boolean;
  trouble(error: Error): void;
  /** A peer broke a limit or the framing. */
  dropped(): void;
  /** A packet of our own came out of our own queue. */
  probed(probe: number): void;
}

export function isReliable(transport: SipTransport): boolean {
  return transport !== 'udp';
}
