import { appendFile, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTempDir, type TempDir } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingFile } from './recording-file.ts';
import { toG711 } from './sounds.ts';
import { NotAWavError, parseWav, repairWav, WAV_HEADER_BYTES, WAVE_FORMAT, wavFacts, wavHeader, type WavShape } from './wav.ts';

const STEREO_ALAW: WavShape = { format: WAVE_FORMAT.alaw, channels: 2, sampleRate: 8000, bitsPerSample: 8 };
const STEREO_ULAW: WavShape = { ...STEREO_ALAW, format: WAVE_FORMAT.mulaw };
const MONO_PCM: WavShape = { format: WAVE_FORMAT.pcm, channels: 1, sampleRate: 8000, bitsPerSample: 16 };

describe('WAV files', () => {
  let dir: TempDir;
  beforeAll(async () => {
    dir = await createTempDir('ritmo-wav-');
  });
  afterAll(() => dir.remove());

  it('writes a header that says format, sizes and rates', () => {
    const header = wavHeader(STEREO_ALAW, 32_000);
    expect(header).toHaveLength(WAV_HEADER_BYTES);
    expect(header.toString('latin1', 0, 4)).toBe('RIFF');
    expect(header.readUInt32LE(4)).toBe(WAV_HEADER_BYTES + 32_000 - 8);
    expect(header.readUInt16LE(20)).toBe(6);
    expect(header.readUInt16LE(22)).toBe(2);
    expect(header.readUInt32LE(24)).toBe(8000);
    expect(header.readUInt32LE(28)).toBe(16_000);
    expect(header.readUInt16LE(32)).toBe(2);
    expect(header.readUInt32LE(46)).toBe(16_000);
    expect(header.readUInt32LE(54)).toBe(32_000);
    expect(wavHeader(STEREO_ULAW, 0).readUInt16LE(20)).toBe(7);
  });

  it('reads what it wrote, over chunks that it does not know', () => {
    const data = Buffer.from([1, 2, 3, 4]);
    const header = wavHeader(STEREO_ULAW, data.length);
    const odd = Buffer.from('LIST\x03\x00\x00\x00abc\x00', 'latin1');
    const bytes = Buffer.concat([header.subarray(0, 12), odd, header.subarray(12), data]);
    expect(parseWav(bytes)).toEqual({ shape: STEREO_ULAW, data });
  });

  it.each([
    ['no RIFF', Buffer.from('ID3 something else')],
    ['no data chunk', wavHeader(MONO_PCM, 0).subarray(0, 40)],
    ['an unknown format', Buffer.from(wavHeader(MONO_PCM, 0)).fill(0x55, 20, 22)],
    ['24 bits a sample', Buffer.from(wavHeader(MONO_PCM, 0)).fill(24, 34, 35)],
    ['nothing', Buffer.alloc(0)],
  ])('refuses a file with %s', (_what, bytes) => {
    expect(() => parseWav(bytes)).toThrow(NotAWavError);
  });

  it('repairs a file whose header was never patched, once', async () => {
    const file = join(dir.path, 'cut.wav');
    // An odd byte at the end: half of a stereo sample.
    await writeFile(file, Buffer.concat([wavHeader(STEREO_ALAW, 0), Buffer.alloc(16_001, 0x11)]));
    expect(await repairWav(file)).toEqual({ shape: STEREO_ALAW, repaired: true, durationMs: 1000, bytes: WAV_HEADER_BYTES + 16_000 });
    const bytes = await readFile(file);
    expect(bytes.subarray(0, WAV_HEADER_BYTES)).toEqual(wavHeader(STEREO_ALAW, 16_000));
    expect((await stat(file)).size).toBe(WAV_HEADER_BYTES + 16_000);
    expect((await repairWav(file)).repaired).toBe(false);
    expect(await wavFacts(file)).toEqual({ shape: STEREO_ALAW, durationMs: 1000, bytes: WAV_HEADER_BYTES + 16_000 });
  });

  it('repairs a header that promises more than the file holds', async () => {
    const file = join(dir.path, 'short.wav');
    await writeFile(file, Buffer.concat([wavHeader(STEREO_ALAW, 99_999), Buffer.alloc(800, 0x11)]));
    expect((await wavFacts(file)).durationMs).toBe(50);
    expect(await repairWav(file)).toMatchObject({ repaired: true, durationMs: 50 });
  });

  it('rejects the repair of a file that has not even a header', async () => {
    const file = join(dir.path, 'empty.wav');
    await writeFile(file, '');
    await expect(repairWav(file)).rejects.toThrow(NotAWavError);
    await appendFile(file, wavHeader(STEREO_ALAW, 0));
    await truncate(file, 30);
    await expect(repairWav(file)).rejects.toThrow(NotAWavError);
  });

  it('grows on disk with a header that always holds', async () => {
    const failures: string[] = [];
    const file = new RecordingFile(join(dir.path, 'a/b/grows.wav'), STEREO_ALAW, (error) => failures.push(error));
    file.append(Buffer.alloc(100, 1));
    await file.begin();
    for (let i = 2; i < 10; i += 1) file.append(Buffer.alloc(100, i));
    expect(await file.finish()).toEqual({ dataBytes: 900, fileBytes: WAV_HEADER_BYTES + 900 });
    const wav = parseWav(await readFile(file.path));
    expect(wav.data).toEqual(Buffer.concat([1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => Buffer.alloc(100, i))));
    expect(failures).toEqual([]);
  });

  it('never writes over a recording that is there', async () => {
    const path = join(dir.path, 'evidence.wav');
    await writeFile(path, 'evidence');
    const failures: string[] = [];
    const file = new RecordingFile(path, STEREO_ALAW, (error) => failures.push(error));
    await file.begin();
    await file.finish();
    expect(failures).toEqual([expect.stringContaining('EEXIST')]);
    expect(await readFile(path, 'utf8')).toBe('evidence');
  });

  it('tells a full disk once and takes no more', async () => {
    const failures: string[] = [];
    const file = new RecordingFile('/dev/full', STEREO_ALAW, (error) => failures.push(error), (path) => open(path, 'w'));
    await file.begin();
    for (let i = 0; i < 5; i += 1) file.append(Buffer.alloc(100, i));
    expect((await file.finish()).dataBytes).toBe(0);
    expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
  });

  it('turns PCM, either law, stereo and raw files into the law asked for', () => {
    const pcm = Buffer.alloc(8);
    [1000, 3000, -1000, -3000].forEach((sample, i) => pcm.writeInt16LE(sample, i * 2));
    const stereo: WavShape = { ...MONO_PCM, channels: 2 };
    const mixed = toG711(Buffer.concat([wavHeader(stereo, 8), pcm]), '.wav', 'PCMA');
    expect(mixed).toHaveLength(2);
    expect(toG711(Buffer.concat([wavHeader(MONO_PCM, 8), pcm]), '.wav', 'PCMU')).toHaveLength(4);
    expect(toG711(Buffer.from([0xd5, 0xaa]), '.al', 'PCMA')).toEqual(Buffer.from([0xd5, 0xaa]));
    expect(toG711(Buffer.from([0xff, 0x80]), '.ulaw', 'PCMA')).toEqual(Buffer.from([0xd5, 0xaa]));
    expect(() => toG711(Buffer.concat([wavHeader({ ...MONO_PCM, sampleRate: 16_000 }, 8), pcm]), '.wav', 'PCMA')).toThrow('16000 Hz');
    expect(() => toG711(Buffer.from('not a wav'), '.wav', 'PCMA')).toThrow(NotAWavError);
  });
});
