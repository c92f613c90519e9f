/** Where telephony puts its files: `<recordings>/YYYY/MM/DD/<callId>-<part>.wav`. Older installations have `YYYY-MM-DD` folders too. */
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { asCallId, type CallId } from '@ritmo/domain';

export interface RecordingName {
  readonly callId: CallId;
  readonly part: number;
  /** Absolute. */
  readonly file: string;
}

const NAME = /^(\d+\.\d+)-(\d+)\.wav$/;
const DAY_MS = 86_400_000;
/** Years, months, days. */
const DEPTH = 3;

export function readName(folder: string, name: string): RecordingName | undefined {
  const match = NAME.exec(name);
  return match ? { callId: asCallId(match[1] as string), part: Number(match[2]), file: join(folder, name) } : undefined;
}

/** The parts of a call that are on disk, in order. The day is in the id; its neighbours allow for time zones. */
export async function filesOfCall(recordingsDir: string, callId: CallId): Promise<readonly RecordingName[]> {
  const startedAtMs = Number(callId.split('.')[0]) * 1000;
  if (!Number.isFinite(startedAtMs)) return [];
  const found: RecordingName[] = [];
  for (const atMs of [startedAtMs - DAY_MS, startedAtMs, startedAtMs + DAY_MS]) {
    const day = new Date(atMs).toISOString().slice(0, 10);
    for (const folder of [join(recordingsDir, day), join(recordingsDir, ...day.split('-'))]) {
      for (const name of await namesIn(folder)) {
        const recording = name.startsWith(`${callId}-`) ? readName(folder, name) : undefined;
        if (recording) found.push(recording);
      }
    }
  }
  return found.sort((a, b) => a.part - b.part);
}

/** Every recording on disk, day by day. */
export async function* allFiles(folder: string, depth = DEPTH): AsyncGenerator<RecordingName> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    if (entry.isDirectory() && depth > 0) yield* allFiles(join(folder, entry.name), depth - 1);
    const recording = entry.isFile() ? readName(folder, entry.name) : undefined;
    if (recording) yield recording;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

/** As kept in the table. */
export function storedName(recordingsDir: string, file: string): string {
  const inside = relative(recordingsDir, file);
  return inside.startsWith('..') || isAbsolute(inside) ? file : inside.split(sep).join('/');
}

export function absoluteName(recordingsDir: string, stored: string): string {
  return isAbsolute(stored) ? stored : join(recordingsDir, stored);
}
