/** RIFF/WAVE files: linear PCM, A-law and µ-law. Headers, reading, and the repair of files cut by a crash. */
import { open, type FileHandle } from 'node:fs/promises';

export const WAVE_FORMAT = { pcm: 1, alaw: 6, mulaw: 7 } as const;
export type WaveFormat = (typeof WAVE_FORMAT)[keyof typeof WAVE_FORMAT];

export interface WavShape {
  readonly format: WaveFormat;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bitsPerSample: number;
}

/** RIFF(12) + fmt(8+18) + fact(8+4) + data(8). Formats other than PCM need cbSize and a fact chunk. */
export const WAV_HEADER_BYTES = 58;
const LARGEST_DATA = 0xffffffff - WAV_HEADER_BYTES;

export function blockAlign(shape: WavShape): number {
  return shape.channels * (shape.bitsPerSample / 8);
}

export function wavHeader(shape: WavShape, dataBytes: number): Buffer {
  const data = Math.min(dataBytes, LARGEST_DATA);
  const block = blockAlign(shape);
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + data, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(18, 16);
  header.writeUInt16LE(shape.format, 20);
  header.writeUInt16LE(shape.channels, 22);
  header.writeUInt32LE(shape.sampleRate, 24);
  header.writeUInt32LE(shape.sampleRate * block, 28);
  header.writeUInt16LE(block, 32);
  header.writeUInt16LE(shape.bitsPerSample, 34);
  header.writeUInt16LE(0, 36);
  header.write('fact', 38, 'latin1');
  header.writeUInt32LE(4, 42);
  header.writeUInt32LE(Math.floor(data / block), 46);
  header.write('data', 50, 'latin1');
  header.writeUInt32LE(data, 54);
  return header;
}

/** The file is no WAV that this package reads. */
export class NotAWavError extends Error {
  constructor(reason: string) {
    super(`not a readable WAV: ${reason}`);
    this.name = 'NotAWavError';
  }
}

interface Layout {
  readonly shape: WavShape;
  readonly factAt: number | undefined;
  readonly dataSizeAt: number;
  readonly dataAt: number;
  /** As the header says; a file cut by a crash may hold more or less. */
  readonly dataBytes: number;
}

/** Finds the chunks in the first bytes of a file. */
export function wavLayout(head: Buffer): Layout {
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') {
    throw new NotAWavError('no RIFF/WAVE header');
  }
  let shape: WavShape | undefined;
  let factAt: number | undefined;
  let at = 12;
  while (at + 8 <= head.length) {
    const id = head.toString('latin1', at, at + 4);
    const size = head.readUInt32LE(at + 4);
    if (id === 'data') {
      if (!shape) throw new NotAWavError('data before fmt');
      return { shape, factAt, dataSizeAt: at + 4, dataAt: at + 8, dataBytes: size };
    }
    if (id === 'fmt ') shape = readShape(head, at + 8, size);
    if (id === 'fact') factAt = at + 8;
    at += 8 + size + (size & 1);
  }
  throw new NotAWavError('no data chunk');
}

function readShape(head: Buffer, at: number, size: number): WavShape {
  if (size < 16 || at + 16 > head.length) throw new NotAWavError('fmt chunk too short');
  const format = head.readUInt16LE(at);
  const channels = head.readUInt16LE(at + 2);
  const bitsPerSample = head.readUInt16LE(at + 14);
  const known = Object.values(WAVE_FORMAT).find((value) => value === format);
  if (known === undefined) throw new NotAWavError(`format ${format}; PCM, A-law and µ-law are read`);
  const wanted = known === WAVE_FORMAT.pcm ? 16 : 8;
  if (bitsPerSample !== wanted) throw new NotAWavError(`${bitsPerSample} bits a sample; ${wanted} are read for this format`);
  if (channels < 1 || channels > 8) throw new NotAWavError(`${channels} channels`);
  return { format: known, channels, sampleRate: head.readUInt32LE(at + 4), bitsPerSample };
}

export interface WavContent {
  readonly shape: WavShape;
  readonly data: Buffer;
}

/** A whole WAV in memory. A data size that the header has wrong (crash) is taken from the bytes there are. */
export function parseWav(bytes: Buffer): WavContent {
  const layout = wavLayout(bytes);
  const there = bytes.length - layout.dataAt;
  const size = layout.dataBytes === 0 ? there : Math.min(layout.dataBytes, there);
  return { shape: layout.shape, data: bytes.subarray(layout.dataAt, layout.dataAt + size - (size % blockAlign(layout.shape))) };
}

export interface WavFacts {
  readonly shape: WavShape;
  readonly durationMs: number;
  /** Size of the file. */
  readonly bytes: number;
}

export interface WavRepair extends WavFacts {
  /** False when the header was right already. */
  readonly repaired: boolean;
}

/** Shape and duration of a file, read from its header and length. */
export async function wavFacts(file: string): Promise<WavFacts> {
  const handle = await open(file, 'r');
  try {
    const { layout, bytes } = await readLayout(handle);
    const held = heldBytes(layout, bytes);
    return { shape: layout.shape, bytes, durationMs: durationOf(layout.shape, Math.min(held, layout.dataBytes)) };
  } finally {
    await handle.close();
  }
}

/**
 * Makes the header of a file that was cut (process killed, disk full) say what the file holds.
 * Idempotent. Rejects with NotAWavError when not even a header was written.
 */
export async function repairWav(file: string): Promise<WavRepair> {
  const handle = await open(file, 'r+');
  try {
    const { layout, bytes } = await readLayout(handle);
    const held = heldBytes(layout, bytes);
    const end = layout.dataAt + held;
    const repaired = layout.dataBytes !== held || bytes !== end;
    if (repaired) {
      if (bytes !== end) await handle.truncate(end);
      await writeUInt32(handle, end - 8, 4);
      if (layout.factAt !== undefined) await writeUInt32(handle, held / blockAlign(layout.shape), layout.factAt);
      await writeUInt32(handle, held, layout.dataSizeAt);
      await handle.datasync();
    }
    return { shape: layout.shape, bytes: end, durationMs: durationOf(layout.shape, held), repaired };
  } finally {
    await handle.close();
  }
}

async function readLayout(handle: FileHandle): Promise<{ layout: Layout; bytes: number }> {
  const { size } = await handle.stat();
  const head = Buffer.alloc(Math.min(size, 4096));
  await handle.read(head, 0, head.length, 0);
  return { layout: wavLayout(head), bytes: size };
}

function heldBytes(layout: Layout, fileBytes: number): number {
  const there = Math.max(0, fileBytes - layout.dataAt);
  return there - (there % blockAlign(layout.shape));
}

function durationOf(shape: WavShape, dataBytes: number): number {
  return Math.round((dataBytes / blockAlign(shape) / shape.sampleRate) * 1000);
}

async function writeUInt32(handle: FileHandle, value: number, at: number): Promise<void> {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  await handle.write(bytes, 0, 4, at);
}
