import { describe, expect, it } from 'vitest';
import { decodePcm, encodePcm, encodeSample, LINEAR, SILENCE, transcodingTable } from './g711.ts';

/** G.711 tables 5 and 6: one period of 1 kHz at 0 dBm0 (the digital milliwatt). */
const MILLIWATT_ALAW = [0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4];
const MILLIWATT_ULAW = [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e];

describe('G.711', () => {
  it('decodes the ends and the middle of both tables as the Recommendation has them', () => {
    // Table 1: quantizing values 1 and 4032 of a scale to 4096; table 2: 0 and 8031 of a scale to 8159. Ours are 16 bits wide.
    expect(LINEAR.PCMA[0xd5]).toBe(1 * 8);
    expect(LINEAR.PCMA[0x55]).toBe(-1 * 8);
    expect(LINEAR.PCMA[0xaa]).toBe(4032 * 8);
    expect(LINEAR.PCMA[0x2a]).toBe(-4032 * 8);
    expect(LINEAR.PCMU[0xff]).toBe(0);
    expect(LINEAR.PCMU[0x80]).toBe(8031 * 4);
    expect(LINEAR.PCMU[0x00]).toBe(-8031 * 4);
  });

  it('decodes the first value of every A-law chord (table 1)', () => {
    // Words 1 000 0000, 1 001 0000 … before the inversion of the even bits.
    const firsts = [0, 1, 2, 3, 4, 5, 6, 7].map((chord) => LINEAR.PCMA[(0x80 | (chord << 4)) ^ 0x55]);
    expect(firsts).toEqual([1, 33, 66, 132, 264, 528, 1056, 2112].map((value) => value * 8));
  });

  it('decodes the first value of every µ-law chord (table 2)', () => {
    const firsts = [0, 1, 2, 3, 4, 5, 6, 7].map((chord) => LINEAR.PCMU[0xff ^ (chord << 4)]);
    expect(firsts).toEqual([0, 33, 99, 231, 495, 1023, 2079, 4191].map((value) => value * 4));
  });

  it('says the digital milliwatt in both laws, and turns one into the other', () => {
    const a = decodePcm(Uint8Array.from(MILLIWATT_ALAW), 'PCMA');
    const u = decodePcm(Uint8Array.from(MILLIWATT_ULAW), 'PCMU');
    // 0 dBm0 is 3.14 dB (A-law) and 3.17 dB (µ-law) below the overload point.
    const rms = (samples: Int16Array) => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    expect(20 * Math.log10((4096 * 8) / Math.SQRT2 / rms(a))).toBeCloseTo(3.14, 1);
    expect(20 * Math.log10((8159 * 4) / Math.SQRT2 / rms(u))).toBeCloseTo(3.17, 1);
    const toAlaw = transcodingTable('PCMU', 'PCMA') as Uint8Array;
    const toUlaw = transcodingTable('PCMA', 'PCMU') as Uint8Array;
    expect(MILLIWATT_ULAW.map((word) => toAlaw[word])).toEqual(MILLIWATT_ALAW);
    expect(MILLIWATT_ALAW.map((word) => toUlaw[word])).toEqual(MILLIWATT_ULAW);
  });

  it('encodes every decoded word to itself, but for the second zero of µ-law', () => {
    for (let word = 0; word < 256; word += 1) {
      expect(encodeSample(LINEAR.PCMA[word] as number, 'PCMA')).toBe(word);
      expect(encodeSample(LINEAR.PCMU[word] as number, 'PCMU')).toBe(word === 0x7f ? 0xff : word);
    }
  });

  it('encodes linear values to the nearest chord step, overload to the end of the scale', () => {
    for (const codec of ['PCMA', 'PCMU'] as const) {
      for (let pcm = -32_768; pcm <= 32_767; pcm += 7) {
        const decoded = LINEAR[codec][encodeSample(pcm, codec)] as number;
        // Half a step of the largest chord, then in proportion; the last step of A-law is one whole step wide.
        expect(Math.abs(decoded - pcm)).toBeLessThanOrEqual(Math.max(8, Math.abs(pcm) / 31 + 8));
      }
      expect(Math.sign(LINEAR[codec][encodeSample(32_767, codec)] as number)).toBe(1);
      expect(Math.sign(LINEAR[codec][encodeSample(-32_768, codec)] as number)).toBe(-1);
    }
  });

  it('keeps sign and size between the laws, and silence silent', () => {
    const toUlaw = transcodingTable('PCMA', 'PCMU') as Uint8Array;
    for (let word = 0; word < 256; word += 1) {
      const a = LINEAR.PCMA[word] as number;
      const u = LINEAR.PCMU[toUlaw[word] as number] as number;
      expect(Math.abs(a - u)).toBeLessThanOrEqual(Math.max(8, Math.abs(a) / 30));
    }
    expect(encodePcm(new Int16Array(3), 'PCMA')).toEqual(Buffer.alloc(3, SILENCE.PCMA));
    expect(encodePcm(new Int16Array(3), 'PCMU')).toEqual(Buffer.alloc(3, SILENCE.PCMU));
    expect(transcodingTable('PCMA', 'PCMA')).toBeUndefined();
  });
});
