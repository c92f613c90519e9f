import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { authorization, parseChallenge } from '../auth/digest.ts';
import type { SipAddress } from '../port.ts';

export interface RawRegistration {
  readonly user: string;
  readonly password: string;
  /** `host:port` written in Contact. */
  readonly contact: string;
  /** `host:port` written in Via. Default: where the socket is. */
  readonly sentBy?: string;
}

/** Registers by hand over one UDP socket, with a Via and a Contact of the test's choice. Gives the port it sent from. */
export async function registerRaw(registrar: SipAddress, phone: RawRegistration): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  try {
    await once(socket, 'listening');
    const { port } = socket.address();
    const uri = `sip:${registrar.host}:${registrar.port}`;
    const ask = async (cseq: number, more: string): Promise<string> => {
      const lines = [
        `REGISTER ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${phone.sentBy ?? `127.0.0.1:${port}`};rport;branch=z9hG4bKraw${port}${cseq}`, 'Max-Forwards: 70',
        `From: <sip:${phone.user}@ritmo>;tag=raw${port}`, `To: <sip:${phone.user}@ritmo>`, `Call-ID: raw-${port}`, `CSeq: ${cseq} REGISTER`,
        `Contact: <sip:${phone.user}@${phone.contact}>`, 'Expires: 120', ...(more === '' ? [] : [more]), 'Content-Length: 0',
      ];
      const answered = once(socket, 'message') as Promise<[Buffer]>;
      socket.send(`${lines.join('\r\n')}\r\n\r\n`, registrar.port, registrar.host);
      return (await answered)[0].toString('latin1');
    };
    const challenge = parseChallenge(/^WWW-Authenticate: (.*)$/im.exec(await ask(1, ''))?.[1]?.trim() ?? '');
    if (challenge === undefined) throw new Error('the registrar did not challenge');
    const proof = authorization(challenge, { username: phone.user, password: phone.password }, 'REGISTER', uri, 1);
    const last = await ask(2, `Authorization: ${proof}`);
    if (!last.startsWith('SIP/2.0 200')) throw new Error(`the registrar answered ${last.split('\r\n', 1)[0] ?? ''}`);
    return port;
  } finally {
    socket.close();
  }
}
