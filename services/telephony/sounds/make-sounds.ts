/**
 * Makes the sounds that ship: `npx tsx services/telephony/sounds/make-sounds.ts`. The message needs espeak-ng; without it
 * the file that is there stays. Everything is A-law at 8 kHz, one channel.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePcm, parseWav, wavHeader, WAVE_FORMAT } from '@ritmo/media';

const rate = 8000;
const folder = fileURLToPath(new URL('.', import.meta.url));
const message =
  'Olá. No momento, todos os nossos atendentes estão ocupados. Pedimos desculpas pela ligação. Entraremos em contato em outro momento. Obrigado.';

function write(name: string, samples: Int16Array): void {
  const words = encodePcm(samples, 'PCMA');
  const header = wavHeader({ format: WAVE_FORMAT.alaw, channels: 1, sampleRate: rate, bitsPerSample: 8 }, words.length);
  writeFileSync(join(folder, name), Buffer.concat([header, words]));
}

/** A plucked note: a few harmonics that die away. */
function note(into: Float64Array, atS: number, hz: number, lengthS: number, volume: number): void {
  const from = Math.round(atS * rate);
  for (let i = 0; i < lengthS * rate && from + i < into.length; i += 1) {
    const t = i / rate;
    const decay = Math.min(1, t / 0.02) * Math.exp(-2.2 * t);
    const wave = Math.sin(2 * Math.PI * hz * t) + 0.35 * Math.sin(4 * Math.PI * hz * t) + 0.12 * Math.sin(6 * Math.PI * hz * t);
    into[from + i] = (into[from + i] ?? 0) + volume * decay * wave;
  }
}

const toPcm = (samples: Float64Array): Int16Array => Int16Array.from(samples, (sample) => Math.max(-32_000, Math.min(32_000, Math.round(sample * 32_000))));

/** Eight seconds that loop: four chords, arpeggiated. */
function music(): Int16Array {
  const samples = new Float64Array(8 * rate);
  const chords = [
    [261.63, 329.63, 392.0, 523.25],
    [220.0, 261.63, 329.63, 440.0],
    [174.61, 220.0, 261.63, 349.23],
    [196.0, 246.94, 293.66, 392.0],
  ];
  chords.forEach((chord, bar) => {
    for (let beat = 0; beat < 8; beat += 1) note(samples, bar * 2 + beat * 0.25, chord[[0, 2, 1, 3, 2, 3, 1, 2][beat] ?? 0] ?? 220, 0.7, 0.11);
    note(samples, bar * 2, (chord[0] ?? 220) / 2, 1.9, 0.1);
  });
  // The loop's seam must not click.
  for (let i = 0; i < 400; i += 1) samples[samples.length - 1 - i] = (samples[samples.length - 1 - i] ?? 0) * (i / 400);
  return toPcm(samples);
}

/** Brazil's ringing tone: 425 Hz, 1 s on, 4 s off. */
function ringback(): Int16Array {
  const samples = new Float64Array(5 * rate);
  for (let i = 0; i < rate; i += 1) samples[i] = 0.18 * Math.sin((2 * Math.PI * 425 * i) / rate);
  return toPcm(samples);
}

/** Averages over each new sample's time, which is low-pass enough for speech. */
function resample(samples: Int16Array, from: number): Int16Array {
  const step = from / rate;
  return Int16Array.from({ length: Math.floor(samples.length / step) }, (_, index) => {
    const [start, end] = [Math.floor(index * step), Math.max(Math.floor((index + 1) * step), Math.floor(index * step) + 1)];
    let sum = 0;
    for (let i = start; i < end; i += 1) sum += samples[i] ?? 0;
    return Math.round(sum / (end - start));
  });
}

function speech(text: string): Int16Array {
  const temp = mkdtempSync(join(tmpdir(), 'ritmo-sounds-'));
  try {
    const file = join(temp, 'speech.wav');
    execFileSync('espeak-ng', ['-v', 'pt-br', '-s', '150', '-a', '120', '-w', file, text]);
    const wav = parseWav(readFileSync(file));
    const pcm = new Int16Array(wav.data.length >> 1);
    for (let i = 0; i < pcm.length; i += 1) pcm[i] = wav.data.readInt16LE(i * 2);
    return resample(pcm, wav.shape.sampleRate);
  } finally {
    rmSync(temp, { recursive: true });
  }
}

write('music-on-hold.wav', music());
write('ringback.wav', ringback());
try {
  write('safe-harbour.wav', speech(message));
} catch (error) {
  console.error(`safe-harbour.wav ${existsSync(join(folder, 'safe-harbour.wav')) ? 'stays as it is' : 'is missing'}: ${String(error)}`);
}
