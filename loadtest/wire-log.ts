import { open, type FileHandle } from 'node:fs/promises';

/** One message as the far end sent or received it. */
export interface WireRecord {
  readonly atMs: number;
  readonly sent: boolean;
  readonly sipCallId: string;
  readonly cseq: number;
  readonly method: string;
  /** Undefined: a request. */
  readonly code: number | undefined;
}

const fields = 6;

/**
 * SIPp's short message log has one line a message, retransmissions included, with microseconds: tabs between date, time and seconds, direction,
 * Call-ID, CSeq and first line. Its statistics file has neither percentiles nor the moment of anything.
 */
export function parseWireLine(line: string): WireRecord | undefined {
  const parts = line.split('\t');
  if (parts.length < fields) return undefined;
  const direction = parts.findIndex((part) => part === 'S' || part === 'R');
  const cseq = /CSeq:\s*(\d+)\s+([A-Z]+)/i.exec(line);
  const first = parts.at(-1) ?? '';
  const seconds = Number(parts.slice(0, direction).join(' ').trim().split(/\s+/).at(-1));
  if (direction < 1 || !cseq || !Number.isFinite(seconds)) return undefined;
  const status = /^SIP\/2\.0 (\d{3})/.exec(first);
  return {
    atMs: seconds * 1000,
    sent: parts[direction] === 'S',
    sipCallId: (parts[direction + 1] ?? '').trim(),
    cseq: Number(cseq[1]),
    method: (cseq[2] ?? '').toUpperCase(),
    code: status ? Number(status[1]) : undefined,
  };
}

const chunkBytes = 256 * 1024;

/** Reads what was added to a file since the last time. */
export class WireLog {
  private readonly file: string;
  private handle: FileHandle | undefined;
  private offset = 0;
  private rest = '';
  private readonly buffer = Buffer.alloc(chunkBytes);

  constructor(file: string) {
    this.file = file;
  }

  async read(onRecord: (record: WireRecord) => void): Promise<void> {
    this.handle ??= await open(this.file, 'r').catch(() => undefined);
    if (!this.handle) return;
    for (;;) {
      const { bytesRead } = await this.handle.read(this.buffer, 0, chunkBytes, this.offset);
      if (bytesRead === 0) return;
      this.offset += bytesRead;
      const lines = (this.rest + this.buffer.toString('latin1', 0, bytesRead)).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) {
        const record = parseWireLine(line);
        if (record) onRecord(record);
      }
    }
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }
}
