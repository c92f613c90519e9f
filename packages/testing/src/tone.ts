/** Tones that tell calls apart in a recording. */
import { decodePcm, encodePcm } from '@ritmo/media';

export type ToneCodec = 'PCMA' | 'PCMU';
const SAMPLE_RATE = 8000;

/** One second of a sine; whole Hertz, so that it loops without a click. */
export function tone(frequencyHz: number, codec: ToneCodec, amplitude = 8000): Buffer {
  const samples = Int16Array.from({ length: SAMPLE_RATE }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * Math.round(frequencyHz) * i) / SAMPLE_RATE)),
  );
  return encodePcm(samples, codec);
}

/** A tone for a call: steps of 20 Hz from 400 to 3 380. */
export function toneOfNumber(n: number): number {
  return 400 + 20 * (n % 150);
}

/** Strength of one frequency in a piece of G.711, 0 to about 1: the share of the power that is at it (Goertzel). */
export function toneShare(words: Uint8Array, codec: ToneCodec, frequencyHz: number): number {
  const samples = decodePcm(words, codec);
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / SAMPLE_RATE);
  let before = 0;
  let last = 0;
  let power = 0;
  for (const sample of samples) {
    const value = sample + coefficient * last - before;
    before = last;
    last = value;
    power += sample * sample;
  }
  if (power === 0) return 0;
  const atFrequency = last * last + before * before - coefficient * last * before;
  return (2 * atFrequency) / (power * samples.length);
}
