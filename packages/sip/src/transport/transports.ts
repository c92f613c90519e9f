import { PortInUseError } from '../port.ts';
import type { SipAddress, SipStackOptions, SipTransport } from '../port.ts';
import { hostText } from '../wire/uri.ts';
import type { Connection, Sender, SendListener, TransportEvents } from './flow.ts';
import { Locator } from './locate.ts';
import { StreamTransport } from './stream.ts';
import { UdpTransport } from './udp.ts';

const MAX_BIND_ATTEMPTS = 10;

interface Bound {
  readonly host: string;
  readonly port: number;
  readonly tlsPort?: number;
}

/** All sockets of one stack, and the strings that name them in Via and Contact. */
export class Transports implements Sender {
  private readonly options: SipStackOptions;
  private readonly events: TransportEvents;
  private udp: UdpTransport | undefined;
  private tcp: StreamTransport | undefined;
  private tls: StreamTransport | undefined;
  private readonly sentBy: Record<SipTransport, string> = { udp: '', tcp: '', tls: '' };
  private readonly contacts: Record<SipTransport, string> = { udp: '', tcp: '', tls: '' };
  private readonly locator: Locator;

  constructor(options: SipStackOptions, events: TransportEvents) {
    this.options = options;
    this.events = events;
    this.locator = new Locator({
      transports: options.transports, family: options.host.includes(':') ? 6 : 4, ...(options.dnsServers === undefined ? {} : { servers: options.dnsServers }),
    });
    if (options.transports.includes('tls') && options.tls === undefined) throw new Error('SIP transport tls needs a key and a certificate');
  }

  async bind(): Promise<Bound> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.bindAll();
      } catch (error) {
        this.close();
        // UDP and TCP share one number: a free UDP port may be taken as TCP. Only a port of our own choice is chosen again.
        if (this.options.port !== 0 || !(error instanceof PortInUseError) || attempt === MAX_BIND_ATTEMPTS) throw error;
      }
    }
  }

  private async bindAll(): Promise<Bound> {
    const { host, transports, tls } = this.options;
    let port = this.options.port;
    if (transports.includes('udp')) {
      this.udp = new UdpTransport(host, this.events);
      port = await this.udp.bind(host, port);
    }
    if (transports.includes('tcp')) {
      this.tcp = new StreamTransport('tcp', this.events);
      port = await this.tcp.bind(host, port);
    }
    let tlsPort: number | undefined;
    if (transports.includes('tls')) {
      this.tls = new StreamTransport('tls', this.events, tls);
      tlsPort = await this.tls.bind(host, tls?.port ?? (this.options.port === 0 ? 0 : port + 1));
    }
    this.name(port, tlsPort ?? port);
    return tlsPort === undefined ? { host, port } : { host, port, tlsPort };
  }

  private name(port: number, tlsPort: number): void {
    const shown = hostText(this.options.advertisedHost ?? this.options.host);
    for (const transport of ['udp', 'tcp', 'tls'] as const) {
      const at = `${shown}:${transport === 'tls' ? tlsPort : port}`;
      this.sentBy[transport] = `SIP/2.0/${transport.toUpperCase()} ${at}`;
      const suffix = transport === 'udp' ? '' : `;transport=${transport}`;
      this.contacts[transport] = `<sip:ritmo@${at}${suffix}>`;
    }
  }

  /** `SIP/2.0/UDP host:port` for our Via. */
  viaOf(transport: SipTransport): string {
    return this.sentBy[transport];
  }

  /** `<sip:…>` for our Contact. */
  contactOf(transport: SipTransport): string {
    return this.contacts[transport];
  }

  /** `host:port` of ours, for the From of requests without a domain of their own. */
  hostOf(): string {
    return hostText(this.options.advertisedHost ?? this.options.host);
  }

  send(to: SipAddress, wire: string, listener?: SendListener, connection?: Connection): void {
    if (connection?.open === true) connection.write(wire, listener);
    else if (this.locator.isPlain(to)) this.sendTo(to, wire, listener);
    else {
      const known = this.locator.steadyNow(to);
      if (known === undefined) void this.sendLocated(to, wire, listener);
      else this.sendTo(known, wire, listener);
    }
  }

  locate(to: SipAddress): Promise<readonly SipAddress[]> | undefined {
    return this.locator.isPlain(to) ? undefined : this.locator.locate(to);
  }

  avoid(failed: SipAddress, forMs: number): void {
    this.locator.avoid(failed, forMs);
  }

  private sendTo(to: SipAddress, wire: string, listener: SendListener | undefined): void {
    const transport = to.transport === 'udp' ? this.udp : to.transport === 'tcp' ? this.tcp : this.tls;
    if (transport === undefined) {
      listener?.sendFailed(new Error(`this SIP stack has no ${to.transport} transport`));
      return;
    }
    if (!(to.port > 0 && to.port < 65_536)) listener?.sendFailed(new Error(`no such port: ${to.port}`));
    else transport.send(to.host, to.port, wire, listener, to.name);
  }

  /** Puts a packet of our own into our own queue; comes back by `probed`. False when there is no such queue. */
  probe(probe: number): boolean {
    return this.udp?.probe(probe) ?? false;
  }

  private async sendLocated(to: SipAddress, wire: string, listener: SendListener | undefined): Promise<void> {
    try {
      await this.locator.locate(to);
      const found = this.locator.steadyNow(to);
      if (found === undefined) throw new Error(`no SIP server for ${to.transport} behind ${to.host}`);
      this.sendTo(found, wire, listener);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (listener === undefined) this.events.trouble(failure);
      else listener.sendFailed(failure);
    }
  }

  close(): void {
    this.udp?.close();
    this.tcp?.close();
    this.tls?.close();
  }
}
