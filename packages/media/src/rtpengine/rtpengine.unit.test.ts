import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTempDir } from '@ritmo/testing';
import { describe, expect, it } from 'vitest';
import { bdecode, bencode, BencodeError } from './bencode.ts';
import { readPcap } from './pcap.ts';
import { packetsOf } from './reply-stats.ts';

describe('bencode', () => {
  it('writes and reads every kind of value, keys in order, lengths in bytes', () => {
    const value = { command: 'offer', flags: ['a', 'é'], n: -7, nested: { z: 0, a: [] } };
    const text = bencode(value);
    expect(text).toBe('d7:command5:offer5:flagsl1:a2:ée1:ni-7e6:nestedd1:ale1:zi0eee');
    expect(bdecode(Buffer.from(text))).toEqual(value);
  });

  it.each(['', 'i12', 'ixe', '5:abc', 'l1:a', 'd1:a', 'd1:ae', 'i1ei2e', 'x', '-1:', 'l'.repeat(100)])('refuses %j', (text) => {
    expect(() => bdecode(Buffer.from(text))).toThrow(BencodeError);
  });
});

describe('captures', () => {
  it('are read packet by packet, a cut one to its last whole packet', async () => {
    await using dir = await createTempDir('ritmo-pcap-');
    const file = join(dir.path, 'a.pcap');
    const head = Buffer.alloc(24);
    head.writeUInt32LE(0xa1b2c3d4, 0);
    head.writeUInt32LE(1, 20);
    const frame = (port: number, text: string): Buffer => {
      const record = Buffer.alloc(16 + 14 + 20 + 8 + text.length);
      record.writeUInt32LE(100, 0);
      record.writeUInt32LE(250_000, 4);
      record.writeUInt32LE(record.length - 16, 8);
      record[30] = 0x45;
      record[39] = 17;
      record.writeUInt16BE(5000, 50);
      record.writeUInt16BE(port, 52);
      record.write(text, 58);
      return record;
    };
    const last = frame(7, 'never whole');
    await writeFile(file, Buffer.concat([head, frame(40_000, 'one'), frame(40_002, 'two'), last.subarray(0, last.length - 1)]));
    const packets = [];
    for await (const packet of readPcap(file)) packets.push([packet.atMs, packet.destinationPort, packet.payload.toString()]);
    expect(packets).toEqual([
      [100_250, 40_000, 'one'],
      [100_250, 40_002, 'two'],
    ]);
    await writeFile(file, 'something else, longer than a header');
    await expect(readPcap(file).next()).rejects.toThrow('no pcap');
  });
});

describe('the reply to query', () => {
  it('tells packets of both sides, none where it says nothing', () => {
    const tag = (packets: number) => ({ medias: [{ streams: [{ stats: { packets } }] }] });
    expect(packetsOf({ tags: { out: tag(5), in: tag(7) } })).toEqual({ packetsIn: 5, packetsOut: 7 });
    expect(packetsOf({ result: 'ok' })).toEqual({ packetsIn: 0, packetsOut: 0 });
  });
});
