import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import { connect as connectTls, rootCertificates, type TLSSocket } from 'node:tls';
import type { Trunk } from '@ritmo/domain';
import { hostPortText, type Locator, type SipAddress } from '@ritmo/sip';
import { fails, ok, warns, type Step } from './step.ts';

/** The way to a trunk below SIP: its name, and whether anything listens. */

export interface Named {
  readonly step: Step;
  /** In the order in which they are tried. None when the step failed. */
  readonly servers: readonly SipAddress[];
}

export async function checkName({ host, port, transport }: Trunk, locator: Pick<Locator, 'locate'>): Promise<Named> {
  try {
    const servers = await locator.locate({ host, port, transport });
    return { step: ok('name', foundText(host, port, servers)), servers };
  } catch (error) {
    const code = /: (E\w+)$/.exec((error as Error).message)?.[1] ?? '';
    const isAbsent = code === '' || code === 'ENOTFOUND' || code === 'ENODATA';
    const seen = isAbsent ? `DNS knows no server of ${host}` : `DNS does not answer for ${host} (${code})`;
    return { step: fails('name', seen, isAbsent ? 'correct the host of the trunk' : "look at this machine's DNS (/etc/resolv.conf)"), servers: [] };
  }
}

function foundText(host: string, port: number, servers: readonly SipAddress[]): string {
  if (isIP(host) !== 0) return `${host} is an address, nothing to resolve`;
  if (port === 0) return `${host} is ${servers.map((server) => `${server.transport} ${hostPortText(server.host, server.port)}`).join(', then ')}`;
  return `${host} is ${servers[0]?.host ?? ''}${servers.length > 1 ? ` (${servers.length} addresses)` : ''}`;
}

/** One that fails costs little while another is well: calls go to that one. */
export async function checkTransports(trunk: Trunk, servers: readonly SipAddress[], timeoutMs: number, ca?: string): Promise<Step> {
  const seen = await Promise.all(servers.map((server) => checkTransport(trunk.host, server, timeoutMs, ca)));
  const well = seen.find(({ result }) => result !== 'fails');
  const broken = seen.findIndex(({ result }) => result === 'fails');
  const step = well ?? seen[0] ?? fails('transport', 'no server', 'correct the host of the trunk');
  if (!well || broken === -1) return step;
  return warns('transport', `${step.seen}; but at ${servers[broken]?.host ?? ''}: ${seen[broken]?.seen ?? ''}`, 'calls go to the servers that are well; tell the carrier');
}

function checkTransport(name: string, { host, port, transport }: SipAddress, timeoutMs: number, ca: string | undefined): Promise<Step> {
  switch (transport) {
    case 'udp':
      return checkUdp(host, port, Math.min(timeoutMs, 500));
    case 'tcp':
      return checkTcp(host, port, timeoutMs);
    case 'tls':
      return checkTls(name, host, port, { timeoutMs, ca });
  }
}

/** A connected UDP socket is told of ICMP's "port unreachable". CRLFCRLF is a keep-alive (RFC 5626 3.5.1) and asks for nothing. */
function checkUdp(address: string, port: number, waitMs: number): Promise<Step> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    const done = (step: Step): void => {
      clearTimeout(timer);
      socket.close();
      resolve(step);
    };
    const timer = setTimeout(() => done(ok('transport', `UDP ${port} is not refused; OPTIONS tells whether anybody listens`)), waitMs);
    socket.once('error', (error: NodeJS.ErrnoException) => done(refusedBy(error, 'UDP', port)));
    socket.connect(port, address, (error?: Error) => {
      if (!error) socket.send('\r\n\r\n');
    });
  });
}

function checkTcp(address: string, port: number, timeoutMs: number): Promise<Step> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const done = (step: Step): void => {
      socket.destroy();
      resolve(step);
    };
    socket.once('connect', () => done(ok('transport', `TCP ${port} is open`)));
    socket.once('timeout', () => done(silent('TCP', port, timeoutMs)));
    socket.once('error', (error: NodeJS.ErrnoException) => done(refusedBy(error, 'TCP', port)));
  });
}

/** The handshake is let through whatever the certificate says, so that what it says can be told. */
function checkTls(host: string, address: string, port: number, { timeoutMs, ca }: { readonly timeoutMs: number; readonly ca: string | undefined }): Promise<Step> {
  return new Promise((resolve) => {
    const socket = connectTls({
      host: address, port, timeout: timeoutMs, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    });
    const done = (step: Step): void => {
      socket.destroy();
      resolve(step);
    };
    socket.once('secureConnect', () => done(certificateStep(socket, host, port)));
    socket.once('timeout', () => done(silent('TLS', port, timeoutMs)));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const isTls = error.code?.startsWith('ERR_SSL') === true || error.code === 'EPROTO' || error.code === 'ECONNRESET';
      done(isTls ? fails('transport', `port ${port} is open, but no TLS is spoken there (${error.code})`, 'is it the TLS port (5061 usually)? Is `transport` right?') : refusedBy(error, 'TLS', port));
    });
  });
}

function certificateStep(socket: TLSSocket, host: string, port: number): Step {
  const certificate = socket.getPeerCertificate();
  const until = certificate.valid_to ? `, valid until ${certificate.valid_to}` : '';
  if (socket.authorized) return ok('transport', `TLS ${port}: ${socket.getProtocol() ?? 'TLS'}, certificate of ${String(certificate.subject?.CN ?? host)}${until}`);
  const code = String(socket.authorizationError ?? '');
  const reasons: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: `its certificate has expired (${certificate.valid_to})`,
    DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody but itself',
    SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that this machine does not know',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes without the chain to an authority that this machine knows',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that this machine does not know',
    ERR_TLS_CERT_ALTNAME_INVALID: `its certificate is for ${certificate.subjectaltname ?? String(certificate.subject?.CN ?? 'another name')}, not for ${host}`,
  };
  const known = Object.entries(reasons).find(([name]) => code.includes(name))?.[1] ?? `its certificate is not accepted (${code})`;
  return fails('transport', `TLS ${port} is open, but ${known}`, 'ask the carrier for a good certificate, or give its authority in `server.tls.ca`');
}

function refusedBy(error: NodeJS.ErrnoException, transport: string, port: number): Step {
  switch (error.code) {
    case 'ECONNREFUSED':
      return fails('transport', `${transport} ${port} is refused: the machine is there, and nothing listens on this port`, 'correct the port or the transport of the trunk, or ask the carrier to open it');
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return fails('transport', `there is no way to this address (${error.code})`, "look at this machine's routes and VPN");
    case 'EINVAL':
      return fails('transport', 'an address of this machine alone cannot reach it (EINVAL)', 'set `listen` to an address that the carrier can reach');
    case undefined:
    default:
      return fails('transport', `${transport} ${port}: ${error.message}`, 'look at network and firewall');
  }
}

const silent = (transport: string, port: number, timeoutMs: number): Step =>
  fails('transport', `${transport} ${port} does not answer within ${timeoutMs / 1000} s`, 'a firewall drops it, here or there; ask the carrier whether your address is on its list');

/** Above what listens: a trunk on loopback is only good for tests. */
export function loopbackStep(listen: string, address: string): Step | undefined {
  const isLoopback = (host: string): boolean => host.startsWith('127.') || host === '::1' || host === 'localhost';
  if (!isLoopback(listen) || isLoopback(address)) return undefined;
  return warns('name', `the configuration listens on ${listen}, from where no carrier is reached`, 'set `server.listen` (RITMO_LISTEN) to an address of this machine; the check goes on from 0.0.0.0');
}
