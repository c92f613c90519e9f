/** Offer and answer for one leg (RFC 3264): one audio stream of G.711 with telephone events; every other stream is refused. */
import { STATIC_PAYLOAD_TYPE } from './g711.ts';
import { UnsupportedSdpError, type Codec } from './port.ts';
import { parseSdp, writeSdp, type Direction, type LocalMedia, type Sdp, type SdpMedia } from './sdp.ts';

const EVENT_PAYLOAD_TYPE = 101;
const DEFAULT_PTIME_MS = 20;
const PTIMES_MS = [10, 20, 30, 40, 60];
const USABLE_PROTOCOLS = ['RTP/AVP', 'RTP/AVPF'];

/** What the peer's description says to the relay. */
export interface RemoteAudio {
  /** Where it wants to be sent to; undefined when it named no address (0.0.0.0, the hold of RFC 2543). */
  readonly host: string | undefined;
  readonly port: number;
  /** What we send. */
  readonly codec: Codec;
  readonly payloadType: number;
  readonly eventPayloadType: number | undefined;
  /** Every G.711 payload type that may come. */
  readonly incoming: readonly { readonly payloadType: number; readonly codec: Codec }[];
  readonly ptimeMs: number;
  /** The peer's own words: `sendonly` means that it does not want to hear us. */
  readonly direction: Direction;
}

export class Negotiation {
  remote: RemoteAudio | undefined;
  private readonly host: string;
  private readonly port: number;
  private readonly sessionId: number;
  private version = 0;
  private lastBody = '';
  /** The streams of the last description, in their order: a later offer must keep them (RFC 3264 8). */
  private streams: readonly LocalMedia[] = [];
  private audioIndex = 0;

  constructor(host: string, port: number, sessionId: number) {
    this.host = host;
    this.port = port;
    this.sessionId = sessionId;
  }

  get held(): boolean {
    const { remote } = this;
    return remote !== undefined && (remote.host === undefined || remote.direction === 'sendonly' || remote.direction === 'inactive');
  }

  offer(codecs: readonly Codec[], direction: Direction): string {
    const formats = codecs.map((codec) => String(STATIC_PAYLOAD_TYPE[codec]));
    const audio: LocalMedia = {
      kind: 'audio',
      port: this.port,
      protocol: 'RTP/AVP',
      formats: [...formats, String(EVENT_PAYLOAD_TYPE)],
      attributes: [
        ...codecs.map((codec) => `rtpmap:${STATIC_PAYLOAD_TYPE[codec]} ${codec}/8000`),
        `rtpmap:${EVENT_PAYLOAD_TYPE} telephone-event/8000`,
        `fmtp:${EVENT_PAYLOAD_TYPE} 0-16`,
        `ptime:${DEFAULT_PTIME_MS}`,
        direction,
      ],
    };
    const streams = this.streams.map((stream, index) => (index === this.audioIndex ? audio : { ...stream, port: 0 }));
    return this.publish(streams.length > 0 ? streams : [audio]);
  }

  accept(answerSdp: string, codecs: readonly Codec[]): RemoteAudio {
    const sdp = parseSdp(answerSdp);
    // Answers keep the order of the offer (RFC 3264 6), but gateways that put one stream into another place are heard too.
    const media = [sdp.media[this.audioIndex], ...sdp.media].find((candidate) => candidate && isUsable(candidate, codecs));
    if (!media) throw new UnsupportedSdpError(refusal(sdp));
    this.remote = remoteAudio(sdp, media, codecs);
    return this.remote;
  }

  answer(offerSdp: string, codecs: readonly Codec[]): string {
    const sdp = parseSdp(offerSdp);
    const index = sdp.media.findIndex((media) => isUsable(media, codecs));
    const media = sdp.media[index];
    if (!media) throw new UnsupportedSdpError(refusal(sdp));
    const remote = remoteAudio(sdp, media, codecs);
    this.remote = remote;
    this.audioIndex = index;
    return this.publish(sdp.media.map((stream, at) => (at === index ? this.answered(stream, remote) : refused(stream))));
  }

  private answered(media: SdpMedia, remote: RemoteAudio): LocalMedia {
    const events = remote.eventPayloadType;
    return {
      kind: 'audio',
      port: this.port,
      protocol: media.protocol,
      formats: [String(remote.payloadType), ...(events === undefined ? [] : [String(events)])],
      attributes: [
        `rtpmap:${remote.payloadType} ${remote.codec}/8000`,
        ...(events === undefined ? [] : [`rtpmap:${events} telephone-event/8000`, `fmtp:${events} 0-16`]),
        `ptime:${remote.ptimeMs}`,
        mirrored(remote.direction),
      ],
    };
  }

  /** The version grows when, and only when, the description changes (RFC 3264 8). */
  private publish(streams: readonly LocalMedia[]): string {
    this.streams = streams;
    const body = JSON.stringify(streams);
    if (body !== this.lastBody) this.version += 1;
    this.lastBody = body;
    return writeSdp({ host: this.host, sessionId: this.sessionId, version: this.version, media: streams });
  }
}

/** RFC 3264 6.1. */
function mirrored(direction: Direction): Direction {
  switch (direction) {
    case 'sendrecv':
      return 'sendrecv';
    case 'sendonly':
      return 'recvonly';
    case 'recvonly':
      return 'sendonly';
    case 'inactive':
      return 'inactive';
  }
}

/** A stream is refused by port 0, its formats repeated (RFC 3264 6). */
function refused(media: SdpMedia): LocalMedia {
  return { kind: media.kind, port: 0, protocol: media.protocol, formats: media.formats.length > 0 ? media.formats : ['0'], attributes: [] };
}

function isUsable(media: SdpMedia, codecs: readonly Codec[]): boolean {
  return media.kind === 'audio' && media.port !== 0 && USABLE_PROTOCOLS.includes(media.protocol) && audioFormats(media, codecs).length > 0;
}

function refusal(sdp: Sdp): string {
  const audio = sdp.media.find((media) => media.kind === 'audio');
  if (!audio) return 'no audio stream';
  if (audio.port === 0) return 'the audio stream is refused (port 0)';
  if (!USABLE_PROTOCOLS.includes(audio.protocol)) return `audio over ${audio.protocol}; RTP/AVP is needed`;
  return `no codec in common (offered ${audio.formats.join(' ').slice(0, 80)})`;
}

function audioFormats(media: SdpMedia, codecs: readonly Codec[]): { payloadType: number; codec: Codec }[] {
  const found: { payloadType: number; codec: Codec }[] = [];
  for (const format of media.formats) {
    const payloadType = Number(format);
    const mapped = media.payloads.get(payloadType);
    const codec = codecs.find((ours) =>
      mapped ? mapped.encoding === ours && mapped.clockRate === 8000 : payloadType === STATIC_PAYLOAD_TYPE[ours],
    );
    if (codec) found.push({ payloadType, codec });
  }
  return found;
}

function remoteAudio(sdp: Sdp, media: SdpMedia, codecs: readonly Codec[]): RemoteAudio {
  const incoming = audioFormats(media, codecs);
  const [first] = incoming;
  if (!first) throw new UnsupportedSdpError(refusal(sdp));
  const host = media.connection ?? sdp.connection;
  if (host === undefined || host === '') throw new UnsupportedSdpError('no IPv4 address in a c= line');
  const events = media.formats.map(Number).find((format) => {
    const payload = media.payloads.get(format);
    return payload?.encoding === 'TELEPHONE-EVENT' && payload.clockRate === 8000;
  });
  return {
    host: host === '0.0.0.0' ? undefined : host,
    port: media.port,
    codec: first.codec,
    payloadType: first.payloadType,
    eventPayloadType: events,
    incoming,
    ptimeMs: PTIMES_MS.includes(media.ptimeMs ?? 0) ? (media.ptimeMs as number) : DEFAULT_PTIME_MS,
    direction: media.direction ?? sdp.direction ?? 'sendrecv',
  };
}
