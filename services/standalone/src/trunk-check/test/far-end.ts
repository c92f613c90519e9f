/** Tests only: far ends that do exactly what a test says, closed by `closeAll`. */
import { createSocket, type Socket } from 'node:dgram';
import { startCarrier, type CarrierOptions } from '@ritmo/testing';
import { host } from './report.ts';

export const closing: (() => unknown)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export async function carrier(options: Partial<CarrierOptions> = {}): Promise<number> {
  const started = await startCarrier({ seed: 1, mix: { postDialDelayMs: 20, answerDelayMs: 50, talkMs: 10_000, hangsUpFirstP: 0 }, ...options });
  closing.push(() => started.stop());
  return started.port;
}

export interface Reply {
  readonly status: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

export interface FarEnd {
  readonly port: number;
  /** Every request, in the order in which they came. */
  readonly requests: string[];
}

/**
 * Answers every request of a method with these replies; a function is asked with the request. `via` is appended to the Via that comes back, as
 * servers write down whom they see.
 */
export async function farEnd(replies: Readonly<Record<string, readonly Reply[] | ((request: string) => readonly Reply[])>>, via = ''): Promise<FarEnd> {
  const socket: Socket = createSocket('udp4');
  const requests: string[] = [];
  socket.on('message', (packet, from) => {
    const request = packet.toString('latin1');
    const lines = request.split('\r\n');
    requests.push(request);
    const planned = replies[lines[0]?.split(' ')[0] ?? ''] ?? [];
    const copied = lines.filter((line) => /^(via|from|call-id|cseq):/i.test(line)).map((line) => (/^via:/i.test(line) ? line + via : line));
    const to = lines.find((line) => /^to:/i.test(line)) ?? '';
    for (const { status, headers = [], body = '' } of typeof planned === 'function' ? planned(request) : planned) {
      const type = body === '' ? [] : ['Content-Type: application/sdp'];
      const contact = `Contact: <sip:far@${host}:${socket.address().port}>`;
      const tagged = /;tag=/i.test(to) ? to : `${to};tag=far`;
      socket.send([`SIP/2.0 ${status}`, ...copied, tagged, contact, ...headers, ...type, `Content-Length: ${body.length}`, '', body].join('\r\n'), from.port, from.address);
    }
  });
  await new Promise<void>((done) => socket.bind(0, host, done));
  closing.push(() => new Promise<void>((done) => socket.close(() => done())));
  return { port: socket.address().port, requests };
}

/** One reply a method. */
export const answering = async (statuses: Readonly<Record<string, Reply>>): Promise<number> =>
  (await farEnd(Object.fromEntries(Object.entries(statuses).map(([method, reply]) => [method, [reply]])))).port;

export const fine: Reply = { status: '200 OK' };
export const challenge: Reply = { status: '401 Unauthorized', headers: ['WWW-Authenticate: Digest realm="far", nonce="abc", algorithm=MD5, qop="auth"'] };

/** A port where nobody sends from. */
export const sdpOf = (more: { readonly address?: string; readonly format?: number; readonly direction?: string; readonly port?: number } = {}): string =>
  [`v=0`, `o=far 1 1 IN IP4 ${host}`, 's=-', `c=IN IP4 ${more.address ?? host}`, 't=0 0', `m=audio ${more.port ?? 4000} RTP/AVP ${more.format ?? 8}`, ...(more.direction === undefined ? [] : [`a=${more.direction}`]), ''].join('\r\n');
