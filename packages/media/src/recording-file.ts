/** A WAV that grows on disk. Writes one after the other, off the caller's path; a failure is told once and ends the file. */
import { mkdir, open as openFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WAV_HEADER_BYTES, wavHeader, type WavShape } from './wav.ts';

/** A disk that takes nothing for this long (about two minutes of stereo G.711) is a failed disk, not a reason to fill the memory. */
const QUEUE_LIMIT_BYTES = 2 * 1024 * 1024;

/** Never overwrites: a recording that is there is evidence. */
export async function openNew(file: string): Promise<FileHandle> {
  await mkdir(dirname(file), { recursive: true });
  return openFile(file, 'wx');
}

export class RecordingFile {
  readonly path: string;
  private readonly shape: WavShape;
  private readonly failed: (error: string) => void;
  private readonly open: (file: string) => Promise<FileHandle>;
  private handle: FileHandle | undefined;
  private queue: Buffer[] = [];
  private queuedBytes = 0;
  private writtenBytes = 0;
  private broken = false;
  private pumping: Promise<void> | undefined;

  constructor(path: string, shape: WavShape, failed: (error: string) => void, open = openNew) {
    this.path = path;
    this.shape = shape;
    this.failed = failed;
    this.open = open;
  }

  /** Resolves when the header is on disk, or when that failed and was told. */
  async begin(): Promise<void> {
    try {
      this.handle = await this.open(this.path);
      await this.writeAll(this.handle, wavHeader(this.shape, 0), 0);
    } catch (error) {
      this.fail(error);
    }
    this.pump();
  }

  append(data: Buffer): void {
    if (this.broken || data.length === 0) return;
    if (this.queuedBytes + data.length > QUEUE_LIMIT_BYTES) {
      this.fail(new Error('the disk does not keep up'));
      return;
    }
    this.queue.push(data);
    this.queuedBytes += data.length;
    this.pump();
  }

  /** Resolves when everything appended so far is written: for a writer that is faster than the disk. */
  async settled(): Promise<void> {
    while (this.pumping) await this.pumping;
  }

  /** Writes what is left, closes, and says how much sound the file holds. */
  async finish(): Promise<{ readonly dataBytes: number; readonly fileBytes: number }> {
    await this.settled();
    try {
      await this.handle?.close();
    } catch (error) {
      this.fail(error);
    }
    const opened = this.handle !== undefined;
    this.handle = undefined;
    return { dataBytes: this.writtenBytes, fileBytes: opened ? WAV_HEADER_BYTES + this.writtenBytes : 0 };
  }

  private pump(): void {
    if (this.pumping || !this.handle || this.queue.length === 0) return;
    this.pumping = this.drain(this.handle).finally(() => {
      this.pumping = undefined;
    });
  }

  private async drain(handle: FileHandle): Promise<void> {
    while (this.queue.length > 0 && !this.broken) {
      const data = this.queue.length === 1 ? (this.queue[0] as Buffer) : Buffer.concat(this.queue);
      this.queue = [];
      this.queuedBytes = 0;
      try {
        await this.writeAll(handle, data, WAV_HEADER_BYTES + this.writtenBytes, (bytes) => {
          this.writtenBytes += bytes;
        });
      } catch (error) {
        this.fail(error);
      }
      // Also after a failure: it makes what was written playable, and needs no new room on the disk.
      try {
        await this.writeAll(handle, wavHeader(this.shape, this.writtenBytes), 0);
      } catch (error) {
        this.fail(error);
      }
    }
  }

  private async writeAll(handle: FileHandle, data: Buffer, position: number, wrote?: (bytes: number) => void): Promise<void> {
    let done = 0;
    while (done < data.length) {
      const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
      if (bytesWritten === 0) throw new Error('the disk took nothing');
      done += bytesWritten;
      wrote?.(bytesWritten);
    }
  }

  private fail(error: unknown): void {
    if (this.broken) return;
    this.broken = true;
    this.queue = [];
    this.queuedBytes = 0;
    this.failed(error instanceof Error ? error.message : String(error));
  }
}
