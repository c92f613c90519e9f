/** Reads the UDP packets of a classic pcap file of Ethernet or raw IP frames, as rtpengine writes it. */
import { createReadStream } from 'node:fs';

export interface CapturedPacket {
  readonly atMs: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Buffer;
}

const GLOBAL_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const LINK_ETHERNET = 1;
const LINK_RAW = 101;
const MAGIC = 0xa1b2c3d4;

/** A file that was cut ends where its last whole packet ends. */
export async function* readPcap(file: string): AsyncGenerator<CapturedPacket> {
  let rest: Buffer = Buffer.alloc(0);
  let link: number | undefined;
  for await (const chunk of createReadStream(file)) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    if (link === undefined) {
      if (rest.length < GLOBAL_HEADER_BYTES) continue;
      if (rest.readUInt32LE(0) !== MAGIC) throw new Error(`${file} is no pcap file of this machine's byte order`);
      link = rest.readUInt32LE(20);
      at = GLOBAL_HEADER_BYTES;
    }
    while (at + RECORD_HEADER_BYTES <= rest.length) {
      const held = rest.readUInt32LE(at + 8);
      const end = at + RECORD_HEADER_BYTES + held;
      if (end > rest.length) break;
      const packet = udpOf(rest.subarray(at + RECORD_HEADER_BYTES, end), link);
      if (packet) yield { atMs: rest.readUInt32LE(at) * 1000 + rest.readUInt32LE(at + 4) / 1000, ...packet };
      at = end;
    }
    rest = rest.subarray(at);
  }
}

function udpOf(frame: Buffer, link: number): Omit<CapturedPacket, 'atMs'> | undefined {
  const ip = link === LINK_ETHERNET ? 14 : link === LINK_RAW ? 0 : -1;
  if (ip < 0 || frame.length < ip + 20 || (frame[ip] as number) >> 4 !== 4 || frame[ip + 9] !== 17) return undefined;
  const udp = ip + ((frame[ip] as number) & 0x0f) * 4;
  if (frame.length < udp + 8) return undefined;
  return { sourcePort: frame.readUInt16BE(udp), destinationPort: frame.readUInt16BE(udp + 2), payload: frame.subarray(udp + 8) };
}
