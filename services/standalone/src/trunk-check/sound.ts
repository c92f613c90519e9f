import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Trunk } from '@ritmo/domain';

const payloadTypes: Readonly<Record<Trunk['codecs'][number], number>> = { PCMA: 8, PCMU: 0 };
const packetMs = 20;
const packetSamples = 160;
const rtpHeaderBytes = 12;
const mostPortsTried = 100;

/** What the two sides agreed on, as the carrier's SDP has it. */
export interface AgreedSound {
  readonly codec: Trunk['codecs'][number];
  readonly host: string;
  readonly port: number;
  /** Seen from the carrier (RFC 3264 6.1). */
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}

/** The first codec of the answer is the one in use (RFC 3264 6.1). */
export function readSound(sdp: string, trunk: Trunk): AgreedSound | { readonly wrong: string } {
  const audio = /^m=audio (\d+) \S+ (.+)$/m.exec(sdp);
  if (!audio) return { wrong: sdp.trim() === '' ? 'the call was answered without SDP: no sound can pass' : 'the answer has no audio' };
  const formats = (audio[2] ?? '').trim().split(/\s+/);
  const codec = trunk.codecs.find((name) => formats.includes(String(payloadTypes[name])));
  const named = formats.map((format) => new RegExp(`^a=rtpmap:${format} (\\S+)`, 'm').exec(sdp)?.[1]?.split('/')[0] ?? (format === '18' ? 'G729' : format));
  if (Number(audio[1]) === 0) return { wrong: 'the answer refuses the audio (port 0)' };
  if (!codec) return { wrong: `the carrier answered with ${named.join(', ')}, and ${trunk.codecs.join(', ')} was offered: no common codec` };
  // That of the audio goes over that of the session.
  const connection = [...sdp.matchAll(/^c=IN IP[46] (\S+)/gm)].at(-1)?.[1] ?? '';
  const direction = /^a=(sendonly|recvonly|inactive)\s*$/m.exec(sdp)?.[1] as AgreedSound['direction'] | undefined;
  return { codec, host: connection, port: Number(audio[1]), direction: direction ?? 'sendrecv' };
}

/** RFC 1918, RFC 6598 and RFC 4193: addresses that are reached from their own network alone. */
export const isPrivate = (address: string): boolean => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/i.test(address);

/** A port that sends silence and counts what comes. */
export class Sound {
  packets = 0;
  readonly offer: string;
  private readonly socket: Socket;
  private ticker: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, offer: string) {
    this.socket = socket;
    this.offer = offer;
    // Version 2 (RFC 3550 5.1): what else comes is no sound.
    socket.on('message', (packet) => {
      if (packet.length > rtpHeaderBytes && (packet[0] ?? 0) >> 6 === 2) this.packets += 1;
    });
    // A far end that has gone says so by ICMP: it is heard as silence.
    socket.on('error', () => undefined);
  }

  /** On a port of `server.rtpPorts`, since a firewall lets only those through; from the end, because the product takes them from the beginning. */
  static async open(host: string, codecs: Trunk['codecs'], ports?: readonly [number, number]): Promise<Sound> {
    const family = isIP(host) === 6 ? 6 : 4;
    const [first, last] = ports ?? [0, 0];
    // RTP ports are even (RFC 3550 11).
    for (let port = last - (last % 2), left = mostPortsTried; ; port -= 2, left -= 1) {
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
      try {
        await bound(socket, port);
        const lines = codecs.map((name) => `a=rtpmap:${payloadTypes[name]} ${name}/8000`);
        const formats = codecs.map((name) => payloadTypes[name]).join(' ');
        const offer = ['v=0', `o=ritmo 1 1 IN IP${family} ${host}`, 's=-', `c=IN IP${family} ${host}`, 't=0 0', `m=audio ${socket.address().port} RTP/AVP ${formats}`, ...lines, 'a=sendrecv', ''].join('\r\n');
        return new Sound(socket, offer);
      } catch (error) {
        socket.close();
        if (port - 2 < first || left === 1) throw error;
      }
    }
  }

  /** From now on; where an answer names another place than early media did, there. */
  talkTo({ host, port, codec }: AgreedSound): void {
    clearInterval(this.ticker);
    const payloadType = payloadTypes[codec];
    const packet = Buffer.alloc(rtpHeaderBytes + packetSamples, payloadType === 8 ? 0xd5 : 0xff);
    packet.writeUInt16BE(0x8000 | payloadType, 0);
    packet.writeUInt32BE(0x7269746d, 8);
    let sequence = 0;
    this.ticker = setInterval(() => {
      packet.writeUInt16BE(sequence & 0xffff, 2);
      packet.writeUInt32BE((sequence * packetSamples) >>> 0, 4);
      sequence += 1;
      this.socket.send(packet, port, host);
    }, packetMs);
  }

  close(): void {
    clearInterval(this.ticker);
    this.socket.close();
  }
}

function bound(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
