/** Files to be played, as G.711 in memory. */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { decodePcm, encodePcm, SAMPLE_RATE, transcodeInPlace, transcodingTable } from './g711.ts';
import type { Codec } from './port.ts';
import { NotAWavError, parseWav, WAVE_FORMAT, type WavContent } from './wav.ts';

/** Files kept in memory; a call centre has a handful of messages and one or two pieces of music. */
const CACHE_LIMIT = 64;
/** Twenty minutes. */
const FILE_LIMIT_BYTES = 20 * 60 * SAMPLE_RATE * 2;

const ULAW_EXTENSIONS = ['.ul', '.ulaw', '.mulaw', '.pcmu', '.g711u'];

export class Sounds {
  private readonly cache = new Map<string, { readonly changedAtMs: number; readonly words: Promise<Buffer> }>();

  /** The file's sound in the law asked for. A file that changed on disk is read again. */
  async load(file: string, law: Codec): Promise<Buffer> {
    const { mtimeMs, size } = await stat(file);
    if (size > FILE_LIMIT_BYTES) throw new Error(`${size} bytes; at most ${FILE_LIMIT_BYTES} are played`);
    const key = `${law} ${file}`;
    const known = this.cache.get(key);
    if (known?.changedAtMs === mtimeMs) return known.words;
    const words = readFile(file).then((bytes) => toG711(bytes, extname(file).toLowerCase(), law));
    this.cache.set(key, { changedAtMs: mtimeMs, words });
    words.catch(() => this.cache.delete(key));
    const [oldest] = this.cache.keys();
    if (this.cache.size > CACHE_LIMIT && oldest !== undefined) this.cache.delete(oldest);
    return words;
  }
}

/** A WAV of PCM16, A-law or µ-law at 8 kHz; or, without a RIFF header, raw G.711: µ-law by its extension, else A-law. */
export function toG711(bytes: Buffer, extension: string, law: Codec): Buffer {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF') {
    if (extension === '.wav') throw new NotAWavError('no RIFF/WAVE header');
    return inLaw(Buffer.from(bytes), ULAW_EXTENSIONS.includes(extension) ? 'PCMU' : 'PCMA', law);
  }
  const wav = parseWav(bytes);
  if (wav.shape.sampleRate !== SAMPLE_RATE) throw new NotAWavError(`${wav.shape.sampleRate} Hz; 8000 are played`);
  if (wav.shape.channels === 1 && wav.shape.format !== WAVE_FORMAT.pcm) {
    return inLaw(Buffer.from(wav.data), wav.shape.format === WAVE_FORMAT.alaw ? 'PCMA' : 'PCMU', law);
  }
  return encodePcm(mixedToMono(linearSamples(wav), wav.shape.channels), law);
}

function inLaw(words: Buffer, from: Codec, to: Codec): Buffer {
  const table = transcodingTable(from, to);
  if (table) transcodeInPlace(words, 0, words.length, table);
  return words;
}

function linearSamples(wav: WavContent): Int16Array {
  if (wav.shape.format !== WAVE_FORMAT.pcm) return decodePcm(wav.data, wav.shape.format === WAVE_FORMAT.alaw ? 'PCMA' : 'PCMU');
  const samples = new Int16Array(wav.data.length >> 1);
  for (let i = 0; i < samples.length; i += 1) samples[i] = wav.data.readInt16LE(i * 2);
  return samples;
}

function mixedToMono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  const mono = new Int16Array(Math.floor(samples.length / channels));
  for (let i = 0; i < mono.length; i += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += samples[i * channels + channel] as number;
    mono[i] = Math.round(sum / channels);
  }
  return mono;
}
