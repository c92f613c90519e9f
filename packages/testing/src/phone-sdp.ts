/** The few lines of SDP that a simulated phone or carrier needs. */
import type { ToneCodec } from './tone.ts';

const PAYLOAD_TYPE: Readonly<Record<ToneCodec, number>> = { PCMA: 8, PCMU: 0 };

export interface PhoneSdp {
  readonly host: string;
  readonly port: number;
  readonly codecs: readonly ToneCodec[];
  readonly direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  readonly version?: number;
}

export function writePhoneSdp(sdp: PhoneSdp): string {
  const types = sdp.codecs.map((codec) => PAYLOAD_TYPE[codec]);
  return [
    'v=0',
    `o=phone 1 ${sdp.version ?? 1} IN IP4 ${sdp.host}`,
    's=-',
    `c=IN IP4 ${sdp.host}`,
    't=0 0',
    `m=audio ${sdp.port} RTP/AVP ${types.join(' ')} 101`,
    ...sdp.codecs.map((codec) => `a=rtpmap:${PAYLOAD_TYPE[codec]} ${codec}/8000`),
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=ptime:20',
    `a=${sdp.direction ?? 'sendrecv'}`,
    '',
  ].join('\r\n');
}

export interface HeardSdp {
  readonly host: string;
  readonly port: number;
  readonly codec: ToneCodec;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}

/** Undefined when there is no G.711 audio in it. The codec is the first of the peer's that is in `codecs`. */
export function readPhoneSdp(text: string, codecs: readonly ToneCodec[] = ['PCMA', 'PCMU']): HeardSdp | undefined {
  const media = /^m=audio (\d+) RTP\/AVP ([\d ]+)/m.exec(text);
  const host = /^c=IN IP4 (\S+)/m.exec(text)?.[1];
  if (!media || host === undefined) return undefined;
  const offered = (media[2] as string).trim().split(' ').map(Number);
  const type = offered.find((each) => codecs.some((codec) => PAYLOAD_TYPE[codec] === each));
  if (type === undefined) return undefined;
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m.exec(text)?.[1] ?? 'sendrecv';
  return { host, port: Number(media[1]), codec: type === 8 ? 'PCMA' : 'PCMU', direction: direction as HeardSdp['direction'] };
}
