import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Trunk } from '@ritmo/domain';
import { fails, ok, warns, type Step } from './step.ts';

/** The way to a trunk below SIP: its name, and whether anything listens. */

export interface Named {
  readonly step: Step;
  readonly address: string | undefined;
}

export async function checkName(host: string): Promise<Named> {
  if (isIP(host) !== 0) return { step: ok('name', `${host} is an address, nothing to resolve`), address: host };
  try {
    const addresses = await lookup(host, { all: true });
    const [first] = addresses;
    if (!first) return { step: fails('name', `${host} has no address`, 'ask the carrier which name or address it is'), address: undefined };
    const more = addresses.length > 1 ? ` (${addresses.length} addresses)` : '';
    return { step: ok('name', `${host} is ${first.address}${more}`), address: first.address };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const seen = code === 'ENOTFOUND' ? `DNS knows no ${host}` : `DNS does not answer for ${host} (${code})`;
    return { step: fails('name', seen, code === 'ENOTFOUND' ? 'correct the host of the trunk' : "look at this machine's DNS (/etc/resolv.conf)"), address: undefined };
  }
}

export function checkTransport(trunk: Trunk, address: string, timeoutMs: number): Promise<Step> {
  switch (trunk.transport) {
    case 'udp':
      return checkUdp(address, trunk.port, Math.min(timeoutMs, 500));
    case 'tcp':
      return checkTcp(address, trunk.port, timeoutMs);
    case 'tls':
      return checkTls(trunk.host, address, trunk.port, timeoutMs);
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
function checkTls(host: string, address: string, port: number, timeoutMs: number): Promise<Step> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: address, port, timeout: timeoutMs, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) });
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
  return fails('transport', `TLS ${port} is open, but ${known}`, 'ask the carrier for a good certificate, or give its authority to Node with NODE_EXTRA_CA_CERTS');
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
