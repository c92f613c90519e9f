/** Session descriptions (RFC 4566), as far as one audio stream needs them. Lines that we do not know are left alone. */
import { UnsupportedSdpError } from './port.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] satisfies Direction[];

export interface SdpPayload {
  readonly encoding: string;
  readonly clockRate: number;
}

export interface SdpMedia {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly connection: string | undefined;
  readonly direction: Direction | undefined;
  readonly ptimeMs: number | undefined;
  readonly payloads: ReadonlyMap<number, SdpPayload>;
}

export interface Sdp {
  /** The address of the c= line, `undefined` where there is none; only IPv4 literals are kept. */
  readonly connection: string | undefined;
  readonly direction: Direction | undefined;
  readonly media: readonly SdpMedia[];
}

const SDP_LIMIT_CHARS = 32_768;
const MEDIA_LIMIT = 16;

type Draft<T> = { -readonly [K in keyof T]: T[K] };
type MediaDraft = Omit<Draft<SdpMedia>, 'payloads'> & { payloads: Map<number, SdpPayload> };

export function parseSdp(text: string): Sdp {
  if (text.length > SDP_LIMIT_CHARS) throw new UnsupportedSdpError('too long');
  if (!/^v=0\s*(\r?\n|$)/.test(text)) throw new UnsupportedSdpError('does not begin with v=0');
  const session: { connection: string | undefined; direction: Direction | undefined } = { connection: undefined, direction: undefined };
  const media: MediaDraft[] = [];
  for (const line of text.split(/\r?\n/)) {
    const value = line.slice(2).trim();
    const current = media.at(-1);
    if (line.startsWith('m=')) {
      if (media.length === MEDIA_LIMIT) throw new UnsupportedSdpError('too many media lines');
      media.push(parseMedia(value));
    } else if (line.startsWith('c=')) {
      (current ?? session).connection = parseConnection(value);
    } else if (line.startsWith('a=')) {
      readAttribute(value, current ?? session, current);
    }
  }
  return { ...session, media };
}

function parseMedia(value: string): MediaDraft {
  const [kind, portText, protocol, ...formats] = value.split(/\s+/);
  // "49170/2" is a port and a count of ports (RFC 4566 5.14).
  const port = Number(portText?.split('/')[0]);
  if (!kind || !protocol || !Number.isInteger(port) || port < 0 || port > 65_535) throw new UnsupportedSdpError(`media line "${value.slice(0, 80)}"`);
  return { kind, port, protocol, formats, connection: undefined, direction: undefined, ptimeMs: undefined, payloads: new Map() };
}

/** An address that we cannot send to is kept as an empty string, so that a media level c= of IPv6 does not fall back to the session's. */
function parseConnection(value: string): string {
  const [network, type, address] = value.split(/\s+/);
  const host = address?.split('/')[0] ?? '';
  return network === 'IN' && type === 'IP4' && isIpv4(host) ? host : '';
}

export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

function readAttribute(value: string, holder: { direction: Direction | undefined }, media: MediaDraft | undefined): void {
  if (DIRECTIONS.includes(value)) {
    holder.direction = value as Direction;
    return;
  }
  if (!media) return;
  const map = /^rtpmap:\s*(\d{1,3})\s+([^/\s]+)\/(\d+)(?:\/(\d+))?/i.exec(value);
  if (map && (map[4] ?? '1') === '1') media.payloads.set(Number(map[1]), { encoding: (map[2] as string).toUpperCase(), clockRate: Number(map[3]) });
  const ptime = /^ptime:\s*(\d+)/i.exec(value);
  if (ptime) media.ptimeMs = Number(ptime[1]);
}

export interface LocalMedia {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly attributes: readonly string[];
}

export interface LocalSdp {
  readonly host: string;
  readonly sessionId: number;
  readonly version: number;
  readonly media: readonly LocalMedia[];
}

export function writeSdp(sdp: LocalSdp): string {
  const lines = ['v=0', `o=ritmo ${sdp.sessionId} ${sdp.version} IN IP4 ${sdp.host}`, 's=-', `c=IN IP4 ${sdp.host}`, 't=0 0'];
  for (const media of sdp.media) {
    lines.push(`m=${media.kind} ${media.port} ${media.protocol} ${media.formats.join(' ')}`);
    for (const attribute of media.attributes) lines.push(`a=${attribute}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}
