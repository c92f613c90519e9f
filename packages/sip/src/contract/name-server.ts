import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';

const TYPES = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 } as const;
const NAME_ERROR = 3;

export type RecordType = keyof typeof TYPES;

/** One record of the zone. `data` is its RDATA. */
interface ZoneRecord {
  readonly type: RecordType;
  readonly ttlS: number;
  readonly data: Buffer;
}

/** A name server over UDP (RFC 1035, 2782, 3403) for one small zone, which counts what it is asked. */
export class NameServer {
  readonly asked: string[] = [];
  /** Answers nothing at all while it is set. */
  silent = false;
  private readonly socket: Socket = createSocket('udp4');
  private readonly zone = new Map<string, ZoneRecord[]>();

  async open(): Promise<string> {
    this.socket.on('message', (packet, from) => this.answer(packet, from));
    return new Promise((done) => this.socket.bind(0, '127.0.0.1', () => done(`127.0.0.1:${this.socket.address().port}`)));
  }

  close(): void {
    this.socket.close();
  }

  a(name: string, address: string, ttlS = 60): this {
    return this.add(name, 'A', ttlS, Buffer.from(address.split('.').map(Number)));
  }

  /** Only the loopback address, ::1. */
  aaaaLoopback(name: string, ttlS = 60): this {
    return this.add(name, 'AAAA', ttlS, Buffer.from([...new Array<number>(15).fill(0), 1]));
  }

  srv(name: string, priority: number, weight: number, port: number, target: string, ttlS = 60): this {
    return this.add(name, 'SRV', ttlS, Buffer.concat([words(priority, weight, port), encodeName(target)]));
  }

  naptr(name: string, order: number, preference: number, service: string, replacement: string, ttlS = 60): this {
    return this.add(name, 'NAPTR', ttlS, Buffer.concat([words(order, preference), text('s'), text(service), text(''), encodeName(replacement)]));
  }

  remove(name: string, type: RecordType): void {
    this.zone.set(name, (this.zone.get(name) ?? []).filter((each) => each.type !== type));
  }

  private add(name: string, type: RecordType, ttlS: number, data: Buffer): this {
    this.zone.set(name, [...(this.zone.get(name) ?? []), { type, ttlS, data }]);
    return this;
  }

  private answer(query: Buffer, from: RemoteInfo): void {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.').toLowerCase();
    const type = query.readUInt16BE(at + 1);
    const question = query.subarray(12, at + 5);
    const asked = (Object.keys(TYPES) as RecordType[]).find((each) => TYPES[each] === type);
    this.asked.push(`${asked ?? String(type)} ${name}`);
    if (this.silent) return;
    const records = this.zone.get(name);
    const found = (records ?? []).filter((each) => each.type === asked);
    const header = words(query.readUInt16BE(0), 0x8180 | (records === undefined ? NAME_ERROR : 0), 1, found.length, 0, 0);
    const answers = found.map((each) => {
      const ttl = Buffer.alloc(4);
      ttl.writeUInt32BE(each.ttlS);
      return Buffer.concat([words(0xc00c, TYPES[each.type], 1), ttl, words(each.data.length), each.data]);
    });
    this.socket.send(Buffer.concat([header, question, ...answers]), from.port, from.address);
  }
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) buffer.writeUInt16BE(value, at * 2);
  return buffer;
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
}

function encodeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').filter((each) => each !== '').map(text), Buffer.from([0])]);
}
