import { describe, expect, it } from 'vitest';
import { digitOfEvent, eventOfDigit, KeyPressReader, toneOfDigit } from './dtmf.ts';
import { toneShare } from '@ritmo/testing';
import { IncomingStream } from './incoming-stream.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { PortPool } from './port-pool.ts';
import { RecordingTimeline } from './recording-timeline.ts';
import { looksLikeRtcp, payloadBounds, readRtpHeader, sequenceDistance, writeRtpHeader } from './rtp.ts';
import { SourceLatch } from './source-latch.ts';

describe('RTP packets', () => {
  it('finds the payload behind CSRCs, an extension and before padding', () => {
    const packet = Buffer.alloc(12 + 8 + 8 + 160 + 4);
    writeRtpHeader(packet, { payloadType: 8, marker: true, sequence: 65_535, timestamp: 4_294_967_295, ssrc: 7 });
    packet[0] = 0x80 | 0x20 | 0x10 | 2;
    packet.writeUInt16BE(1, 12 + 8 + 2);
    packet[packet.length - 1] = 4;
    expect(payloadBounds(packet)).toEqual({ start: 28, end: 188 });
    expect(readRtpHeader(packet)).toEqual({ payloadType: 8, marker: true, sequence: 65_535, timestamp: 4_294_967_295, ssrc: 7 });
  });

  it.each([
    ['too short', Buffer.from([0x80, 8, 0])],
    ['STUN', Buffer.alloc(20)],
    ['an extension beyond the end', Buffer.from([0x90, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0xff])],
    ['more padding than packet', Buffer.from([0xa0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 99])],
  ])('finds none in what is %s', (_what, packet) => {
    expect(payloadBounds(packet)).toBeUndefined();
  });

  it('tells RTCP on the RTP port by its packet type', () => {
    expect(looksLikeRtcp(Buffer.from([0x80, 200]))).toBe(true);
    expect(looksLikeRtcp(Buffer.from([0x80, 8 | 0x80]))).toBe(false);
  });
});

describe('the incoming stream', () => {
  it('counts what was lost, over wrapping numbers and late packets', () => {
    const stream = new IncomingStream();
    for (const sequence of [65_534, 65_535, 0, 2, 1, 5]) stream.add(1, sequence);
    expect(stream.received).toBe(6);
    expect(stream.lost).toBe(2);
  });

  it('takes a new source or a far jump as a new beginning, not as loss', () => {
    const stream = new IncomingStream();
    for (const sequence of [10, 12]) stream.add(1, sequence);
    for (const sequence of [40_000, 40_001]) stream.add(1, sequence);
    for (const sequence of [7, 8, 8]) stream.add(2, sequence);
    expect(stream.lost).toBe(1);
  });
});

describe('the outgoing stream', () => {
  it('goes on in numbers and time when the source changes', () => {
    const stream = new OutgoingStream(9, 65_533, 1000);
    const seen: number[][] = [];
    const note = (slot: { sequence: number; timestamp: number; marker: boolean } | undefined) => seen.push(slot ? [slot.sequence, slot.timestamp, Number(slot.marker)] : []);
    note(stream.own(160, 0));
    note(stream.own(160, 20));
    note(stream.relayed(5, 100, 50_000, 160, 40));
    note(stream.relayed(5, 102, 50_320, 160, 80));
    note(stream.relayed(5, 101, 50_160, 160, 81));
    note(stream.own(160, 500));
    note(stream.relayed(5, 130, 54_800, 160, 520));
    note(stream.relayed(5, 104, 50_640, 160, 521));
    expect(seen).toEqual([
      [65_534, 1000, 1],
      [65_535, 1160, 0],
      [0, 1320, 1],
      [2, 1640, 0],
      [1, 1480, 0],
      [3, 1640 + 419 * 8, 1],
      [4, 1640 + 419 * 8 + 160, 1],
      [],
    ]);
    expect(stream.sent).toBe(7);
  });

  it('keeps time by the clock over packets that stand alone, and marks what is said after them', () => {
    const stream = new OutgoingStream(9, 0, 0);
    const seen: number[][] = [];
    const note = (slot: { sequence: number; timestamp: number; marker: boolean } | undefined) => seen.push(slot ? [slot.sequence, slot.timestamp, Number(slot.marker)] : []);
    note(stream.alone(160, 0));
    note(stream.alone(160, 500));
    note(stream.own(160, 700));
    note(stream.own(160, 720));
    note(stream.alone(160, 1_220));
    note(stream.relayed(5, 100, 50_000, 160, 1_300));
    expect(seen).toEqual([
      [1, 0, 0],
      [2, 4_000, 0],
      [3, 5_600, 1],
      [4, 5_760, 0],
      [5, 9_760, 0],
      [6, 10_400, 1],
    ]);
  });

  it('passes a stream of an hour without taking its numbers for old ones', () => {
    const stream = new OutgoingStream(9, 0, 0);
    let dropped = 0;
    for (let i = 0; i < 180_000; i += 1) {
      if (!stream.relayed(5, (500 + i) & 0xffff, (i * 160) >>> 0, 160, i * 20)) dropped += 1;
    }
    expect(dropped).toBe(0);
    expect(sequenceDistance(stream.own(160, 3_600_000).sequence, 180_001 & 0xffff)).toBe(0);
  });
});

describe('key presses', () => {
  it('are read once, by any of their packets', () => {
    const reader = new KeyPressReader();
    const packet = (event: number) => Buffer.from([event, 0x8a, 0, 160]);
    expect(reader.read(packet(5), 0, 4, 1, 1000)).toBe('5');
    expect(reader.read(packet(5), 0, 4, 1, 1000)).toBeUndefined();
    expect(reader.read(packet(5), 0, 4, 1, 3000)).toBe('5');
    expect(reader.read(packet(5), 0, 4, 1, 1000)).toBeUndefined();
    expect(reader.read(packet(11), 0, 4, 2, 10)).toBe('#');
    expect(reader.read(packet(77), 0, 4, 2, 900)).toBeUndefined();
    expect(reader.read(Buffer.from([1]), 0, 1, 2, 1800)).toBeUndefined();
  });

  it('have the events of RFC 4733, and tones of Q.23', () => {
    expect([...'0159*#AD'].map(eventOfDigit)).toEqual([0, 1, 5, 9, 10, 11, 12, 15]);
    expect(eventOfDigit('x')).toBeUndefined();
    expect(digitOfEvent(16)).toBeUndefined();
    const tone = toneOfDigit('5', 100, 'PCMA');
    expect(toneShare(tone, 'PCMA', 770) + toneShare(tone, 'PCMA', 1336)).toBeGreaterThan(0.9);
    expect(toneShare(tone, 'PCMA', 941)).toBeLessThan(0.05);
  });
});

describe('the port pool', () => {
  it('hands out even ports only, and what came back first goes out first', () => {
    const pool = new PortPool([10_001, 10_006]);
    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual([10_002, 10_004, 10_006, undefined]);
    pool.giveBack(10_004);
    pool.giveBack(10_002);
    pool.giveBack(10_002);
    expect(pool.inUse).toBe(1);
    expect(pool.take()).toBe(10_004);
    expect(pool.take()).toBe(10_002);
    expect(pool.take()).toBeUndefined();
  });

  it('refuses a range that is none', () => {
    expect(() => new PortPool([20_000, 10_000])).toThrow(RangeError);
    expect(() => new PortPool([0, 70_000])).toThrow(RangeError);
  });
});

describe('the source latch', () => {
  it('takes another port of the host named, keeps it, and gives it up only to silence', () => {
    const latch = new SourceLatch('sdp-host');
    expect(latch.accepts('198.51.100.1', 1, 0)).toBe(false);
    latch.expect('198.51.100.1', 4000);
    expect(latch.accepts('203.0.113.9', 4000, 0)).toBe(false);
    expect(latch.accepts('198.51.100.1', 4002, 0)).toBe(true);
    expect([latch.host, latch.port]).toEqual(['198.51.100.1', 4002]);
    expect(latch.accepts('198.51.100.1', 4000, 500)).toBe(false);
    latch.expect('198.51.100.1', 4000);
    expect(latch.port).toBe(4002);
    expect(latch.accepts('198.51.100.1', 4000, 1500)).toBe(true);
    latch.expect('198.51.100.2', 4000);
    expect([latch.host, latch.port]).toEqual(['198.51.100.2', 4000]);
  });

  it('lets a public source speak for a private address, and nobody else', () => {
    const latch = new SourceLatch('private-nat');
    latch.expect('192.168.1.5', 4000);
    expect(latch.accepts('10.0.0.1', 4000, 0)).toBe(false);
    expect(latch.accepts('127.0.0.1', 4000, 0)).toBe(false);
    expect(latch.accepts('203.0.113.9', 999, 0)).toBe(true);
    const strict = new SourceLatch('sdp-host');
    strict.expect('192.168.1.5', 4000);
    expect(strict.accepts('203.0.113.9', 999, 0)).toBe(false);
    const open = new SourceLatch('any');
    open.expect('192.0.2.1', 4000);
    expect(open.accepts('203.0.113.9', 999, 0)).toBe(true);
  });
});

describe('the recording timeline', () => {
  const frame = (word: number) => Buffer.alloc(160, word);
  const left = (taken: Buffer, sample: number) => taken[sample * 2];
  const right = (taken: Buffer, sample: number) => taken[sample * 2 + 1];

  it('lays both sides by their time, silence where nothing came', () => {
    const line = new RecordingTimeline('PCMA', 1000);
    line.add(0, 1, 5000, frame(1), 0, 160, undefined, 1000);
    line.add(1, 2, 99, frame(2), 0, 160, undefined, 1040);
    // 20 ms lost, and a packet that came 15 ms late lies where it belongs.
    line.add(0, 1, 5320, frame(3), 0, 160, undefined, 1055);
    const taken = line.takeRest(1100);
    expect(taken).toHaveLength(1600);
    expect([0, 159, 160, 319, 320, 479, 480].map((sample) => left(taken, sample))).toEqual([1, 1, 0xd5, 0xd5, 3, 3, 0xd5]);
    expect([0, 319, 320, 479, 480].map((sample) => right(taken, sample))).toEqual([0xd5, 0xd5, 2, 2, 0xd5]);
  });

  it('keeps what is young for packets that are late, and drops those that are too late', () => {
    const line = new RecordingTimeline('PCMA', 0);
    line.add(0, 1, 0, frame(1), 0, 160, undefined, 0);
    expect(line.takeSettled(150)).toHaveLength(0);
    expect(line.takeSettled(210)).toHaveLength(160);
    line.add(0, 1, 160, frame(2), 0, 160, undefined, 215);
    const next = line.takeSettled(520);
    expect(next).toHaveLength(2 * 2480);
    expect([0, 79, 80, 239, 240].map((sample) => left(next, sample))).toEqual([1, 1, 2, 2, 0xd5]);
    line.add(0, 1, 2240, frame(3), 0, 160, undefined, 530);
    expect(line.latePackets).toBe(1);
  });

  it('begins anew with a new source, and does not lay two frames of a burst on each other', () => {
    const line = new RecordingTimeline('PCMU', 0);
    line.add(0, 1, 0, frame(1), 0, 160, undefined, 10);
    line.add(0, 9, 70_000, frame(2), 0, 160, undefined, 11);
    const taken = line.takeRest(100);
    expect([79, 80, 239, 240, 399, 400].map((sample) => left(taken, sample))).toEqual([0xff, 1, 1, 2, 2, 0xff]);
  });

  it('follows a clock that drifts, without losing more than it drifted', () => {
    const line = new RecordingTimeline('PCMA', 0);
    let samples = 0;
    let heard = 0;
    // One part in 250 fast: 4 ms a second, far worse than any phone.
    for (let i = 0; i < 15_000; i += 1) {
      const nowMs = i * 20 * (1 - 1 / 250);
      line.add(0, 1, i * 160, frame(1), 0, 160, undefined, nowMs);
      if (i % 50 === 0) {
        const taken = line.takeSettled(nowMs);
        samples += taken.length / 2;
        for (let at = 0; at < taken.length; at += 2) if (taken[at] === 1) heard += 1;
      }
    }
    expect(line.latePackets).toBe(0);
    expect(heard / samples).toBeGreaterThan(0.98);
  });

  it('survives a loop that stood still', () => {
    const line = new RecordingTimeline('PCMA', 0);
    line.add(0, 1, 0, frame(1), 0, 160, undefined, 0);
    expect(line.isFull(3500)).toBe(true);
    const taken = line.takeSettled(10_000);
    expect(taken).toHaveLength(9800 * 16);
    expect(left(taken, 0)).toBe(1);
    line.add(0, 1, 80_000, frame(4), 0, 160, undefined, 10_000);
    const rest = line.takeRest(10_020);
    expect(left(rest, 1600)).toBe(4);
  });
});
