/**
 * ITU-T G.711: A-law and µ-law, each 8 bits a sample at 8 kHz, and the tables between them.
 * Linear samples are 16-bit signed (the Recommendation's 13 and 14 bits, left-aligned).
 */
import type { Codec } from './port.ts';

export const SAMPLE_RATE = 8000;
export const SAMPLES_PER_MS = 8;

/** Payload types of RFC 3551 table 4. */
export const STATIC_PAYLOAD_TYPE: Readonly<Record<Codec, number>> = { PCMU: 0, PCMA: 8 };

/** What an idle line says: the code word of linear zero. */
export const SILENCE: Readonly<Record<Codec, number>> = { PCMA: 0xd5, PCMU: 0xff };

/** Highest magnitude (13 bits) of each of the eight chords of A-law. */
function chordOf(magnitude: number, firstChordEnd: number): number {
  let chord = 0;
  for (let end = firstChordEnd; magnitude > end && chord < 8; end = end * 2 + 1) chord += 1;
  return chord;
}

function encodeAlawSample(pcm: number): number {
  let magnitude = pcm >> 3;
  // G.711 inverts the even bits of every A-law word (0x55); the sign bit is set for positive values.
  let mask = 0xd5;
  if (magnitude < 0) {
    mask = 0x55;
    magnitude = -magnitude - 1;
  }
  const chord = chordOf(magnitude, 0x1f);
  if (chord >= 8) return 0x7f ^ mask;
  const step = chord < 2 ? (magnitude >> 1) & 0x0f : (magnitude >> chord) & 0x0f;
  return ((chord << 4) | step) ^ mask;
}

function decodeAlawSample(word: number): number {
  const plain = word ^ 0x55;
  const chord = (plain & 0x70) >> 4;
  let value = (plain & 0x0f) << 4;
  value += chord === 0 ? 8 : 0x108;
  if (chord > 1) value <<= chord - 1;
  return plain & 0x80 ? value : -value;
}

const ULAW_BIAS = 33;
const ULAW_CLIP = 8159;

function encodeUlawSample(pcm: number): number {
  let magnitude = pcm >> 2;
  let mask = 0xff;
  if (magnitude < 0) {
    mask = 0x7f;
    magnitude = -magnitude;
  }
  magnitude = Math.min(magnitude, ULAW_CLIP) + ULAW_BIAS;
  const chord = chordOf(magnitude, 0x3f);
  if (chord >= 8) return 0x7f ^ mask;
  return ((chord << 4) | ((magnitude >> (chord + 1)) & 0x0f)) ^ mask;
}

function decodeUlawSample(word: number): number {
  const plain = ~word & 0xff;
  const value = ((((plain & 0x0f) << 3) + 0x84) << ((plain & 0x70) >> 4)) - 0x84;
  return plain & 0x80 ? -value : value;
}

function table(decode: (word: number) => number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, word) => decode(word));
}

/** Linear value of every code word. */
export const LINEAR: Readonly<Record<Codec, Int16Array>> = {
  PCMA: table(decodeAlawSample),
  PCMU: table(decodeUlawSample),
};

export function encodeSample(pcm: number, codec: Codec): number {
  return codec === 'PCMA' ? encodeAlawSample(pcm) : encodeUlawSample(pcm);
}

/** Code word of one law for each code word of the other. */
const ALAW_TO_ULAW = Uint8Array.from(LINEAR.PCMA, encodeUlawSample);
const ULAW_TO_ALAW = Uint8Array.from(LINEAR.PCMU, encodeAlawSample);

/** The table from one law to the other; undefined when nothing is to be done. */
export function transcodingTable(from: Codec, to: Codec): Uint8Array | undefined {
  if (from === to) return undefined;
  return from === 'PCMA' ? ALAW_TO_ULAW : ULAW_TO_ALAW;
}

export function transcodeInPlace(bytes: Uint8Array, from: number, to: number, tableOfWords: Uint8Array): void {
  for (let i = from; i < to; i += 1) bytes[i] = tableOfWords[bytes[i] as number] as number;
}

export function encodePcm(samples: Int16Array, codec: Codec): Buffer {
  const encode = codec === 'PCMA' ? encodeAlawSample : encodeUlawSample;
  const out = Buffer.allocUnsafe(samples.length);
  for (let i = 0; i < samples.length; i += 1) out[i] = encode(samples[i] as number);
  return out;
}

export function decodePcm(words: Uint8Array, codec: Codec): Int16Array {
  const linear = LINEAR[codec];
  const out = new Int16Array(words.length);
  for (let i = 0; i < words.length; i += 1) out[i] = linear[words[i] as number] as number;
  return out;
}
