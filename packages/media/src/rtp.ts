/** RTP fixed header (RFC 3550 5.1) and the arithmetic of its wrapping counters. */

export const RTP_HEADER_BYTES = 12;

/** Where the payload lies in a packet, or undefined when the bytes are no RTP version 2 packet. */
export function payloadBounds(packet: Buffer): { readonly start: number; readonly end: number } | undefined {
  const first = packet[0];
  if (packet.length < RTP_HEADER_BYTES || first === undefined || first >> 6 !== 2) return undefined;
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (start + 4 > packet.length) return undefined;
    start += 4 + packet.readUInt16BE(start + 2) * 4;
  }
  let end = packet.length;
  if (first & 0x20) end -= packet[packet.length - 1] as number;
  return start <= end ? { start, end } : undefined;
}

/** RTCP shares the version bits: its packet types 200–204 look like RTP with the marker and payload type 72–76 (RFC 5761 4). */
export function looksLikeRtcp(packet: Buffer): boolean {
  const type = packet[1] as number;
  return type >= 200 && type <= 207;
}

export interface RtpFields {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

export function writeRtpHeader(packet: Buffer, fields: RtpFields): void {
  packet[0] = 0x80;
  packet[1] = fields.payloadType | (fields.marker ? 0x80 : 0);
  packet.writeUInt16BE(fields.sequence & 0xffff, 2);
  packet.writeUInt32BE(fields.timestamp >>> 0, 4);
  packet.writeUInt32BE(fields.ssrc >>> 0, 8);
}

export function readRtpHeader(packet: Buffer): RtpFields {
  const second = packet[1] as number;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
  };
}

/** a − b in 16 bits: positive when a is newer. */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** a − b in 32 bits: positive when a is newer. */
export function timestampDistance(a: number, b: number): number {
  return (a - b) | 0;
}
