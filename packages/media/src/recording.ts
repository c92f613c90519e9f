import { SAMPLE_RATE, transcodingTable } from './g711.ts';
import type { Codec, RecordingPart } from './port.ts';
import { RecordingFile } from './recording-file.ts';
import { CHANNEL, RecordingTimeline } from './recording-timeline.ts';
import { WAVE_FORMAT, type WavShape } from './wav.ts';

export function recordingShape(law: Codec): WavShape {
  return { format: law === 'PCMA' ? WAVE_FORMAT.alaw : WAVE_FORMAT.mulaw, channels: 2, sampleRate: SAMPLE_RATE, bitsPerSample: 8 };
}

/** A part of a call's recording while it runs. */
export class Recording {
  /** Which of the flush slots is its own, so that not all files are written in the same moment. */
  readonly flushSlot: number;
  private readonly timeline: RecordingTimeline;
  private readonly file: RecordingFile;

  constructor(path: string, law: Codec, flushSlot: number, nowMs: number, failed: (file: string, error: string) => void) {
    this.flushSlot = flushSlot;
    this.timeline = new RecordingTimeline(law, nowMs);
    this.file = new RecordingFile(path, recordingShape(law), (error) => failed(path, error));
  }

  begin(): Promise<void> {
    return this.file.begin();
  }

  hear(side: 'customer' | 'agent', law: Codec, ssrc: number, timestamp: number, packet: Buffer, start: number, end: number, nowMs: number): void {
    if (this.timeline.isFull(nowMs)) this.flush(nowMs);
    this.timeline.add(CHANNEL[side], ssrc, timestamp, packet, start, end, transcodingTable(law, this.timeline.law), nowMs);
  }

  flush(nowMs: number): void {
    this.file.append(this.timeline.takeSettled(nowMs));
  }

  async end(nowMs: number): Promise<RecordingPart> {
    this.file.append(this.timeline.takeRest(nowMs));
    const { dataBytes, fileBytes } = await this.file.finish();
    return { file: this.file.path, durationMs: Math.round((dataBytes / 2 / SAMPLE_RATE) * 1000), bytes: fileBytes };
  }
}
